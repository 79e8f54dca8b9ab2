import { toCents } from './bands/cents.ts'

/** A position that is liquidated bit by bit while the driver falls: soft liquidation, as crvUSD and LlamaLend do it. */
export type RangeEntry = {
  readonly source: string
  /** Between these prices of the driver its collateral is sold, USD. */
  readonly low: number
  readonly high: number
  /** What is left of the collateral at the pinned block; what was sold above the price then is no part of it. */
  readonly collateralUsd: number
}

/** Whether the driver is at or under the whole range already: a fall from `spot` sells nothing new of it. */
export const isBehind = ({ low }: RangeEntry, spot: number): boolean => low >= spot

/**
 * Cents of a range's collateral sold while the driver falls from `spot` to `price`, both USD, `price` included. What is
 * left lies between `low` and the lower of `high` and spot, evenly in ln p: as much in every geometric band, as in
 * Curve's AMM. The running sum is what is rounded (half up), so that however a range is cut, its parts add up to the
 * cent.
 */
export const soldCents = (
  { low, high, collateralUsd }: RangeEntry,
  { spot, price }: { readonly spot: number; readonly price: number },
): number => {
  const total = toCents(collateralUsd)
  const top = Math.min(high, spot)
  if (price <= low) return total
  if (price >= top) return 0
  return Math.round((total * Math.log(top / price)) / Math.log(top / low))
}
