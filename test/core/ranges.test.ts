import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { histogram } from '../../src/core/histogram.ts'
import { type RangeEntry, soldCents } from '../../src/core/ranges.ts'
import type { Bucket, Histogram } from '../../src/core/report.ts'
import { entryOf, shuffled } from '../helpers/books.ts'
import { rangeBooks } from '../helpers/ranges.ts'

const cents = (usd: number): number => Math.round(usd * 100)
const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)
const spot = 2151
const below = (ranges: readonly RangeEntry[], step?: Parameters<typeof histogram>[1]['step']): Histogram =>
  histogram([], { spot, side: 'below', ranges, step })
const bucketsOf = ({ bars, underflow, overflow }: Histogram): readonly Bucket[] => [
  ...bars,
  underflow,
  overflow,
]

describe('a range', () => {
  test('is sold evenly in log price: as much in every geometric band', () => {
    const range = { source: 'llamma', low: 1000 * 0.99 ** 10, high: 1000, collateralUsd: 1234.5 }
    for (let n = 0; n <= 10; n++)
      expect(soldCents(range, { spot: 2000, price: 1000 * 0.99 ** n })).toBe(12345 * n)
  })

  test('that spot is inside of has what is left of it below spot', () => {
    const range = { source: 'llamma', low: 1600, high: 3000, collateralUsd: 100 }
    const sold = (price: number) => soldCents(range, { spot: 2500, price })
    expect([3000, 2500, 2000, 1600, 1].map(sold)).toEqual([0, 0, 5000, 10_000, 10_000])
  })
})

describe('ranges in a histogram', () => {
  test('lose no cent, in all and by source, and are in no other figure', () => {
    const check = (ranges: readonly RangeEntry[]): void => {
      const all = bucketsOf(below(ranges))
      expect(sum(all.map(({ rangeUsd }) => cents(rangeUsd)))).toBe(
        sum(ranges.map(({ collateralUsd }) => cents(collateralUsd))),
      )
      for (const bucket of all) {
        expect(cents(bucket.rangeUsd)).toBeGreaterThanOrEqual(0)
        expect(sum(Object.values(bucket.rangeBySource).map(cents))).toBe(cents(bucket.rangeUsd))
        expect(bucket).toMatchObject({ collateralUsd: 0, debtUsd: 0, positions: 0, bySource: {} })
      }
    }
    fc.assert(fc.property(rangeBooks, check))
  })

  test('do not touch what is liquidated at a price', () => {
    const entry = entryOf({ id: 'a', price: 1500, collateralUsd: 700 })
    const range = { source: 'llamma', low: 1400, high: 1600, collateralUsd: 300 }
    const alone = histogram([entry], { spot, side: 'below' })
    const both = histogram([entry], { spot, side: 'below', ranges: [range] })
    const holder = (h: Histogram) => h.bars.find(({ positions }) => positions === 1)
    const { rangeUsd: _a, rangeBySource: _b, ...plain } = holder(alone) as Histogram['bars'][number]
    expect(holder(both)).toMatchObject(plain)
    expect(holder(both)?.rangeUsd).toBeGreaterThan(0)
  })

  test('lie between their two ends and spot, those behind spot in the overflow', () => {
    const check = (ranges: readonly RangeEntry[]): void => {
      for (const range of ranges.filter(({ collateralUsd }) => cents(collateralUsd) > 0)) {
        const { bars, underflow, overflow } = below([range])
        if (range.low >= spot) {
          expect(overflow.rangeUsd).toBe(cents(range.collateralUsd) / 100)
          continue
        }
        expect(overflow.rangeUsd).toBe(0)
        for (const bar of bars.filter(({ rangeUsd }) => rangeUsd > 0)) {
          expect(bar.high).toBeGreaterThan(range.low)
          expect(bar.low).toBeLessThanOrEqual(Math.min(range.high, spot))
        }
        if (range.low >= spot / 2)
          expect(underflow.rangeUsd).toBeLessThanOrEqual(range.collateralUsd * 0.0051)
      }
    }
    fc.assert(fc.property(rangeBooks, check))
  })

  test('do not depend on their order, and re-aggregate exactly when the step is refined', () => {
    const check = (ranges: readonly RangeEntry[], factor: number, seed: number): void => {
      expect(below(shuffled(ranges, seed))).toEqual(below(ranges))
      const coarse = below(ranges, { usd: 60 })
      const fine = below(ranges, { usd: 60 / factor })
      const lowest = fine.bars[0]?.low ?? spot
      const highest = fine.bars.at(-1)?.high ?? 0
      for (const bar of coarse.bars.filter(({ low, high }) => low >= lowest && high <= highest)) {
        const parts = fine.bars.filter(({ low, high }) => low >= bar.low && high <= bar.high)
        expect(sum(parts.map(({ rangeUsd }) => cents(rangeUsd)))).toBe(cents(bar.rangeUsd))
      }
    }
    fc.assert(fc.property(rangeBooks, fc.constantFrom(2, 3, 5, 10), fc.nat(1000), check))
  })

  test('are not drawn above spot', () => {
    const range = { source: 'llamma', low: 1600, high: 3000, collateralUsd: 100 }
    expect(histogram([], { spot, side: 'above', ranges: [range] }).bars).toEqual([])
  })
})
