import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import type { BookEntry } from '../../../src/core/bands/book.ts'
import { findWhales } from '../../../src/core/whales.ts'
import {
  agreement,
  crowdBetween,
  entryOf,
  generateBook,
  priceAt,
  shuffled,
  sixWallets,
} from '../../helpers/books.ts'

const spot = 2000
const below = { spot, side: 'below' } as const
const RUNS = { numRuns: 6, seed: 1 }

/** A small book with one strong crowd somewhere below spot. */
const bookWithCrowd = (seed: number): readonly BookEntry[] => {
  const low = 1100 + ((seed * 97) % 700)
  const crowd = { seed, low, high: low * 1.03, usd: 1.2e9, holders: 80 }
  return [...generateBook({ seed, kind: 'lognormal', positions: 600, spot }).entries, ...crowdBetween(crowd)]
}
const seeds = fc.integer({ min: 1, max: 5000 })

describe('bands', () => {
  test('do not depend on the order of the positions', () => {
    const check = (seed: number): void => {
      const entries = [...bookWithCrowd(seed), ...sixWallets('Fund')]
      const bands = findBands(entries, below)
      expect(bands.length).toBeGreaterThan(0)
      expect(findBands(shuffled(entries, seed), below)).toEqual(bands)
    }
    fc.assert(fc.property(seeds, check), RUNS)
  })

  test('do not depend on the unit of collateral', () => {
    const check = (seed: number, factor: number): void => {
      const entries = bookWithCrowd(seed)
      const scaled = entries.map((entry) => ({ ...entry, collateralUsd: entry.collateralUsd * factor }))
      const edges = (book: readonly BookEntry[]) =>
        findBands(book, below).map(({ low, high, positions }) => ({ low, high, positions }))
      expect(edges(scaled)).toEqual(edges(entries))
    }
    fc.assert(fc.property(seeds, fc.double({ min: 0.5, max: 50, noNaN: true }), check), RUNS)
  })

  test('are mirrored when the book is', () => {
    const check = (seed: number): void => {
      const entries = [...bookWithCrowd(seed), ...sixWallets('Fund')]
      const mirrored = entries.map((entry) => ({ ...entry, price: spot ** 2 / entry.price }))
      const bands = findBands(entries, below)
      const opposite = findBands(mirrored, { spot, side: 'above' })
      expect(opposite.map(({ kind, positions, owners }) => ({ kind, positions, owners }))).toEqual(
        bands.map(({ kind, positions, owners }) => ({ kind, positions, owners })),
      )
      opposite.forEach((band, i) => {
        expect(band.side).toBe('above')
        expect(band.distancePct).toBeGreaterThan(0)
        expect(band.low).toBeCloseTo(spot ** 2 / (bands[i]?.high ?? 0), 6)
        expect(band.high).toBeCloseTo(spot ** 2 / (bands[i]?.low ?? 0), 6)
      })
    }
    fc.assert(fc.property(seeds, check), RUNS)
  })

  test('have members’ own prices as edges, crowds are disjoint, and all are ranked', () => {
    const check = (seed: number): void => {
      const book = generateBook({ seed, kind: 'bands', positions: 800, spot })
      const entries = [...book.entries, ...sixWallets('Fund')]
      const prices = new Set(entries.map(({ price }) => price))
      const total = entries.reduce((sum, entry) => sum + entry.collateralUsd, 0)
      const bands = findBands(entries, { ...below, fold: false })
      for (const band of bands) {
        expect(prices.has(band.low) && prices.has(band.high)).toBe(true)
        expect(band.low).toBeLessThanOrEqual(band.high)
        expect(band.collateralUsd).toBeLessThanOrEqual(band.inRangeUsd)
        expect(band.share).toBeCloseTo(band.collateralUsd / total, 6)
        expect(band.byProtocol.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
      }
      const crowds = bands.filter(({ kind }) => kind === 'crowd').sort((a, b) => a.low - b.low)
      for (const [i, band] of crowds.entries()) expect(band.low).toBeGreaterThan(crowds[i - 1]?.high ?? 0)
      expect(bands.map(({ rank }) => rank)).toEqual(bands.map((_, i) => i + 1))
      expect(bands.map((band) => band.collateralUsd)).toEqual(
        bands.map((band) => band.collateralUsd).sort((a, b) => b - a),
      )
    }
    fc.assert(fc.property(seeds, check), RUNS)
  })

  test('are not changed by dust, near or far', () => {
    const check = (seed: number, depths: readonly number[]): void => {
      const entries = bookWithCrowd(seed)
      const dust = depths.map((depth, i) =>
        entryOf({ id: `dust ${i}`, price: priceAt(depth, spot, 'below'), collateralUsd: 99 }),
      )
      const far = entryOf({ id: 'far', price: 0.06 * spot, collateralUsd: 500 })
      const edges = (book: readonly BookEntry[]) =>
        findBands(book, below).map(({ low, high, positions, collateralUsd, confidence }) => ({
          low,
          high,
          positions,
          collateralUsd,
          confidence,
        }))
      expect(edges([...entries, ...dust, far])).toEqual(edges(entries))
    }
    const depths = fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { maxLength: 30 })
    fc.assert(fc.property(seeds, depths, check), RUNS)
  })

  test('are gone when their members are', () => {
    const check = (seed: number): void => {
      const entries = bookWithCrowd(seed)
      for (const { low, high } of findBands(entries, below)) {
        const others = entries.filter(({ price }) => price < low || price > high)
        const left = findBands(others, below).filter((band) => agreement(band, { low, high }) >= 0.5)
        expect(left).toEqual([])
      }
    }
    fc.assert(fc.property(seeds, check), RUNS)
  })

  test('hardly move when spot moves by one per cent', () => {
    const check = (seed: number, move: number): void => {
      const entries = bookWithCrowd(seed).filter(({ price }) => price < 0.98 * spot)
      const bands = findBands(entries, below)
      expect(bands.length).toBeGreaterThan(0)
      const moved = findBands(entries, { spot: spot * move, side: 'below' })
      for (const band of bands)
        expect(Math.max(...moved.map((other) => agreement(band, other)))).toBeGreaterThanOrEqual(0.95)
    }
    fc.assert(fc.property(seeds, fc.constantFrom(0.99, 1.01), check), { ...RUNS, numRuns: 12 })
  })

  test('have the same edges whatever a member has beyond 0.4 % of the book', () => {
    const check = (seed: number, growth: number): void => {
      const book = bookWithCrowd(seed)
      const total = book.reduce((sum, { collateralUsd }) => sum + collateralUsd, 0)
      const member = book[book.length - 1]?.id
      const grown = (extra: number): readonly BookEntry[] => [
        ...book.map((entry) =>
          entry.id === member ? { ...entry, collateralUsd: 0.006 * total + extra } : entry,
        ),
        // What the member gains somebody else, far away and as much beyond the cap, loses: the cap stays.
        entryOf({ id: 'far whale', price: 0.051 * spot, collateralUsd: 0.05 * total - extra }),
      ]
      const edges = (entries: readonly BookEntry[]) =>
        findBands(entries, below)
          .filter(({ kind }) => kind === 'crowd')
          .map(({ low, high, positions }) => [low, high, positions])
      const before = edges(grown(0))
      expect(before.length).toBeGreaterThan(0)
      expect(edges(grown(growth * total))).toEqual(before)
    }
    fc.assert(fc.property(seeds, fc.double({ min: 0, max: 0.003, noNaN: true }), check), RUNS)
  })

  test('are not moved by one member growing beyond 0.4 % of the book', () => {
    const check = (seed: number): void => {
      const entries = bookWithCrowd(seed)
      const [band] = findBands(entries, below)
      const largest = band?.topPositions[0]?.id
      const grown = entries.map((entry) =>
        entry.id === largest ? { ...entry, collateralUsd: entry.collateralUsd * 1.5 } : entry,
      )
      const [after] = findBands(grown, below)
      expect(band && after ? agreement(band, after) : 0).toBeGreaterThanOrEqual(0.95)
    }
    fc.assert(fc.property(seeds, check), RUNS)
  })
})

describe('what is no crowd', () => {
  const background = generateBook({ seed: 3, kind: 'lognormal', positions: 600, spot }).entries

  test('an empty book, one position, two positions', () => {
    const one = entryOf({ id: 'a', price: 1500 })
    const two = entryOf({ id: 'b', price: 1501 })
    expect(findBands([], below)).toEqual([])
    expect(findBands([one], below)).toEqual([])
    expect(findBands([one, two], below)).toEqual([])
  })

  test('a whale at one price is a whale, not a band', () => {
    const whale = entryOf({ id: 'whale', price: 1500, collateralUsd: 4e9 })
    expect(findBands([...background, whale], below)).toEqual([])
    expect(findWhales([...background, whale], { side: 'below' })[0]).toMatchObject({ owner: 'owner whale' })
  })

  test('one owner with eighty positions in a narrow range', () => {
    const crowd = crowdBetween({ seed: 1, low: 1500, high: 1530, usd: 1.2e9, holders: 80 })
    expect(findBands([...background, ...crowd], below)).toHaveLength(1)
    expect(findBands([...background, ...crowd.map((e) => ({ ...e, owner: 'one' }))], below)).toEqual([])
  })

  test('eighty owners of one labelled group: they are its entity row', () => {
    const crowd = crowdBetween({ seed: 1, low: 1500, high: 1530, usd: 1.2e9, holders: 80 })
    const bands = findBands([...background, ...crowd.map((e) => ({ ...e, entity: 'Fund' }))], below)
    expect(bands.map(({ kind, singleEntity }) => ({ kind, singleEntity }))).toEqual([
      { kind: 'entity', singleEntity: 'Fund' },
    ])
  })

  test('positions on the far side of the reach, at less than 5 % of spot', () => {
    const crowd = crowdBetween({ seed: 1, low: 50, high: 51, usd: 1.2e9, holders: 80 })
    expect(findBands([...background, ...crowd], below)).toEqual([])
  })
})

test('many owners at one price are a band, with no more of its surroundings than a quarter per cent', () => {
  const background = generateBook({ seed: 3, kind: 'lognormal', positions: 600, spot }).entries
  const crowd = crowdBetween({ seed: 1, low: 1500, high: 1500, usd: 1.2e9, holders: 80 })
  const [band, ...others] = findBands([...background, ...crowd], below)
  expect(others).toEqual([])
  expect(band?.kind).toBe('crowd')
  expect(band?.low).toBeGreaterThan(1500 / 1.0025)
  expect(band?.high).toBeLessThan(1500 * 1.0025)
  expect(band?.owners).toBeGreaterThanOrEqual(80)
  expect(Number.isFinite(band?.densityRatio)).toBe(true)
})

test('a book of nothing but one crowd at one price has finite figures', () => {
  const crowd = crowdBetween({ seed: 1, low: 1500, high: 1500, usd: 1e9, holders: 200 })
  for (const band of findBands(crowd, below))
    for (const value of Object.values(band))
      if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
})
