import { describe, expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import { agreement, type BookKind, generateBook, type PriceRange } from '../../helpers/books.ts'

const SEEDS = Array.from({ length: 12 }, (_, i) => 80_000 + i)
const booksOf = (kinds: readonly BookKind[], options = {}) =>
  kinds.flatMap((kind) => SEEDS.map((seed) => generateBook({ seed, kind, ...options })))

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

describe('bands planted in 20,000 positions', () => {
  test('are found, nothing else is, and their edges are right to a hundredth of a per cent', () => {
    const { planted, f1, medianEdgeError } = score(booksOf(['bands', 'adjacent', 'at spot']))
    expect(planted).toBeGreaterThan(50)
    expect(f1).toBeGreaterThanOrEqual(0.97)
    expect(medianEdgeError).toBeLessThanOrEqual(0.0001)
  })

  test('are found as well above spot', () => {
    const { f1, medianEdgeError } = score(booksOf(['bands'], { side: 'above' }))
    expect(f1).toBeGreaterThanOrEqual(0.97)
    expect(medianEdgeError).toBeLessThanOrEqual(0.0001)
  })

  test('are found in small books of 2,000 positions', () => {
    expect(score(booksOf(['bands', 'adjacent', 'at spot'], { positions: 2000 })).f1).toBeGreaterThanOrEqual(0.97)
  })
})

describe('a book without bands', () => {
  const falseBands = (kinds: readonly BookKind[], options = {}): readonly PriceRange[] =>
    booksOf(kinds, options).flatMap((book) => findBands(book.entries, book))

  test('has none, whether its prices pile up in the middle, evenly, or twice', () => {
    expect(falseBands(['lognormal', 'uniform', 'bimodal'])).toHaveLength(0)
  })

  test('has none however heavy its whales are', () => {
    expect(falseBands(['one whale'])).toHaveLength(0)
    expect(falseBands(['lognormal', 'uniform'], { alpha: 0.9, largest: 0.1 })).toHaveLength(0)
  })

  test('has hardly ever one where everybody borrows close to the limit', () => {
    expect(falseBands(['leverage']).length).toBeLessThanOrEqual(1)
  })

  test('has none when it is small', () => {
    expect(falseBands(['lognormal', 'uniform'], { positions: 300 })).toHaveLength(0)
  })
})
