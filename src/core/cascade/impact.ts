import {
  amountTo,
  createTickCurve,
  criticalAlong,
  priceAt,
  type TickCurve,
  type TickPool,
} from './tick-curve.ts'

/** How selling moves the market. Every model is of the cumulative amount sold, so batches compose. */
export type Impact =
  /** The market takes everything. */
  | { readonly kind: 'none' }
  /** exp(−Q/D), where selling `usd` moves the price 2 % (Cifuentes, Ferrucci & Shin 2005). */
  | { readonly kind: 'depth'; readonly usd: number }
  /** exp(−Y·σ·√(Q/V)): the square-root law (Donier & Bonart 2015), σ and V of one day. */
  | { readonly kind: 'sqrt'; readonly sigma: number; readonly volumeUsd: number; readonly y?: number }
  /** (x/(x+Q))²: a constant-product pool that holds so many USD of the driver (and of its other asset) at spot. */
  | { readonly kind: 'constant-product'; readonly reserveUsd: number }
  /** The liquidity of Uniswap v3 pools, tick by tick, so many times over (1 unless given). */
  | { readonly kind: 'uniswap-v3'; readonly pools: readonly TickPool[]; readonly multiple?: number }

/** A market that remembers: what an outside shock and sales on top of it do to the price, USD. */
export type Market = {
  /** The price once the outside shock alone stands at `outside` and `sold` driver units are sold on top. */
  readonly priceAfter: (outside: number, sold: number) => number
  /** The highest outside price from which selling `sold` brings the market to `price` or below. */
  readonly outsideFor: (price: number, sold: number) => number
  /** Driver units that take the market from spot to `price` without a shock; Infinity where no sale does. */
  readonly amountTo: (price: number) => number
  /** The running minimum of `outsideFor` over falling `prices` and what is sold before each. */
  readonly critical: (prices: Float64Array, soldUpTo: Float64Array) => Float64Array
}

type Separable = Exclude<Impact, { readonly kind: 'uniswap-v3' }>

/** A 2 % move, as in "X USD moves the price 2 %". */
const QUOTED_MOVE = 0.02

/** The factor h(Q) that selling `sold` driver units leaves of a price, and what has to be sold for a factor. */
type Response = {
  readonly factor: (sold: number) => number
  readonly soldFor: (factor: number) => number
}

const responseOf = (impact: Separable, spot: number): Response => {
  switch (impact.kind) {
    case 'none':
      return { factor: () => 1, soldFor: () => Number.POSITIVE_INFINITY }
    case 'depth': {
      const folds = impact.usd / QUOTED_MOVE / spot
      return { factor: (sold) => Math.exp(-sold / folds), soldFor: (factor) => -folds * Math.log(factor) }
    }
    case 'sqrt': {
      const volume = impact.volumeUsd / spot
      const strength = (impact.y ?? 1) * impact.sigma
      return {
        factor: (sold) => Math.exp(-strength * Math.sqrt(sold / volume)),
        soldFor: (factor) => volume * (Math.log(factor) / strength) ** 2,
      }
    }
    case 'constant-product': {
      const reserve = impact.reserveUsd / spot
      return {
        factor: (sold) => (reserve / (reserve + sold)) ** 2,
        soldFor: (factor) => reserve * (1 / Math.sqrt(factor) - 1),
      }
    }
  }
}

/** The impact does not depend on the outside price: G = P·h(Q). */
const separableMarket = ({ factor, soldFor }: Response, spot: number): Market => ({
  amountTo: (price) => soldFor(price / spot),
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
const tickMarket = (curve: TickCurve, spot: number): Market => {
  return {
    amountTo: (price) => amountTo(curve, price) - amountTo(curve, spot),
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
  impact.kind === 'uniswap-v3'
    ? tickMarket(createTickCurve(impact.pools, impact.multiple), spot)
    : separableMarket(responseOf(impact, spot), spot)

/** USD of sales, at spot, that move the price 2 % (in ln): one figure for every impact. Null where no sale does. */
export const usdToMove = (market: Market, spot: number): number | null => {
  const usd = spot * market.amountTo(spot * Math.exp(-QUOTED_MOVE))
  return Number.isFinite(usd) ? usd : null
}

const money = (usd: number): string => `$${usd.toLocaleString('en-US', { maximumFractionDigits: 0 })}`

/** Without the digits that a share in binary adds. */
const percent = (share: number): number => Number((share * 100).toPrecision(12))

/** The impact in words, for a table's rows. */
export const describeImpact = (impact: Impact): string => {
  switch (impact.kind) {
    case 'none':
      return 'no impact'
    case 'depth':
      return `${money(impact.usd)} moves the price 2 %`
    case 'sqrt':
      return `square-root law, σ ${percent(impact.sigma)} % and ${money(impact.volumeUsd)} a day, Y ${impact.y ?? 1}`
    case 'constant-product':
      return `constant-product pool of ${money(impact.reserveUsd)} on each side`
    case 'uniswap-v3': {
      const pools = `${impact.pools.length} Uniswap v3 pool${impact.pools.length === 1 ? '' : 's'}, tick by tick`
      const { multiple = 1 } = impact
      return multiple === 1 ? pools : `${multiple} times ${pools}`
    }
  }
}
