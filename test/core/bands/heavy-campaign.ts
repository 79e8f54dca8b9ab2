import { findBands } from '../../../src/core/bands/bands.ts'
import type { BookEntry } from '../../../src/core/bands/book.ts'
import type { Band } from '../../../src/core/report.ts'
import {
  agreement,
  crowdBetween,
  entryOf,
  generateBook,
  type PriceRange,
  sixWallets,
} from '../../helpers/books.ts'
import { clusterFor, SPOT, sixLower, threeLabelled, whalesFor } from './heavy-books.ts'

/** How well runs of heavy owners are found, how seldom there is a false one, and what is printed of labelled ones. */

type Entries = readonly BookEntry[]
type Options = Omit<Parameters<typeof generateBook>[0], 'seed'>

const LOGNORMAL: Options = { kind: 'lognormal' }
const SIX = { low: 1781.09, high: 1862.02 }

const backgroundOf = (seed: number, options: Options): Entries =>
  generateBook({ spot: SPOT, ...options, seed }).entries
const rowsOf = (entries: Entries): readonly Band[] => findBands(entries, { spot: SPOT, side: 'below' })
const concentratedIn = (entries: Entries): readonly Band[] =>
  rowsOf(entries).filter(({ kind }) => kind === 'concentrated')

const isAt = (band: PriceRange | undefined, { low, high }: PriceRange): boolean =>
  band !== undefined && Math.abs(band.low - low) < 0.005 && Math.abs(band.high - high) < 0.005

const rangeOf = (entries: Entries): PriceRange => {
  const prices = entries.map(({ price }) => price)
  return { low: Math.min(...prices), high: Math.max(...prices) }
}

const byOthers = (entries: Entries): Entries =>
  entries.map((entry) => ({ ...entry, owner: `other ${entry.owner}` }))

/** Clusters of heavy owners in a background, by name. */
type Planted = {
  readonly name: string
  readonly options: Options
  readonly clusters: (background: Entries, seed: number) => readonly Entries[]
}

const planted = (name: string, clusters: Planted['clusters'], options: Partial<Options> = {}): Planted => ({
  name,
  options: { ...LOGNORMAL, ...options },
  clusters,
})
const drawn = (name: string, count: number, share: number, width: number): Planted =>
  planted(name, (background, seed) => [clusterFor(background, { seed, count, share, width })])

/** The clusters of the table. */
export const PLANTED_CLUSTERS: readonly Planted[] = [
  planted('six wallets', () => [sixWallets(null)]),
  planted('six twice, 5 % apart', () => [sixWallets(null), byOthers(sixLower(null))]),
  planted('six in $4B', () => [sixWallets(null)], { usd: 4e9 }),
  planted('six in $15B', () => [sixWallets(null)], { usd: 15e9 }),
  drawn('3 owners, 9 % in .01', 3, 0.09, 0.01),
  drawn('4 owners, 6.5 % in .01', 4, 0.065, 0.01),
  drawn('4 owners, 10 % in .02', 4, 0.1, 0.02),
  drawn('5 owners, 12 % in .03', 5, 0.12, 0.03),
  drawn('8 owners, 16 % in .04', 8, 0.16, 0.04),
]

/**
 * The share of books in which every planted cluster is a concentrated row to the cent and there is no other, and in
 * which each is found at all (intersection over union of at least a half).
 */
export const scoreClusters = (
  { options, clusters }: Planted,
  seeds: readonly number[],
  positions = 20_000,
): { readonly exact: number; readonly found: number } => {
  let exact = 0
  let found = 0
  for (const seed of seeds) {
    const background = backgroundOf(seed, { positions, ...options })
    const parts = clusters(background, seed)
    const ranges = parts.map(rangeOf)
    const bands = concentratedIn([background, ...parts].flat())
    if (ranges.every((range) => bands.some((band) => agreement(band, range) >= 0.5))) found++
    if (bands.length === ranges.length && ranges.every((range) => bands.some((band) => isAt(band, range))))
      exact++
  }
  return { exact: exact / seeds.length, found: found / seeds.length }
}

/** Books without a cluster: the background, and how many whales of 2.5 % are added to it at random. */
type Empty = { readonly name: string; readonly options: Options; readonly whales: number }

const empty = (name: string, whales: number, options: Partial<Options> = {}): Empty => ({
  name,
  options: { ...LOGNORMAL, ...options },
  whales,
})

/** The empty books of the table. */
export const EMPTY_BOOKS: readonly Empty[] = [
  empty('plain', 0),
  empty('+6 whales', 6),
  empty('+10 whales', 10),
  empty('+20 whales', 20),
  empty('alpha .9', 0, { alpha: 0.9 }),
  empty('alpha .9, 10 % whales', 0, { alpha: 0.9, largest: 0.1 }),
  empty('uniform +10', 10, { kind: 'uniform' }),
  empty('two modes +10', 10, { kind: 'bimodal' }),
  empty('pile-up +10', 10, { kind: 'leverage' }),
]

/** Concentrated rows per book without a cluster. */
export const falseClusters = (
  { options, whales }: Empty,
  seeds: readonly number[],
  positions = 20_000,
): number => {
  let rows = 0
  for (const seed of seeds) {
    const background = backgroundOf(seed, { positions, ...options })
    rows += concentratedIn([...background, ...whalesFor(background, whales, seed)]).length
  }
  return rows / seeds.length
}

const dustOfTheFund = (): Entries =>
  [700, 1200, 1500, 1770, 1775, 1868, 1890, 2000].map((price, i) =>
    entryOf({ id: `dust ${i}`, owner: 'owner wallet 0', entity: 'Fund', price, collateralUsd: 2e6 }),
  )
const smallCrowd = (seed: number): Entries => crowdBetween({ seed, ...SIX, usd: 0.56e9, holders: 60 })
const largeCrowd = (seed: number): Entries =>
  crowdBetween({ seed, low: 1770, high: 1870, usd: 3.1e9, holders: 200 })

/** What is printed around the six wallets: what is added to a book, and the first row it should have. */
type Printed = {
  readonly name: string
  readonly parts: (seed: number) => readonly Entries[]
  readonly isRight: (row: Band, others: readonly Band[]) => boolean
}

const isFirst =
  (kind: Band['kind']): Printed['isRight'] =>
  (row) =>
    row.kind === kind && isAt(row, SIX)

/** The rows of the table. */
export const PRINTED_ROWS: readonly Printed[] = [
  { name: 'six, no labels', parts: () => [sixWallets(null)], isRight: isFirst('concentrated') },
  { name: 'six, labelled', parts: () => [sixWallets('Fund')], isRight: isFirst('entity') },
  {
    name: 'labelled, dust around',
    parts: () => [sixWallets('Fund'), dustOfTheFund()],
    isRight: isFirst('entity'),
  },
  {
    name: 'three labelled: run leads',
    parts: () => [threeLabelled()],
    isRight: (row) =>
      row.kind === 'concentrated' && isAt(row, SIX) && row.includes.some(({ kind }) => kind === 'entity'),
  },
  {
    name: 'twice under one label',
    parts: () => [sixWallets('Fund'), sixLower('Fund')],
    isRight: (row, others) =>
      row.kind === 'entity' && isAt(row, SIX) && others.some(({ kind }) => kind === 'entity'),
  },
  {
    name: 'six + crowd of 6 %',
    parts: (seed) => [sixWallets(null), smallCrowd(seed)],
    isRight: isFirst('concentrated'),
  },
  {
    name: 'labelled + crowd of 6 %',
    parts: (seed) => [sixWallets('Fund'), smallCrowd(seed)],
    isRight: isFirst('entity'),
  },
  {
    name: 'labelled + crowd of 25 %',
    parts: (seed) => [sixWallets('Fund'), largeCrowd(seed)],
    isRight: (row) => row.kind === 'crowd' && row.includes.some(({ kind }) => kind === 'entity'),
  },
  {
    name: 'crowd of 25 % alone: one row',
    parts: (seed) => [crowdBetween({ seed, low: 1770, high: 1870, usd: 2.7e9, holders: 200 })],
    isRight: (row, others) =>
      row.kind === 'crowd' && !others.some(({ low, high }) => low <= row.high && row.low <= high),
  },
]

/** The share of books whose rows are what they should be. */
export const scoreRows = (
  { parts, isRight }: Printed,
  seeds: readonly number[],
  positions = 20_000,
): number => {
  const right = seeds.filter((seed) => {
    const [row, ...others] = rowsOf([backgroundOf(seed, { positions, ...LOGNORMAL }), ...parts(seed)].flat())
    return row !== undefined && isRight(row, others)
  })
  return right.length / seeds.length
}
