import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import type { BookEntry } from '../../../src/core/bands/book.ts'
import { entryOf, generateBook, shuffled } from '../../helpers/books.ts'

const spot = 2000
/** A billion of collateral, one per cent of it is ten million; no band of its own. */
const background = generateBook({ seed: 5, kind: 'lognormal', positions: 600, usd: 1e9, spot }).entries

const fund = (...holdings: readonly (readonly [price: number, millions: number])[]): readonly BookEntry[] =>
  holdings.map(([price, millions], i) =>
    entryOf({ id: `fund ${i}`, entity: 'Fund', price, collateralUsd: millions * 1e6 }),
  )
const rangesOf = (entries: readonly BookEntry[]) =>
  findBands([...background, ...entries], { spot, side: 'below' })
    .filter(({ kind }) => kind === 'entity')
    .map(({ low, high, positions }) => ({ low, high, positions }))

describe('the range of an entity', () => {
  test('reaches over gaps of up to 4 %, and is cut at wider ones', () => {
    expect(rangesOf(fund([1200, 50], [1200 * Math.exp(0.0399), 50]))).toHaveLength(1)
    expect(rangesOf(fund([1200, 50], [1200 * Math.exp(0.0401), 50]))).toEqual([])
  })

  test('is none where all its positions are at one price', () => {
    expect(rangesOf(fund([1200, 100], [1200, 100]))).toEqual([])
  })

  test('is none where the entity has less than 1 % of the side', () => {
    expect(rangesOf(fund([1990, 5], [1991, 4]))).toEqual([])
    expect(rangesOf(fund([1990, 6], [1991, 6]))).toHaveLength(1)
  })

  test('is none where it holds less than its surroundings lead to expect there', () => {
    expect(rangesOf(fund([1100, 6], [1130, 6], [1160, 6]))).toEqual([])
    expect(rangesOf(fund([1100, 60], [1130, 60], [1160, 60]))).toHaveLength(1)
  })

  test('has edges at positions of at least 1 % of the entity, dust in between belongs to it', () => {
    expect(rangesOf(fund([1190, 1.5], [1200, 100], [1205, 1.5], [1210, 100], [1220, 1.5]))).toEqual([
      { low: 1200, high: 1210, positions: 3 },
    ])
  })

  test('is apart for each of its pieces, and a single price among them is none', () => {
    expect(rangesOf(fund([1000, 90], [1010, 90], [1200, 60], [1210, 60], [1500, 100]))).toEqual([
      { low: 1000, high: 1010, positions: 2 },
      { low: 1200, high: 1210, positions: 2 },
    ])
  })

  test('is one’s own: two entities in the same prices are two rows that share no position', () => {
    const other = fund([1201, 70], [1209, 70]).map((e) => ({ ...e, id: `o${e.id}`, entity: 'Other' }))
    const entries = [...background, ...fund([1200, 100], [1210, 100]), ...other]
    const rows = findBands(entries, { spot, side: 'below', fold: false })
    expect(rows.map(({ singleEntity, positions }) => [singleEntity, positions])).toEqual([
      ['Fund', 2],
      ['Other', 2],
    ])
    const [folded, ...others] = findBands(entries, { spot, side: 'below' })
    expect(others).toEqual([])
    expect(folded?.includes).toMatchObject([{ kind: 'entity', singleEntity: 'Other', low: 1201, high: 1209 }])
  })

  test('is found above spot as well', () => {
    const entries = [...background, ...fund([1200, 100], [1210, 100])]
    const above = entries.map((entry) => ({ ...entry, price: spot ** 2 / entry.price }))
    const [band] = findBands(above, { spot, side: 'above' })
    expect(band).toMatchObject({
      kind: 'entity',
      side: 'above',
      low: spot ** 2 / 1210,
      high: spot ** 2 / 1200,
    })
    expect(band?.distancePct).toBeCloseTo((spot / 1210 - 1) * 100, 9)
  })
})

test('whatever an entity holds, its rows are ranges of its own prices with at least 1 % of the side', () => {
  const holding = fc.tuple(fc.integer({ min: 1000, max: 1900 }), fc.integer({ min: 1, max: 60 }))
  const check = (holdings: readonly (readonly [number, number])[], seed: number): void => {
    const entries = [...background, ...fund(...holdings)]
    const total = entries.reduce((sum, entry) => sum + entry.collateralUsd, 0)
    const rows = findBands(entries, { spot, side: 'below', fold: false })
    expect(findBands(shuffled(entries, seed), { spot, side: 'below', fold: false })).toEqual(rows)
    const prices = holdings.map(([price]) => price)
    for (const row of rows.filter(({ kind }) => kind === 'entity')) {
      expect(prices).toContain(row.low)
      expect(prices).toContain(row.high)
      expect(row.low).toBeLessThan(row.high)
      expect(row.collateralUsd).toBeGreaterThanOrEqual(0.01 * total)
      expect(row).toMatchObject({ entities: 1, singleEntity: 'Fund', confidence: 1 })
      expect(row.effectiveEntities).toBeCloseTo(1, 9)
      expect(row.effectiveHolders).toBeLessThanOrEqual(row.owners + 1e-9)
    }
  }
  fc.assert(fc.property(fc.array(holding, { minLength: 1, maxLength: 8 }), fc.nat(1000), check), {
    numRuns: 60,
  })
})
