import { describe, expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import type { BookEntry } from '../../../src/core/bands/book.ts'
import { sumUsd } from '../../../src/core/bands/cents.ts'
import { expectedRuns } from '../../../src/core/bands/chance.ts'
import { entryOf, generateBook, sixWallets } from '../../helpers/books.ts'

const spot = 2000

/** 93 million in equal light positions, even in ln price. */
const light = Array.from({ length: 9300 }, (_, i) =>
  entryOf({ id: `light ${i}`, price: 600 * 3 ** (i / 9300), collateralUsd: 10_000 }),
)

/** Owners with millions at a price each. */
const owners = (...holdings: readonly (readonly [price: number, millions: number])[]): readonly BookEntry[] =>
  holdings.map(([price, millions], i) =>
    entryOf({ id: `owner ${i}`, price, collateralUsd: millions * 1e6, driverAmount: 1 }),
  )
const bandsOf = (...parts: readonly (readonly BookEntry[])[]) =>
  findBands(parts.flat(), { spot, side: 'below' })
const rangesOf = (...parts: readonly (readonly BookEntry[])[]) =>
  bandsOf(...parts).map(({ kind, low, high, owners: count, positions }) => [
    kind,
    low,
    high,
    count,
    positions,
  ])

describe('a run of heavy owners', () => {
  test('needs exactly 4 % of the side without its largest owner', () => {
    const run = owners([1200, 3], [1201, 2], [1202, 2])
    expect(sumUsd([...light, ...run], (entry) => entry.collateralUsd)).toBe(100e6)
    expect(rangesOf(light, run)).toEqual([['concentrated', 1200, 1202, 3, 3]])
    const [first, ...rest] = light
    const cent = [entryOf({ ...first, id: 'light 0', collateralUsd: 10_000.01 }), ...rest]
    expect(rangesOf(cent, owners([1200, 3], [1201, 2], [1202, 1.999_999_99]))).toEqual([])
  })

  test('has owners of exactly 1 % of the side at one price', () => {
    const [first, ...rest] = light.slice(100)
    const exact = owners([1200, 2.5], [1201, 2.5], [1202, 2], [1203, 1])
    expect(rangesOf(light.slice(100), exact)).toEqual([['concentrated', 1200, 1203, 4, 4]])
    const cent = [entryOf({ ...first, id: 'light', collateralUsd: 10_000.01 }), ...rest]
    const less = owners([1200, 2.5], [1201, 2.5], [1202, 2], [1203, 0.999_999_99])
    expect(rangesOf(cent, less)).toEqual([['concentrated', 1200, 1202, 3, 3]])
  })

  test('adds up what an owner has at one price, in whatever market', () => {
    const halves = [1, 2].map((n) => entryOf({ id: `h${n}`, owner: 'half', price: 1204, collateralUsd: 6e5 }))
    const run = owners([1200, 3], [1201, 3], [1202, 1])
    const rest = light.slice(120)
    expect(rangesOf(rest, run, halves)).toEqual([['concentrated', 1200, 1204, 4, 5]])
    const apart = halves.map((entry, i) => ({ ...entry, price: 1204 + i }))
    expect(rangesOf(rest, run, apart)).toEqual([['concentrated', 1200, 1202, 3, 3]])
  })

  test('is never one owner, however many its positions', () => {
    const many = owners([1200, 5], [1201, 5], [1202, 5]).map((entry) => ({ ...entry, owner: 'one' }))
    expect(bandsOf(light, many)).toEqual([])
    expect(bandsOf(light, many.slice(0, 2))).toEqual([])
    const two = [...many, ...owners([1203, 5])]
    expect(rangesOf(light, two)).toEqual([['concentrated', 1200, 1203, 2, 4]])
  })

  test('holds at least twice what its surroundings lead to expect', () => {
    const dense = light.map((entry, i) => ({ ...entry, price: 1100 * (13 / 11) ** (i / 9300) }))
    const four = (millions: number) =>
      owners(...[1200, 1206, 1212, 1218].map((price): [number, number] => [price, millions]))
    const runs = (millions: number) =>
      findBands([...dense, ...four(millions)], { spot, side: 'below', fold: false }).filter(
        ({ kind }) => kind === 'concentrated',
      )
    expect(runs(1.5)).toEqual([])
    expect(runs(3)).toMatchObject([{ low: 1200, high: 1218, owners: 4 }])
    expect(bandsOf(light, four(1.5))).toMatchObject([{ low: 1200, high: 1218, owners: 4 }])
  })

  test('ends at gaps of more than 2 %', () => {
    const run: [number, number][] = [
      [1200, 4],
      [1204, 4],
      [1208, 4],
    ]
    const inside = 1200 * Math.exp(-0.0199)
    expect(rangesOf(light, owners(...run, [inside, 4]))).toEqual([['concentrated', inside, 1208, 4, 4]])
    expect(rangesOf(light, owners(...run, [1200 * Math.exp(-0.0201), 4]))).toEqual([
      ['concentrated', 1200, 1208, 3, 3],
    ])
  })

  test('does not enclose another: what is left beside a published one is searched apart', () => {
    const tight = owners([1200, 6], [1201, 6], [1202, 6])
    const pair = owners([1500, 5], [1501, 5], [1502, 5]).map((entry) => ({ ...entry, id: `b${entry.id}` }))
    const all = [...tight, ...pair.map((entry) => ({ ...entry, owner: `b${entry.owner}` }))]
    expect(rangesOf(light, all)).toEqual([
      ['concentrated', 1200, 1202, 3, 3],
      ['concentrated', 1500, 1502, 3, 3],
    ])
  })

  test('is found above spot as well', () => {
    const book = [...light, ...owners([1200, 3], [1201, 2], [1202, 2])]
    const above = book.map((entry) => ({ ...entry, price: spot ** 2 / entry.price }))
    expect(findBands(above, { spot, side: 'above' })).toMatchObject([
      { kind: 'concentrated', side: 'above', low: spot ** 2 / 1202, high: spot ** 2 / 1200, owners: 3 },
    ])
  })

  test('has its owners’ collateral, what is between them is in range', () => {
    const [band] = bandsOf(light, owners([1200, 3], [1206, 2], [1212, 2]))
    const between = light.filter(({ price }) => price >= 1200 && price <= 1212).length
    expect(between).toBeGreaterThan(0)
    expect(band).toMatchObject({ collateralUsd: 7e6, inRangeUsd: 7e6 + between * 10_000, entities: 3 })
    expect(band?.share).toBeCloseTo(0.07, 12)
    expect(band?.confidence).toBeGreaterThan(0.99)
    expect(band?.confidence).toBeLessThan(1)
  })
})

describe('a book of hardly anybody', () => {
  test('all at one price', () => {
    expect(rangesOf(owners([1200, 1], [1200, 1], [1200, 1]))).toEqual([['concentrated', 1200, 1200, 3, 3]])
    expect(bandsOf(owners([1200, 1], [1200, 1]))).toEqual([])
    expect(bandsOf(owners([1200, 1]))).toEqual([])
  })

  test('six owners alone still are a run, and one light position elsewhere changes nothing', () => {
    const six = sixWallets(null)
    const far = entryOf({ id: 'far', price: 1000, collateralUsd: 200 })
    for (const book of [six, [...six, far]])
      expect(findBands(book, { spot: 2151, side: 'below' })).toMatchObject([
        { kind: 'concentrated', low: 1781.09, high: 1862.02, owners: 6 },
      ])
  })

  test('nobody is heavy: no run', () => {
    const kinds = findBands(generateBook({ seed: 2, kind: 'lognormal', largest: 0.009 }).entries, {
      spot,
      side: 'below',
    })
    expect(kinds).toEqual([])
  })
})

describe('the expected number of runs', () => {
  test('of one owner, of none, of more than there are, is none that could be too few', () => {
    for (const [n, k] of [
      [5, 1],
      [0, 0],
      [3, 4],
    ] as const)
      expect(expectedRuns(n, k, 0.01)).toBe(Number.POSITIVE_INFINITY)
  })

  test('of all owners is the chance that all fall so close; of a choice of them, as often as there are choices', () => {
    expect(expectedRuns(3, 3, 0.1)).toBeCloseTo(3 * 0.01 - 2 * 0.001, 15)
    expect(expectedRuns(6, 6, 1)).toBeCloseTo(1, 12)
    expect(expectedRuns(10, 3, 0.1)).toBeCloseTo(120 * (3 * 0.01 - 2 * 0.001), 12)
    expect(expectedRuns(40, 2, 0)).toBe(0)
  })
})
