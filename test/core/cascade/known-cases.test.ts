import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AllShocks,
  breakPct,
  finalPriceAt,
  finalPrices,
  gainOf,
  largestAvalanches,
  runawayPct,
} from '../../../src/core/cascade/all-shocks.ts'
import { simulate } from '../../../src/core/cascade/simulate.ts'
import { anySeed, bookOf, IMPACTS, POOL, randomPositions, SPOT, sale, salesAt, shocksOf } from './books.ts'

const RUNS = { numRuns: 40, seed: 1 }

describe('a uniform ladder', () => {
  /** Rungs every 0.001 % whose sales pay for the share `g` of the way to the next one. */
  const uniform = (g: number): AllShocks => {
    const usd = 40e6
    const folds = usd / 0.02 / SPOT
    const step = 1e-5
    const rungs = Array.from({ length: 60_000 }, (_, i) =>
      sale(SPOT * Math.exp(-i * step - 1e-9), g * folds * step),
    )
    return shocksOf(bookOf(rungs), { kind: 'depth', usd })
  }

  test.each([
    [0.25, 0.0667],
    [0.5, 0.1],
    [0.75, 0.2],
    [0.9, 0.5],
  ])('of gain %d turns a fall of 5 % in ln price into %d, 1 / (1 − g) times as much', (g, expected) => {
    const shocks = uniform(g)
    const result = simulate(shocks, (Math.exp(-0.05) - 1) * 100)
    expect(Math.log(SPOT / result.finalPrice)).toBeCloseTo(expected, 3)
    expect(result.amplification).toBeCloseTo(1 / (1 - g), 1)
    expect(gainOf(shocks, { low: 1500, high: 1900 })).toBeCloseTo(g, 3)
  })

  test('of gain 1 runs by itself', () => {
    const shocks = uniform(1.0001)
    expect(largestAvalanches(shocks, 1)[0]?.rungs).toBe(60_000)
    expect(runawayPct(shocks)).toBeCloseTo(0, 4)
  })
})

describe('the book published on 11 March 2025', () => {
  const spot = 1872
  const usdAt: readonly (readonly [number, number])[] = [
    [1857, 13.6e6],
    [1780, 117e6],
    ...Array.from({ length: 60 }, (_, i) => [1845 - i * 5.7, ((366 - 130.6) / 60) * 1e6] as const),
  ]
  const book = bookOf(salesAt(usdAt.map(([price, usd]) => [price, usd / price])), { spot })

  test.each([
    [20e6, [1242, 1217, 1192, 1129, 1003], 366, 1857, -0.8],
    [40e6, [1830, 1486, 1456, 1379, 1226], 309, 1835, -2.0],
    [80e6, [1847, 1791, 1660, 1534, 1355], 168, 1808, -3.4],
    [160e6, [1850, 1806, 1730, 1621, 1424], 137, 1794, -4.2],
  ])('at a 2 %% depth of $%d', (usd, finals, largest, critical, pct) => {
    const shocks = shocksOf(book, { kind: 'depth', usd })
    expect(finalPrices(shocks, [-1, -3, -5, -10, -20]).map(Math.round)).toEqual(finals)
    const avalanche = largestAvalanches(shocks, 1)[0]
    expect(Math.round((avalanche?.usd ?? 0) / 1e6)).toBe(largest)
    expect(Math.round(avalanche?.criticalPrice ?? 0)).toBe(critical)
    expect(avalanche?.pct).toBeCloseTo(pct, 1)
  })

  test('has the published amplifications', () => {
    const amplification = (usd: number, pct: number): number =>
      simulate(shocksOf(book, { kind: 'depth', usd }), pct).amplification ?? 0
    expect(amplification(20e6, -1)).toBeCloseTo(41, 0)
    expect(amplification(40e6, -3)).toBeCloseTo(7.6, 1)
    expect(amplification(80e6, -5)).toBeCloseTo(2.3, 1)
    expect(amplification(160e6, -20)).toBeCloseTo(1.2, 1)
  })
})

describe('a band', () => {
  test('breaks at the smallest fall that ends at its low edge', () => {
    const check = (seed: number): void => {
      for (const impact of IMPACTS) {
        const shocks = shocksOf(bookOf(randomPositions(seed, 60)), impact)
        for (const low of [1200, 1500, shocks.book.rungs.price[3] ?? 1700]) {
          const outside = SPOT * (1 + breakPct(shocks, low) / 100)
          expect(finalPriceAt(shocks, outside * (1 - 1e-9))).toBeLessThanOrEqual(low)
          expect(finalPriceAt(shocks, outside * (1 + 1e-9))).toBeGreaterThanOrEqual(low * (1 - 1e-12))
        }
      }
    }
    fc.assert(fc.property(anySeed, check), RUNS)
  })

  test('has no gain without impact, and none that is finite at a single price', () => {
    const book = bookOf(salesAt([[1800, 1000]]))
    const band = { low: 1800, high: 1800 }
    expect(gainOf(shocksOf(book, { kind: 'none' }), band)).toBe(0)
    expect(gainOf(shocksOf(book, { kind: 'depth', usd: 40e6 }), band)).toBeNull()
  })

  test('has no finite gain once its sales exhaust the pools', () => {
    const book = bookOf(salesAt([[1900, 1e30]]))
    const shocks = shocksOf(book, { kind: 'uniswap-v3', pools: [POOL] })
    expect(gainOf(shocks, { low: 1800, high: 1900 })).toBeNull()
    expect(simulate(shocks, -6)).toMatchObject({ finalPrice: 0, finalPct: -100, amplification: null })
  })
})
