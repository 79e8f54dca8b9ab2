import type { BookEntry } from './book.ts'
import { toCents } from './cents.ts'

/** Two prices, both included, USD. */
type PriceRange = { readonly low: number; readonly high: number }

/** Collateral of `entries` inside each of the ranges, USD, exact to the cent; one pass over the entries. */
export const usdInRanges = (
  entries: readonly BookEntry[],
  ranges: readonly PriceRange[],
): readonly number[] => {
  const cents = ranges.map(() => 0)
  for (const { price, collateralUsd } of entries) {
    ranges.forEach(({ low, high }, i) => {
      if (price >= low && price <= high) cents[i] = (cents[i] ?? 0) + toCents(collateralUsd)
    })
  }
  return cents.map((sum) => sum / 100)
}

/** Collateral of `entries` inside one range, USD, exact to the cent. */
export const usdInRange = (entries: readonly BookEntry[], range: PriceRange): number =>
  usdInRanges(entries, [range])[0] ?? 0
