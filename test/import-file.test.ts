import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'
import { afterAll, describe, expect, test } from 'vitest'
import { UsageError } from '../src/core/errors.ts'
import { importFile } from '../src/import-file.ts'
import { buildReport, loadBook, recompute } from '../src/report.ts'
import { loadScan } from '../src/store/load.ts'
import { type Db, openDatabase } from '../src/store/open.ts'
import type { PositionRow } from '../src/store/rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'liqbands-import-'))
afterAll(() => rmSync(folder, { recursive: true }))

const recorded = (name: string) => fileURLToPath(new URL(`fixtures/positions/${name}.csv`, import.meta.url))
const MAKER = recorded('maker-ethb-2023-01-13')
const WETH = recorded('crvusd-weth-2024-01-30')
const WSTETH = recorded('crvusd-wsteth-2024-01-30')

const load = (db: Db, file: string, spots: Readonly<Record<string, number>> = {}, name?: string) =>
  importFile({
    db,
    file,
    name,
    spots,
    entitiesFile: null,
    minUsd: 100,
    drivers: ['ETH', 'BTC'],
    now: () => new Date('2026-01-01T00:00:00Z'),
  })

const imported = (file: string, spots: Readonly<Record<string, number>> = {}) => {
  const db = openDatabase(':memory:')
  const summary = load(db, file, spots)
  return { db, summary, book: loadBook(db, summary.scanId, 'ETH') }
}

const cellsOf = (file: string): readonly Readonly<Record<string, string>>[] =>
  parse(readFileSync(file, 'utf8'), { columns: true })

const sum = (rows: readonly PositionRow[], value: (row: PositionRow) => number): number =>
  rows.reduce((total, row) => total + value(row), 0)

describe('90 Maker vaults', () => {
  const { db, summary, book } = imported(MAKER)
  const cells = cellsOf(MAKER)

  test('all are below, each at debt / (0.769230769230769231 · ETH), cut to 1e-8 USD', () => {
    expect(summary).toMatchObject({
      status: 'complete',
      blocks: [{ chain: 'ethereum', number: 16399527, timestamp: '2023-01-13T18:00:59.000Z' }],
      coverage: [
        { source: 'import/ethereum/maker-ethb-2023-01-13', positions: 90, unpriced: 0, debtCovered: null },
      ],
    })
    expect(book.rows).toHaveLength(90)
    for (const [i, row] of book.rows.entries()) {
      expect(row).toMatchObject({ outcome: 'below', owner: null, id: cells[i]?.position_id })
      const exact =
        Number(cells[i]?.debt_amount) /
        (Number(cells[i]?.liquidation_threshold) * Number(cells[i]?.collateral_amount))
      expect(Math.abs((row.price ?? 0) - exact)).toBeLessThanOrEqual(1.000001e-8 + exact * 1e-15)
    }
  })

  test('the bands that the data set states', () => {
    const between = (low: number, high: number) =>
      book.rows.filter(({ price }) => price !== null && price >= low && price < high)
    const figures = [600, 500, 700].map((low) => {
      const rows = between(low, low + 100)
      return [rows.length, sum(rows, (row) => row.driverAmount).toFixed(2)]
    })
    expect(figures).toEqual([
      [19, '42875.28'],
      [11, '27479.41'],
      [17, '18000.21'],
    ])
    expect((sum(between(600, 700), (row) => row.debtUsd) / 1e6).toFixed(2)).toBe('21.93')
    expect(between(1_417.13, Number.POSITIVE_INFINITY)).toEqual([])
    expect(sum(book.rows, (row) => row.driverAmount)).toBeCloseTo(124_183.4, 1)
    expect(Math.round(sum(book.rows, (row) => row.debtUsd))).toBe(64_465_809)
  })

  test('its report has the bands that were stored, and counts what a fall to a watch price reaches', () => {
    const report = buildReport(book, { entities: new Map(), minUsd: 100, levels: [700] })
    expect(report.driver).toEqual({ symbol: 'ETH', spotUsd: 1417.134909 })
    expect(report.totals.below).toMatchObject({ positions: 90 })
    const stored = db.prepare<[], { band: string }>('SELECT band FROM latest_band ORDER BY rank').all()
    expect(stored.map(({ band }) => JSON.parse(band))).toEqual(report.bands)
    const at700 = book.rows.filter(({ price }) => (price ?? 0) >= 700)
    expect(report.levels[0]).toMatchObject({ price: 700, crossed: 'below', positions: at700.length })
  })

  test('priced again from its stored states: the identical rows', () => {
    expect(recompute(db, loadScan(db, summary.scanId), 'ETH')).toEqual(book.rows)
  })
})

describe('two crvUSD markets', () => {
  test('WETH: every loan has the range that was recorded; six without collateral cannot be priced', () => {
    const { summary, book } = imported(WETH)
    const cells = cellsOf(WETH)
    expect(summary).toMatchObject({
      status: 'partial',
      blocks: [{ number: null, timestamp: '2024-01-30T20:07:23.000Z' }],
      coverage: [
        { positions: 255, unpriced: 6, error: expect.stringMatching(/^6 positions cannot be priced/) },
      ],
    })
    const unpriced = cells.filter((row) => Number(row.collateral_amount) === 0).map((row) => row.position_id)
    expect(book.rows.filter((row) => row.outcome === 'unpriced').map(({ id }) => id)).toEqual(unpriced)
    for (const [i, row] of book.rows.entries()) {
      if (row.outcome === 'unpriced') continue
      expect(row).toMatchObject({ outcome: 'range', price: null, healthFactor: null })
      expect(row.low).toBeCloseTo(Number(cells[i]?.price_down), 8)
      expect(row.high).toBeCloseTo(Number(cells[i]?.price_up), 8)
      expect(row.owner).toMatch(/^0x[0-9a-fA-F]{40}$/)
    }
  })

  test('wstETH: the file holds no price of ETH; with it, ranges are told in ETH', () => {
    const db = openDatabase(':memory:')
    expect(() => load(db, WSTETH)).toThrow(UsageError)
    expect(() => load(db, WSTETH)).toThrow(
      /wstETH follows ETH, whose price the file does not hold: add --spot ETH=/,
    )
    expect(db.prepare('SELECT count(*) FROM scan').pluck().get()).toBe(0)

    const { book } = imported(WSTETH, { ETH: 2368.79 })
    const cells = cellsOf(WSTETH)
    const [first] = cells
    expect(book.driver.spotUsd).toBe(2368.79)
    expect(book.rows.filter((row) => row.outcome === 'unpriced')).toHaveLength(4)
    expect(book.rows[0]?.high).toBeCloseTo((Number(first?.price_up) * 2368.79) / 2735.751843868531, 5)
    expect(book.rows[0]?.driverAmount).toBeCloseTo(
      (Number(first?.collateral_amount) * 2735.75184386) / 2368.79,
      6,
    )
  })
})

describe('a malformed file is told by line and column, and stores nothing', () => {
  const HEADER =
    'position_id,collateral_asset,collateral_amount,collateral_price_usd,liquidation_threshold,debt_asset,debt_amount,debt_price_usd,block,timestamp,price_up,price_down'
  const row = (changes: Readonly<Record<string, string>> = {}): string => {
    const cells: Readonly<Record<string, string>> = {
      position_id: '1',
      collateral_asset: 'ETH',
      collateral_amount: '10',
      collateral_price_usd: '2000',
      liquidation_threshold: '0.8',
      debt_asset: 'DAI',
      debt_amount: '9000',
      ...changes,
    }
    return HEADER.split(',')
      .map((column) => cells[column] ?? '')
      .join(',')
  }
  const good = row()
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const db = openDatabase(':memory:')
  load(db, write('good.csv', `${HEADER}\n${good}\n`))
  const counts = () =>
    db
      .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .pluck()
      .all()
      .map((table) => [table, db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()])

  const second = (changes: Readonly<Record<string, string>>) =>
    `${HEADER}\n${good}\n${row({ position_id: '2', ...changes })}\n`
  const json = (...objects: readonly unknown[]) => JSON.stringify(objects)
  const object = Object.fromEntries(HEADER.split(',').map((column, i) => [column, good.split(',')[i] ?? '']))

  test.each([
    [
      'a missing column',
      'x.csv',
      'position_id,debt_asset\n1,DAI',
      /line 2.*collateral_asset, collateral_amount/,
    ],
    ['an unknown column', 'x.csv', `${HEADER},colour\n${good},red`, /line 2.*colour/],
    ['a column twice', 'x.csv', `${HEADER},block\n${good},1`, /block stands twice on line 1/],
    [
      'no decimal number',
      'x.csv',
      second({ debt_amount: '1e5' }),
      /line 3: debt_amount "1e5" is not a decimal/,
    ],
    [
      'a comma inside',
      'x.csv',
      second({ debt_amount: '"9,000"' }),
      /line 3: debt_amount "9,000" is not a decimal/,
    ],
    [
      'a negative amount',
      'x.csv',
      second({ collateral_amount: '-1' }),
      /line 3: collateral_amount "-1" is negative/,
    ],
    ['an empty amount', 'x.csv', second({ debt_amount: '' }), /line 3: debt_amount is empty/],
    ['an empty id', 'x.csv', second({ position_id: '' }), /line 3: position_id is empty/],
    [
      'a threshold of 0',
      'x.csv',
      second({ liquidation_threshold: '0' }),
      /line 3: liquidation_threshold "0" is not in/,
    ],
    [
      'a threshold of 1.2',
      'x.csv',
      second({ liquidation_threshold: '1.2' }),
      /line 3: liquidation_threshold "1.2" is/,
    ],
    [
      'neither threshold nor range',
      'x.csv',
      second({ liquidation_threshold: '' }),
      /line 3: neither liquidation_thr/,
    ],
    ['half a range', 'x.csv', second({ price_up: '5' }), /line 3: price_up and price_down go together/],
    [
      'a range upside down',
      'x.csv',
      second({ price_up: '5', price_down: '6' }),
      /line 3: price_down is above price_up/,
    ],
    [
      'a duplicate id',
      'x.csv',
      second({ position_id: '1' }),
      /line 3: position_id 1 stands already on line 2/,
    ],
    [
      'two prices of one asset',
      'x.csv',
      second({ collateral_price_usd: '2001' }),
      /line 3: ETH is priced 2001, but 2000 on line 2/,
    ],
    [
      'two prices of one asset as debt',
      'x.csv',
      second({ debt_asset: 'ETH', debt_price_usd: '1' }),
      /line 3: ETH is priced 1, but 2000/,
    ],
    [
      'a price of nothing',
      'x.csv',
      second({ collateral_asset: 'X', collateral_price_usd: '0.000000001' }),
      /line 3: X is priced 0/,
    ],
    ['two moments', 'x.csv', second({ block: '7' }), /line 3: block "7", but "" on line 2/],
    [
      'a time in milliseconds',
      'x.csv',
      second({ timestamp: '1673632859000' }),
      /line 3: timestamp "1673632859000" is not/,
    ],
    [
      'a block that is no number',
      'x.csv',
      second({ block: '99999999999999999999' }),
      /line 3: block "9+" is not/,
    ],
    [
      'a quote that never ends',
      'x.csv',
      `${HEADER}\n${good}\n"2,ETH,1\n`,
      /no CSV: Quote Not Closed.*line 3/,
    ],
    ['a row too short', 'x.csv', `${HEADER}\n${good}\n2,ETH\n`, /no CSV: Invalid Record Length.*line 3/],
    ['an empty file', 'x.csv', '', /holds no position/],
    ['a header alone', 'x.csv', HEADER, /holds no position/],
    [
      'names that every object has',
      'x.csv',
      second({ collateral_asset: 'constructor', collateral_price_usd: '0' }),
      /line 3: constructor is priced 0/,
    ],
    [
      'JSON with numbers',
      'x.json',
      json(object, { ...object, debt_amount: 9000 }),
      /line 2, debt_amount: .*"1.5", not 1.5/,
    ],
    ['JSON of one object', 'x.json', JSON.stringify(object), /expected an array of objects/],
    [
      'JSON with a misspelt name further down',
      'x.json',
      json(object, { ...object, position_id: '2', ownr: 'x' }),
      /line 2: unknown columns ownr/,
    ],
    ['JSON cut off', 'x.json', json(object).slice(0, -5), /is not JSON/],
    ['no JSON at all', 'x.json', `${HEADER}\n${good}`, /is not JSON/],
    ['an empty array', 'x.JSON', '[]', /holds no position/],
    [
      'nothing that follows a driver',
      'x.csv',
      `${HEADER}\n${row({ collateral_asset: 'GOLD' })}`,
      /none of its assets \(GOLD, DAI\) follows ETH or BTC/,
    ],
  ] as const)('%s', (_, name, text, message) => {
    const before = counts()
    const file = write(name, text)
    expect(() => load(db, file)).toThrow(UsageError)
    expect(() => load(db, file)).toThrow(message)
    expect(() => load(db, file)).toThrow(file)
    expect(counts()).toEqual(before)
  })

  test('a file that is not there', () => {
    expect(() => load(db, join(folder, 'none.csv'))).toThrow(/cannot read .*none.csv: check the path/)
  })

  test('every problem of a file is told at once, up to ten', () => {
    const rows = Array.from({ length: 12 }, (_, i) => row({ position_id: `${i}`, debt_amount: 'x' }))
    const file = write('many.csv', `${HEADER}\n${rows.join('\n')}`)
    expect(() => load(db, file)).toThrow(
      /12 problems; nothing is stored\n.*line 2: .*[\s\S]*line 11: [\s\S]*and 2 more/,
    )
  })

  test('and a good one is read, whether CSV with a byte-order mark and spaces or JSON', () => {
    const csv = load(
      db,
      write('a.csv', `\uFEFF${HEADER}\r\n${good.replaceAll(',', ' , ')}\r\n\r\n`),
      {},
      'named',
    )
    const text = load(db, write('a.json', json({ ...object, debt_price_usd: null })), {}, 'named')
    expect(csv.coverage[0]?.source).toBe('import/unknown/named')
    expect(loadBook(db, csv.scanId, 'ETH').rows).toEqual(loadBook(db, text.scanId, 'ETH').rows)
    expect(loadBook(db, csv.scanId, 'ETH').rows).toMatchObject([
      { outcome: 'below', price: 1124.99999999, healthFactor: 16 / 9, collateralUsd: 20_000, debtUsd: 9_000 },
    ])
  })

  test('debt in the collateral’s own asset takes its price, and does not move against it', () => {
    const file = write('self.csv', `${HEADER}\n${row({ debt_asset: 'ETH', debt_amount: '5' })}`)
    const { scanId } = load(db, file)
    expect(loadBook(db, scanId, 'ETH').rows).toMatchObject([
      { outcome: 'never', debtUsd: 10_000, reason: 'collateral and debt move together' },
    ])
  })

  test('an owner is told by its checksummed address, however the file writes it', () => {
    const owner = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
    const written = [
      owner,
      owner.toLowerCase(),
      `0x${owner.slice(2).toUpperCase()}`,
      '0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    ]
    const objects = written.map((text, i) => ({ ...object, position_id: `${i}`, owner: text }))
    const { scanId } = load(db, write('owners.json', json(...objects)))
    expect(new Set(loadBook(db, scanId, 'ETH').rows.map((position) => position.owner))).toEqual(
      new Set([owner]),
    )
  })
})
