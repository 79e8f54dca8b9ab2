import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { beforeAll, describe, expect, test } from 'vitest'
import { liqbands, temporaryFolder, writeConfig } from '../helpers/cli.ts'
import { expectPlain, expectRefusal, scansIn } from '../helpers/refusal.ts'

const fixture = fileURLToPath(new URL('../fixtures/positions/maker-ethb-2023-01-13.csv', import.meta.url))

const cwd = temporaryFolder()
/** Holds one import. */
const filled = join(cwd, 'filled.db')

beforeAll(async () => {
  expect(await liqbands(['import', fixture, '--db', filled], { cwd })).toMatchObject({ code: 0, stderr: '' })
})

type Case = readonly [args: string, says: RegExp]

/** Each a command line and what it must say; words are separated by blanks, `_` stands for one inside a word. */
const refuses = (cases: readonly Case[]) =>
  test.each(cases)('%s', async (line, says) => {
    const args = line.split(' ').map((word) => word.replaceAll('_', ' '))
    expectRefusal(await liqbands(args, { cwd }), 1, says)
    expect(scansIn(filled)).toBe(1)
  })

describe('the command line', () => {
  refuses([
    ['bogus', /unknown command 'bogus'.*--help/s],
    ['scan --bogus', /unknown option '--bogus'.*--help/s],
    ['scan --block newest', /--block.*'newest'.*block number, finalized, safe or latest/s],
    ['positions --from 1.800,50', /--from.*'1\.800,50'.*like 1800/s],
    ['positions --from 3 --to 2', /--from 3 is above --to 2/],
    ['simulate --shock 15%', /--shock.*'15%'.*falls between 0 and -100%, like -15%/s],
    ['simulate --shock -100%', /--shock.*'-100%'.*between 0 and -100%/s],
    ['simulate --shock -5%,-0', /--shock.*'-5%,-0'.*between 0 and -100%/s],
    ['simulate --depth 20,000,000', /--depth.*'20,000,000'.*USD above 0, like 40M or 20M,40M/s],
    ['simulate --depth 40M,0', /--depth.*'40M,0'.*USD above 0/s],
    ['simulate --depth lots', /--depth.*'lots'.*USD above 0/s],
    ['simulate --db filled.db --driver DOGE', /no driver DOGE; it has ETH/],
    ['simulate --db missing.db', /missing\.db.*run liqbands scan first, or check --db/s],
    ['watch', /watch needs either --every 15m or --cron/],
    ['watch --cron a_b', /--cron "a b" is no cron expression, like "\*\/15/],
    ['watch --cron 0_0_30_2_*', /--cron "0 0 30 2 \*" names no time that will come/],
    ['watch --every 0s', /--every.*'0s'.*like 90s, 15m, 1h or 1d/s],
    ['report --db filled.db --driver DOGE', /no driver DOGE; it has ETH/],
    ['report --db filled.db --scan 9', /no scan 9; the newest are 1/],
    ['report --db filled.db --out nowhere/report.txt', /cannot write nowhere\/report\.txt: check its folder/],
  ])
})

describe('the configuration', () => {
  const scan = async (config: unknown, ...args: readonly string[]) => {
    writeConfig(cwd, config, 'bad.json')
    const run = await liqbands(['scan', '--config', 'bad.json', '--db', 'bad.db', ...args], { cwd })
    expect(scansIn(join(cwd, 'bad.db'))).toBe(0)
    return run
  }

  test('all its problems stand in one block, each with its path', async () => {
    const run = await scan({ chain: {}, sources: ['aave-v3/mars'], bands: { minUSD: 1 } })
    expectRefusal(run, 1, /configuration, 2 problems:/)
    expect(run.stderr).toContain('\n  (root): unknown key "chain"; known are chains, ')
    expect(run.stderr).toContain('\n  bands: unknown key "minUSD"; known are minUsd\n')
  })

  test('a file that is no JSON is named', async () => {
    expectRefusal(await scan('{ "chains": '), 1, /bad\.json is not JSON/)
  })

  test('an environment variable that is not set is named', async () => {
    const rpc = [`$\{NO_SUCH_URL}`]
    expectRefusal(
      await scan({ chains: { ethereum: { rpc } } }),
      1,
      /ethereum\.rpc\.0: .*NO_SUCH_URL is not set/s,
    )
  })

  test('a protocol or a deployment that nobody knows is answered with those known', async () => {
    expectRefusal(
      await scan({ sources: ['avae/ethereum/core'] }),
      1,
      /no protocol "avae"; known are .*aave-v3/,
    )
    expectRefusal(
      await scan({ sources: ['aave-v3/ethereum/cor'] }),
      1,
      /no deployment ethereum\/cor; known are/,
    )
  })

  test('a deployment written wrong is named with its keys', async () => {
    const sources = [{ key: 'aave-v3/ethereum/mine', deployment: { poolAddressesProvider: '0x12' } }]
    const run = await scan({ sources })
    expectRefusal(run, 1, /deployment\.poolAddressesProvider: not an address/)
    expect(run.stderr).toContain('deployment.fromBlock: missing')
  })

  test('--only of a source that is not configured is answered with those that are', async () => {
    const run = await scan({}, '--only', 'aave-v3/base/core')
    expectRefusal(
      run,
      1,
      /--only aave-v3\/base\/core: not configured; configured are aave-v3\/ethereum\/core/,
    )
  })
})

describe('the database', () => {
  mkdirSync(join(cwd, 'folder.db'))
  writeFileSync(join(cwd, 'text.db'), 'not a database, but long enough to be looked at as one'.repeat(40))

  refuses([
    ['report --db missing.db', /missing\.db.*run liqbands scan first, or check --db/s],
    ['report --db folder.db', /folder\.db is a folder.*--db/s],
    ['scan --db folder.db', /folder\.db is a folder.*--db/s],
    ['scan --db filled.db/x.db', /cannot write the database.*--db/s],
    ['scan --db text.db', /text\.db is no SQLite database.*--db/s],
    ['query --db text.db bands', /text\.db is no SQLite database/],
  ])

  test('one of another program is neither read nor written', async () => {
    const path = join(cwd, 'foreign.db')
    const db = new Database(path)
    db.exec('CREATE TABLE song (name TEXT); PRAGMA user_version = 1')
    db.close()
    const before = readFileSync(path)
    for (const command of ['report', 'scan'])
      expectRefusal(await liqbands([command, '--db', path], { cwd }), 1, /foreign\.db.*--db/s)
    expect(readFileSync(path)).toEqual(before)
  })

  test('one without a scan says so', async () => {
    // refused by the endpoint, after the database was made
    writeConfig(cwd, { chains: { ethereum: { rpc: ['http://127.0.0.1:1'] } } }, 'dead.json')
    expectRefusal(
      await liqbands(['scan', '--config', 'dead.json', '--db', 'empty.db'], { cwd }),
      75,
      /unreachable/,
    )
    expectRefusal(
      await liqbands(['report', '--db', 'empty.db'], { cwd }),
      1,
      /no scan is stored yet: run liqbands scan/,
    )
  })
})

describe('an imported file', () => {
  const header =
    'position_id,collateral_asset,collateral_amount,collateral_price_usd,debt_asset,debt_amount,liquidation_threshold'
  const importing = (name: string, text: string) => {
    writeFileSync(join(cwd, name), text)
    return liqbands(['import', name, '--db', filled], { cwd })
  }

  test('is refused whole for one bad row, with the line and the column', async () => {
    const run = await importing('a.csv', `${header}\n1,ETH,2,2000,DAI,10,0.8\n2,ETH,x,2000,DAI,10,80\n`)
    expectRefusal(run, 1, /a\.csv: 2 problems; nothing is stored/)
    expect(run.stderr).toContain('line 3: collateral_amount "x" is not a decimal number')
    expect(run.stderr).toContain('line 3: liquidation_threshold "80" is not in (0, 1]')
    expect(scansIn(filled)).toBe(1)
  })

  test('needs its columns, rows and form', async () => {
    expectRefusal(
      await importing('b.csv', 'position_id,owner\n1,x\n'),
      1,
      /b\.csv.* lacks the columns collateral_asset/,
    )
    expectRefusal(await importing('c.json', '[{]'), 1, /c\.json is not JSON; nothing is stored/)
    expectRefusal(await liqbands(['import', 'none.csv'], { cwd }), 1, /cannot read none\.csv: check the path/)
    expect(scansIn(filled)).toBe(1)
  })
})

describe('a query', () => {
  refuses([
    ['query', /query needs a SELECT or a name; liqbands query --list/],
    ['query --db filled.db DELETE_FROM_scan', /would write: only SELECT is allowed/],
    ['query --db filled.db ATTACH_"x.db"_AS_x', /would write: only SELECT is allowed/],
    [
      'query --db filled.db SELEC_1',
      /the query does not work: near "SELEC": syntax error; liqbands query --list/,
    ],
    ['query --db filled.db SELECT_1;_SELECT_2', /the query does not work.*more than one statement/s],
    ['query --db filled.db SELECT_abs(-9223372036854775808)', /the query does not work: integer overflow/],
  ])

  test('prints whatever a column holds', async () => {
    const sql = "SELECT 1 AS id, 2 AS id, x'00ff' AS bytes, NULL AS empty, 9007199254740993 AS large"
    const run = await liqbands(['query', sql, '--db', filled, '--json'], { cwd })
    expect(JSON.parse(run.stdout)).toEqual([
      { id: 1, id_2: 2, bytes: '0x00ff', empty: null, large: '9007199254740993' },
    ])
    const table = await liqbands(['query', sql, '--db', filled], { cwd })
    expect(table.code).toBe(0)
    expectPlain(table.stdout)
  })
})
