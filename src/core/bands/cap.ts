import { type BookEntry, holderOf } from './book.ts'
import { columnOf } from './columns.ts'
import { heavyHoldings } from './holdings.ts'

/** No holder counts for more than 0.4 % of the side in the statistics of a crowd, so no whale can draw one; USD. */
export const capOf = (total: number): number => 0.004 * total

/** Each entry's collateral, scaled down where its holder has more than the cap (winsorised per holder), USD. */
export const capPerHolder = (entries: readonly BookEntry[], total: number): Float64Array => {
  const cap = capOf(total)
  const heavy = heavyHoldings(entries, holderOf, cap)
  return columnOf(entries, (entry, i) => {
    const held = heavy.at(i)
    return held === undefined ? entry.collateralUsd : entry.collateralUsd * Math.min(1, cap / held)
  })
}
