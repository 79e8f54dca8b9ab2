import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { histogram } from '../../src/core/histogram.ts'
import { isBehind, type RangeEntry, soldCents } from '../../src/core/ranges.ts'
import type { Bucket, Histogram, Side } from '../../src/core/report.ts'
import { entryOf, shuffled } from '../helpers/books.ts'
import { rangeBooks } from '../helpers/ranges.ts'

const cents = (usd: number): number => Math.round(usd * 100)
const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)
const spot = 2151
const SIDES = ['below', 'above'] as const
const drawn = (
  side: Side,
  ranges: readonly RangeEntry[],
  step?: Parameters<typeof histogram>[1]['step'],
): Histogram => histogram([], { spot, side, ranges, step })
const bucketsOf = ({ bars, underflow, overflow }: Histogram): readonly Bucket[] => [
  ...bars,
  underflow,
  overflow,
]

describe('a range', () => {
  test('is sold evenly in log price: as much in every geometric band', () => {
    const range = {
      source: 'llamma',
      side: 'below',
      low: 1000 * 0.99 ** 10,
      high: 1000,
      collateralUsd: 1234.5,
    } as const
    for (let n = 0; n <= 10; n++)
      expect(soldCents(range, { spot: 2000, price: 1000 * 0.99 ** n })).toBe(12345 * n)
    const rising = { ...range, side: 'above', low: 1000, high: 1000 / 0.99 ** 10 } as const
    for (let n = 0; n <= 10; n++)
      expect(soldCents(rising, { spot: 900, price: 1000 / 0.99 ** n })).toBe(12345 * n)
  })

  test('that spot is inside of has what is left of it on its side of spot', () => {
    const range = { source: 'llamma', side: 'below', low: 1600, high: 3000, collateralUsd: 100 } as const
    const falling = (price: number) => soldCents(range, { spot: 2500, price })
    expect([3000, 2500, 2000, 1600, 1].map(falling)).toEqual([0, 0, 5000, 10_000, 10_000])
    const rising = (price: number) => soldCents({ ...range, side: 'above' }, { spot: 1920, price })
    expect([1, 1600, 1920, 2400, 3000, 9000].map(rising)).toEqual([0, 0, 0, 5000, 10_000, 10_000])
  })

  test('that a rise sells is one that a fall sells with prices upside down, to the cent', () => {
    // of powers of two the inverse is exact
    const price = fc.integer({ min: -30, max: 30 }).map((n) => 2 ** n)
    const usd = fc.double({ min: 0, max: 1e8, noNaN: true })
    const check = (a: number, b: number, collateralUsd: number, from: number, to: number): void => {
      const ends = { low: Math.min(a, b), high: Math.max(a, b) }
      const range = { source: 'llamma', side: 'below', ...ends, collateralUsd } as const
      const mirrored = { ...range, side: 'above', low: 1 / ends.high, high: 1 / ends.low } as const
      expect(soldCents(mirrored, { spot: 1 / from, price: 1 / to })).toBe(
        soldCents(range, { spot: from, price: to }),
      )
      expect(isBehind(mirrored, 1 / from)).toBe(isBehind(range, from))
    }
    fc.assert(fc.property(price, price, usd, price, price, check), { numRuns: 1000 })
  })
})

describe('ranges in the histograms', () => {
  test('lose no cent, in all and by source, and are in no other figure', () => {
    const check = (ranges: readonly RangeEntry[]): void => {
      for (const side of SIDES) {
        const all = bucketsOf(drawn(side, ranges))
        const own = ranges.filter((range) => range.side === side)
        expect(sum(all.map(({ rangeUsd }) => cents(rangeUsd)))).toBe(
          sum(own.map(({ collateralUsd }) => cents(collateralUsd))),
        )
        for (const bucket of all) {
          expect(cents(bucket.rangeUsd)).toBeGreaterThanOrEqual(0)
          expect(sum(Object.values(bucket.rangeBySource).map(cents))).toBe(cents(bucket.rangeUsd))
          expect(bucket).toMatchObject({ collateralUsd: 0, debtUsd: 0, positions: 0, bySource: {} })
        }
      }
    }
    fc.assert(fc.property(rangeBooks, check))
  })

  test.each([
    ['below', 1500, 1400, 1600],
    ['above', 2800, 2700, 2900],
  ] as const)('do not touch what is liquidated at a price %s spot', (side, price, low, high) => {
    const entry = entryOf({ id: 'a', price, collateralUsd: 700 })
    const range = { source: 'llamma', side, low, high, collateralUsd: 300 }
    const alone = histogram([entry], { spot, side })
    const both = histogram([entry], { spot, side, ranges: [range] })
    const holder = (h: Histogram) => h.bars.find(({ positions }) => positions === 1)
    const { rangeUsd: _a, rangeBySource: _b, ...plain } = holder(alone) as Histogram['bars'][number]
    expect(holder(both)).toMatchObject(plain)
    expect(holder(both)?.rangeUsd).toBeGreaterThan(0)
  })

  test('lie between their two ends and spot, those behind spot in the overflow', () => {
    const check = (ranges: readonly RangeEntry[]): void => {
      for (const range of ranges.filter(({ collateralUsd }) => cents(collateralUsd) > 0)) {
        const { side, low, high, collateralUsd } = range
        const { bars, underflow, overflow } = drawn(side, [range])
        if (side === 'below' ? low >= spot : high <= spot) {
          expect(overflow.rangeUsd).toBe(cents(collateralUsd) / 100)
          continue
        }
        expect(overflow.rangeUsd).toBe(0)
        const [from, to] = side === 'below' ? [low, Math.min(high, spot)] : [Math.max(low, spot), high]
        for (const bar of bars.filter(({ rangeUsd }) => rangeUsd > 0)) {
          expect(side === 'below' ? bar.high > from : bar.high >= from).toBe(true)
          expect(bar.low).toBeLessThanOrEqual(to)
        }
        if (side === 'below' ? low >= spot / 2 : high <= spot * 1.5)
          expect(underflow.rangeUsd).toBeLessThanOrEqual(collateralUsd * 0.0051)
      }
    }
    fc.assert(fc.property(rangeBooks, check))
  })

  test('do not depend on their order, and re-aggregate exactly when the step is refined', () => {
    const check = (ranges: readonly RangeEntry[], factor: number, seed: number): void => {
      for (const side of SIDES) {
        expect(drawn(side, shuffled(ranges, seed))).toEqual(drawn(side, ranges))
        const coarse = drawn(side, ranges, { usd: 60 })
        const fine = drawn(side, ranges, { usd: 60 / factor })
        const lowest = fine.bars[0]?.low ?? spot
        const highest = fine.bars.at(-1)?.high ?? 0
        for (const bar of coarse.bars.filter(({ low, high }) => low >= lowest && high <= highest)) {
          const parts = fine.bars.filter(({ low, high }) => low >= bar.low && high <= bar.high)
          expect(sum(parts.map(({ rangeUsd }) => cents(rangeUsd)))).toBe(cents(bar.rangeUsd))
        }
      }
    }
    fc.assert(fc.property(rangeBooks, fc.constantFrom(2, 3, 5, 10), fc.nat(1000), check))
  })

  test.each([
    ['below', 1600, 2160],
    ['above', 2150, 3000],
  ] as const)(
    'of one that spot is inside of only what is left is drawn: %s, from spot on',
    (side, from, to) => {
      const range = { source: 'llamma', side, low: 1600, high: 3000, collateralUsd: 100 }
      const { bars, overflow } = drawn(side, [range], { usd: 10 })
      const holding = bars.filter(({ rangeUsd }) => rangeUsd > 0)
      expect([holding[0]?.low, holding.at(-1)?.high]).toEqual([from, to])
      expect(overflow.rangeUsd).toBe(0)
      // half of it on half the way in log price
      const middle = Math.sqrt(spot * (side === 'below' ? from : to))
      const half = holding.filter(({ high }) => high <= middle)
      // to one bar
      expect(Math.abs(sum(half.map(({ rangeUsd }) => rangeUsd)) - 50)).toBeLessThan(1.5)
      expect(bucketsOf(drawn(side === 'below' ? 'above' : 'below', [range])).map((b) => b.rangeUsd)).toEqual([
        0, 0,
      ])
    },
  )
})
