import { describe, expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import type { BookEntry } from '../../../src/core/bands/book.ts'
import { crowdBetween, entryOf, generateBook, sixWallets } from '../../helpers/books.ts'
import { SPOT, sixLower, threeLabelled } from './heavy-books.ts'

const SEEDS = [7, 11, 12, 13, 14]
const backgrounds = SEEDS.map(
  (seed) => generateBook({ seed, kind: 'lognormal', positions: 5000, largest: 0.009, spot: SPOT }).entries,
)
const rowsOf = (...parts: readonly (readonly BookEntry[])[]) =>
  backgrounds.map((background) => findBands([background, ...parts].flat(), { spot: SPOT, side: 'below' }))
const EXACT = { low: 1781.09, high: 1862.02 }
const smallCrowd = crowdBetween({ seed: 1, ...EXACT, usd: 0.56e9, holders: 60 })
const largeCrowd = crowdBetween({ seed: 2, low: 1770, high: 1870, usd: 3.1e9, holders: 200 })

describe('one range, one row', () => {
  test('six owners are a concentrated row', () => {
    for (const rows of rowsOf(sixWallets(null)))
      expect(rows).toMatchObject([{ kind: 'concentrated', ...EXACT, owners: 6, includes: [], overlaps: [] }])
  })

  test('labelled alike they are an entity row, with dust around them too', () => {
    const dust = [700, 1200, 1500, 1770, 1775, 1868, 1890, 2000].map((price, i) =>
      entryOf({ id: `dust ${i}`, owner: 'owner wallet 0', entity: 'Fund', price, collateralUsd: 2e6 }),
    )
    for (const rows of [...rowsOf(sixWallets('Fund')), ...rowsOf(sixWallets('Fund'), dust)])
      expect(rows).toMatchObject([{ kind: 'entity', ...EXACT, positions: 6, includes: [] }])
  })

  test('three of them labelled: the run leads, and the entity’s range is named in it', () => {
    for (const [row, ...others] of rowsOf(threeLabelled())) {
      expect(others).toEqual([])
      expect(row).toMatchObject({
        kind: 'concentrated',
        ...EXACT,
        owners: 6,
        entities: 4,
        singleEntity: null,
      })
      expect(row?.includes).toMatchObject([
        { kind: 'entity', low: 1781.09, high: 1807, owners: 3, singleEntity: 'Fund' },
      ])
      expect(row?.effectiveHolders).toBeCloseTo(5.7, 1)
      expect(row?.effectiveEntities).toBeCloseTo(2.7, 1)
    }
  })

  test('the same without fold: both stand by themselves', () => {
    const entries = [...(backgrounds[0] ?? []), ...threeLabelled()]
    expect(findBands(entries, { spot: SPOT, side: 'below', fold: false })).toMatchObject([
      { rank: 1, kind: 'concentrated', ...EXACT, includes: [], overlaps: [{ rank: 2 }] },
      { rank: 2, kind: 'entity', low: 1781.09, high: 1807, includes: [], overlaps: [{ rank: 1 }] },
    ])
  })

  test('twice the six, 5 % apart: two rows, entity rows under one label', () => {
    const lower = (1781.09 * (1781.09 / 1862.02)) / 1.05
    for (const [label, kind] of [
      ['Fund', 'entity'],
      [null, 'concentrated'],
    ] as const)
      for (const rows of rowsOf(
        sixWallets(label),
        sixLower(label).map((e) => ({ ...e, owner: `lower ${e.owner}` })),
      ))
        expect(rows).toMatchObject([
          { kind, ...EXACT },
          { kind, low: lower },
        ])
  })

  test('a lighter crowd in the same range is named in the row of the six, labelled or not', () => {
    for (const label of [null, 'Fund'])
      for (const [row, ...others] of rowsOf(sixWallets(label), smallCrowd)) {
        expect(others).toEqual([])
        expect(row).toMatchObject({
          kind: label === null ? 'concentrated' : 'entity',
          ...EXACT,
          positions: 6,
        })
        expect(row?.includes.every(({ kind }) => kind === 'crowd')).toBe(true)
      }
    const named = rowsOf(sixWallets(null), smallCrowd).filter(([row]) => row?.includes.length === 1)
    expect(named.length).toBeGreaterThanOrEqual(3)
  })

  test('a crowd half outside the labelled range is a row beside it, or part of it, never lost with overlaps', () => {
    const crowd = crowdBetween({ seed: 3, low: 1822, high: 1902, usd: 0.56e9, holders: 60 })
    for (const [row, ...others] of rowsOf(sixWallets('Fund'), crowd)) {
      expect(row).toMatchObject({ kind: 'entity', ...EXACT })
      expect(others.length + (row?.includes.length ?? 0)).toBeLessThanOrEqual(1)
      for (const other of others) expect(other).toMatchObject({ kind: 'crowd', overlaps: [{ rank: 1 }] })
    }
  })

  test('in a heavier crowd a labelled range is named, and owners without a label are its own', () => {
    for (const rows of rowsOf(sixWallets('Fund'), largeCrowd)) {
      expect(rows).toMatchObject([{ kind: 'crowd', includes: [{ kind: 'entity', ...EXACT }] }])
    }
    for (const [row, ...others] of rowsOf(sixWallets(null), largeCrowd)) {
      expect(others).toEqual([])
      expect(row).toMatchObject({ kind: 'crowd', includes: [] })
      expect(row?.owners).toBeGreaterThan(180)
      expect(row?.topPositions[0]?.owner).toBe('owner wallet 0')
      expect(row?.collateralUsd).toBeCloseTo(row?.inRangeUsd ?? 0, 0)
    }
    const unfolded = findBands([backgrounds[0] ?? [], sixWallets(null), largeCrowd].flat(), {
      spot: SPOT,
      side: 'below',
      fold: false,
    })
    expect(unfolded.map(({ kind }) => kind)).toEqual(['crowd', 'concentrated'])
    expect(unfolded[1]).toMatchObject(EXACT)
  })

  test('a crowd alone is one row: its own large holders are not reported again', () => {
    for (const rows of rowsOf(crowdBetween({ seed: 4, low: 1770, high: 1870, usd: 2.7e9, holders: 200 })))
      expect(rows).toMatchObject([{ kind: 'crowd', includes: [] }])
  })

  test('a crowd that is none without its heavy owners is their run', () => {
    const fourteen = Array.from({ length: 14 }, (_, i) =>
      entryOf({ id: `heavy ${i}`, price: 1500 + 2 * i, collateralUsd: 0.12e9 }),
    )
    const few = crowdBetween({ seed: 5, low: 1500, high: 1526, usd: 0.05e9, holders: 10 })
    for (const rows of rowsOf(fourteen, few))
      expect(rows).toMatchObject([{ kind: 'concentrated', low: 1500, high: 1526, owners: 14, includes: [] }])
  })
})

describe('a run against the range of an entity', () => {
  const owner = (id: string, price: number, millions: number, entity: string | null = null): BookEntry =>
    entryOf({ id, price, collateralUsd: millions * 1e6, entity })
  const fund = [1600, 1650, 1700].map((price) => owner(`fund ${price}`, price, 300, 'Fund'))
  const strangers = [1702, 1705, 1708].map((price) => owner(`stranger ${price}`, price, 250))

  test('gives back what it touches of a range mostly outside it', () => {
    for (const rows of rowsOf(fund, strangers))
      expect(rows).toMatchObject([
        { kind: 'entity', low: 1600, high: 1700, positions: 3 },
        { kind: 'concentrated', low: 1702, high: 1708, positions: 3 },
      ])
  })

  test('is gone if the others are too few without it', () => {
    for (const rows of rowsOf(fund, strangers.slice(1)))
      expect(rows).toMatchObject([{ kind: 'entity', low: 1600, high: 1700, positions: 3 }])
  })

  test('leads only if the others are 4 % of the side and a third of it', () => {
    const inside = [1700, 1703, 1706].map((price) => owner(`in ${price}`, price, 700, 'Fund'))
    const kinds = (others: readonly BookEntry[]) =>
      rowsOf(inside, others).map((rows) => rows.map(({ kind, includes }) => [kind, includes.length]))
    const beside = (millions: number) => [1708, 1709, 1710].map((price, i) => owner(`o${i}`, price, millions))
    for (const rows of kinds(beside(300))) expect(rows).toEqual([['entity', 0]])
    for (const rows of kinds(beside(400))) expect(rows).toEqual([['concentrated', 1]])
  })
})
