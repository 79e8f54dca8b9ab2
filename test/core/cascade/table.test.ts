import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/core/bands/random.ts'
import { solveAllShocks } from '../../../src/core/cascade/all-shocks.ts'
import { createMarket } from '../../../src/core/cascade/impact.ts'
import { orderByFallingPrice } from '../../../src/core/cascade/order.ts'
import { simulate } from '../../../src/core/cascade/simulate.ts'
import { cascadeTable, DEFAULT_DEPTHS } from '../../../src/core/cascade/table.ts'
import { bookOf, millionRungs, positionOf, randomPositions, SPOT } from './books.ts'

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
  const book = millionRungs()

  test('are also played round by round', () => {
    const result = simulate(solveAllShocks(book, createMarket({ kind: 'depth', usd: 40e6 }, SPOT)), -20)
    expect(result.positions).toBe(result.rungs)
    expect(result.rounds).toBeGreaterThan(1)
  })
})
