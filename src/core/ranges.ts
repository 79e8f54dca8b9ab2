import { toCents } from './bands/cents.ts'
import type { Side } from './report.ts'

/** A position that is liquidated bit by bit while the driver moves: soft liquidation, as crvUSD and LlamaLend do it. */
export type RangeEntry = {
  readonly source: string
  /** Where the driver goes while it is sold: `below` while it falls; `above` while it rises, of a loan in the driver. */
  readonly side: Side
  /** Between these prices of the driver its collateral is sold, USD. */
  readonly low: number
  readonly high: number
  /** What is left of the collateral at the pinned block; what was sold on the way there is no part of it. */
  readonly collateralUsd: number
}

/** Whether the driver has gone through the whole range already: a move from `spot` to its side sells nothing new of it. */
export const isBehind = ({ side, low, high }: RangeEntry, spot: number): boolean =>
  side === 'below' ? low >= spot : high <= spot

/**
 * Cents of a range's collateral sold while the driver goes from `spot` to `price`, both USD, `price` included; 0 of a
 * move to the other side. What is left lies between the far end and the near one, or spot where that is nearer to the
 * far end, evenly in ln p: as much in every geometric band, as in Curve's AMM. The running sum is what is rounded (half
 * up), so that however a range is cut, its parts add up to the cent.
 */
export const soldCents = (
  { side, low, high, collateralUsd }: RangeEntry,
  { spot, price }: { readonly spot: number; readonly price: number },
): number => {
  const total = toCents(collateralUsd)
  const falls = side === 'below'
  const start = falls ? Math.min(high, spot) : Math.max(low, spot)
  const end = falls ? low : high
  if (falls ? price <= end : price >= end) return total
  if (falls ? price >= start : price <= start) return 0
  return Math.round((total * Math.log(start / price)) / Math.log(start / end))
}
