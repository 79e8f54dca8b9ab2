import type { Outcome } from '../core/position.ts'

/** A leg as positions show it: raw amount as text, USD as a number. */
export type LegRow = {
  readonly asset: string
  readonly pricedAs: string
  readonly symbol: string
  readonly amount: string
  /** null where the oracle refuses to price it. */
  readonly usd: number | null
  readonly threshold: number
  /** 0.05 for 5 %; null where unknown, and of debt legs. */
  readonly bonus: number | null
}

/** A position and what becomes of it when a driver moves. */
export type PositionRow = {
  readonly source: string
  readonly id: string
  readonly owner: string | null
  readonly outcome: Outcome
  /** USD of the driver. */
  readonly price: number | null
  /** The driver's own oracle answer. */
  readonly priceRaw: string | null
  readonly low: number | null
  readonly high: number | null
  readonly healthFactor: number | null
  readonly collateralUsd: number
  readonly debtUsd: number
  readonly driverAmount: number
  readonly reason: string | null
  readonly collateral: readonly LegRow[]
  readonly debt: readonly LegRow[]
}
