import type { BookEntry } from './bands/book.ts'
import { toCents } from './bands/cents.ts'
import { isBehind, type RangeEntry, soldCents } from './ranges.ts'
import type { Drop, Level } from './report.ts'

/** A scan's positions as a move of the driver reaches them. */
type Book = {
  readonly spot: number
  /** Positions that are liquidated over a range. */
  readonly ranges?: readonly RangeEntry[]
}

type Liquidatable = Pick<Drop, 'collateralUsd' | 'debtUsd' | 'positions' | 'rangeUsd'>

/**
 * What becomes liquidatable on the way from spot to each of `prices`, both ends included, USD: an entry's price is
 * the last one at which it is still liquidatable, so a driver that stops exactly there has reached it. Of a range it is
 * the part that the price passes on its side of spot, apart from the rest: it is sold whether or not anybody is
 * liquidated.
 */
const liquidatableUpTo = (
  entries: readonly BookEntry[],
  { spot, ranges = [] }: Book,
  prices: readonly number[],
): readonly Liquidatable[] => {
  const ahead = ranges.filter((entry) => !isBehind(entry, spot))
  const sold = (price: number): number =>
    ahead.reduce((sum, entry) => sum + soldCents(entry, { spot, price }), 0)
  const sums = prices.map((price) => ({
    low: Math.min(spot, price),
    high: Math.max(spot, price),
    collateral: 0,
    debt: 0,
    positions: 0,
  }))
  for (const { price, collateralUsd, debtUsd } of entries)
    for (const sum of sums) {
      if (!(price >= sum.low && price <= sum.high)) continue
      sum.collateral += toCents(collateralUsd)
      sum.debt += toCents(debtUsd)
      sum.positions++
    }
  return sums.map(({ collateral, debt, positions }, i) => ({
    collateralUsd: collateral / 100,
    debtUsd: debt / 100,
    positions,
    rangeUsd: sold(prices[i] ?? spot) / 100,
  }))
}

/**
 * What is liquidatable in total once the driver has moved by each of `pcts` percent: a negative move reaches the
 * entries below spot, a positive one those above. `spot` is in USD; sums are exact to the cent.
 */
export const drops = (
  entries: readonly BookEntry[],
  { pcts, ...book }: Book & { readonly pcts: readonly number[] },
): readonly Drop[] => {
  const prices = pcts.map((pct) => (book.spot * (100 + pct)) / 100)
  const sums = liquidatableUpTo(entries, book, prices)
  return sums.map((sum, i) => ({ pct: pcts[i] ?? 0, price: prices[i] ?? 0, ...sum }))
}

/** What is liquidatable in total once the driver, coming from `spot`, reaches each of the watch `prices`, USD. */
export const levels = (
  entries: readonly BookEntry[],
  { prices, ...book }: Book & { readonly prices: readonly number[] },
): readonly Level[] =>
  liquidatableUpTo(entries, book, prices).map((sum, i) => {
    const price = prices[i] ?? 0
    return { price, crossed: price > book.spot ? 'above' : 'below', ...sum }
  })
