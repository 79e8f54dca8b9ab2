import { expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import type { BookEntry } from '../../../src/core/bands/book.ts'
import { agreement, generateBook, sixWallets } from '../../helpers/books.ts'
import { SPOT, whalesFor } from './heavy-books.ts'

/** How often planted runs of heavy owners are found, and how often there is one where none is planted. */

const SEEDS = Array.from({ length: 40 }, (_, i) => 3001 + i)
const SIX = { low: 1781.09, high: 1862.02 }
const plain = (seed: number): readonly BookEntry[] =>
  generateBook({ seed, kind: 'lognormal', positions: 5000, spot: SPOT }).entries
const concentrated = (entries: readonly BookEntry[]) =>
  findBands(entries, { spot: SPOT, side: 'below' }).filter(({ kind }) => kind === 'concentrated')
const whales = (seed: number): readonly BookEntry[] => {
  const entries = plain(seed)
  return [...entries, ...whalesFor(entries, 10, seed)]
}

test('six wallets without a label are found in at least 95 of 100 books', () => {
  const found = SEEDS.map((seed) => concentrated([...plain(seed), ...sixWallets(null)]))
  const hits = found.filter((bands) => bands.some((band) => agreement(band, SIX) >= 0.5))
  expect(hits.length / SEEDS.length).toBeGreaterThanOrEqual(0.95)
  const exact = found.filter((bands) => bands[0]?.low === SIX.low && bands[0]?.high === SIX.high)
  expect(exact.length / SEEDS.length).toBeGreaterThanOrEqual(0.8)
})

test('a book without a run has one in at most 5 of 100, with or without ten whales', () => {
  expect(SEEDS.flatMap((seed) => concentrated(plain(seed))).length / SEEDS.length).toBeLessThanOrEqual(0.05)
  expect(SEEDS.flatMap((seed) => concentrated(whales(seed))).length / SEEDS.length).toBeLessThanOrEqual(0.05)
})
