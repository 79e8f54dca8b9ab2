import { divFloor, WAD } from './units.ts'

/** How an exposure was established: by overriding the feeds on chain, by the user's hand, from data/assets.json. */
export type ExposureMethod = 'measured' | 'config' | 'assets.json' | 'none'

/**
 * How a market's oracle prices one asset when the driver's own answer is `P`:
 * floor(constant + P·numerator / denominator), in the units of that market's oracle; where `inverse`,
 * floor(constant + numerator / (P·denominator)): an asset priced in the driver.
 */
export type PriceResponse = {
  readonly constant: bigint
  readonly numerator: bigint
  readonly denominator: bigint
  readonly inverse?: true
  /** What that is multiplied by, where the oracle rounds before it scales; 1 where missing. */
  readonly scale?: bigint
  /** Share of the asset's USD value that moves with the driver, WAD in [0, 1], whatever its price is expressed in. */
  readonly exposure: bigint
  readonly method: ExposureMethod
  /** The response was confirmed to the oracle unit at other driver prices than the ones it was fitted on. */
  readonly exact: boolean
  /**
   * Where no such form fits: what the oracle was seen to answer, in the order of the driver. It takes the place
   * of the form: between two points the line through them (floor), beyond the ends the last answer.
   */
  readonly points?: readonly PricePoint[]
}

/** The driver's own answer, and what the market's oracle then says. */
export type PricePoint = readonly [driver: bigint, price: bigint]

/** The driver in one market: its own answer at the pinned block and how every asset's price follows it. */
export type DriverState = {
  readonly symbol: string
  /** The driver's own oracle answer at the pinned block. */
  readonly spot: bigint
  readonly decimals: number
  /** By asset, as the adapter names it; an asset that is missing does not move. */
  readonly responses: Readonly<Record<string, PriceResponse>>
}

/** @param driverPrice the driver's own answer, at least 1 */
export const priceAt = (
  { constant, numerator, denominator, inverse, scale = 1n, points }: PriceResponse,
  driverPrice: bigint,
): bigint => {
  if (points) return priceBetween(points, driverPrice)
  const moving = inverse
    ? divFloor(numerator, denominator * driverPrice)
    : divFloor(driverPrice * numerator, denominator)
  return (constant + moving) * scale
}

/** Whether the market's price moves with the driver at all: not the same as an exposure where it is stated in the driver. */
export const follows = ({ numerator, points }: PriceResponse): boolean =>
  points !== undefined || numerator !== 0n

const priceBetween = (points: readonly PricePoint[], driverPrice: bigint): bigint => {
  let [low, high] = [0, points.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((points[middle]?.[0] ?? 0n) <= driverPrice) low = middle + 1
    else high = middle
  }
  const [before, after] = [points[low - 1], points[low]]
  if (!before || !after) return (before ?? after)?.[1] ?? 0n
  const [[x, y], [nextX, nextY]] = [before, after]
  return y + divFloor((nextY - y) * (driverPrice - x), nextX - x)
}

/** An asset that keeps its price whatever the driver does. */
export const constantResponse = (price: bigint, method: ExposureMethod, exact: boolean): PriceResponse => ({
  constant: price,
  numerator: 0n,
  denominator: 1n,
  exposure: 0n,
  method,
  exact,
})

/** An asset whose price moves with the driver in proportion to `exposure` (WAD): declared, not measured. */
export const proportionalResponse = (
  price: bigint,
  spot: bigint,
  exposure: bigint,
  method: ExposureMethod,
): PriceResponse => ({
  constant: price - (price * exposure) / WAD,
  numerator: (price * exposure) / WAD,
  denominator: spot,
  exposure,
  method,
  exact: exposure === WAD && price === spot,
})

/**
 * The same of a price that is expressed in another asset, whose own USD value moves with the driver in proportion to
 * `quoteExposure`: declared, not measured. Exact in form where that is 0 or 1, else in its first order around spot.
 */
export const quotedResponse = (
  price: bigint,
  spot: bigint,
  { exposure, quoteExposure }: { readonly exposure: bigint; readonly quoteExposure: bigint },
  method: ExposureMethod,
): PriceResponse => {
  if (quoteExposure !== WAD) {
    const net = exposure - quoteExposure
    return { ...proportionalResponse(price, spot, net, method), exposure, exact: false }
  }
  const held = (price * exposure) / WAD
  const numerator = (price - held) * spot
  const form = { constant: held, numerator, denominator: 1n, exposure, method, exact: false }
  return numerator === 0n ? form : { ...form, inverse: true }
}
