import { at } from '../bands/columns.ts'
import { type CascadeBook, rungCount, usdUpTo } from './book.ts'
import type { Market } from './impact.ts'
import { countAtLeast } from './search.ts'

/** The answer of a book and a market to every outside shock at once. */
export type AllShocks = {
  readonly book: CascadeBook
  readonly market: Market
  /** The highest outside price that brings each rung's liquidation about, USD; never rises. */
  readonly critical: Float64Array
}

/** Rungs that one outside price brings down together. */
export type Avalanche = {
  /** The highest outside price that starts it, USD. */
  readonly criticalPrice: number
  /** The outside fall to there from spot, in percent, negative. */
  readonly pct: number
  /** Where it leaves the market, USD. */
  readonly finalPrice: number
  readonly usd: number
  readonly rungs: number
}

/**
 * One pass for all shocks: rung i falls with every outside price up to the lowest `outsideFor(pⱼ, Q before j)` of
 * j ≤ i, because those above it have to fall first. This is the greatest fixed point of the clearing map, the
 * smallest cascade (Eisenberg & Noe 2001; Cifuentes, Ferrucci & Shin 2005), without iterating.
 */
export const solveAllShocks = (book: CascadeBook, market: Market): AllShocks => ({
  book,
  market,
  critical: market.critical(book.rungs.price, book.soldUpTo),
})

/** The price after an outside move of `pct` percent from `spot`, as the drops of a report have it. */
export const shockedPrice = (spot: number, pct: number): number => (spot * (100 + pct)) / 100

const pctOf = (price: number, spot: number): number => (price / spot - 1) * 100

/** How many rungs, from the highest price down, are liquidated in the end. */
export const fallenAt = ({ critical }: AllShocks, outside: number): number => countAtLeast(critical, outside)

const priceOnceFallen = ({ book, market }: AllShocks, outside: number, fallen: number): number =>
  Math.min(outside, market.priceAfter(outside, at(book.soldUpTo, fallen)))

/** Where the market ends when the outside shock alone takes it to `outside`, USD. */
export const finalPriceAt = (shocks: AllShocks, outside: number): number =>
  priceOnceFallen(shocks, outside, fallenAt(shocks, outside))

/** The curve final(shock): final prices for outside moves in percent, negative for falls. */
export const finalPrices = (shocks: AllShocks, pcts: readonly number[]): readonly number[] =>
  pcts.map((pct) => finalPriceAt(shocks, shockedPrice(shocks.book.spot, pct)))

type Run = { readonly start: number; readonly end: number; readonly cents: number }

/** The `limit` heaviest runs of equal critical prices, the heaviest first; of equal ones, the higher. */
const heaviestRuns = ({ book, critical }: AllShocks, limit: number): readonly Run[] => {
  const { centsUpTo } = book
  const heaviest: Run[] = []
  const count = rungCount(book)
  for (let start = 0, end = 1; start < count; start = end, end++) {
    const price = critical[start]
    while (end < count && critical[end] === price) end++
    const cents = (centsUpTo[end] ?? 0) - (centsUpTo[start] ?? 0)
    if (heaviest.length >= limit && cents <= (heaviest.at(-1)?.cents ?? 0)) continue
    const rank = heaviest.findIndex((run) => run.cents < cents)
    heaviest.splice(rank < 0 ? heaviest.length : rank, 0, { start, end, cents })
    heaviest.length = Math.min(heaviest.length, limit)
  }
  return heaviest
}

/** The `limit` largest avalanches by USD at the rungs' own prices, the largest first. */
export const largestAvalanches = (shocks: AllShocks, limit: number): readonly Avalanche[] =>
  heaviestRuns(shocks, limit).map(({ start, end, cents }) => {
    const criticalPrice = at(shocks.critical, start)
    return {
      criticalPrice,
      pct: pctOf(criticalPrice, shocks.book.spot),
      finalPrice: priceOnceFallen(shocks, criticalPrice, end),
      usd: cents / 100,
      rungs: end - start,
    }
  })

/** The shock, in percent, that starts the largest avalanche by USD; null on an empty book. */
export const runawayPct = (shocks: AllShocks): number | null => largestAvalanches(shocks, 1)[0]?.pct ?? null

/** The smallest outside fall, in percent and negative, that pulls the market to `price` or below. */
export const breakPct = ({ book, market, critical }: AllShocks, price: number): number => {
  const above = firstAt(book, price)
  const reached = market.outsideFor(price, at(book.soldUpTo, above))
  const outside = above > 0 ? Math.min(at(critical, above - 1), reached) : reached
  return pctOf(outside, book.spot)
}

/** The first rung at or below `price`. */
const firstAt = (book: CascadeBook, price: number): number => {
  let index = countAtLeast(book.rungs.price, price)
  while (index > 0 && at(book.rungs.price, index - 1) === price) index--
  return index
}

/**
 * The gain of a band: the share of its own width in ln price that the sales inside it pay for, given all above it
 * sold. For an even band in exponential depth it is (USD liquidated per 1 % of price) / (USD depth per 1 %), and the
 * fall through it is multiplied by 1 / (1 − g); from 1 on it runs by itself.
 * @returns null where the band is a single price that moves the market, or where its sales exhaust the market.
 */
export const gainOf = (
  { book, market }: AllShocks,
  { low, high }: { readonly low: number; readonly high: number },
): number | null => {
  const first = firstAt(book, high)
  const before = at(book.soldUpTo, first)
  const through = at(book.soldUpTo, countAtLeast(book.rungs.price, low))
  const outside = market.outsideFor(high, before)
  const start = market.priceAfter(outside, before)
  const fall = Math.log(start / market.priceAfter(outside, through))
  const width = Math.log(high / low)
  if (fall === 0) return 0
  return Number.isFinite(fall / width) ? fall / width : null
}

/** USD that the outside shock alone liquidates, before any sale moves the market; exact to the cent. */
export const firstRoundUsd = (book: CascadeBook, outside: number): number =>
  usdUpTo(book, countAtLeast(book.rungs.price, outside))
