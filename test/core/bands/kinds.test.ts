import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import type { BookEntry } from '../../../src/core/bands/book.ts'
import { findConcentrated } from '../../../src/core/bands/concentrated.ts'
import { findRows } from '../../../src/core/bands/rows.ts'
import { sortBook } from '../../../src/core/bands/sorted-book.ts'
import type { Band } from '../../../src/core/report.ts'
import { shuffled } from '../../helpers/books.ts'
import { labelled, mixedBook, SPOT } from './heavy-books.ts'

/** What holds for all kinds together, in books of heavy owners, whales and crowds, with and without labels. */

const below = { spot: SPOT, side: 'below' } as const
const RUNS = { numRuns: 25, seed: 3 }
const seeds = fc.integer({ min: 1, max: 9000 })
const books = fc
  .tuple(seeds, fc.boolean())
  .map(([seed, isLabelled]) => (isLabelled ? labelled(mixedBook(seed), seed) : mixedBook(seed)))
const sorted = (entries: readonly BookEntry[]) => sortBook(entries, { ...below, minUsd: 100 })
const overlaps = (a: Pick<Band, 'low' | 'high'>, b: Pick<Band, 'low' | 'high'>): boolean =>
  a.low <= b.high && b.low <= a.high

describe('rows of all kinds', () => {
  test('occur in these books', () => {
    const kinds = Array.from({ length: 12 }, (_, i) => findBands(labelled(mixedBook(i), i), below))
      .flat()
      .flatMap(({ kind, includes }) => [kind, ...includes.map((part) => part.kind)])
    expect(new Set(kinds)).toEqual(new Set(['crowd', 'concentrated', 'entity']))
  })

  test('share no member, hold together no more than the book, and say what their members are', () => {
    const check = (entries: readonly BookEntry[]): void => {
      const members = findRows(sorted(entries), true).rows.flatMap(({ row }) => [...row.members])
      expect(new Set(members).size).toBe(members.length)
      const total = entries.reduce((sum, entry) => sum + entry.collateralUsd, 0)
      const bands = findBands(entries, below)
      expect(bands.reduce((sum, band) => sum + band.collateralUsd, 0)).toBeLessThanOrEqual(total + 0.01)
      const prices = new Set(entries.map(({ price }) => price))
      for (const band of bands) {
        expect(prices.has(band.low) && prices.has(band.high)).toBe(true)
        expect(band.collateralUsd).toBeLessThanOrEqual(band.inRangeUsd)
        expect(band.confidence).toBeGreaterThanOrEqual(0)
        expect(band.confidence).toBeLessThanOrEqual(1)
        if (band.kind !== 'concentrated') continue
        expect(band.owners).toBeGreaterThanOrEqual(2)
        expect(band.confidence).toBeGreaterThanOrEqual(0.99)
        const held = band.topPositions.map(({ price }) => price)
        if (band.positions <= 10)
          expect([Math.min(...held), Math.max(...held)]).toEqual([band.low, band.high])
      }
    }
    fc.assert(fc.property(books, check), RUNS)
  })

  test('lie nowhere mostly inside a heavier row', () => {
    const check = (entries: readonly BookEntry[]): void => {
      const bands = findBands(entries, below)
      for (const heavier of bands)
        for (const other of heavier.overlaps) {
          const lighter = bands[other.rank - 1]
          if (other.rank > heavier.rank)
            expect(other.collateralUsd).toBeLessThan(0.5 * (lighter?.collateralUsd ?? 0))
        }
    }
    fc.assert(fc.property(books, check), RUNS)
  })

  test('do not depend on the order of the positions', () => {
    const check = (entries: readonly BookEntry[], seed: number): void => {
      for (const fold of [true, false])
        expect(findBands(shuffled(entries, seed), { ...below, fold })).toEqual(
          findBands(entries, { ...below, fold }),
        )
    }
    fc.assert(fc.property(books, seeds, check), { ...RUNS, numRuns: 12 })
  })

  test('do not depend on the unit of collateral', () => {
    const shape = (entries: readonly BookEntry[]) =>
      findBands(entries, below).map(({ kind, low, high, positions, includes }) => {
        const parts = includes.map((part) => [part.kind, part.low, part.high])
        return { kind, low, high, positions, parts }
      })
    const check = (entries: readonly BookEntry[], factor: number): void => {
      const scaled = entries.map((entry) => ({ ...entry, collateralUsd: entry.collateralUsd * factor }))
      expect(shape(scaled)).toEqual(shape(entries))
    }
    const factors = fc.double({ min: 0.5, max: 50, noNaN: true })
    fc.assert(fc.property(books, factors, check), { ...RUNS, numRuns: 12 })
  })

  test('are mirrored when the book is', () => {
    const check = (entries: readonly BookEntry[]): void => {
      const mirrored = entries.map((entry) => ({ ...entry, price: SPOT ** 2 / entry.price }))
      const shape = (bands: readonly Band[]) =>
        bands.map(({ kind, positions, owners, includes }) => [kind, positions, owners, includes.length])
      expect(shape(findBands(mirrored, { spot: SPOT, side: 'above' }))).toEqual(
        shape(findBands(entries, below)),
      )
    }
    fc.assert(fc.property(books, check), { ...RUNS, numRuns: 12 })
  })
})

describe('labels', () => {
  test('play no part in finding runs', () => {
    const found = (entries: readonly BookEntry[]) =>
      findConcentrated(sorted(entries)).map(({ low, high, members, confidence }) => {
        return { low, high, members: members.toSorted(), confidence }
      })
    const check = (seed: number, labels: number): void => {
      const entries = mixedBook(seed)
      expect(found(labelled(entries, labels))).toEqual(found(entries))
    }
    fc.assert(fc.property(seeds, seeds, check), RUNS)
  })

  test('never leave the range of a concentrated row without a row', () => {
    const check = (seed: number, labels: number): void => {
      const entries = mixedBook(seed)
      const rows = findBands(labelled(entries, labels), below)
      for (const row of findBands(entries, below).filter(({ kind }) => kind === 'concentrated'))
        expect(rows.some((other) => overlaps(row, other))).toBe(true)
    }
    // the example: a run that leads two entities, both of which reach into another run
    fc.assert(fc.property(seeds, seeds, check), { ...RUNS, numRuns: 40, examples: [[8943, 493]] })
  })

  test('of one entity on all owners of a run leave one entity row there, and no concentrated one', () => {
    const check = (seed: number): void => {
      const entries = mixedBook(seed)
      const run = findConcentrated(sorted(entries))[0]
      if (!run || run.low === run.high) return
      const own = new Set(run.members)
      const alike = entries.map((entry, i) => (own.has(i) ? { ...entry, entity: 'Fund' } : entry))
      const kinds = findBands(alike, below)
        .flatMap((band) => [band, ...band.includes])
        .filter((row) => row.low === run.low && row.high === run.high)
        .map(({ kind, singleEntity }) => [kind, singleEntity])
      expect(kinds).toContainEqual(['entity', 'Fund'])
      expect(kinds.filter(([kind]) => kind === 'entity')).toHaveLength(1)
      const concentrated = findBands(alike, below).filter(
        (row) => row.kind === 'concentrated' && overlaps(row, run),
      )
      expect(concentrated).toEqual([])
    }
    fc.assert(fc.property(seeds, check), RUNS)
  })
})
