import type { BookEntry } from './book.ts'
import { at, columnOf } from './columns.ts'
import { heavyHoldings } from './holdings.ts'

/** Nobody counts for more than 0.4 % of the side in what is expected of it, so no whale can draw a crowd; USD. */
export const capOf = (total: number): number => 0.004 * total

/** What the names behind a book's entries hold, entry by entry. */
type CappedHoldings = {
  /** Collateral, scaled down where its name has more than the cap (winsorised per name), USD. */
  readonly capped: Float64Array
  /** All collateral of its name where that is at least the cap, else 0, USD. */
  readonly held: Float64Array
}

/** Caps each name at 0.4 % of the side. */
export const capHoldings = (
  entries: readonly BookEntry[],
  nameOf: (entry: BookEntry) => string,
  total: number,
): CappedHoldings => {
  const cap = capOf(total)
  const heavy = heavyHoldings(entries, nameOf, cap)
  const held = columnOf(entries, (_, i) => heavy.at(i) ?? 0)
  const capped = columnOf(entries, ({ collateralUsd }, i) =>
    at(held, i) > 0 ? collateralUsd * Math.min(1, cap / at(held, i)) : collateralUsd,
  )
  return { capped, held }
}
