import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ImportedAccount } from '../../src/adapters/import.ts'
import { loadBook } from '../../src/report.ts'
import { loadPositions, loadScan, loadStates } from '../../src/store/load.ts'
import { type Db, openDatabase } from '../../src/store/open.ts'
import type { PositionRow } from '../../src/store/rows.ts'
import { cursorOf, type ScanRecord, saveScan, statesAt } from '../../src/store/save.ts'
import { band, linkedEntity, loan, SOURCE, scanRecord, sourceRecord } from './records.ts'

const TABLES = [
  'account',
  'account_state',
  'band',
  'block',
  'contract_owner',
  'coverage',
  'debt_total',
  'driver',
  'entity',
  'link',
  'linked_owner',
  'linked_pair',
  'market_state',
  'position',
  'position_legs',
  'scan',
  'source',
]

const memory = (): Db => openDatabase(':memory:')
const countOf = (db: Db, table: string): unknown => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
const everything = (db: Db): unknown => TABLES.map((table) => db.prepare(`SELECT * FROM ${table}`).all())

test('the tables are those that these tests look at', () => {
  const tables = memory().prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
  expect(tables.pluck().all()).toEqual(TABLES)
})

describe('a scan is stored whole or not at all', () => {
  const good = scanRecord({ block: 10, accounts: { a: loan('10', '9000') }, bands: [band()] })
  const row = (changes: Partial<PositionRow>): ScanRecord => {
    const source = sourceRecord({ block: 20, accounts: { a: loan('10', '8000'), b: loan('1', '5') } })
    const rows = (source.read?.positions.ETH ?? []).map((r, i) => (i === 1 ? { ...r, ...changes } : r))
    const read = source.read && { ...source.read, positions: { ETH: rows } }
    return { ...good, sources: [{ ...source, read }], entities: new Map([['0x1', 'One']]) }
  }

  test.each([
    ['a position of an account that was not read', row({ id: 'unknown' })],
    ['a number that is none', row({ debtUsd: Number.NaN })],
    ['an outcome that is none', row({ outcome: 'sideways' as 'below' })],
    ['the same position twice', row({ id: 'a' })],
    ['two bands of one rank, met after all positions', { ...good, bands: { ETH: [band(), band()] } }],
    ['a source twice', { ...good, sources: [...good.sources, ...good.sources] }],
    [
      'two entities of one owner',
      { ...good, linked: [linkedEntity('linked:0x1'), linkedEntity('linked:0x2')] },
    ],
    ['a label without a name, the last thing written', { ...good, entities: new Map([['0x1', null]]) }],
  ] as readonly (readonly [string, ScanRecord])[])('%s', (_, bad) => {
    const db = memory()
    saveScan(db, good)
    const before = everything(db)
    expect(() => saveScan(db, bad)).toThrow()
    expect(everything(db)).toEqual(before)
    expect(db.inTransaction).toBe(false)
    expect(saveScan(db, good)).toBe(2)
  })
})

describe('states are stored as changes', () => {
  const KEYS = ['a', 'b', 'c', 'd']
  const LAST = 40
  /** What the chain says of every account at every block, null before it exists; few values, so that they repeat. */
  const history = fc.array(
    fc.array(fc.option(fc.integer({ min: 0, max: 2 }), { freq: 3 }), { minLength: LAST, maxLength: LAST }),
    {
      minLength: KEYS.length,
      maxLength: KEYS.length,
    },
  )
  type History = readonly (readonly (number | null)[])[]

  /** An account that exists stays, and keeps its state until the next change. */
  const chainAt = (all: History, block: number): ReadonlyMap<string, ImportedAccount> =>
    new Map(
      KEYS.flatMap((key, i) => {
        const states = (all[i] ?? []).slice(0, block).filter((state) => state !== null)
        const state = states.at(-1)
        return state === undefined || state === null ? [] : [[key, loan('10', `${5_000 + state}`)] as const]
      }),
    )

  test('every scanned block gives back exactly what was read there, in whatever order blocks were scanned', () => {
    fc.assert(
      fc.property(
        history,
        fc.array(fc.tuple(fc.integer({ min: 1, max: LAST }), fc.boolean()), { minLength: 1, maxLength: 10 }),
        (chain, scans) => {
          const db = memory()
          for (const [block, lazy] of scans) {
            const truth = chainAt(chain, block)
            const cursor = Number(cursorOf(db, SOURCE)?.block ?? 0)
            const before = cursor > 0 ? chainAt(chain, cursor) : new Map<string, ImportedAccount>()
            const changed = [...truth.keys()].filter(
              (key) =>
                JSON.stringify(before.get(key)?.debt.amount.toString()) !==
                JSON.stringify(truth.get(key)?.debt.amount.toString()),
            )
            // forward a scan reads at least what changed since the cursor; back in time it reads all
            const read = lazy && block >= cursor ? changed : [...truth.keys()]
            const rows = Number(countOf(db, 'account_state'))
            const known = statesAt(db, SOURCE, block)
            saveScan(db, scanRecord({ block, accounts: Object.fromEntries(truth), read }))
            const unchanged = read.every(
              (key) => JSON.stringify(truth.get(key), text) === JSON.stringify(known.get(key), text),
            )
            if (unchanged) expect(countOf(db, 'account_state')).toBe(rows)
            expect(cursorOf(db, SOURCE)?.block).toBe(BigInt(Math.max(cursor, block)))
          }
          for (const [block] of scans) {
            const stored = [...statesAt(db, SOURCE, block)].toSorted(([a], [b]) => (a < b ? -1 : 1))
            expect(stored).toEqual([...chainAt(chain, block)])
          }
          const bad = db.prepare(`
            SELECT count(*) FROM account_state s LEFT JOIN account_state next
              ON next.account_id = s.account_id AND next.from_block =
                (SELECT min(from_block) FROM account_state WHERE account_id = s.account_id AND from_block > s.from_block)
            WHERE s.to_block IS NOT next.from_block OR s.to_block <= s.from_block`)
          expect(bad.pluck().get()).toBe(0)
          expect(db.pragma('foreign_key_check')).toEqual([])
          db.close()
        },
      ),
      { numRuns: 150 },
    )
  })
  const text = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)

  test('the cursor stays where it is after a scan of an earlier block, or one that found not everything', () => {
    const db = memory()
    const accounts = { a: loan('10', '9000') }
    expect(cursorOf(db, SOURCE)).toBeNull()
    saveScan(db, scanRecord({ block: 30, accounts }))
    expect(cursorOf(db, SOURCE)).toEqual({ block: 30n, hash: '0x30' })
    saveScan(db, scanRecord({ block: 20, accounts }))
    saveScan(db, scanRecord({ block: 40, accounts, hash: null }))
    expect(cursorOf(db, SOURCE)).toEqual({ block: 30n, hash: '0x30' })
    saveScan(db, scanRecord({ block: 30, accounts, hash: '0xafter-a-reorg' }))
    expect(cursorOf(db, SOURCE)).toEqual({ block: 30n, hash: '0xafter-a-reorg' })
  })

  test('a token may call itself 123n', () => {
    const db = memory()
    const odd = { ...loan('10', '9000', '42n'), collateral: { asset: '123n', amount: 1n } }
    saveScan(db, scanRecord({ block: 1, accounts: { a: odd } }))
    expect(statesAt(db, SOURCE, 1).get('a')).toEqual(odd)
  })

  test('a failed source leaves its coverage and touches nothing else', () => {
    const db = memory()
    saveScan(db, scanRecord({ block: 10, accounts: { a: loan('10', '9000') } }))
    const failed = sourceRecord({
      block: 11,
      accounts: {},
      coverage: { status: 'failed', error: 'no answer' },
    })
    const id = saveScan(db, {
      ...scanRecord({ block: 11, accounts: {} }),
      sources: [{ ...failed, read: null }],
    })
    expect(loadScan(db, id)).toMatchObject({
      coverage: [{ source: SOURCE, status: 'failed', error: 'no answer', notes: ['a note'] }],
      drivers: [],
    })
    expect(cursorOf(db, SOURCE)?.block).toBe(10n)
    expect(statesAt(db, SOURCE, 11).size).toBe(1)
    expect(loadStates(db, loadScan(db, id))).toEqual([])
  })
})

describe('rows of older scans', () => {
  test('are dropped after eight, and recomputed to the identical rows', () => {
    const db = memory()
    const accounts: Record<string, ImportedAccount> = {}
    const originals = Array.from({ length: 11 }, (_, i) => {
      // one account comes, one changes, and the price moves, so that some become liquidatable
      accounts[`v${i}`] = loan(`${10 + i}`, `${9_000 + 700 * i}`, i % 2 === 0 ? `owner ${i}` : null)
      accounts.v0 = loan('10', `${9_000 + 500 * i}`)
      const record = scanRecord({
        block: 100 + i,
        accounts: { ...accounts },
        read: [`v${i}`, 'v0'],
        ethPrice: 200_000_000_000n - BigInt(i) * 7_123_456_789n,
      })
      const id = saveScan(db, record)
      return { id, rows: record.sources[0]?.read?.positions.ETH ?? [] }
    })
    const kept = db.prepare('SELECT DISTINCT scan_id FROM position ORDER BY 1').pluck().all()
    expect(kept).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
    expect(db.prepare('SELECT DISTINCT scan_id FROM position_legs ORDER BY 1').pluck().all()).toEqual(kept)
    for (const { id, rows } of originals) {
      expect(loadPositions(db, loadScan(db, id), 'ETH') === null).toBe(id < 4)
      expect(loadBook(db, id, 'ETH').rows).toEqual(rows)
    }
    expect(new Set(originals.flatMap(({ rows }) => rows.map(({ outcome }) => outcome))).size).toBeGreaterThan(
      1,
    )
  })

  test('of imports stay, and do not push out those of scans', () => {
    const db = memory()
    const accounts = { a: loan('10', '9000') }
    const imported = saveScan(db, scanRecord({ block: 1, accounts, kind: 'import' }))
    for (let block = 2; block < 12; block++) saveScan(db, scanRecord({ block, accounts }))
    for (let i = 0; i < 9; i++) saveScan(db, scanRecord({ block: 12, accounts, kind: 'import' }))
    const kept = db.prepare('SELECT DISTINCT scan_id FROM position').pluck().all()
    expect(kept).toContain(imported)
    expect(kept).toHaveLength(1 + 8 + 9)
  })
})
