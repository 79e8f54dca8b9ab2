import { beforeAll, describe, expect, test } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import { loadBook } from '../../src/report.ts'
import { loadScan } from '../../src/store/load.ts'
import { type Db, openDatabase } from '../../src/store/open.ts'
import { saveScan } from '../../src/store/save.ts'
import { band, loan, SOURCE, scanRecord } from './records.ts'

const WHALE = `0x${'a'.repeat(40)}`
const SMALL = `0x${'b'.repeat(40)}`

describe('views', () => {
  let db: Db
  beforeAll(() => {
    db = openDatabase(':memory:')
    const accounts = {
      1: loan('1000', '900000', WHALE),
      2: loan('500', '500000', WHALE),
      3: loan('1', '800', SMALL),
      4: loan('3', '4000'),
      5: loan('1', '1700', SMALL),
    }
    const entities = new Map([[WHALE, 'The Whale']])
    saveScan(db, scanRecord({ block: 10, accounts, bands: [band({ low: 900 })], entities }))
    saveScan(db, scanRecord({ block: 11, accounts, bands: [band(), band({ rank: 2 })], entities }))
    saveScan(db, scanRecord({ block: 12, accounts: { 1: loan('7', '7000') }, kind: 'import', entities }))
  })
  const rows = (sql: string) => db.prepare<[], Record<string, unknown>>(sql).all()
  const columns = (view: string) =>
    db
      .prepare(`SELECT * FROM ${view}`)
      .columns()
      .map(({ name }) => name)

  test('latest_scan is the newest scan, whatever was imported since; an import where there is no scan', () => {
    expect(rows('SELECT id, kind FROM latest_scan')).toEqual([{ id: 2, kind: 'scan' }])
    expect(loadScan(db, 'latest').id).toBe(2)
    const other = openDatabase(':memory:')
    expect(() => loadScan(other, 'latest')).toThrow(/no scan is stored yet: run liqbands scan first/)
    saveScan(other, scanRecord({ block: 1, accounts: {}, kind: 'import' }))
    saveScan(other, scanRecord({ block: 1, accounts: {}, kind: 'import' }))
    expect(loadScan(other, 'latest')).toMatchObject({ id: 2, kind: 'import' })
  })

  test('latest_position: one row a position, with its source, its label and its legs', () => {
    const all = rows('SELECT * FROM latest_position ORDER BY id')
    expect(all).toHaveLength(5)
    expect(all[0]).toMatchObject({
      scan_id: 2,
      source: SOURCE,
      id: '1',
      owner: WHALE,
      entity: 'The Whale',
      driver: 'ETH',
      outcome: 'below',
      price_usd: 1124.99999999,
      price_raw: '112499999999',
      collateral_usd: 2e6,
      debt_usd: 9e5,
      driver_amount: 1000,
      health_factor: 16 / 9,
    })
    expect(JSON.parse(String(all[0]?.collateral))).toMatchObject([
      { symbol: 'ETH', amount: '1000000000000000000000', threshold: 0.8 },
    ])
    expect(all[4]).toMatchObject({ outcome: 'already', entity: null })
  })

  test('latest_band and band_history', () => {
    expect(rows('SELECT scan_id, rank, low_usd, owners FROM latest_band ORDER BY rank')).toEqual([
      { scan_id: 2, rank: 1, low_usd: 1000, owners: 11 },
      { scan_id: 2, rank: 2, low_usd: 1000, owners: 11 },
    ])
    expect(rows('SELECT scan_id, block, rank, low_usd FROM band_history ORDER BY scan_id, rank')).toEqual([
      { scan_id: 1, block: 10, rank: 1, low_usd: 900 },
      { scan_id: 2, block: 11, rank: 1, low_usd: 1000 },
      { scan_id: 2, block: 11, rank: 2, low_usd: 1000 },
    ])
    expect(JSON.parse(String(rows('SELECT band FROM latest_band')[0]?.band))).toEqual(band())
    expect(columns('band_history').slice(0, 2)).toEqual(['finished_at', 'block'])
    expect(columns('band_history').slice(2)).toEqual(columns('latest_band'))
  })

  test('coverage_history: one row a scan and source', () => {
    expect(rows('SELECT scan_id, kind, source, block, status, positions FROM coverage_history')).toEqual([
      { scan_id: 1, kind: 'scan', source: SOURCE, block: 10, status: 'complete', positions: 5 },
      { scan_id: 2, kind: 'scan', source: SOURCE, block: 11, status: 'complete', positions: 5 },
      { scan_id: 3, kind: 'import', source: SOURCE, block: 12, status: 'complete', positions: 1 },
    ])
  })

  test('whale: owners of at least 1% of a side, all their positions together', () => {
    expect(rows('SELECT * FROM whale')).toEqual([
      {
        driver: 'ETH',
        side: 'below',
        owner: WHALE,
        entity: 'The Whale',
        positions: 2,
        collateral_usd: 3e6,
        debt_usd: 1.4e6,
        price_usd: expect.closeTo((1125 * 2 + 1250) / 3, 6),
        share: expect.closeTo(3e6 / (3e6 + 2000 + 6000), 12),
      },
    ])
  })

  test('no row points nowhere', () => {
    expect(db.pragma('foreign_key_check')).toEqual([])
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1)
  })

  test('a scan or a driver that is not there: the message names those that are', () => {
    expect(() => loadScan(db, 99)).toThrow(UsageError)
    expect(() => loadScan(db, 99)).toThrow('there is no scan 99; the newest are 3, 2, 1')
    expect(() => loadBook(db, 2, 'BTC')).toThrow('scan 2 has no driver BTC; it has ETH')
  })
})

describe('the tables themselves refuse', () => {
  const db = openDatabase(':memory:')
  saveScan(db, scanRecord({ block: 10, accounts: { 1: loan('10', '9000') }, bands: [band()] }))

  test.each([
    ['text for a number', "UPDATE position SET debt_usd = 'much'", /cannot store TEXT value in REAL/],
    [
      'a fraction for a block',
      'UPDATE account_state SET from_block = 1.5',
      /cannot store REAL value in INTEGER/,
    ],
    ['bytes for a price', "UPDATE position SET price_raw = x'00'", /cannot store BLOB value in TEXT/],
    ['nothing where something must be', 'UPDATE position SET collateral_usd = NULL', /NOT NULL/],
    ['an unknown outcome', "UPDATE position SET outcome = 'maybe'", /CHECK/],
    ['an unknown status of a scan', "UPDATE scan SET status = 'running'", /CHECK/],
    ['an unknown status of a source', "UPDATE coverage SET status = 'fine'", /CHECK/],
    ['an unknown kind of band', "UPDATE band SET kind = 'wall'", /CHECK/],
    ['a state that is no JSON', "UPDATE account_state SET state = '{'", /CHECK/],
    ['notes that are no JSON', "UPDATE coverage SET notes = 'note'", /CHECK/],
    ['a position of no scan', 'UPDATE position SET scan_id = 9', /FOREIGN KEY/],
    ['an account of no source', 'UPDATE account SET source_id = 9', /FOREIGN KEY/],
    ['two accounts of one key', "INSERT INTO account (source_id, key) VALUES (1, '1')", /UNIQUE/],
  ] as const)('%s', (_, sql, message) => {
    expect(() => db.exec(sql)).toThrow(message)
  })

  test('and every table is STRICT', () => {
    const loose =
      "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%'"
    expect(db.prepare(loose).pluck().all()).toEqual([])
  })

  test('a deleted scan takes all of its rows with it', () => {
    db.exec('DELETE FROM scan')
    for (const table of [
      'block',
      'coverage',
      'debt_total',
      'market_state',
      'driver',
      'position',
      'position_legs',
      'band',
    ])
      expect(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(0)
  })
})
