import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OUTCOMES } from '../src/core/position.ts'
import type { Report } from '../src/core/report.ts'
import { buildReport, loadBook, type ScanBook } from '../src/report.ts'
import { type Db, openDatabase } from '../src/store/open.ts'
import type { LegRow, PositionRow } from '../src/store/rows.ts'
import { saveScan } from '../src/store/save.ts'
import { loan, scanRecord } from './store/records.ts'

const cents = (usd: number): number => Math.round(usd * 100)
const options = { entities: new Map<string, string>(), minUsd: 0, levels: [] }
const store = (db: Db, spot: number, kind: 'scan' | 'import' = 'scan'): number =>
  saveScan(
    db,
    scanRecord({
      kind,
      block: 10 + spot,
      ethPrice: BigInt(spot) * 10n ** 8n,
      accounts: { a: loan('10', '9000') },
    }),
  )

describe('the step of the bars', () => {
  const stepOf = (db: Db, id: number): number => buildReport(loadBook(db, id, 'ETH'), options).histogram.step

  test('is kept from scan to scan while it suits, told by the stored prices alone', () => {
    const db = openDatabase(':memory:')
    const ids = [2000, 2030, 1990, 2501, 2000].map((spot) => store(db, spot))
    expect(ids.map((id) => stepOf(db, id))).toEqual([10, 10, 10, 20, 20])
    // a scan of its own at 2,030 takes 20
    const fresh = openDatabase(':memory:')
    expect(stepOf(fresh, store(fresh, 2030))).toBe(20)
  })

  test('is not that of an import, nor an import that of a scan', () => {
    const db = openDatabase(':memory:')
    store(db, 2000)
    expect(stepOf(db, store(db, 2030, 'import'))).toBe(20)
    expect(stepOf(db, store(db, 5000, 'import'))).toBe(50)
    expect(stepOf(db, store(db, 2040))).toBe(10)
  })
})

describe('a report', () => {
  const book: ScanBook = (() => {
    const db = openDatabase(':memory:')
    return loadBook(db, store(db, 2000), 'ETH')
  })()
  const [sample] = book.rows
  const price = fc.double({ min: 1, max: 6000, noNaN: true })
  const usd = fc.double({ min: 0, max: 1e8, noNaN: true })
  const row = fc
    .record({
      outcome: fc.constantFrom(...OUTCOMES),
      source: fc.constantFrom('aave', 'llamma'),
      inverse: fc.boolean(),
      ends: fc.tuple(price, price),
      collateralUsd: usd,
      debtUsd: usd,
    })
    .map(({ ends: [a, b], inverse, ...own }): PositionRow => {
      const ranged = own.outcome === 'range'
      const leg = { ...(sample as PositionRow).collateral[0], asset: 'C', pricedAs: inverse ? 'C/D' : 'D/C' }
      const priced = own.outcome === 'below' ? Math.min(a, 1999) : own.outcome === 'above' ? a + 2001 : null
      return {
        ...(sample as PositionRow),
        ...own,
        price: priced,
        low: ranged ? Math.min(a, b) : null,
        high: ranged ? Math.max(a, b) : null,
        collateral: [leg as LegRow],
      }
    })
  /** An asset priced in dollars, and one priced in the driver. */
  const response = { constant: 0n, numerator: 1n, denominator: 1n, exposure: 0n, method: 'measured' } as const
  const responses = {
    'D/C': { ...response, exact: true },
    'C/D': { ...response, exact: true, inverse: true },
  } as const
  const drivers = ['aave', 'llamma'].map((source) => ({
    source,
    symbol: 'ETH',
    spot: 2000n * 10n ** 8n,
    decimals: 8,
    responses,
  }))
  const rows = fc
    .array(row, { maxLength: 40 })
    .map((list) => list.map((one, i) => ({ ...one, id: `${i}`, owner: `${i}` })))

  test('has every cent of every position in one bar, beyond the bars, or apart under its outcome', () => {
    const check = (positions: readonly PositionRow[]): void => {
      const report: Report = buildReport(
        { ...book, scan: { ...book.scan, drivers }, rows: positions },
        options,
      )
      const sumOf = (outcomes: readonly string[]): number =>
        positions
          .filter(({ outcome }) => outcomes.includes(outcome))
          .reduce((sum, { collateralUsd }) => sum + cents(collateralUsd), 0)
      const sides = [report.histogram, report.histogramAbove]
      const buckets = sides.flatMap(({ bars, underflow, overflow }) => [...bars, underflow, overflow])
      const drawn = buckets.reduce((sum, bucket) => sum + cents(bucket.collateralUsd), 0)
      const ranges = buckets.reduce((sum, bucket) => sum + cents(bucket.rangeUsd), 0)
      expect(drawn).toBe(sumOf(['below', 'above']))
      expect(ranges).toBe(sumOf(['range']))
      const rejected = sumOf(['already', 'never', 'insolvent', 'unpriced'])
      expect(drawn + ranges + rejected).toBe(sumOf(OUTCOMES))
      expect(buckets.reduce((sum, bucket) => sum + bucket.positions, 0)).toBe(
        report.totals.below.positions + report.totals.above.positions,
      )
      // ranges are in no band: without them the same ones are found
      const hard = positions.filter(({ outcome }) => outcome !== 'range')
      expect(buildReport({ ...book, rows: hard }, options).bands).toEqual(report.bands)
      // what becomes cheaper by a rise is sold above spot, all else below
      const risen = positions.filter(({ outcome, collateral }) => {
        const [leg] = collateral
        return outcome === 'range' && leg?.pricedAs === 'C/D'
      })
      const above = [report.histogramAbove.underflow, report.histogramAbove.overflow]
      const shown = [...above, ...report.histogramAbove.bars].reduce((sum, b) => sum + cents(b.rangeUsd), 0)
      expect(shown).toBe(risen.reduce((sum, { collateralUsd }) => sum + cents(collateralUsd), 0))
    }
    fc.assert(fc.property(rows, check), { numRuns: 50 })
  })
})
