import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clipCells,
  createSmoother,
  expectedUpTo,
  expectedWithin,
  spreadOverCells,
} from '../../../src/core/bands/background.ts'
import type { BookEntry } from '../../../src/core/bands/book.ts'
import { REACH } from '../../../src/core/bands/depth.ts'
import { groupPositions } from '../../../src/core/bands/groups.ts'
import { effectiveCount } from '../../../src/core/bands/holders.ts'
import { createRandom, drawPoisson } from '../../../src/core/bands/random.ts'
import { entriesAt, sortBook } from '../../../src/core/bands/sorted-book.ts'
import { entryOf, generateBook } from '../../helpers/books.ts'

const bookOf = (entries: readonly BookEntry[], minUsd = 0) =>
  sortBook(entries, { spot: 2000, side: 'below', minUsd })

describe('a book', () => {
  const holding = fc.record({
    price: fc.oneof(
      fc.integer({ min: 1, max: 20 }).map((n) => n * 100),
      fc.double({ min: 1, max: 2100, noNaN: true }),
    ),
    owner: fc.constantFrom('a', 'b', 'c', '0x01', '0x02'),
    entity: fc.constantFrom(null, null, 'Fund'),
    collateralUsd: fc.double({ min: 10, max: 1e6, noNaN: true }),
  })
  const books = fc
    .array(holding, { maxLength: 60 })
    .map((list) => list.map((entry, i) => entryOf({ id: `${i}`, ...entry })))

  test('lists every position worth looking at once, from spot outwards', () => {
    const check = (entries: readonly BookEntry[]): void => {
      const book = bookOf(entries, 100)
      const wanted = entries.filter(({ collateralUsd, price }) => collateralUsd >= 100 && price >= 100)
      const listed = entriesAt(book, book.order)
      expect(new Set(listed)).toEqual(new Set(wanted))
      expect(listed).toHaveLength(wanted.length)
      const prices = listed.map(({ price }) => price)
      expect(prices).toEqual(prices.toSorted((a, b) => b - a))
      for (const depth of book.depth) expect(depth >= 0 && depth <= REACH).toBe(true)
    }
    fc.assert(fc.property(books, check))
  })

  test('counts no holder, entity or owner, for more than 0.4 % of the side, and the others in full', () => {
    const check = (entries: readonly BookEntry[]): void => {
      const book = bookOf(entries)
      const cap = 0.004 * book.total
      const holderOf = ({ entity, owner }: BookEntry) => entity ?? owner
      for (const [i, entry] of entriesAt(book, book.order).entries()) {
        const own = entries.filter((other) => holderOf(other) === holderOf(entry))
        const held = own.reduce((sum, { collateralUsd }) => sum + collateralUsd, 0)
        const counted = entry.collateralUsd * Math.min(1, cap / held)
        expect((book.capped[i] ?? 0) / counted).toBeCloseTo(1, 2)
      }
    }
    fc.assert(fc.property(books, check))
  })

  test('takes an owner’s positions at one price for one holder’s, however it splits them', () => {
    const { entries } = generateBook({ seed: 1, kind: 'lognormal', positions: 300 })
    const split = entries.flatMap((entry) =>
      [0.5, 0.3, 0.2].map((part, i) => ({
        ...entry,
        id: `${entry.id} ${i}`,
        collateralUsd: entry.collateralUsd * part,
      })),
    )
    const [whole, parts] = [groupPositions(bookOf(entries), 1e-4), groupPositions(bookOf(split), 1e-4)]
    expect(parts.count).toBe(whole.count)
    for (let k = 0; k < whole.count; k++) {
      expect((parts.mass[k] ?? 0) / (whole.mass[k] ?? 1)).toBeCloseTo(1, 6)
      expect((parts.squares[k] ?? 0) / (whole.squares[k] ?? 1)).toBeCloseTo(1, 6)
    }
  })
})

describe('the surroundings', () => {
  const smooth = createSmoother(0.15)
  const depths = Float64Array.from({ length: 29_957 }, (_, i) => (i + 0.5) * 1e-4)

  test('of an even book are even, up to spot', () => {
    const even = smooth(spreadOverCells(depths, new Float64Array(depths.length).fill(1)))
    for (const depth of [0.001, 0.1, 1, 2.9])
      expect(expectedWithin(even, { near: depth, far: depth + 0.05 }) / 500).toBeCloseTo(1, 2)
    expect(expectedUpTo(even, -1)).toBe(0)
    expect(expectedUpTo(even, 99)).toBeCloseTo(29_957, -2)
  })

  test('lose what is clipped out of them, and nothing elsewhere', () => {
    const cells = spreadOverCells(depths, new Float64Array(depths.length).fill(1))
    const heavier = spreadOverCells(
      Float64Array.of(...depths, 1),
      Float64Array.of(...depths.map(() => 1), 5000),
    )
    const clipped = smooth(clipCells(heavier, [{ near: 0.998, far: 1.002 }], smooth(cells)))
    const range = { near: 0.9, far: 1.1 }
    expect(expectedWithin(smooth(heavier), range)).toBeGreaterThan(1.5 * expectedWithin(smooth(cells), range))
    expect(expectedWithin(clipped, range)).toBeCloseTo(expectedWithin(smooth(cells), range), 0)
  })
})

test('as many holders of equal size as there are count in full, one of many does not', () => {
  expect(effectiveCount([])).toBe(0)
  expect(effectiveCount([5, 5, 5, 5])).toBeCloseTo(4)
  expect(effectiveCount([1000, 1, 1, 1])).toBeLessThan(1.01)
})

test('Poisson numbers have the mean and the variance of their name, small or large', () => {
  for (const mean of [0.5, 1, 20, 200]) {
    const random = createRandom(7)
    const draws = Array.from({ length: 20_000 }, () => drawPoisson(random, mean))
    const average = draws.reduce((sum, n) => sum + n, 0) / draws.length
    const variance = draws.reduce((sum, n) => sum + (n - average) ** 2, 0) / draws.length
    expect(average / mean).toBeCloseTo(1, 1)
    expect(variance / mean).toBeCloseTo(1, 1)
    expect(draws.every((n) => Number.isInteger(n) && n >= 0)).toBe(true)
  }
})
