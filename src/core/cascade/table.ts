import type { Band } from '../report.ts'
import { type Avalanche, breakPct, gainOf, largestAvalanches, solveAllShocks } from './all-shocks.ts'
import { type CascadeBook, rungCount } from './book.ts'
import { createMarket, describeImpact, type Impact } from './impact.ts'
import { MAX_RUNGS } from './ladder.ts'
import { type CascadeResult, simulate } from './simulate.ts'

type BandRange = Pick<Band, 'rank' | 'low' | 'high'>

/** What a band means for the cascade at one depth. */
export type BandCascade = BandRange & {
  /** The share of its own width that the sales inside it pay for; null for a single price and where nothing is left to buy. */
  readonly gain: number | null
  /** The smallest outside fall, in percent and negative, that pulls the price through its low edge. */
  readonly breakPct: number
}

/** The same shocks at one depth. */
export type DepthRow = {
  /** The depth in words. */
  readonly depth: string
  /** USD that move the price 2 %; null where the impact is not of that kind. */
  readonly depthUsd: number | null
  readonly results: readonly CascadeResult[]
  readonly bands: readonly BandCascade[]
  /** The largest avalanches; the first is the runaway. */
  readonly avalanches: readonly Avalanche[]
}

/** What a cascade could do, over several depths: a model, never an observation. */
export type CascadeTable = {
  readonly schemaVersion: 1
  readonly kind: 'model'
  readonly driver: { readonly symbol: string; readonly spotUsd: number }
  readonly positions: number
  readonly rungs: number
  /** Positions whose liquidation lowers their own health factor. */
  readonly toxic: number
  readonly rows: readonly DepthRow[]
  readonly assumptions: readonly string[]
}

const AVALANCHES = 5

const assumptionsOf = (book: CascadeBook): readonly string[] => {
  const lags = book.sources.filter((_, i) => (book.lagRounds[i] ?? 0) > 0)
  const assumed = `${book.assumedBonus} of ${book.positions.amount.length} positions use their protocol's typical bonus`
  const path =
    book.path === 'jump'
      ? 'The price may jump: far below its trigger a position is liquidated whole where the protocol allows it'
      : 'The price visits every trigger: each liquidation happens at a health factor of 1'
  return [
    'A model, not an observation: one number means nothing, compare the depths',
    'Impact is permanent and nobody refills the depth, which overstates the fall',
    'Among the cascades consistent with the shock, the smallest one is reported',
    'The outside fall comes first, sales move the price on top of it; every other price is held constant',
    'Each liquidation sells what it would at its own trigger price; at a lower one it would have to sell more',
    `A position is liquidated in at most ${MAX_RUNGS} steps; what is left then stays open`,
    path,
    ...(book.assumedBonus > 0 ? [assumed] : []),
    ...(lags.length > 0 ? [`Oracles lag behind the market at ${lags.join(', ')}: a later wave`] : []),
    ...(book.toxic > 0 ? [`${book.toxic} positions are toxic: taken whole at their trigger`] : []),
  ]
}

const rowOf = (
  book: CascadeBook,
  impact: Impact,
  { pcts, bands }: { readonly pcts: readonly number[]; readonly bands: readonly BandRange[] },
): DepthRow => {
  const shocks = solveAllShocks(book, createMarket(impact, book.spot))
  return {
    depth: describeImpact(impact),
    depthUsd: impact.kind === 'depth' ? impact.usd : null,
    results: pcts.map((pct) => simulate(shocks, pct)),
    bands: bands.map(({ rank, low, high }) => ({
      rank,
      low,
      high,
      gain: gainOf(shocks, { low, high }),
      breakPct: breakPct(shocks, low),
    })),
    avalanches: largestAvalanches(shocks, AVALANCHES),
  }
}

/** The same outside moves, in percent and negative, over several depths, with what each depth means for the bands. */
export const cascadeTable = (
  book: CascadeBook,
  input: {
    readonly symbol: string
    readonly pcts: readonly number[]
    readonly impacts: readonly Impact[]
    readonly bands?: readonly BandRange[]
  },
): CascadeTable => ({
  schemaVersion: 1,
  kind: 'model',
  driver: { symbol: input.symbol, spotUsd: book.spot },
  positions: book.positions.amount.length,
  rungs: rungCount(book),
  toxic: book.toxic,
  rows: input.impacts.map((impact) => rowOf(book, impact, { pcts: input.pcts, bands: input.bands ?? [] })),
  assumptions: assumptionsOf(book),
})

/** Depths to compare when none is named: the 2 % depth in USD, as exponential impact. */
export const DEFAULT_DEPTHS: readonly Impact[] = [20e6, 40e6, 80e6, 160e6].map((usd) => ({
  kind: 'depth',
  usd,
}))
