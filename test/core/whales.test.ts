import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BookEntry } from '../../src/core/bands/book.ts'
import { findWhales } from '../../src/core/whales.ts'
import { entryOf, generateBook, shuffled } from '../helpers/books.ts'

test('a whale is one owner with all its positions, at their collateral-weighted mean price', () => {
  const entries = [
    entryOf({ id: '1', owner: 'whale', entity: 'Fund', price: 1000, collateralUsd: 300, debtUsd: 10 }),
    entryOf({ id: '2', owner: 'whale', entity: 'Fund', price: 2000, collateralUsd: 100, debtUsd: 20 }),
    entryOf({ id: '3', owner: 'other', price: 1500, collateralUsd: 600, debtUsd: 30 }),
    entryOf({ id: '4', owner: 'small', price: 1500, collateralUsd: 5, debtUsd: 1 }),
  ]
  expect(findWhales(entries, { side: 'above' })).toEqual([
    {
      owner: 'other',
      entity: null,
      side: 'above',
      share: 600 / 1005,
      price: 1500,
      collateralUsd: 600,
      debtUsd: 30,
      positions: 1,
    },
    {
      owner: 'whale',
      entity: 'Fund',
      side: 'above',
      share: 400 / 1005,
      price: 1250,
      collateralUsd: 400,
      debtUsd: 30,
      positions: 2,
    },
  ])
  expect(findWhales(entries, { side: 'above', share: 0.5 }).map(({ owner }) => owner)).toEqual(['other'])
})

test('the share that makes a whale counts', () => {
  const entries = Array.from({ length: 100 }, (_, i) => entryOf({ id: `${i}`, collateralUsd: 100 }))
  expect(findWhales(entries, { side: 'below' })).toHaveLength(100)
  const smaller = entries.map((entry, i) => (i === 0 ? { ...entry, collateralUsd: 99.99 } : entry))
  expect(findWhales(smaller, { side: 'below' }).map(({ owner }) => owner)).not.toContain('owner 0')
})

test('no book, no whales', () => {
  expect(findWhales([], { side: 'below' })).toEqual([])
  expect(findWhales([entryOf({ id: 'a', collateralUsd: 0 })], { side: 'below' })).toEqual([])
})

test('a whale planted among 20,000 positions is the first of the list', () => {
  const { entries } = generateBook({ seed: 4, kind: 'one whale' })
  const [first, ...others] = findWhales(entries, { side: 'below' })
  expect(first?.share).toBeCloseTo(0.2 / 1.2, 3)
  expect(others.length).toBeLessThan(30)
})

test('nobody is missed and the order of the positions does not matter', () => {
  const holding = fc.record({
    owner: fc.constantFrom(...'abcdefgh', '0x0a1', '0x1a1', '0x0a2'),
    price: fc.double({ min: 1, max: 5000, noNaN: true }),
    collateralUsd: fc.double({ min: 0, max: 1e6, noNaN: true }),
  })
  const books = fc
    .array(holding, { maxLength: 40 })
    .map((list) => list.map((e, i) => entryOf({ id: `${i}`, ...e })))
  const check = (entries: readonly BookEntry[], share: number, seed: number): void => {
    const whales = findWhales(entries, { side: 'below', share })
    expect(findWhales(shuffled(entries, seed), { side: 'below', share })).toEqual(whales)
    const cents = (list: readonly BookEntry[]) =>
      list.reduce((sum, { collateralUsd }) => sum + Math.round(collateralUsd * 100), 0)
    const owners = [...new Set(entries.map(({ owner }) => owner))].filter((owner) => {
      const held = cents(entries.filter((entry) => entry.owner === owner))
      return held > 0 && held >= share * cents(entries)
    })
    expect(whales.map(({ owner }) => owner).sort()).toEqual(owners.sort())
  }
  fc.assert(fc.property(books, fc.constantFrom(0.01, 0.05, 0.25), fc.nat(1000), check))
})
