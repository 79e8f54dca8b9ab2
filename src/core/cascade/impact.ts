import { amountTo, createTickCurve, criticalAlong, priceAt, type TickPool } from './tick-curve.ts'

/** How selling moves the market. Every model is of the cumulative amount sold, so batches compose. */
export type Impact =
  /** The market takes everything. */
  | { readonly kind: 'none' }
  /** exp(−Q/D), where selling `usd` moves the price 2 % (Cifuentes, Ferrucci & Shin 2005). */
  | { readonly kind: 'depth'; readonly usd: number }
  /** exp(−Y·σ·√(Q/V)): the square-root law (Donier & Bonart 2015), σ and V of one day. */
  | { readonly kind: 'sqrt'; readonly sigma: number; readonly volumeUsd: number; readonly y?: number }
  /** (x/(x+Q))²: a constant-product pool with `reserve` driver units. */
  | { readonly kind: 'constant-product'; readonly reserve: number }
  /** The liquidity of Uniswap v3 pools, tick by tick. */
  | { readonly kind: 'uniswap-v3'; readonly pools: readonly TickPool[] }

/** A market that remembers: what an outside shock and sales on top of it do to the price, USD. */
export type Market = {
  /** The price once the outside shock alone stands at `outside` and `sold` driver units are sold on top. */
  readonly priceAfter: (outside: number, sold: number) => number
  /** The highest outside price from which selling `sold` brings the market to `price` or below. */
  readonly outsideFor: (price: number, sold: number) => number
  /** The running minimum of `outsideFor` over falling `prices` and what is sold before each. */
  readonly critical: (prices: Float64Array, soldUpTo: Float64Array) => Float64Array
}

type Separable = Exclude<Impact, { readonly kind: 'uniswap-v3' }>

/** A 2 % move, as in "X USD moves the price 2 %". */
const QUOTED_MOVE = 0.02

/** The factor h(Q) that selling `sold` driver units leaves of a price. */
const factorOf = (impact: Separable, spot: number): ((sold: number) => number) => {
  switch (impact.kind) {
    case 'none':
      return () => 1
    case 'depth': {
      const folds = impact.usd / QUOTED_MOVE / spot
      return (sold) => Math.exp(-sold / folds)
    }
    case 'sqrt': {
      const volume = impact.volumeUsd / spot
      const strength = (impact.y ?? 1) * impact.sigma
      return (sold) => Math.exp(-strength * Math.sqrt(sold / volume))
    }
    case 'constant-product':
      return (sold) => (impact.reserve / (impact.reserve + sold)) ** 2
  }
}

/** The impact does not depend on the outside price: G = P·h(Q). */
const separableMarket = (factor: (sold: number) => number): Market => ({
  priceAfter: (outside, sold) => outside * factor(sold),
  outsideFor: (price, sold) => price / factor(sold),
  critical: (prices, soldUpTo) => {
    const critical = new Float64Array(prices.length)
    let lowest = Number.POSITIVE_INFINITY
    for (let i = 0; i < prices.length; i++) {
      const outside = (prices[i] ?? 0) / factor(soldUpTo[i] ?? 0)
      if (outside < lowest) lowest = outside
      critical[i] = lowest
    }
    return critical
  },
})

/** The outside shock moves along the pools' own curve: as if what it took to get there had been sold before. */
const tickMarket = (pools: readonly TickPool[]): Market => {
  const curve = createTickCurve(pools)
  return {
    priceAfter: (outside, sold) =>
      sold > 0 ? Math.min(outside, priceAt(curve, amountTo(curve, outside) + sold)) : outside,
    outsideFor: (price, sold) => {
      if (!(sold > 0)) return price
      const before = amountTo(curve, price) - sold
      return before > 0 ? Math.max(price, priceAt(curve, before)) : Number.POSITIVE_INFINITY
    },
    critical: (prices, soldUpTo) => criticalAlong(curve, prices, soldUpTo),
  }
}

/** The market of an impact model with the driver at `spot`, USD. */
export const createMarket = (impact: Impact, spot: number): Market =>
  impact.kind === 'uniswap-v3' ? tickMarket(impact.pools) : separableMarket(factorOf(impact, spot))

const money = (usd: number): string => `$${usd.toLocaleString('en-US', { maximumFractionDigits: 0 })}`

/** The impact in words, for a table's rows. */
export const describeImpact = (impact: Impact): string => {
  switch (impact.kind) {
    case 'none':
      return 'no impact'
    case 'depth':
      return `${money(impact.usd)} moves the price 2 %`
    case 'sqrt':
      return `square-root law, σ ${impact.sigma * 100} % and ${money(impact.volumeUsd)} a day, Y ${impact.y ?? 1}`
    case 'constant-product':
      return `constant-product pool of ${impact.reserve} driver units`
    case 'uniswap-v3':
      return `${impact.pools.length} Uniswap v3 pool${impact.pools.length === 1 ? '' : 's'}, tick by tick`
  }
}
