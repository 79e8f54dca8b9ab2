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
  /** Share of the asset's USD value that moves with the driver, WAD in [0, 1], whatever its price is expressed in. */
  readonly exposure: bigint
  readonly method: ExposureMethod
  /** The response was confirmed to the oracle unit at other driver prices than the ones it was fitted on. */
  readonly exact: boolean
}

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
  { constant, numerator, denominator, inverse }: PriceResponse,
  driverPrice: bigint,
): bigint =>
  constant +
  (inverse ? divFloor(numerator, denominator * driverPrice) : divFloor(driverPrice * numerator, denominator))

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
