import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drops, levels } from '../../src/core/drops.ts'
import { histogram } from '../../src/core/histogram.ts'
import type { RangeEntry } from '../../src/core/ranges.ts'
import { entryOf, shuffled } from '../helpers/books.ts'
import { rangeBooks } from '../helpers/ranges.ts'

const spot = 2151
const entries = [
  entryOf({ id: 'a', price: 2043.45, collateralUsd: 1000.25, debtUsd: 700.1 }),
  entryOf({ id: 'b', price: 2043.44, collateralUsd: 2000, debtUsd: 1500 }),
  entryOf({ id: 'c', price: 1500, collateralUsd: 4000, debtUsd: 3000 }),
  entryOf({ id: 'd', price: 2300, collateralUsd: 8000, debtUsd: 6000 }),
]

test('a fall of 5 % liquidates what is liquidatable at exactly that price, and nothing a cent below it', () => {
  expect(drops(entries, { spot, pcts: [-5] })).toEqual([
    { pct: -5, price: 2043.45, collateralUsd: 1000.25, debtUsd: 700.1, positions: 1, rangeUsd: 0 },
  ])
})

test('falls reach positions below spot, rises those above, no move none', () => {
  const positions = drops(entries, { spot, pcts: [-100, -30.3, -6, 0, 6, 7, 1000] }).map((d) => d.positions)
  expect(positions).toEqual([3, 3, 2, 0, 0, 1, 1])
})

test('a watch price tells what has become liquidatable when the driver gets there', () => {
  expect(levels(entries, { spot, prices: [2000, 1500, 1500.01, 2300, spot] })).toEqual([
    { price: 2000, crossed: 'below', collateralUsd: 3000.25, debtUsd: 2200.1, positions: 2, rangeUsd: 0 },
    { price: 1500, crossed: 'below', collateralUsd: 7000.25, debtUsd: 5200.1, positions: 3, rangeUsd: 0 },
    { price: 1500.01, crossed: 'below', collateralUsd: 3000.25, debtUsd: 2200.1, positions: 2, rangeUsd: 0 },
    { price: 2300, crossed: 'above', collateralUsd: 8000, debtUsd: 6000, positions: 1, rangeUsd: 0 },
    { price: spot, crossed: 'below', collateralUsd: 0, debtUsd: 0, positions: 0, rangeUsd: 0 },
  ])
})

test('a larger move never liquidates less, and the order of the positions does not matter', () => {
  const holding = fc.record({
    price: fc.double({ min: 1, max: 5000, noNaN: true }),
    collateralUsd: fc.double({ min: 0, max: 1e9, noNaN: true }),
  })
  const books = fc
    .array(holding, { maxLength: 50 })
    .map((list) => list.map((e, i) => entryOf({ id: `${i}`, ...e })))
  const moves = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 2, maxLength: 10 })
  const check = (
    book: ReturnType<typeof entryOf>[],
    sizes: readonly number[],
    sign: number,
    seed: number,
  ): void => {
    const pcts = sizes.toSorted((a, b) => a - b).map((size) => sign * size)
    const result = drops(book, { spot, pcts })
    for (const [i, drop] of result.entries()) {
      const smaller = result[i - 1]
      expect(drop.pct).toBe(pcts[i])
      expect(drop.collateralUsd).toBeGreaterThanOrEqual(smaller?.collateralUsd ?? 0)
      expect(drop.positions).toBeGreaterThanOrEqual(smaller?.positions ?? 0)
      const { price } = drop
      const { pct, ...asLevel } = drop
      expect(levels(book, { spot, prices: [price] })[0]).toMatchObject(asLevel)
    }
    expect(drops(shuffled(book, seed), { spot, pcts })).toEqual(result)
  }
  fc.assert(fc.property(books, moves, fc.constantFrom(-1, 1), fc.nat(1000), check))
})

describe('positions liquidated over a range', () => {
  const half = { source: 'llamma', side: 'below', low: 1600, high: 1936, collateralUsd: 1000 } as const

  test('count with the part that a fall passes, apart from what is liquidated at a price', () => {
    const through = levels(entries, { spot, ranges: [half], prices: [2000, 1936, 1760, 1600, 1000, 2300] })
    expect(through.map(({ rangeUsd }) => rangeUsd)).toEqual([0, 0, 500, 1000, 1000, 0])
    const without = levels(entries, { spot, prices: through.map(({ price }) => price) })
    expect(through.map((level) => ({ ...level, rangeUsd: 0 }))).toEqual(without)
  })

  test('what was sold above spot before is neither in a fall nor in a rise', () => {
    const inside = { ...half, low: 1900, high: 2400 }
    const above = { ...half, low: 2200, high: 2400 }
    const sold = (pct: number) => drops([], { spot, ranges: [inside, above], pcts: [pct] })[0]?.rangeUsd
    expect([0, -50, 50].map(sold)).toEqual([0, 1000, 0])
  })

  test('what a rise sells is in no fall, and what is left of it in one that spot has gone through is in neither', () => {
    const rising = { ...half, side: 'above' } as const
    const through = levels([], {
      spot: 1500,
      ranges: [half, rising],
      prices: [1400, 1600, 1760, 1936, 3000],
    })
    // the half that a fall sells lies behind a spot of 1,500, and is sold no more by a rise
    expect(through.map(({ rangeUsd }) => rangeUsd)).toEqual([0, 0, 500, 1000, 1000])
    const [rise] = drops([], { spot: 1760, ranges: [rising], pcts: [10] })
    expect(rise).toMatchObject({ rangeUsd: 1000, collateralUsd: 0, positions: 0 })
    expect(drops([], { spot, ranges: [rising], pcts: [-50, 50] }).map((d) => d.rangeUsd)).toEqual([0, 0])
  })

  test('a move to the edge of a bar sells what the bars on the way show, to the cent', () => {
    const check = (ranges: readonly RangeEntry[]): void => {
      const below = histogram([], { spot, side: 'below', ranges }).bars.toReversed()
      const above = histogram([], { spot, side: 'above', ranges }).bars
      const sides = [
        { bars: below, prices: below.map(({ low }) => low) },
        { bars: above, prices: above.map(({ high }) => high) },
      ]
      for (const { bars, prices } of sides) {
        let shown = 0
        for (const [i, { rangeUsd }] of levels([], { spot, prices, ranges }).entries()) {
          shown += Math.round((bars[i]?.rangeUsd ?? 0) * 100)
          expect(Math.round(rangeUsd * 100)).toBe(shown)
        }
      }
    }
    fc.assert(fc.property(rangeBooks, check))
  })
})
