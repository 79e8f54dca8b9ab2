import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/core/bands/random.ts'
import { solveAllShocks } from '../../../src/core/cascade/all-shocks.ts'
import type { CascadeBook } from '../../../src/core/cascade/book.ts'
import { createMarket } from '../../../src/core/cascade/impact.ts'
import { orderByFallingPrice } from '../../../src/core/cascade/order.ts'
import { simulate } from '../../../src/core/cascade/simulate.ts'
import { cascadeTable, DEFAULT_DEPTHS } from '../../../src/core/cascade/table.ts'
import { bookOf, IMPACTS, positionOf, randomPositions, SPOT } from './books.ts'

describe('the depth table', () => {
  const positions = [
    ...randomPositions(1, 200),
    positionOf({ id: 'toxic', threshold: 0.95, bonus: 0.09 }),
    positionOf({ id: 'assumed', bonus: null }),
  ]
  const bands = [{ rank: 1, low: 1600, high: 1700 }]
  const table = cascadeTable(bookOf(positions), {
    symbol: 'ETH',
    pcts: [-5, -15, -30],
    impacts: DEFAULT_DEPTHS,
    bands,
  })

  test('has every shock at every depth, and deeper markets fall less', () => {
    expect(table.rows.map(({ depth }) => depth)).toEqual(
      ['20,000,000', '40,000,000', '80,000,000', '160,000,000'].map((usd) => `$${usd} moves the price 2 %`),
    )
    table.rows.forEach(({ results }, i) => {
      expect(results.map(({ pct }) => pct)).toEqual([-5, -15, -30])
      const shallower = table.rows[i - 1]?.results ?? []
      shallower.forEach((result, k) => {
        expect(results[k]?.finalPrice).toBeGreaterThanOrEqual(result.finalPrice)
      })
    })
  })

  test('says what it is: a model, with its assumptions', () => {
    expect(table).toMatchObject({ kind: 'model', schemaVersion: 1, driver: { symbol: 'ETH', spotUsd: SPOT } })
    expect(table.assumptions.join('\n')).toContain('1 of 202 positions use their protocol')
    expect(table.assumptions.join('\n')).toContain('positions are toxic')
    expect(table.assumptions.join('\n')).toContain(
      'Oracles lag behind the market: maker/ethereum/main by 1 h. What they bring down is a later wave',
    )
    expect(table.assumptions[0]).toMatch(/^A model/)
  })

  test('says of each band what it does at each depth', () => {
    const breaks = table.rows.map((row) => row.bands[0]?.breakPct ?? 0)
    expect([...breaks].sort((a, b) => b - a)).toEqual(breaks)
    for (const row of table.rows) expect(row.bands[0]?.gain).toBeGreaterThan(0)
  })

  test('lists sales by source that add up', () => {
    for (const { results } of table.rows)
      for (const { bySource, usd, amount, positions: count } of results) {
        expect(bySource.reduce((sum, sale) => sum + sale.usd, 0)).toBeCloseTo(usd, 2)
        expect(bySource.reduce((sum, sale) => sum + sale.amount, 0)).toBeCloseTo(amount, 4)
        expect(bySource.reduce((sum, sale) => sum + sale.positions, 0)).toBe(count)
      }
  })

  test('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(table))).toEqual(table)
  })
})

describe('the order of the rungs', () => {
  test('is exact: by falling price, then as told', () => {
    const random = createRandom(3)
    const prices = Float64Array.from({ length: 5000 }, (_, i) =>
      i % 7 === 0 ? 1700 : 1700 + random() * 1e-9,
    )
    const order = orderByFallingPrice(prices, (i, j) => i - j)
    const expected = Int32Array.from(prices.keys()).sort(
      (i, j) => (prices[j] ?? 0) - (prices[i] ?? 0) || i - j,
    )
    expect(order).toEqual(expected)
  })
})

describe('a million rungs', () => {
  const count = 1_000_000
  const random = createRandom(1)
  const price = Float64Array.from({ length: count }, () => 800 + 1199 * random())
    .sort()
    .reverse()
  const sold = Float64Array.from({ length: count }, () => Math.min(100, 0.01 / (1 - random())))
  const cents = sold.map((amount, i) => Math.round(100 * amount * (price[i] ?? 0)))
  const upTo = (column: Float64Array): Float64Array => {
    const sums = new Float64Array(count + 1)
    for (let i = 0; i < count; i++) sums[i + 1] = (sums[i] ?? 0) + (column[i] ?? 0)
    return sums
  }
  const ids = Int32Array.from({ length: count }, (_, i) => i)
  const ones = new Float64Array(count).fill(1)
  const none = new Float64Array(count)
  const book: CascadeBook = {
    ...bookOf([]),
    sources: ['x'],
    lagSeconds: [0],
    rungs: {
      price,
      taken: sold,
      sold,
      cents,
      repaidUsd: none,
      unpaidUsd: none,
      position: ids,
      source: new Int32Array(count),
      first: new Int32Array(count).fill(1),
    },
    soldUpTo: upTo(sold),
    centsUpTo: upTo(cents),
    positions: { amount: sold, debtUsd: none, backedUsd: none, cost: ones },
  }

  test.each(IMPACTS)('answer all shocks in 100 ms: $kind', (impact) => {
    const market = createMarket(impact, SPOT)
    // CPU time, so that a busy machine does not count.
    const times = Array.from({ length: 5 }, () => {
      const start = process.cpuUsage()
      solveAllShocks(book, market)
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1000
    })
    expect(Math.min(...times)).toBeLessThan(100)
  })

  test('are also played round by round', () => {
    const result = simulate(solveAllShocks(book, createMarket({ kind: 'depth', usd: 40e6 }, SPOT)), -20)
    expect(result.positions).toBe(result.rungs)
    expect(result.rounds).toBeGreaterThan(1)
  })
})
