import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openOthers, openSixWallets, writeDemoConfig } from '../scripts/demo-book.ts'
import { adapters } from '../src/adapters/index.ts'
import { parseConfig } from '../src/config.ts'
import { deployAaveV36 } from './chain/aave-v3-6.ts'
import { type Anvil, startAnvil } from './chain/anvil.ts'
import { installedCli } from './helpers/installed.ts'

/**
 * The README is run: every command in a console block, in order, on the demo's chain, and what it prints is held
 * against what the README shows. `…` alone on a line stands for lines left out; what stands between two of them begins
 * with the first word of its first line. Hashes and times differ every time. A book that is `partial` ends in 75.
 * UPDATE_README=1 writes the real output into the README instead.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const readmePath = join(root, 'README.md')
const readme = readFileSync(readmePath, 'utf8')
const update = process.env.UPDATE_README === '1'

type Step = { readonly command: string; readonly shown: readonly string[] }

const consoleBlocks = [...readme.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, body = '']) => body)

const stepsOf = (block: string): readonly Step[] =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...shown] = part.trimEnd().split('\n')
      return { command, shown }
    })

const words = (command: string): readonly string[] =>
  [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')

const normalise = (line: string): string =>
  line
    .replace(/0x[0-9a-f]{4}…[0-9a-f]{4}/g, '0x…')
    .replace(/\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC/g, 'TIME')
    .trimEnd()

const wordOf = (line: string | undefined): string | undefined => line?.split(' ')[0]

/** The printed lines that the README shows, with its gaps. */
const shownOf = (printed: readonly string[], shown: readonly string[]): readonly string[] => {
  const gaps = shown.flatMap((line, i) => (line === '…' ? [i] : []))
  if (gaps.length === 0) return printed
  const parts = [...gaps, shown.length].map((gap, i) =>
    shown.slice(i === 0 ? 0 : (gaps[i - 1] ?? 0) + 1, gap),
  )
  return parts.flatMap((part, i) => {
    const last = i === parts.length - 1
    const start = last
      ? printed.length - part.length
      : i === 0
        ? 0
        : printed.findIndex((line) => wordOf(line) === wordOf(part[0]))
    return [...printed.slice(start, start + part.length), ...(last ? [] : ['…'])]
  })
}

let anvil: Anvil
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'liqbands-readme-'))
  symlinkSync(join(root, 'test'), join(folder, 'test'))
  anvil = await startAnvil()
  const market = await deployAaveV36(anvil, { ethUsd: 2151 })
  await openOthers(anvil, market)
  const wallets = await openSixWallets(anvil, market)
  writeDemoConfig(pathToFileURL(`${folder}/`), 'liqbands.config.json', { url: anvil.url, market, wallets })
  await run(words('liqbands scan --db data/demo.db'))
})

afterAll(async () => {
  await anvil?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs one command of the README; `watch` is stopped after the first line, as a user would. */
const run = (
  argv: readonly string[],
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> => {
  const args = argv[0] === 'npm' ? argv.slice(argv.indexOf('--') + 1) : argv.slice(1)
  const child = spawn(process.execPath, [installedCli(), ...args], { cwd: folder })
  return new Promise((resolve) => {
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
      if (args[0] === 'watch') child.kill('SIGTERM')
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

describe('README', () => {
  test('every command works and prints what is shown', { timeout: 600_000 }, async () => {
    let text = readme
    for (const block of consoleBlocks) {
      let rewritten = ''
      for (const { command, shown } of stepsOf(block)) {
        const argv = words(command)
        expect(argv[0] === 'liqbands' || command.startsWith('npm run -s liqbands -- '), command).toBe(true)
        const { code, out, err } = await run(argv)
        const ends = argv[1] === 'watch' ? 143 : / partial: /.test(shown[0] ?? '') ? 75 : 0
        expect({ command, code, err }).toEqual({ command, code: ends, err: '' })
        const printed = out.trimEnd().split('\n')
        if (argv[1] === 'watch') continue
        const expected = shownOf(printed, shown)
        rewritten += `$ ${command}\n${expected[0] === '' && expected.length === 1 ? '' : `${expected.join('\n')}\n`}`
        if (!update) expect(shown.map(normalise), command).toEqual(out === '' ? [] : expected.map(normalise))
      }
      if (update && rewritten !== '') text = text.replace(block, rewritten)
    }
    if (update) writeFileSync(readmePath, text)
  })

  test('the configuration shown is valid', () => {
    const [example = ''] = [...readme.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, body = '']) => body)
    const config = parseConfig(JSON.parse(example), { ETHEREUM_RPC_URL: 'https://example.org/key' }, root)
    expect(config.sources.map(({ key }) => key)).toEqual(['aave-v3/ethereum/core', 'aave-v3/ethereum/lido'])
  })

  test('the tables of the database are described with all their columns', () => {
    const db = new Database(join(folder, 'data/demo.db'), { readonly: true })
    const names = db
      .prepare<[], { name: string; type: string }>(
        "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY type, name",
      )
      .all()
    const tables = names.map(({ name }) => {
      const columns = db.prepare<[], { name: string }>(`PRAGMA table_info(${name})`).all()
      return { name, columns: columns.map((column) => `\`${column.name}\``).join(' ') }
    })
    for (const { name, columns } of tables) {
      const described = readme
        .split('\n')
        .some((line) => line.startsWith(`| \`${name}\` |`) && line.endsWith(`| ${columns} |`))
      expect(described, `the README does not describe ${name} with the columns ${columns}`).toBe(true)
    }
  })

  test('every protocol is in the table', () => {
    for (const { name, deployments } of adapters)
      if (Object.keys(deployments).length > 0) expect(readme).toContain(`| \`${name}\` |`)
  })
})
