import type { Band } from '../report.ts'
import { type Avalanche, breakPct, gainOf, largestAvalanches, solveAllShocks } from './all-shocks.ts'
import { type CascadeBook, rungCount } from './book.ts'
import { createMarket, describeImpact, type Impact, usdToMove } from './impact.ts'
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

/** The parameters of an impact; of pools, how many there are and how many times over. */
export type ImpactOfRow =
  | Exclude<Impact, { readonly kind: 'uniswap-v3' }>
  | { readonly kind: 'uniswap-v3'; readonly pools: number; readonly multiple: number }

const ofRow = (impact: Impact): ImpactOfRow =>
  impact.kind === 'uniswap-v3'
    ? { kind: impact.kind, pools: impact.pools.length, multiple: impact.multiple ?? 1 }
    : impact

/** The same shocks at one depth. */
export type DepthRow = {
  /** The depth in words. */
  readonly depth: string
  /** USD that move the price 2 %; null where the impact is not of that kind. */
  readonly depthUsd: number | null
  readonly impact: ImpactOfRow
  /** USD of sales from spot, at spot, that move the price 2 % (in ln) whatever the impact; null where no sale moves it. */
  readonly twoPercentUsd: number | null
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

/** Seconds in the largest unit that has no rest. */
const spanOf = (seconds: number): string =>
  seconds % 3600 === 0 ? `${seconds / 3600} h` : seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`

/** What each impact takes for granted. */
const OF_IMPACT: Readonly<Record<Impact['kind'], readonly string[]>> = {
  none: ['No sale moves the price: a shock liquidates what lies above it and nothing more'],
  depth: [
    'Impact is exponential in what was sold, at the depth named: a figure of the reader, not of the chain',
  ],
  sqrt: [
    'Impact follows the square root of what was sold (in ln: volatility times the root of sold over volume), with volume and volatility of one day: figures of the reader, not of the chain',
  ],
  'constant-product': [
    'Impact is that of one constant-product pool without a fee: its size is a figure of the reader, not of the chain',
  ],
  'uniswap-v3': [
    "Impact is that of the pools as read at the scan's block, tick by tick and with their fees; their liquidity stays where it is, and each counts from its own price down",
    "The outside fall moves along the pools' own curve: what it took to get there counts as sold before",
    'Pools on chain are a part of the market: centralised exchanges and other venues are missing, so the multiples stand for as much again elsewhere',
  ],
}

const assumptionsOf = (book: CascadeBook, impacts: readonly Impact[]): readonly string[] => {
  const kinds = [...new Set(impacts.map(({ kind }) => kind))]
  const lags = book.sources.flatMap((source, i) => {
    const seconds = book.lagSeconds[i] ?? 0
    return seconds > 0 ? [`${source} by ${spanOf(seconds)}`] : []
  })
  const assumed = `${book.assumedBonus} of ${book.positions.amount.length} positions use their protocol's typical bonus`
  const path =
    book.path === 'jump'
      ? 'The price may jump: far below its trigger a position is liquidated whole where the protocol allows it'
      : 'The price visits every trigger: each liquidation happens at a health factor of 1'
  return [
    'A model, not an observation: one number means nothing, compare the depths',
    'Impact is permanent and nobody refills the depth, which overstates the fall',
    ...kinds.flatMap((kind) => OF_IMPACT[kind]),
    'Among the cascades consistent with the shock, the smallest one is reported',
    'The outside fall comes first, sales move the price on top of it; every other price is held constant',
    'Each liquidation sells what it would at its own trigger price; at a lower one it would have to sell more',
    `A position is liquidated in at most ${MAX_RUNGS} steps; what is left then stays open`,
    path,
    ...(book.assumedBonus > 0 ? [assumed] : []),
    ...(lags.length > 0
      ? [`Oracles lag behind the market: ${lags.join(', ')}. What they bring down is a later wave`]
      : []),
    ...(book.toxic === 1 ? ['1 position is toxic: taken whole at its trigger'] : []),
    ...(book.toxic > 1 ? [`${book.toxic} positions are toxic: taken whole at their trigger`] : []),
  ]
}

const rowOf = (
  book: CascadeBook,
  impact: Impact,
  { pcts, bands }: { readonly pcts: readonly number[]; readonly bands: readonly BandRange[] },
): DepthRow => {
  const market = createMarket(impact, book.spot)
  const shocks = solveAllShocks(book, market)
  return {
    depth: describeImpact(impact),
    depthUsd: impact.kind === 'depth' ? impact.usd : null,
    impact: ofRow(impact),
    twoPercentUsd: usdToMove(market, book.spot),
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
  assumptions: assumptionsOf(book, input.impacts),
})

/** One figure is no answer: half and twice of it stand beside it. */
export const around = (values: readonly number[]): readonly number[] =>
  values.flatMap((value) => (values.length === 1 ? [value / 2, value, 2 * value] : [value]))

/** Multiples of the pools' depth when none is named. */
export const DEFAULT_MULTIPLES: readonly number[] = [1, 2, 5]

/** Depths to compare when none is named: the 2 % depth in USD, as exponential impact. */
export const DEFAULT_DEPTHS: readonly Impact[] = [20e6, 40e6, 80e6, 160e6].map((usd) => ({
  kind: 'depth',
  usd,
}))
