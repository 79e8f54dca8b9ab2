import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import type { BookEntry } from '../../../src/core/bands/book.ts'
import { findWhales } from '../../../src/core/whales.ts'
import { entryOf, generateBook, priceAt, shuffled } from '../../helpers/books.ts'

/** What is promised of bands, a sentence a test, in books whose sums are whole cents. */

const spot = 2000
const below = { spot, side: 'below' } as const
const RUNS = { numRuns: 25, seed: 11 }
const CENT = 0.01

/** Light positions worth `cents` in all, a few thousand of them even in ln price. */
const lightBook = (cents: number): readonly BookEntry[] => {
  const count = 2000
  const each = Math.floor(cents / count)
  return Array.from({ length: count }, (_, i) =>
    entryOf({
      id: `light ${i}`,
      price: 600 * 3 ** (i / count),
      collateralUsd: (i === 0 ? cents - each * (count - 1) : each) / 100,
    }),
  )
}
const ownersAt = (prices: readonly number[], cents: readonly number[]): readonly BookEntry[] =>
  prices.map((price, i) => entryOf({ id: `heavy ${i}`, price, collateralUsd: (cents[i] ?? 0) / 100 }))
const concentrated = (entries: readonly BookEntry[]) =>
  findBands(entries, below).filter(({ kind }) => kind === 'concentrated')

const basePrices = fc.double({ min: 900, max: 1700, noNaN: true })
const amounts = fc.integer({ min: 1_000_000, max: 3_000_000 })

describe('books of hardly anything', () => {
  const kinds = (entries: readonly BookEntry[]) => findBands(entries, below).map(({ kind }) => kind)

  test('no position, one, or two of two owners: no band', () => {
    const check = (price: number, other: number, usd: number): void => {
      const one = entryOf({ id: 'a', price, collateralUsd: usd })
      expect(kinds([])).toEqual([])
      expect(kinds([one])).toEqual([])
      // Two owners far apart; close together they are a run of the whole book.
      expect(kinds([one, entryOf({ id: 'b', price: other, collateralUsd: usd })])).toEqual([])
    }
    const prices = fc.double({ min: 1200, max: 1900, noNaN: true })
    const others = fc.double({ min: 300, max: 1100, noNaN: true })
    fc.assert(fc.property(prices, others, fc.double({ min: 200, max: 1e9, noNaN: true }), check), RUNS)
  })

  test('all positions at one price: at most one row, at that price, with everybody in it', () => {
    const check = (price: number, sizes: readonly number[], seed: number): void => {
      const entries = sizes.map((cents, i) => entryOf({ id: `${i}`, price, collateralUsd: cents / 100 }))
      const rows = findBands(entries, below)
      expect(rows.length).toBeLessThanOrEqual(1)
      for (const row of rows)
        expect(row).toMatchObject({ low: price, high: price, inRangeUsd: row.collateralUsd })
      expect(findBands(shuffled(entries, seed), below)).toEqual(rows)
    }
    const sizes = fc.array(amounts, { minLength: 3, maxLength: 60 })
    fc.assert(fc.property(basePrices, sizes, fc.nat(99), check), RUNS)
  })

  test('all weight in one position: no band, one whale', () => {
    const check = (seed: number, depth: number): void => {
      const dust = generateBook({ seed, kind: 'lognormal', positions: 300, usd: 1e6, largest: 0.009, spot })
      const whale = entryOf({ id: 'whale', price: priceAt(depth, spot, 'below'), collateralUsd: 5e9 })
      const entries = [...dust.entries, whale]
      expect(findBands(entries, below)).toEqual([])
      expect(findWhales(entries, { side: 'below' }).map(({ owner }) => owner)).toEqual(['owner whale'])
    }
    fc.assert(fc.property(fc.nat(5000), fc.double({ min: 0, max: 2.9, noNaN: true }), check), RUNS)
  })
})

describe('a run of heavy owners', () => {
  test('is kept where all but the largest hold exactly 4 % of the side, and gone a cent below', () => {
    const check = (base: number, sizes: readonly number[]): void => {
      const others = sizes.reduce((sum, cents) => sum + cents, 0)
      const largest = Math.max(...sizes) + 1
      const total = 25 * others
      const light = lightBook(total - others - largest)
      const prices = [largest, ...sizes].map((_, i) => base * (1 + i * 0.0003))
      const heavy = ownersAt(prices, [largest, ...sizes])
      expect(concentrated([...light, ...heavy])).toMatchObject([{ owners: sizes.length + 1 }])
      // One of the others gives a cent to somebody light: the side stays as large.
      const [first, second, ...rest] = heavy
      const [mote, ...motes] = light
      if (!first || !second || !mote) return
      const poorer = { ...second, collateralUsd: second.collateralUsd - CENT }
      const richer = { ...mote, collateralUsd: mote.collateralUsd + CENT }
      expect(concentrated([richer, ...motes, first, poorer, ...rest])).toEqual([])
    }
    // Each at least a per cent of the side, a quarter of the others: two or three of about the same size.
    const sizes = fc.array(fc.integer({ min: 1_000_000, max: 1_100_000 }), { minLength: 2, maxLength: 3 })
    fc.assert(fc.property(basePrices, sizes, check), RUNS)
  })

  test('is never one owner, however many positions at however near prices', () => {
    const check = (base: number, sizes: readonly number[]): void => {
      const held = sizes.reduce((sum, cents) => sum + cents, 0)
      const run = ownersAt(
        sizes.map((_, i) => base * (1 + i * 0.0005)),
        sizes,
      ).map((entry) => ({ ...entry, owner: 'one' }))
      expect(findBands([...lightBook(4 * held), ...run], below)).toEqual([])
    }
    fc.assert(fc.property(basePrices, fc.array(amounts, { minLength: 2, maxLength: 8 }), check), RUNS)
  })

  test('loses a whale that moves from just inside 2 % of its edge to just outside', () => {
    const check = (base: number, isAbove: boolean): void => {
      const size = 5_000_000
      const light = lightBook(16 * size)
      const prices = [base, base * 1.001, base * 1.002]
      const edge = isAbove ? base * 1.002 : base
      const whaleAt = (gap: number): number => edge * Math.exp(isAbove ? gap : -gap)
      const runWith = (gap: number) =>
        concentrated([...light, ...ownersAt([...prices, whaleAt(gap)], [size, size, size, size])])
      const [inside] = runWith(0.0199)
      expect(inside).toMatchObject({ owners: 4 })
      expect(isAbove ? inside?.high : inside?.low).toBe(whaleAt(0.0199))
      expect(runWith(0.0201)).toMatchObject([{ owners: 3, low: base, high: base * 1.002 }])
    }
    fc.assert(fc.property(basePrices, fc.boolean(), check), RUNS)
  })
})

test('rows are the same whether an owner has a position whole or in parts at one price', () => {
  const check = (seed: number, at: number): void => {
    const { entries } = generateBook({ seed, kind: 'bands', positions: 600, spot })
    const split = entries.flatMap((entry, i) => {
      if (i % 7 !== at) return [entry]
      const cents = Math.round(entry.collateralUsd * 100)
      return [Math.floor(cents / 3), cents - Math.floor(cents / 3)].map((part, j) => {
        return { ...entry, id: `${entry.id} ${j}`, collateralUsd: part / 100 }
      })
    })
    const shape = (book: readonly BookEntry[]) =>
      findBands(book, { ...below, minUsd: 0 }).map(({ kind, low, high, owners }) => [kind, low, high, owners])
    const whole = entries.map((entry) => ({
      ...entry,
      collateralUsd: Math.round(entry.collateralUsd * 100) / 100,
    }))
    expect(shape(split)).toEqual(shape(whole))
  }
  fc.assert(fc.property(fc.nat(5000), fc.nat(6), check), { ...RUNS, numRuns: 10 })
})
