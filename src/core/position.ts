/** The words that every adapter, the store and the report share. */

/** The asset whose USD price moves: `ETH`, `BTC`, … */
export type DriverSymbol = string

/** One asset of a position, as collateral or as debt, valued at the pinned block. */
export type Leg = {
  /** Contract address; for imported files, the symbol. */
  readonly asset: string
  /** The key under which the market's oracle prices it: the asset itself but for rare shared price sources. */
  readonly pricedAs: string
  readonly symbol: string
  readonly decimals: number
  /** Raw token units, accrued to the pinned block. */
  readonly amount: bigint
  /** Value at the pinned block, USD, WAD. */
  readonly usd: bigint
  /** Liquidation threshold, WAD, up to 1; 0 for collateral that can be seized but carries no debt; of debt legs 1. */
  readonly threshold: bigint
  /** What a liquidator earns on the debt it repays for this collateral, WAD; null where unknown, and of debt legs. */
  readonly bonus: bigint | null
}

/** An account's state valued at the pinned block. */
export type Position = {
  /** The account's key at the protocol: an address, `marketId:address`, a vault number, … */
  readonly id: string
  /** Who controls it; null where the source does not know. */
  readonly owner: string | null
  readonly collateral: readonly Leg[]
  readonly debt: readonly Leg[]
  /** The protocol's own health factor, WAD; null where it has none (no debt, or a price is missing). */
  readonly healthFactor: bigint | null
  /** The protocol's own integer verdict at the pinned block. */
  readonly liquidatable: boolean
  /** The two ends of a soft liquidation, as prices of an asset the way the market states them, WAD; null for every hard one. */
  readonly range: Range | null
  /** Why it cannot be priced (an oracle that reverts, …); null when it can. */
  readonly unpriced: string | null
  /** Why a liquidation could not execute now (a paused reserve, a grace period, …); null when it could. */
  readonly blocked: string | null
}

export type Range = {
  readonly low: bigint
  readonly high: bigint
  readonly asset: string
  /** What a reader should know of it: how much is sold already, … */
  readonly note?: string
}

/** What becomes of a position when the driver's price moves. */
export type Outcome = 'below' | 'above' | 'range' | 'already' | 'never' | 'insolvent' | 'unpriced'

export const OUTCOMES: readonly Outcome[] = [
  'below',
  'above',
  'range',
  'already',
  'never',
  'insolvent',
  'unpriced',
]
