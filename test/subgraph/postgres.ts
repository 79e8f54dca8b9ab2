import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, runToEnd, startProcess, until } from './processes.ts'

export type Postgres = { readonly url: string; readonly stop: () => Promise<void> }

const MISSING =
  'PostgreSQL is missing: install it (Debian: apt-get install -y postgresql) and run the test again'

/** The folder of the server's programs; Debian keeps them out of the PATH. */
const binaries = (): string => {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).map((name) => join(debian, name, 'bin')) : []
  const folders = [...versions, ...(process.env.PATH ?? '').split(':')]
  const found = folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  )
  if (found === undefined) throw new Error(MISSING)
  return found
}

/** Whom it runs as: it refuses to run as root. */
const identity = (): { readonly uid?: number; readonly gid?: number } => {
  if (process.getuid?.() !== 0) return {}
  const idOf = (flag: string) => Number(runToEnd('id', [flag, 'postgres'], {}))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

/** A cluster in a folder of its own, gone with the test; as graph-node wants it: UTF-8, locale C. */
export const startPostgres = async (): Promise<Postgres> => {
  const bin = binaries()
  const user = identity()
  const home = mkdtempSync(join(tmpdir(), 'liqbands-pg-'))
  const clean = () => rmSync(home, { recursive: true, force: true })
  try {
    chmodSync(home, 0o755)
    if (user.uid !== undefined && user.gid !== undefined) chownSync(home, user.uid, user.gid)
    const options = { ...user, cwd: home, env: { PATH: process.env.PATH, LC_ALL: 'C' } }
    const data = join(home, 'data')
    const init = ['-D', data, '-U', 'graph', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
    runToEnd(join(bin, 'initdb'), init, options)
    const [port = 0] = await freePorts(1)
    const settings = [
      'listen_addresses=127.0.0.1',
      'fsync=off',
      'synchronous_commit=off',
      'full_page_writes=off',
    ]
    const server = startProcess(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), '-k', home, ...settings.flatMap((setting) => ['-c', setting])],
      options,
    )
    const stop = async (): Promise<void> => {
      await server.stop()
      clean()
    }
    try {
      await until(server, async () => server.said().includes('ready to accept connections'))
    } catch (error) {
      await stop()
      throw error
    }
    // graph-node panics on a URL without a password, even where none is asked for
    return { url: `postgresql://graph:graph@127.0.0.1:${port}/postgres`, stop }
  } catch (error) {
    clean()
    throw error
  }
}
