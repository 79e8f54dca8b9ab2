import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Histogram } from '../../src/core/report.ts'
import { bar, gutter, histogramRows, type Row, rowBar } from '../../src/dashboard/bars.ts'

const bucket = (collateralUsd: number) => ({
  collateralUsd,
  debtUsd: 0,
  positions: collateralUsd > 0 ? 1 : 0,
  bySource: {},
  rangeUsd: 0,
  rangeBySource: {},
})

/** Bars side by side from `from` upwards. */
const histogramOf = (step: number, from: number, amounts: readonly number[], beyond = 0): Histogram => ({
  side: 'below',
  step,
  stepPct: null,
  underflow: bucket(beyond),
  overflow: bucket(0),
  bars: amounts.map((usd, i) => ({ low: from + i * step, high: from + (i + 1) * step, ...bucket(usd) })),
})

const sum = (amounts: readonly number[]): number => amounts.reduce((total, n) => total + n, 0)
const limits = { most: 40, least: 0 }

describe('histogramRows', () => {
  test('merging loses nothing, keeps to the limit and to multiples of the drawn step', () => {
    const amounts = fc.array(fc.nat(1000), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(
        amounts,
        fc.constantFrom(1, 2, 5, 10, 20, 25, 50),
        fc.nat(90),
        fc.nat(9),
        (usd, step, k, beyond) => {
          const spot = (k + usd.length) * step
          const { rows, step: drawn } = histogramRows(histogramOf(step, k * step, usd, beyond), spot, limits)
          expect(sum(rows.map(({ collateralUsd }) => collateralUsd))).toBe(sum(usd) + beyond)
          expect(rows.length).toBeLessThanOrEqual(41)
          for (const { low, high } of rows.filter((row) => row.low !== null)) {
            expect((low ?? 0) % (drawn ?? 1)).toBe(0)
            expect((high ?? 0) - (low ?? 0)).toBe(drawn)
          }
        },
      ),
    )
  })

  test('rows are contiguous, and a gap between bars is drawn as empty rows', () => {
    const { bars, ...rest } = histogramOf(25, 1500, [5, 0, 0, 0, 7, 0, 0])
    const sparse = { ...rest, bars: bars.filter(({ collateralUsd }) => collateralUsd > 0) }
    const { rows } = histogramRows(sparse, 1660, limits)
    expect(rows.map(({ low }) => low)).toEqual([1650, 1625, 1600, 1575, 1550, 1525, 1500])
    expect(rows.map(({ collateralUsd }) => collateralUsd)).toEqual([0, 0, 7, 0, 0, 0, 5])
  })

  test('empty bars far from spot are left out, those near spot are not', () => {
    const { rows } = histogramRows(histogramOf(25, 1500, [0, 0, 5, 0]), 1600, limits)
    expect(rows.map(({ low }) => low)).toEqual([1575, 1550])
  })

  test('a thin far tail is one row, so that prices near spot keep their resolution', () => {
    const usd = Array.from({ length: 100 }, (_, i) => (i < 60 ? 1 : 1000))
    const { rows, step } = histogramRows(histogramOf(10, 0, usd), 1000, limits)
    expect(step).toBe(10)
    expect(rows).toHaveLength(41)
    expect(rows.at(-1)).toEqual({ low: null, high: 600, collateralUsd: 60, rangeUsd: 0 })
  })

  test('what is sold over ranges is merged beside the rest', () => {
    const { bars, ...rest } = histogramOf(10, 0, [1, 2, 3, 4])
    const ranged = { ...rest, bars: bars.map((one, i) => ({ ...one, rangeUsd: i * 10 })) }
    const { rows } = histogramRows(ranged, 40, { most: 2, least: 0 })
    expect(rows.map(({ collateralUsd, rangeUsd }) => [collateralUsd, rangeUsd])).toEqual([
      [7, 50],
      [3, 10],
    ])
  })

  test('bars of a percentage are merged from the same edges, whatever the spot', () => {
    const edge = (k: number): number => Math.floor(1.005 ** k * 100) / 100
    const barsOf = (first: number, last: number): Histogram => ({
      ...histogramOf(1, 0, []),
      stepPct: 0.5,
      bars: Array.from({ length: last - first + 1 }, (_, i) => ({
        low: edge(first + i),
        high: edge(first + i + 1),
        ...bucket(1),
      })),
    })
    const early = histogramRows(barsOf(1401, 1530), edge(1531), limits)
    const late = histogramRows(barsOf(1409, 1538), edge(1539), limits)
    expect(early.rows.length).toBeLessThanOrEqual(40)
    expect(early.step).toBeNull()
    expect(early.stepPct).toBeCloseTo((1.005 ** 4 - 1) * 100, 9)
    const lows = new Set(early.rows.map(({ low }) => low))
    const shared = late.rows.filter(({ high }) => high !== null && high <= edge(1528)).slice(0, -2)
    expect(shared.length).toBeGreaterThan(20)
    for (const { low } of shared) expect(lows).toContain(low)
    expect(sum(early.rows.map(({ collateralUsd }) => collateralUsd))).toBe(130)
  })

  test('a step of cents has exact edges', () => {
    const { rows } = histogramRows(histogramOf(0.1, 0.3, [1, 1, 1]), 0.6, limits)
    expect(rows.map(({ low }) => low)).toEqual([0.5, 0.4, 0.3])
  })

  test('edges on no grid are merged by neighbours', () => {
    const bars = Array.from({ length: 100 }, (_, i) => ({
      low: 1.02 ** i,
      high: 1.02 ** (i + 1),
      ...bucket(1),
    }))
    const { rows, step } = histogramRows({ ...histogramOf(1, 0, []), bars }, 8, limits)
    expect(step).toBeNull()
    expect(rows.length).toBeLessThanOrEqual(40)
    expect(sum(rows.map(({ collateralUsd }) => collateralUsd))).toBe(100)
  })
})

describe('bar', () => {
  test('is proportional to an eighth of a cell and never invisible', () => {
    expect(bar(100, 100, 10, true)).toBe('██████████')
    expect(bar(50, 100, 10, true)).toBe('█████')
    expect(bar(51.25, 100, 10, true)).toBe('█████▏')
    expect(bar(0.0001, 100, 10, true)).toBe('▏')
    expect(bar(0.0001, 100, 10, false)).toBe('.')
    expect(bar(50, 100, 10, false)).toBe('#####')
    expect(bar(0, 100, 10, true)).toBe('')
  })
})

describe('rowBar', () => {
  const drawn = (collateralUsd: number, rangeUsd: number, unicode = true): string =>
    rowBar({ collateralUsd, rangeUsd }, 100, 10, unicode)

  test('sets what is sold over ranges after what is liquidated at a price, in another shade', () => {
    expect(drawn(50, 0)).toBe('█████')
    expect(drawn(50, 30)).toBe('█████▒▒▒')
    expect(drawn(0, 100)).toBe('▒▒▒▒▒▒▒▒▒▒')
    expect(drawn(30, 40, false)).toBe('###::::')
    expect(drawn(0, 0)).toBe('')
  })

  test('shows both wherever both are there, and never more cells than there are', () => {
    const amount = fc.oneof(fc.constantFrom(0, 0.001), fc.double({ min: 0, max: 100, noNaN: true }))
    fc.assert(
      fc.property(amount, amount, fc.integer({ min: 4, max: 80 }), fc.boolean(), (a, b, cells, unicode) => {
        const most = Math.max(a + b, 100)
        const text = rowBar({ collateralUsd: a, rangeUsd: b }, most, cells, unicode)
        expect(text.length).toBeLessThanOrEqual(cells)
        expect(/[▒:]/.test(text)).toBe(b > 0)
        expect(/[^▒:]/.test(text)).toBe(a > 0)
      }),
    )
  })
})

describe('gutter', () => {
  const rows: readonly Row[] = [1900, 1850, 1800, 1750].map((low) => ({
    low,
    high: low + 50,
    collateralUsd: 0,
    rangeUsd: 0,
  }))

  test('a band runs from the row of its high edge to the row of its low edge', () => {
    expect(gutter(rows, [{ rank: 1, low: 1781.09, high: 1862.02 }], true)).toEqual(['  ', '#1', ' │', ' ╵'])
    expect(gutter(rows, [{ rank: 1, low: 1810, high: 1811 }], false)).toEqual(['  ', '  ', '#1', '  '])
  })

  test('an edge on a row edge belongs to the row that begins there', () => {
    expect(gutter(rows, [{ rank: 1, low: 1800, high: 1850 }], false)).toEqual(['  ', '#1', " '", '  '])
  })

  test('bands that overlap stand side by side', () => {
    const bands = [
      { rank: 1, low: 1781, high: 1862 },
      { rank: 2, low: 1755, high: 1855 },
      { rank: 3, low: 1910, high: 1920 },
    ]
    expect(gutter(rows, bands, false)).toEqual(['#3  ', '#1#2', ' | |', " ' '"])
  })
})
