import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { listedPackages, PACKAGES } from './helpers/package-file.ts'

const run = promisify(execFile)

/**
 * Brings the files of test/packages.json from the npm registry, once a machine: contracts and address books that tests
 * read, too large or with too many dependencies to be installed by everybody who wants to use liqbands.
 */
const unpack = async (name: string, { integrity, keep }: (typeof listedPackages)[string]): Promise<void> => {
  const target = join(PACKAGES, name)
  if (existsSync(target)) return
  const scratch = join(PACKAGES, `.${randomUUID()}`)
  const unpacked = join(scratch, 'unpacked')
  await mkdir(unpacked, { recursive: true })
  try {
    await run('npm', ['pack', name, '--silent', '--pack-destination', scratch])
    const [archive] = (await readdir(scratch)).filter((file) => file.endsWith('.tgz'))
    if (archive === undefined) throw new Error(`npm pack ${name} left no archive`)
    const file = join(scratch, archive)
    const found = `sha512-${createHash('sha512')
      .update(await readFile(file))
      .digest('base64')}`
    if (found !== integrity) throw new Error(`${name} is not the pinned one: ${found}, expected ${integrity}`)
    // everything in an archive lies under one folder, whose name is the packer's choice
    const { stdout: listing } = await run('tar', ['-tzf', file], { maxBuffer: 2 ** 28 })
    const root = listing.split(/[/\n]/)[0] ?? 'package'
    const paths = keep.map((path) => (path === '.' ? root : `${root}/${path}`))
    await run('tar', ['-xzf', file, '-C', unpacked, '--strip-components=1', ...paths])
    await mkdir(join(target, '..'), { recursive: true })
    await rename(unpacked, target).catch((error: NodeJS.ErrnoException) => {
      // another run was faster
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

export default async (): Promise<void> => {
  for (const [name, entry] of Object.entries(listedPackages)) await unpack(name, entry)
}
