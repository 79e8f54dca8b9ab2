import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BookEntry } from '../../src/core/bands/book.ts'
import { UsageError } from '../../src/core/errors.ts'
import type { Step } from '../../src/core/grid.ts'
import { histogram } from '../../src/core/histogram.ts'
import type { Bucket, Histogram } from '../../src/core/report.ts'
import { entryOf, generateBook, shuffled } from '../helpers/books.ts'

const cents = (usd: number): number => Math.round(usd * 100)
const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)
const buckets = ({ bars, underflow, overflow }: Histogram): readonly Bucket[] => [
  ...bars,
  underflow,
  overflow,
]

const holding = fc.record({
  source: fc.constantFrom('aave', 'spark', 'morpho'),
  price: fc.oneof(
    fc.integer({ min: 1, max: 400 }).map((n) => n * 10),
    fc.double({ min: 0.01, max: 4000, noNaN: true }),
  ),
  collateralUsd: fc.double({ min: 0, max: 1e8, noNaN: true }),
  debtUsd: fc.double({ min: 0, max: 1e8, noNaN: true }),
})
const books = fc
  .array(holding, { maxLength: 80 })
  .map((list) => list.map((e, i) => entryOf({ id: `${i}`, ...e })))
const spots = fc.constantFrom(0.173, 1.5, 97, 450, 1999, 2000, 2151, 60_123.45)
const steps = fc.constantFrom(undefined, { percent: 0.5 }, { percent: 10 }, { usd: 40 })
const sides = fc.constantFrom('below' as const, 'above' as const)

describe('a histogram', () => {
  test('loses no cent: bars, underflow and overflow add up to the book, and stacks to their bars', () => {
    const check = (
      entries: readonly BookEntry[],
      spot: number,
      side: 'below' | 'above',
      step?: Step,
    ): void => {
      const result = histogram(entries, { spot, side, step })
      const all = buckets(result)
      expect(sum(all.map((b) => cents(b.collateralUsd)))).toBe(
        sum(entries.map((e) => cents(e.collateralUsd))),
      )
      expect(sum(all.map((b) => cents(b.debtUsd)))).toBe(sum(entries.map((e) => cents(e.debtUsd))))
      expect(sum(all.map((b) => b.positions))).toBe(entries.length)
      for (const bucket of all)
        expect(sum(Object.values(bucket.bySource).map(cents))).toBe(cents(bucket.collateralUsd))
    }
    fc.assert(fc.property(books, spots, sides, steps, check))
  })

  test('does not depend on the order of the positions, to the letter', () => {
    const check = (entries: readonly BookEntry[], seed: number): void => {
      const options = { spot: 2151, side: 'below' } as const
      expect(JSON.stringify(histogram(shuffled(entries, seed), options))).toBe(
        JSON.stringify(histogram(entries, options)),
      )
    }
    fc.assert(fc.property(books, fc.nat(1000), check))
  })

  test('has contiguous bars in order of price, each with exactly the positions in [low, high)', () => {
    const check = (
      entries: readonly BookEntry[],
      spot: number,
      side: 'below' | 'above',
      step?: Step,
    ): void => {
      const { bars } = histogram(entries, { spot, side, step })
      for (const [i, bar] of bars.entries()) {
        if (i > 0) expect(bar.low).toBe(bars[i - 1]?.high)
        const inside = entries.filter(({ price }) => price >= bar.low && price < bar.high)
        expect(bar.positions).toBe(inside.length)
      }
    }
    fc.assert(fc.property(books, spots, sides, steps, check))
  })

  test('re-aggregates exactly when its step is refined by a whole factor', () => {
    const check = (entries: readonly BookEntry[], factor: number): void => {
      const options = { spot: 2151, side: 'below' } as const
      const coarse = histogram(entries, { ...options, step: { usd: 60 } })
      const fine = histogram(entries, { ...options, step: { usd: 60 / factor } })
      const lowest = fine.bars[0]?.low ?? 2151
      const highest = fine.bars[fine.bars.length - 1]?.high ?? 0
      for (const bar of coarse.bars.filter(({ low, high }) => low >= lowest && high <= highest)) {
        const parts = fine.bars.filter(({ low, high }) => low >= bar.low && high <= bar.high)
        expect(parts).toHaveLength(factor)
        expect(sum(parts.map((b) => cents(b.collateralUsd)))).toBe(cents(bar.collateralUsd))
        expect(sum(parts.map((b) => b.positions))).toBe(bar.positions)
      }
    }
    fc.assert(fc.property(books, fc.constantFrom(2, 3, 4, 5, 6, 10), check))
  })
})

describe('the grid', () => {
  const { entries } = generateBook({ seed: 1, kind: 'bands', positions: 2000 })
  const stepAt = (spot: number): number => histogram(entries, { spot, side: 'below' }).step

  test('has a step of 1, 2 or 5 times a power of ten, half a per cent of spot or a little more', () => {
    expect([0.173, 1.5, 97, 450, 2000, 2151, 60_000].map(stepAt)).toEqual([0.001, 0.01, 0.5, 5, 10, 20, 500])
    for (let spot = 0.01; spot < 1e6; spot *= 1.07) {
      expect(stepAt(spot) / spot).toBeGreaterThanOrEqual(0.005 - 1e-12)
      expect(stepAt(spot) / spot).toBeLessThan(0.0126)
    }
  })

  test('does not move with spot: the bars of 2,005 and 2,150 are the same where both are drawn', () => {
    const barsAt = (spot: number) => histogram(entries, { spot, side: 'below', step: { usd: 20 } }).bars
    const later = new Map(barsAt(2150).map((bar) => [bar.low, bar]))
    const both = barsAt(2005).filter(({ low, high }) => later.has(low) && high <= 2000)
    expect(both.length).toBeGreaterThan(20)
    for (const bar of both) expect(later.get(bar.low)).toEqual(bar)
  })

  test('has edges that are whole cents, and finer only where the step is', () => {
    for (const step of [0.1, 0.3, 0.7, 1.15, 20]) {
      for (const { low, high } of histogram(entries, { spot: 2151, side: 'below', step: { usd: step } })
        .bars) {
        expect(low).toBe(cents(low) / 100)
        expect(high).toBe(cents(high) / 100)
      }
    }
    const fine = [entryOf({ id: 'a', price: 0.012 }), entryOf({ id: 'b', price: 0.0125 })]
    const { bars, step } = histogram(fine, { spot: 0.0131, side: 'below', step: { usd: 0.0005 } })
    expect(step).toBe(0.0005)
    expect(bars.filter(({ positions }) => positions > 0).map(({ low }) => low)).toEqual([0.012, 0.0125])
  })

  test('puts a position at an edge into the bar above it', () => {
    const { bars } = histogram([entryOf({ id: 'a', price: 1.15 })], {
      spot: 2,
      side: 'below',
      step: { usd: 0.05 },
    })
    expect(bars.find(({ positions }) => positions === 1)).toMatchObject({ low: 1.15, high: 1.2 })
  })

  test('refuses a step that is no positive number', () => {
    for (const step of [0, -5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => histogram(entries, { spot: 2000, side: 'below', step: { usd: step } })).toThrow(UsageError)
  })

  test('is kept from scan to scan: the bars of spot 2,001 after one at 2,000 are those of 2,000', () => {
    const fresh = histogram(entries, { spot: 2001, side: 'below' })
    const kept = histogram(entries, { spot: 2001, side: 'below', before: [2000] })
    expect([fresh.step, kept.step]).toEqual([20, 10])
  })

  test('of 0.5 % has bars that widen with the price, by integer edges that no spot moves', () => {
    const at = (spot: number) => histogram(entries, { spot, side: 'below', step: { percent: 0.5 } })
    const later = new Map(at(2150).bars.map((bar) => [bar.low, bar]))
    const both = at(2005).bars.filter(({ low, high }) => later.has(low) && high <= 2000)
    expect(both.length).toBeGreaterThan(50)
    for (const bar of both) {
      expect(later.get(bar.low)).toEqual(bar)
      expect(bar.high / bar.low).toBeCloseTo(1.005, 4)
    }
    expect(at(2151)).toMatchObject({ step: 10.73, stepPct: 0.5 })
  })
})

describe('what is drawn', () => {
  test('nothing of an empty book', () => {
    const empty = {
      collateralUsd: 0,
      debtUsd: 0,
      positions: 0,
      bySource: {},
      rangeUsd: 0,
      rangeBySource: {},
    }
    expect(histogram([], { spot: 2000, side: 'above' })).toEqual({
      side: 'above',
      step: 10,
      stepPct: null,
      bars: [],
      underflow: empty,
      overflow: empty,
    })
  })

  test('a hundred bars at most, from spot to half of it, the rest in the underflow', () => {
    const { entries } = generateBook({ seed: 1, kind: 'lognormal', positions: 2000 })
    for (let spot = 1500; spot < 15_000; spot *= 1.01) {
      const scaled = entries.map((entry) => ({ ...entry, price: (entry.price * spot) / 2000 }))
      const { bars, overflow } = histogram(scaled, { spot, side: 'below' })
      expect(bars.length).toBeLessThanOrEqual(101)
      expect(bars[bars.length - 1]?.high).toBeGreaterThanOrEqual(spot)
      expect(bars[bars.length - 1]?.low).toBeLessThan(spot)
      expect(bars[0]?.low).toBeLessThanOrEqual(spot / 2)
      expect(bars[0]?.high).toBeGreaterThan(spot / 2)
      expect(overflow.positions).toBe(0)
    }
  })

  test('less where 99.5 % of the collateral lies closer to spot', () => {
    const near = entryOf({ id: 'near', price: 1905, collateralUsd: 1e6 })
    const far = entryOf({ id: 'far', price: 1205, collateralUsd: 4e3 })
    const { bars, underflow } = histogram([near, far], { spot: 2000, side: 'below' })
    expect(bars[0]).toMatchObject({ low: 1900, high: 1910, collateralUsd: 1e6, positions: 1 })
    expect(underflow).toMatchObject({ collateralUsd: 4e3, positions: 1 })
  })

  test('the other way round above spot', () => {
    const near = entryOf({ id: 'near', price: 2105, collateralUsd: 1e6 })
    const far = entryOf({ id: 'far', price: 1e9, collateralUsd: 4e3 })
    const { bars, underflow } = histogram([near, far], { spot: 2000, side: 'above' })
    expect(bars[0]).toMatchObject({ low: 2000, high: 2010 })
    expect(bars[bars.length - 1]).toMatchObject({ low: 2100, high: 2110, positions: 1 })
    expect(underflow).toMatchObject({ collateralUsd: 4e3, positions: 1 })
  })

  test('positions on the wrong side of spot are in the overflow', () => {
    const beyond = entryOf({ id: 'beyond', price: 2040, collateralUsd: 1e6 })
    expect(histogram([beyond], { spot: 2000, side: 'below' }).overflow.positions).toBe(1)
  })
})
