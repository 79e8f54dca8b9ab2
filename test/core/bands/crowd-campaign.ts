import { findBands } from '../../../src/core/bands/bands.ts'
import type { Band, Side } from '../../../src/core/report.ts'
import { agreement, type BookKind, generateBook, type PriceRange } from '../../helpers/books.ts'

/** How well crowds are found in generated books: for the campaign, and a small part of it for a test. */

/** A band found agrees with one planted if their intersection over union is at least this. */
const AGREEMENT = 0.5
const PLANTED: readonly BookKind[] = ['bands', 'adjacent', 'at spot']

type BookOptions = {
  readonly positions?: number
  readonly side?: Side
  readonly alpha?: number
  readonly largest?: number
}

type CrowdScore = {
  readonly planted: number
  /** Rows of any kind: of few holders, a planted band may well be found as a run of them. */
  readonly rows: number
  /** Rows where nothing is planted. */
  readonly wrong: number
  readonly recall: number
  readonly precision: number
  readonly f1: number
  /** Of the edges of the bands that were hit, relative to the planted edge. */
  readonly medianEdgeError: number
}

const bestFor = (range: PriceRange, bands: readonly Band[]): Band | null => {
  const best = bands.toSorted((a, b) => agreement(b, range) - agreement(a, range))[0]
  return best && agreement(best, range) >= AGREEMENT ? best : null
}

/** Books with planted bands of every kind, one a seed. */
export const scoreCrowds = (seeds: readonly number[], options: BookOptions = {}): CrowdScore => {
  let planted = 0
  let found = 0
  let hits = 0
  let right = 0
  const errors: number[] = []
  for (const kind of PLANTED)
    for (const seed of seeds) {
      const book = generateBook({ seed, kind, ...options })
      const rows = findBands(book.entries, book)
      planted += book.planted.length
      found += rows.length
      right += rows.filter((band) => book.planted.some((range) => agreement(band, range) >= AGREEMENT)).length
      for (const range of book.planted) {
        const best = bestFor(range, rows)
        if (best === null) continue
        hits++
        errors.push(Math.abs(best.low / range.low - 1), Math.abs(best.high / range.high - 1))
      }
    }
  const [recall, precision] = [hits / planted, right / found]
  const f1 = (2 * recall * precision) / (recall + precision)
  const medianEdgeError = errors.sort((a, b) => a - b)[errors.length >> 1] ?? Number.NaN
  return { planted, rows: found, wrong: found - right, recall, precision, f1, medianEdgeError }
}

/** Books without a band: what they are called, and how they are made. */
export const BOOKS_WITHOUT_BANDS: readonly (readonly [
  name: string,
  options: BookOptions & { readonly kind: BookKind },
])[] = [
  ['lognormal', { kind: 'lognormal' }],
  ['uniform', { kind: 'uniform' }],
  ['one whale of 20 %', { kind: 'one whale' }],
  ['uniform, alpha .9', { kind: 'uniform', alpha: 0.9 }],
  ['lognormal, alpha .9, 10 % whales', { kind: 'lognormal', alpha: 0.9, largest: 0.1 }],
  ['300 positions', { kind: 'lognormal', positions: 300 }],
  ['two modes', { kind: 'bimodal' }],
  ['pile-up at spot', { kind: 'leverage' }],
]

/** Rows in books where nothing is planted, one book a seed. */
export const falseBands = (
  seeds: readonly number[],
  options: BookOptions & { readonly kind: BookKind },
): readonly Band[] =>
  seeds.flatMap((seed) => {
    const book = generateBook({ seed, ...options })
    return findBands(book.entries, book)
  })
