import { expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import { rankBands } from '../../../src/core/bands/rank.ts'
import { crowdBetween, generateBook, sixWallets } from '../../helpers/books.ts'

const spot = 2151
const crowd = crowdBetween({ seed: 3, low: 1840, high: 1902, usd: 0.8e9, holders: 80 })
const below = [
  ...generateBook({ seed: 7, kind: 'lognormal', positions: 600, spot }).entries,
  ...sixWallets('Fund'),
  ...crowd,
]
const above = [
  ...generateBook({ seed: 8, kind: 'lognormal', positions: 600, usd: 5e9, spot, side: 'above' }).entries,
  ...crowdBetween({ seed: 4, low: 2900, high: 2960, usd: 1e9, holders: 80 }),
]
const ofBelow = findBands(below, { spot, side: 'below' })
const ofAbove = findBands(above, { spot, side: 'above' })

test('bands of both sides are ranked by collateral together, and still point at their overlaps', () => {
  expect(ofBelow.map(({ rank, kind }) => [rank, kind])).toEqual([
    [1, 'entity'],
    [2, 'crowd'],
  ])
  const ranked = rankBands([...ofBelow, ...ofAbove])
  expect(ranked.map(({ rank, side, kind }) => [rank, side, kind])).toEqual([
    [1, 'below', 'entity'],
    [2, 'above', 'crowd'],
    [3, 'below', 'crowd'],
  ])
  expect(ranked[0]?.overlaps.map(({ rank }) => rank)).toEqual([3])
  expect(ranked[1]?.overlaps).toEqual([])
  expect(ranked[2]?.overlaps.map(({ rank }) => rank)).toEqual([1])
  expect(rankBands(ranked)).toEqual(ranked)
})

test('of two equal bands the nearer to spot is first', () => {
  const [near] = ofBelow
  if (!near) throw new Error('the book has a band')
  const far = { ...near, rank: 2, distancePct: near.distancePct * 2, overlaps: [] }
  const [first, second] = rankBands([far, { ...near, overlaps: [] }])
  expect(first?.distancePct).toBe(near.distancePct)
  expect(second?.distancePct).toBe(far.distancePct)
})
