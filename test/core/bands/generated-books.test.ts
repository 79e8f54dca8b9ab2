import { describe, expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import { agreement, type BookKind, generateBook, type PriceRange } from '../../helpers/books.ts'

const booksOf = (kinds: readonly BookKind[], count: number, options = {}) =>
  kinds.flatMap((kind) =>
    Array.from({ length: count }, (_, i) => generateBook({ seed: 80_000 + i, kind, ...options })),
  )

/** Counts of planted and found bands that agree by at least a half, and the relative errors of their edges. */
const score = (books: readonly ReturnType<typeof generateBook>[]) => {
  let planted = 0
  let found = 0
  let hits = 0
  let rightlyFound = 0
  const edgeErrors: number[] = []
  for (const book of books) {
    const bands = findBands(book.entries, book)
    planted += book.planted.length
    found += bands.length
    rightlyFound += bands.filter((band) => book.planted.some((range) => agreement(band, range) >= 0.5)).length
    for (const range of book.planted) {
      const best = bands.toSorted((a, b) => agreement(b, range) - agreement(a, range))[0]
      if (!best || agreement(best, range) < 0.5) continue
      hits++
      edgeErrors.push(Math.abs(best.low / range.low - 1), Math.abs(best.high / range.high - 1))
    }
  }
  const recall = hits / planted
  const precision = rightlyFound / found
  const median = edgeErrors.sort((a, b) => a - b)[edgeErrors.length >> 1] ?? Number.NaN
  return { planted, f1: (2 * recall * precision) / (recall + precision), medianEdgeError: median }
}

const PLANTED: readonly BookKind[] = ['bands', 'adjacent', 'at spot']

describe('planted bands', () => {
  test('are found in 20,000 positions, nothing else is, and edges are right to 0.01 %', () => {
    const { planted, f1, medianEdgeError } = score(booksOf(PLANTED, 5))
    expect(planted).toBeGreaterThan(25)
    expect(f1).toBeGreaterThanOrEqual(0.97)
    expect(medianEdgeError).toBeLessThanOrEqual(0.0001)
  })

  test('are found in 2,000 positions', () => {
    expect(score(booksOf(PLANTED, 6, { positions: 2000 })).f1).toBeGreaterThanOrEqual(0.97)
  })

  test('are found above spot', () => {
    expect(score(booksOf(PLANTED, 4, { positions: 2000, side: 'above' })).f1).toBeGreaterThanOrEqual(0.97)
  })
})

describe('a book without bands', () => {
  const falseBands = (kinds: readonly BookKind[], options = {}): readonly PriceRange[] =>
    booksOf(kinds, 12, { positions: 5000, ...options }).flatMap((book) => findBands(book.entries, book))

  test('has none, whether its prices pile up in the middle or lie evenly', () => {
    expect(falseBands(['lognormal', 'uniform'])).toHaveLength(0)
  })

  test('has none when it is small', () => {
    expect(falseBands(['lognormal', 'uniform'], { positions: 300 })).toHaveLength(0)
  })

  test('has none however heavy its whales are', () => {
    expect(falseBands(['one whale'])).toHaveLength(0)
    expect(falseBands(['lognormal', 'uniform'], { alpha: 0.9, largest: 0.1 })).toHaveLength(0)
  })

  test('has hardly ever one where prices pile up twice, or close to spot', () => {
    expect(falseBands(['bimodal', 'leverage']).length).toBeLessThanOrEqual(1)
  })
})
