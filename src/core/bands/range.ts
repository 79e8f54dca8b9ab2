import { toCents } from './cents.ts'
import type { Positions } from './sorted-book.ts'

/** Two prices, both included, USD. */
type PriceRange = { readonly low: number; readonly high: number }

type Columns = Pick<Positions, 'price' | 'usd'>

/** Collateral of all entries inside each of the ranges, USD, exact to the cent; one pass over the entries. */
export const usdInRanges = ({ price, usd }: Columns, ranges: readonly PriceRange[]): readonly number[] => {
  const cents = ranges.map(() => 0)
  const low = Math.min(...ranges.map((range) => range.low))
  const high = Math.max(...ranges.map((range) => range.high))
  for (let i = 0; i < price.length; i++) {
    const at = price[i] ?? 0
    if (!(at >= low && at <= high)) continue
    const own = toCents(usd[i] ?? 0)
    ranges.forEach((range, j) => {
      if (at >= range.low && at <= range.high) cents[j] = (cents[j] ?? 0) + own
    })
  }
  return cents.map((sum) => sum / 100)
}

/** Collateral of the entries at `members` inside one range, USD, exact to the cent. */
export const usdInRange = ({ price, usd }: Columns, members: Int32Array, range: PriceRange): number => {
  let cents = 0
  for (const i of members) {
    const at = price[i] ?? 0
    if (at >= range.low && at <= range.high) cents += toCents(usd[i] ?? 0)
  }
  return cents / 100
}

/** Collateral of the entries at `members`, USD, exact to the cent. */
export const usdOf = ({ usd }: Pick<Positions, 'usd'>, members: Int32Array): number => {
  let cents = 0
  for (const i of members) cents += toCents(usd[i] ?? 0)
  return cents / 100
}
