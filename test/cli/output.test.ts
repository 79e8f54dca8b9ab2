import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adapters } from '../../src/adapters/index.ts'
import type {
  PositionDocument,
  ScanSummary,
  Simulation,
  SourceDocument,
  Verification,
} from '../../src/core/documents.ts'
import type { Report } from '../../src/core/report.ts'
import { openDatabase } from '../../src/store/open.ts'
import { QUERIES, runQuery } from '../../src/store/queries.ts'
import { VERSION } from '../../src/version.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import { openLoan } from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { openPositions } from '../chain/positions.ts'
import { configFor, liqbands, SOURCE, temporaryFolder, writeConfig } from '../helpers/cli.ts'
import { installedCli } from '../helpers/installed.ts'
import { expectPlain } from '../helpers/refusal.ts'
import { reportSchema } from '../helpers/report-schema.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const fixture = join(root, 'test/fixtures/positions/maker-ethb-2023-01-13.csv')
const cwd = temporaryFolder()

const FUND = [
  '0x00000000000000000000000000000000000F0001',
  '0x00000000000000000000000000000000000f0002',
] as const
const NAME = 'Müller & Söhne'

let anvil: Anvil
let scanned: ScanSummary

/** Runs well, and says nothing beside its output. */
const ok = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> => {
  const run = await liqbands(args, { cwd, env })
  expect({ args, code: run.code, stderr: run.stderr }).toEqual({ args, code: 0, stderr: '' })
  return run.stdout
}

/** The one document on stdout; anything before or after it would not parse. */
const json = async <T>(...args: readonly string[]): Promise<T> => JSON.parse(await ok(args))

const csv = (text: string): readonly Readonly<Record<string, string>>[] => parse(text, { columns: true })

beforeAll(async () => {
  anvil = await startAnvil()
  const market = await deployAaveV36(anvil, { ethUsd: 2000 })
  await openPositions(anvil, market, { count: 150, seed: 3 })
  for (const [i, account] of FUND.entries())
    await openLoan(anvil, market, {
      account,
      collateral: [['WETH', 20_000n * 10n ** 18n]],
      debt: [['USDC', BigInt(24_000_000 + i * 300_000) * 10n ** 6n]],
    })
  writeFileSync(join(cwd, 'labels.json'), JSON.stringify({ entities: [{ name: NAME, addresses: FUND }] }))
  const config = configFor(market, anvil.url, { entities: 'labels.json', levels: { ETH: [1500] } })
  writeConfig(cwd, config)
  const { entities: _, ...unlabelled } = config
  writeConfig(cwd, unlabelled, 'unlabelled.json')
  scanned = await json('scan', '--json')
})
afterAll(() => anvil?.stop())

describe('JSON documents', () => {
  test('scan', () => {
    expect(Object.keys(scanned)).toEqual(['scanId', 'status', 'blocks', 'coverage'])
    expect(scanned).toMatchObject({
      scanId: 1,
      status: 'complete',
      blocks: [{ chain: 'local', chainId: 31337 }],
      coverage: [{ source: SOURCE, status: 'complete', accounts: 152, positions: 152, debtCovered: 1 }],
    })
  })

  test('report: the schema holds, and bands is a part of it', async () => {
    const [report, bands] = [
      await json<Report>('report', '--format', 'json'),
      await json<Report['bands']>('bands', '--json'),
    ]
    expect(reportSchema.safeParse(report).error).toBe(undefined)
    expect(bands).toEqual(report.bands)
    expect(report.bands[0]).toMatchObject({ kind: 'entity', singleEntity: NAME, owners: 2, entities: 1 })
    expect(report.levels).toMatchObject([{ price: 1500, crossed: 'below' }])
  })

  test('verify: every sampled position agrees', async () => {
    const result = await json<Verification>('verify', '--json', '--sample', '40')
    expect(result).toMatchObject({ driver: 'ETH', sampled: 40, agreed: 40, disagreed: [] })
    const skipped = result.skipped.reduce((sum, { count }) => sum + count, 0)
    expect(skipped).toBeGreaterThan(0)
    expect(await ok(['verify', '--sample', '7'])).toMatch(/^7 of 7 positions agree with the contract/)
  })

  test('simulate: the shocks and depths asked for, each once and in order, over the scan’s positions', async () => {
    const report = await json<Report>('report', '--format', 'json')
    const args = ['--shock', '-30%,-5', '--shock', '-12.5%', '--shock=-5%', '--depth', '1.5B,40m,$900k']
    const model = await json<Simulation>('simulate', '--json', ...args)
    expect(model).toMatchObject({
      schemaVersion: 1,
      kind: 'model',
      scan: report.scan,
      blocks: report.blocks,
      coverage: report.coverage,
      driver: report.driver,
      positions: report.totals.below.positions,
    })
    expect(model.rows.map(({ depthUsd }) => depthUsd)).toEqual([9e5, 4e7, 1.5e9])
    for (const { results, bands } of model.rows) {
      expect(results.map(({ pct }) => pct)).toEqual([-5, -12.5, -30])
      expect(bands.map(({ rank }) => rank)).toEqual(
        report.bands.filter(({ side }) => side === 'below').map(({ rank }) => rank),
      )
      for (const { finalPrice, shockedPrice, bySource } of results) {
        expect(finalPrice).toBeLessThanOrEqual(shockedPrice)
        expect(bySource.map(({ source }) => source)).toEqual([SOURCE])
      }
    }
    const usual = await json<Simulation>('simulate', '--json')
    expect(usual.rows.map(({ depthUsd }) => depthUsd)).toEqual([20e6, 40e6, 80e6, 160e6])
    expect(usual.rows[0]?.results.map(({ pct }) => pct)).toEqual([-5, -10, -15, -20, -30])
  })

  test('sources: every deployment there is, and which are configured', async () => {
    const sources = await json<SourceDocument[]>('sources', '--json')
    const known = adapters.flatMap(({ name, deployments }) =>
      Object.keys(deployments).map((d) => `${name}/${d}`),
    )
    expect(sources.map(({ key }) => key)).toEqual([SOURCE, ...known])
    expect(sources.filter(({ configured }) => configured).map(({ key }) => key)).toEqual([SOURCE])
    expect(sources[0]).toEqual({
      key: SOURCE,
      protocol: 'aave-v3',
      chain: 'local',
      chainId: 31337,
      deployment: 'test',
      configured: true,
      checkedAgainst: 'contract',
    })
    const lines = (await ok(['sources'])).trimEnd().split('\n')
    expect(lines).toHaveLength(sources.length + 1)
  })

  test('import', async () => {
    const args = ['import', fixture, '--db', 'import.db', '--name', 'maker', '--json']
    const summary = await json<ScanSummary>(...args)
    expect(summary).toMatchObject({ status: 'complete', coverage: [{ source: 'import/ethereum/maker' }] })
    const report = await json<Report>('report', '--db', 'import.db', '--format', 'json')
    expect(reportSchema.safeParse(report).error).toBe(undefined)
    expectPlain(await ok(['report', '--db', 'import.db']))
  })
})

describe('queries', () => {
  test('every ready-made one is listed, and finds something', async () => {
    const list = await ok(['query', '--list'])
    const db = openDatabase(join(cwd, 'data/liqbands.db'), { readonly: true })
    for (const [name, { about, sql }] of Object.entries(QUERIES)) {
      expect(list).toMatch(new RegExp(`^${name} +${about.replace(/[()%]/g, '.')}$`, 'm'))
      expect(runQuery(db, sql).rows.length, name).toBeGreaterThan(0)
    }
    db.close()
  })

  test('one runs by its name, the same as JSON and as CSV', async () => {
    const rows = await json<readonly Record<string, unknown>[]>('query', 'outcomes', '--json')
    expect(rows.map(({ driver }) => driver)).toContain('BTC')
    const same = csv(await ok(['query', 'outcomes', '--csv']))
    expect(same).toEqual(
      rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)])),
      ),
    )
  })

  test('one’s own SELECT, as a table', async () => {
    expect(await ok(['query', 'SELECT id, status FROM scan'])).toBe('id  status\n 1  complete\n')
    expect(await ok(['query', 'SELECT id FROM scan WHERE id = 7'])).toBe('No row.\n')
  })
})

describe('positions', () => {
  const ask = (...args: readonly string[]) => json<PositionDocument[]>('positions', '--json', ...args)

  test('all of them, nearest to spot first, and --csv has the same rows', async () => {
    const all = await ask('--limit', '1000')
    expect(all).toHaveLength(152)
    const distances = all.map(({ price }) =>
      price === null ? Number.POSITIVE_INFINITY : Math.abs(price - 2000),
    )
    expect(distances).toEqual(distances.toSorted((a, b) => (a === b ? 0 : a - b)))
    const rows = csv(await ok(['positions', '--csv', '--limit', '1000']))
    expect(rows.map((row) => [row.id, row.outcome, row.price_raw])).toEqual(
      all.map(({ id, outcome, priceRaw }) => [id, outcome, priceRaw ?? '']),
    )
    expect(rows.map((row) => Number(row.debt_usd))).toEqual(all.map(({ debtUsd }) => debtUsd))
    expect(rows.find(({ id }) => id === FUND[0])?.entity).toBe(NAME)
  })

  test('--from and --to keep those whose price lies between', async () => {
    const all = (await ask('--limit', '1000')).filter(({ price }) => price !== null)
    const found = await ask('--from', '1,200', '--to', '1500.50', '--limit', '1000')
    const expected = all.filter(({ price }) => price !== null && price >= 1200 && price <= 1500.5)
    expect(found.length).toBeGreaterThan(3)
    expect(found).toEqual(expected)
  })

  test('--owner takes an address in any case, or the name of an entity', async () => {
    expect((await ask('--owner', FUND[0].toLowerCase())).map(({ owner }) => owner)).toEqual([FUND[0]])
    const both = await ask('--owner', NAME.toUpperCase())
    expect(both.map(({ owner }) => owner).toSorted()).toEqual([...FUND])
    expect(await ok(['positions', '--owner', 'nobody'])).toMatch(
      /^No position: nothing in this scan matches\./,
    )
  })

  test('--protocol keeps those of one', async () => {
    expect(await ask('--protocol', 'aave-v3', '--limit', '1000')).toHaveLength(152)
    expect(await ask('--protocol', 'spark')).toEqual([])
  })

  test('a list cut by --limit says so, on stderr where stdout is a document', async () => {
    expect(await ok(['positions', '--limit', '3'])).toMatch(
      /\n3 of 152 positions: raise --limit for the rest\n$/,
    )
    const run = await liqbands(['positions', '--limit', '3', '--csv'], { cwd })
    expect(run.stderr).toBe('3 of 152 positions: raise --limit for the rest\n')
    expect(csv(run.stdout)).toHaveLength(3)
  })
})

describe('text', () => {
  const views = [['report'], ['bands'], ['positions'], ['simulate'], ['sources'], ['scan']] as const

  test.each(views)('%s: no line over 80, no escape, nothing by accident', async (command) => {
    const text = await ok([command])
    expectPlain(text)
    expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([])
  })

  test('a locale without unicode gets ASCII alone, names included', async () => {
    for (const command of ['report', 'positions', 'bands', 'simulate'])
      expect((await ok([command], { LC_ALL: 'C' })).replace(/[ -~\n]/g, '')).toBe('')
    expect(await ok(['report'], { LC_ALL: 'C' })).toContain('Muller & Sohne')
    expect(await ok(['report'], { LC_ALL: '', LANG: 'C.UTF-8' })).toContain(NAME)
  })

  test('--out writes the report into the file, and nothing to stdout', async () => {
    expect(await ok(['report', '--format', 'json', '--out', 'report.json'])).toBe('')
    const report: Report = JSON.parse(readFileSync(join(cwd, 'report.json'), 'utf8'))
    expect(reportSchema.safeParse(report).error).toBe(undefined)
    const rows = csv(await ok(['report', '--format', 'csv']))
    expect(rows.map((row) => [row.kind, Number(row.low_usd), row.single_entity])).toEqual(
      report.bands.map(({ kind, low, singleEntity }) => [kind, low, singleEntity ?? '']),
    )
  })

  test('a reader that closes the pipe ends it quietly', async () => {
    const shell = promisify(execFile)
    const command = `set -o pipefail; '${process.execPath}' '${installedCli()}' positions --json --limit 1000 | head -1`
    expect(await shell('bash', ['-c', command], { cwd })).toEqual({ stdout: '[\n', stderr: '' })
  })

  test('labels of the configuration name the owners, and stay with the scan without it', async () => {
    const named = /Müller & Söhne/
    expect(await ok(['bands'])).toMatch(named)
    expect(await ok(['bands', '--config', 'unlabelled.json'])).toMatch(named)
    const [whale] = await json<Record<string, unknown>[]>(
      'query',
      'SELECT entity FROM whale ORDER BY share DESC',
      '--json',
    )
    expect(whale).toEqual({ entity: NAME })
  })
})

/** Options of the contract (docs), command by command. */
const OPTIONS: Readonly<Record<string, string>> = {
  scan: '--only --block --full --json',
  report: '--driver --scan --format --out --step --min-usd --no-fold',
  bands: '--json --driver --scan',
  positions: '--from --to --protocol --owner --limit --json --csv --driver --scan',
  simulate: '--shock --impact --depth --volume --volatility --reserve --pool --times --json --driver --scan',
  diff: '--driver --from --to --limit --json',
  verify: '--sample --all --json',
  query: '--list --json --csv',
  import: '--name --spot --json',
  watch: '--every --cron --only',
  sources: '--json',
  doctor: '--crosscheck --json',
}

describe('help', () => {
  test.each(Object.entries(OPTIONS))(
    '%s --help fits 80 columns and has its options',
    async (command, options) => {
      const text = await ok([command, '--help'])
      for (const option of `${options} --config --db --log-level --quiet --help`.split(' '))
        expect(text).toMatch(new RegExp(`^ +(-h, )?${option}( |$)`, 'm'))
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
      expectPlain(text)
    },
  )

  test('the program names its commands and exit codes, and its version is that of the package', async () => {
    const text = await ok(['--help'])
    for (const command of Object.keys(OPTIONS)) expect(text).toMatch(new RegExp(`^ {2}${command} `, 'm'))
    expect(text).toMatch(/Exit codes: 0 .* 1 .* 75 .*\n.*130\/143 /)
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(await ok(['--version'])).toBe(`${version}\n`)
    expect(VERSION).toBe(version)
  })
})
