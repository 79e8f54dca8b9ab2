import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(root, 'node_modules/.cache/liqbands-installed')

const sources = (): readonly (readonly [file: string, text: string])[] =>
  ['src', 'abis'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .sort()
      .map((file) => [join(folder, file), readFileSync(join(root, folder, file), 'utf8')] as const),
  )

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2023,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
}

/**
 * The command line as a user has it installed: JavaScript in a package folder, which starts three times as fast as the
 * TypeScript under tsx (tsx reads every file of viem anew). Compiled once for all test files, again after any change.
 * @returns the path of cli.js
 */
export const installedCli = (): string => {
  const files = sources()
  const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
  const home = join(cache, hash)
  const cli = join(home, 'dist/src/cli.js')
  if (existsSync(cli)) return cli
  mkdirSync(cache, { recursive: true })
  const building = mkdtempSync(join(cache, 'building-'))
  for (const [file, text] of files) {
    const path = join(building, 'dist', file.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, ts.transpileModule(text, { compilerOptions }).outputText)
  }
  for (const name of ['node_modules', 'data', 'package.json'])
    symlinkSync(join(root, name), join(building, name))
  try {
    renameSync(building, home)
  } catch (error) {
    // another test file was faster
    rmSync(building, { recursive: true, force: true })
    if (!existsSync(cli)) throw error
  }
  return cli
}
