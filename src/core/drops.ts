import type { BookEntry } from './bands/book.ts'
import { toCents } from './bands/cents.ts'
import type { Drop, Level } from './report.ts'

type Liquidatable = Pick<Drop, 'collateralUsd' | 'debtUsd' | 'positions'>

/**
 * What becomes liquidatable on the way from spot to each of `prices`, both ends included, USD: an entry's price is
 * the last one at which it is still liquidatable, so a driver that stops exactly there has reached it.
 */
const liquidatableUpTo = (
  entries: readonly BookEntry[],
  spot: number,
  prices: readonly number[],
): readonly Liquidatable[] => {
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
  return sums.map(({ collateral, debt, positions }) => ({
    collateralUsd: collateral / 100,
    debtUsd: debt / 100,
    positions,
  }))
}

/**
 * What is liquidatable in total once the driver has moved by each of `pcts` percent: a negative move reaches the
 * entries below spot, a positive one those above. `spot` is in USD; sums are exact to the cent.
 */
export const drops = (
  entries: readonly BookEntry[],
  { spot, pcts }: { readonly spot: number; readonly pcts: readonly number[] },
): readonly Drop[] => {
  const prices = pcts.map((pct) => (spot * (100 + pct)) / 100)
  const sums = liquidatableUpTo(entries, spot, prices)
  return sums.map((sum, i) => ({ pct: pcts[i] ?? 0, price: prices[i] ?? 0, ...sum }))
}

/** What is liquidatable in total once the driver, coming from `spot`, reaches each of the watch `prices`, USD. */
export const levels = (
  entries: readonly BookEntry[],
  { spot, prices }: { readonly spot: number; readonly prices: readonly number[] },
): readonly Level[] =>
  liquidatableUpTo(entries, spot, prices).map((sum, i) => {
    const price = prices[i] ?? 0
    return { price, crossed: price > spot ? 'above' : 'below', ...sum }
  })
