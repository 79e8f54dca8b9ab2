import type { CascadeTable } from './cascade/table.ts'
import type { Outcome } from './position.ts'
import type { Block, Coverage, Report, ScanStatus } from './report.ts'

/** The public documents beside the band report. */

/** What `scan --json` and `import --json` print. */
export type ScanSummary = {
  readonly scanId: number
  readonly status: ScanStatus
  readonly blocks: readonly Block[]
  readonly coverage: readonly Coverage[]
}

/** A Uniswap v3 pool at the scan's block, as a cascade that sells into it shows it. */
export type PoolDocument = {
  readonly chain: string
  readonly address: string
  readonly driver: { readonly asset: string; readonly symbol: string }
  readonly quote: { readonly asset: string; readonly symbol: string }
  readonly quoteUsd: number
  /** `oracle`: priced by a market of the scan; `assumed`: a known dollar, taken at 1. */
  readonly quoteUsdFrom: 'oracle' | 'assumed'
  readonly feePct: number
  /** USD of the driver in the pool itself; null where it was never given a price. */
  readonly priceUsd: number | null
  /** In range at that price, raw. */
  readonly liquidity: string
  /** Initialised ticks below the price. */
  readonly ticks: number
  /** USD of the driver, at the pool's price and with its fee, that move it 2 %. */
  readonly depthUsd: number
  /** Why it takes no part; null where it does. */
  readonly note: string | null
}

/** What `simulate --json` prints: a model, and the scan whose positions it takes. */
export type Simulation = CascadeTable &
  Pick<Report, 'generator' | 'scan' | 'blocks' | 'coverage'> & {
    /** The pools whose depth was read; empty with every impact but theirs. */
    readonly pools: readonly PoolDocument[]
  }

type Asset = {
  readonly asset: string
  readonly symbol: string
  /** Raw token units. */
  readonly amount: string
  /** null where the oracle refuses to price it. */
  readonly usd: number | null
  /** Share of its price that moves with the driver. */
  readonly exposure: number
}

/** One element of what `positions --json` prints. */
export type PositionDocument = {
  readonly source: string
  readonly id: string
  readonly owner: string | null
  readonly entity: string | null
  /** Name of the deployment. */
  readonly market: string
  readonly outcome: Outcome
  /** USD of the driver; null where there is none. */
  readonly price: number | null
  /** The driver's own oracle answer: the extreme one at which it is liquidatable. */
  readonly priceRaw: string | null
  readonly priceUnit: string
  /** The two ends of a range. */
  readonly low: number | null
  readonly high: number | null
  readonly healthFactor: number | null
  readonly collateralUsd: number
  readonly debtUsd: number
  readonly driverAmount: number
  readonly collateral: readonly (Asset & { readonly threshold: number })[]
  readonly debt: readonly Asset[]
  readonly reason: string | null
}

export type Disagreement = {
  readonly source: string
  readonly id: string
  /** The driver price that was put on the feeds. */
  readonly priceRaw: string
  readonly expected: 'liquidatable' | 'safe'
  readonly contract: 'liquidatable' | 'safe' | 'refused'
}

/** What `verify --json` prints. */
export type Verification = {
  readonly driver: string
  readonly sampled: number
  readonly agreed: number
  readonly disagreed: readonly Disagreement[]
  readonly skipped: readonly { readonly reason: string; readonly count: number }[]
}

/** One element of what `sources --json` prints. */
export type SourceDocument = {
  readonly key: string
  readonly protocol: string
  readonly chain: string
  readonly chainId: number | null
  readonly deployment: string
  readonly configured: boolean
  readonly checkedAgainst: 'contract' | 'stand-in'
}
