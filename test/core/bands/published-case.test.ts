import { expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import { crowdBetween, generateBook, sixWallets } from '../../helpers/books.ts'
import { threeLabelled } from './heavy-books.ts'

const spot = 2151
const background = generateBook({ seed: 7, kind: 'lognormal', positions: 1500, spot }).entries
const bandsOf = (...parts: readonly (typeof background)[]) =>
  findBands([...background, ...parts.flat()], { spot, side: 'below' })

test('six wallets of one fund are its band, with exactly the published edges', () => {
  const [first] = bandsOf(sixWallets('Fund'))
  expect(first).toMatchObject({
    rank: 1,
    kind: 'entity',
    side: 'below',
    low: 1781.09,
    high: 1862.02,
    positions: 6,
    owners: 6,
    entities: 1,
    singleEntity: 'Fund',
    confidence: 1,
    includes: [],
  })
  expect(first?.distancePct).toBeCloseTo(-13.43, 2)
  expect(first?.driverAmount).toBeCloseTo(618_245.96, 2)
  expect(first?.collateralUsd).toBeCloseTo(618_245.96 * spot, 2)
  expect(first?.effectiveHolders).toBeCloseTo(5.7, 1)
  expect(first?.hhi).toBeCloseTo(1 / 5.7, 2)
  expect(first?.effectiveEntities).toBeCloseTo(1, 12)
  expect(first?.top1Share).toBeCloseTo(145_850 / 618_245.96, 6)
  expect(first?.top10Share).toBeCloseTo(1, 12)
  expect(first?.share).toBeCloseTo((618_245.96 * spot) / (8e9 + 618_245.96 * spot), 6)
  expect(first?.densityRatio).toBeGreaterThan(2)
  expect(first?.topPositions.map(({ price }) => price)).toEqual([1791, 1807, 1808, 1862.02, 1835, 1781.09])
})

test('everything between the edges counts in inRangeUsd, the fund alone in collateralUsd', () => {
  const [first] = bandsOf(sixWallets('Fund'))
  const strangers = background
    .filter(({ price }) => price >= 1781.09 && price <= 1862.02)
    .reduce((sum, { collateralUsd }) => sum + collateralUsd, 0)
  expect(strangers).toBeGreaterThan(0)
  expect((first?.inRangeUsd ?? 0) - (first?.collateralUsd ?? 0)).toBeCloseTo(strangers, 0)
})

test('without a label the six are found as few heavy owners, with the same exact edges', () => {
  const [first, ...others] = bandsOf(sixWallets(null))
  expect(others).toEqual([])
  expect(first).toMatchObject({
    rank: 1,
    kind: 'concentrated',
    low: 1781.09,
    high: 1862.02,
    positions: 6,
    owners: 6,
    entities: 6,
    singleEntity: null,
    includes: [],
    overlaps: [],
  })
  const [labelled] = bandsOf(sixWallets('Fund'))
  expect(first?.collateralUsd).toBe(labelled?.collateralUsd)
  expect(first?.inRangeUsd).toBe(labelled?.inRangeUsd)
  expect(first?.effectiveHolders).toBe(labelled?.effectiveHolders)
  expect(first?.confidence).toBeGreaterThan(0.999)
  expect(first?.confidence).toBeLessThan(1)
})

test('scattered over the book the six are no band', () => {
  const scattered = sixWallets(null).map((entry, i) => ({ ...entry, price: 900 + 190 * i }))
  expect(bandsOf(scattered)).toEqual([])
})

test('three of the six labelled: few heavy owners, and the part of the fund is named in their row', () => {
  const [first, ...others] = bandsOf(threeLabelled())
  expect(others).toEqual([])
  expect(first).toMatchObject({ kind: 'concentrated', low: 1781.09, high: 1862.02, owners: 6, entities: 4 })
  expect(first?.includes).toMatchObject([{ kind: 'entity', owners: 3, singleEntity: 'Fund' }])
})

test('dust of the fund around the six moves no edge', () => {
  const dust = [700, 1200, 1500, 1770, 1775, 1868, 1890, 2000].map((price, i) => ({
    ...(sixWallets('Fund')[0] ?? {
      source: '',
      id: '',
      owner: '',
      entity: null,
      debtUsd: 0,
      driverAmount: 0,
    }),
    id: `dust ${i}`,
    price,
    collateralUsd: 2e6,
  }))
  expect(bandsOf(sixWallets('Fund'), dust)[0]).toMatchObject({ low: 1781.09, high: 1862.02, positions: 6 })
})

test('two ranges of the fund 5 % apart are two bands', () => {
  const lower = sixWallets('Fund').map((entry) => ({
    ...entry,
    id: `lower ${entry.id}`,
    price: (entry.price * (1781.09 / 1862.02)) / 1.05,
  }))
  const bands = bandsOf(sixWallets('Fund'), lower)
  expect(bands.map(({ kind }) => kind)).toEqual(['entity', 'entity'])
  expect(bands.map(({ positions }) => positions)).toEqual([6, 6])
})

test('a small crowd inside the range of the fund is named in its row, not printed beside it', () => {
  const crowd = crowdBetween({ seed: 1, low: 1781.09, high: 1862.02, usd: 0.6e9, holders: 60 })
  const [first, ...others] = bandsOf(sixWallets('Fund'), crowd)
  expect(others).toEqual([])
  expect(first).toMatchObject({ kind: 'entity', low: 1781.09, high: 1862.02, positions: 6 })
  expect(first?.includes).toMatchObject([{ kind: 'crowd', singleEntity: null }])
})

test('the fund inside a heavier crowd is named in the row of the crowd', () => {
  const crowd = crowdBetween({ seed: 2, low: 1770, high: 1870, usd: 3.1e9, holders: 200 })
  const bands = bandsOf(sixWallets('Fund'), crowd)
  expect(bands).toHaveLength(1)
  expect(bands[0]).toMatchObject({ kind: 'crowd', singleEntity: null })
  expect(bands[0]?.includes).toMatchObject([
    { kind: 'entity', low: 1781.09, high: 1862.02, owners: 6, singleEntity: 'Fund' },
  ])
})

test('with fold off both rows are printed, each overlapping the other, and no position counts twice', () => {
  const crowd = crowdBetween({ seed: 2, low: 1770, high: 1870, usd: 3.1e9, holders: 200 })
  const entries = [...background, ...sixWallets('Fund'), ...crowd]
  const [heavier, lighter, ...others] = findBands(entries, { spot, side: 'below', fold: false })
  expect(others).toEqual([])
  expect(heavier).toMatchObject({ rank: 1, kind: 'crowd', includes: [], overlaps: [{ rank: 2 }] })
  expect(lighter).toMatchObject({ rank: 2, kind: 'entity', includes: [] })
  expect(lighter?.overlaps).toMatchObject([{ rank: 1, low: 1781.09, high: 1862.02 }])
  expect(heavier?.overlaps[0]?.collateralUsd).toBeCloseTo(lighter?.collateralUsd ?? 0, 2)
  expect((heavier?.collateralUsd ?? 0) + (lighter?.collateralUsd ?? 0)).toBeLessThanOrEqual(
    (heavier?.inRangeUsd ?? 0) + 0.01,
  )
})

test('rows that share less than half of either say what the other holds in the shared prices', () => {
  const crowd = crowdBetween({ seed: 3, low: 1840, high: 1902, usd: 0.8e9, holders: 80 })
  const bands = bandsOf(sixWallets('Fund'), crowd)
  expect(bands.map(({ kind }) => kind)).toEqual(['entity', 'crowd'])
  const [entity, other] = bands
  const shared = { low: other?.low, high: 1862.02 }
  expect(entity?.overlaps).toMatchObject([{ rank: 2, ...shared }])
  expect(other?.overlaps).toMatchObject([{ rank: 1, ...shared }])
  expect(other?.overlaps[0]?.collateralUsd).toBeCloseTo(84_615.98 * spot, 2)
  expect(entity?.overlaps[0]?.collateralUsd).toBeGreaterThan(0)
  expect(entity?.overlaps[0]?.collateralUsd).toBeLessThan(0.5 * (other?.collateralUsd ?? 0))
})
