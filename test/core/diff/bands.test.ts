import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import {
  type BandMatches,
  type HeldBand,
  holdBands,
  MIN_SCORE,
  matchBands,
} from '../../../src/core/diff/bands.ts'
import type { DiffPosition } from '../../../src/core/diff/position.ts'
import type { Band } from '../../../src/core/report.ts'

const band = (low: number, high: number, over: Partial<Band> = {}): Band => ({
  rank: 1,
  kind: 'crowd',
  side: 'below',
  low,
  high,
  distancePct: -10,
  collateralUsd: 0,
  driverAmount: 0,
  debtUsd: 0,
  share: 0,
  inRangeUsd: 0,
  densityRatio: 0,
  confidence: 1,
  positions: 0,
  owners: 0,
  entities: 0,
  effectiveHolders: 0,
  effectiveEntities: 0,
  hhi: 0,
  top1Share: 0,
  top10Share: 0,
  singleEntity: null,
  includes: [],
  overlaps: [],
  byProtocol: [],
  topPositions: [],
  ...over,
})

const held = (
  low: number,
  high: number,
  owners: Readonly<Record<string, number>>,
  over: Partial<Band> = {},
): HeldBand => ({
  band: band(low, high, over),
  members: [],
  holders: new Map(Object.entries(owners)),
})

const position = (owner: string, price: number, over: Partial<DiffPosition> = {}): DiffPosition => ({
  source: 's',
  id: owner,
  owner,
  entity: null,
  outcome: 'below',
  counts: 'exposed',
  price,
  collateralUsd: 1000,
  debtUsd: 500,
  collateral: [],
  debt: [],
  ...over,
})

const pairs = ({ matched }: BandMatches) => matched.map(({ from, to }) => [from.band.low, to.band.low])

describe('which band is which', () => {
  test('the same holders elsewhere, the same prices with some of the holders; not the same prices alone', () => {
    const moved = matchBands([held(1700, 1800, { a: 5, b: 5 })], [held(1200, 1300, { a: 7, b: 6 })])
    expect(pairs(moved)).toEqual([[1700, 1200]])
    const renewed = matchBands([held(1700, 1800, { a: 2, b: 8 })], [held(1700, 1800, { a: 2, c: 8 })])
    expect(pairs(renewed)).toEqual([[1700, 1700]])
    const replaced = matchBands([held(1700, 1800, { a: 10 })], [held(1700, 1800, { c: 10 })])
    expect(replaced).toMatchObject({ matched: [], arrived: [{}], gone: [{}] })
  })

  test('of two that share holders with one, the one that shares more; the other is new', () => {
    const split = matchBands(
      [held(1700, 1800, { a: 60, b: 40 })],
      [held(1700, 1730, { b: 40 }), held(1760, 1800, { a: 60 })],
    )
    expect(pairs(split)).toEqual([[1700, 1760]])
    expect(split.arrived).toMatchObject([{ band: { low: 1700 } }])
  })

  test('the heavier match comes before the more alike', () => {
    const moved = matchBands(
      [held(1700, 1800, { a: 90, b: 10 })],
      [held(1700, 1800, { a: 20 }), held(1600, 1640, { a: 70, c: 60 })],
    )
    expect(pairs(moved)).toEqual([[1700, 1600]])
  })

  test('never across spot', () => {
    const owners = { a: 10 }
    expect(
      matchBands([held(1700, 1800, owners)], [held(1700, 1800, owners, { side: 'above' })]).matched,
    ).toEqual([])
  })

  test('whoever an entity’s band claims is no holder of the crowd around it', () => {
    const bands = [band(1700, 1800, { kind: 'entity', singleEntity: 'Fund' }), band(1690, 1810)]
    const positions = [
      position('fund', 1750, { entity: 'Fund' }),
      position('other', 1750),
      position('far', 1000),
      position('over', 1750, { outcome: 'already' }),
    ]
    expect(holdBands(bands, positions).map(({ holders }) => [...holders.keys()])).toEqual([
      ['fund'],
      ['other'],
    ])
  })
})

const heldBand: fc.Arbitrary<HeldBand> = fc
  .tuple(
    fc.integer({ min: 1000, max: 1900 }),
    fc.integer({ min: 0, max: 90 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 1, max: 1e6 }), { minKeys: 1 }),
    fc.constantFrom('below' as const, 'above' as const),
    fc.integer({ min: 1, max: 9 }),
  )
  .map(([low, width, owners, side, rank]) => held(low, low + width, owners, { side, rank }))
const someBands = fc.array(heldBand, { maxLength: 6 })
const RUNS = { numRuns: 500, seed: 1 }

describe('matching', () => {
  test('is the same from either end, takes each band once and loses none', () => {
    const key = ({ from, to }: BandMatches['matched'][number]) => JSON.stringify([from.band, to.band])
    const swapped = ({ from, to }: BandMatches['matched'][number]) => JSON.stringify([to.band, from.band])
    const check = (before: readonly HeldBand[], after: readonly HeldBand[]): void => {
      const there = matchBands(before, after)
      const back = matchBands(after, before)
      expect(back.matched.map(swapped).toSorted()).toEqual(there.matched.map(key).toSorted())
      expect(new Set([...there.matched.map(({ from }) => from), ...there.gone])).toEqual(new Set(before))
      expect(new Set([...there.matched.map(({ to }) => to), ...there.arrived])).toEqual(new Set(after))
      expect(there.matched.length + there.gone.length).toBe(before.length)
      expect(there.matched.length + there.arrived.length).toBe(after.length)
      for (const { score } of there.matched) {
        expect(score).toBeGreaterThanOrEqual(MIN_SCORE)
        expect(score).toBeLessThanOrEqual(1 + 1e-9)
      }
    }
    fc.assert(fc.property(someBands, someBands, check), RUNS)
  })

  test('does not depend on the order of the bands', () => {
    const key = ({ from, to }: BandMatches['matched'][number]) => JSON.stringify([from.band, to.band])
    const check = (before: readonly HeldBand[], after: readonly HeldBand[]): void => {
      const turned = matchBands(before.toReversed(), after.toReversed())
      expect(turned.matched.map(key).toSorted()).toEqual(
        matchBands(before, after).matched.map(key).toSorted(),
      )
    }
    fc.assert(fc.property(someBands, someBands, check), RUNS)
  })

  test('finds every band of a scan again in the same scan', () => {
    const positions = Array.from({ length: 400 }, (_, i) =>
      position(`owner ${i}`, i < 200 ? 1700 + (i % 40) : 500 + 3.7 * i, { collateralUsd: 1000 + i }),
    )
    const entries = positions.map(({ source, id, owner, entity, price, collateralUsd, debtUsd }) => ({
      source,
      id,
      owner,
      entity,
      price: price ?? 0,
      collateralUsd,
      debtUsd,
      driverAmount: 1,
    }))
    const bands = findBands(entries, { spot: 2000, side: 'below' })
    expect(bands.length).toBeGreaterThan(0)
    const twice = [holdBands(bands, positions), holdBands(bands, positions)] as const
    expect(pairs(matchBands(...twice))).toEqual(bands.map(({ low }) => [low, low]))
  })
})
