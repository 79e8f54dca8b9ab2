import { RAY, WAD } from '../core/units.ts'

/**
 * The integer rules of Maker: wad 1e18, ray 1e27, rad 1e45; every division is cut but for the powers of a rate, which
 * round half up. Source: makerdao/dss at fa4f6630, src/{spot,jug,dog}.sol.
 */

const BLN = 10n ** 9n

const rdiv = (x: bigint, y: bigint): bigint => (x * RAY) / y

/** x to the n-th, ray, rounded half up at every step as Jug._rpow does. */
const rpow = (x: bigint, n: bigint): bigint => {
  if (x === 0n) return n === 0n ? RAY : 0n
  let base = x
  let power = n % 2n === 0n ? RAY : x
  for (let left = n / 2n; left > 0n; left /= 2n) {
    base = (base * base + RAY / 2n) / RAY
    if (left % 2n === 1n) power = (power * base + RAY / 2n) / RAY
  }
  return power
}

/** The rate of an ilk, ray, after the fee of these seconds, which anyone may book (Jug.drip). */
export const drippedRate = (
  rate: bigint,
  { perSecond, seconds }: { readonly perSecond: bigint; readonly seconds: bigint },
): bigint => (rpow(perSecond, seconds) * rate) / RAY

/** How an ilk turns a price into the Vat's: the liquidation ratio and the target price of DAI, both ray. */
export type Terms = { readonly mat: bigint; readonly par: bigint }

/** The Vat's price with its margin of safety, ray, for an oracle's price, wad (Spotter.poke). */
export const spotOf = (price: bigint, { mat, par }: Terms): bigint => rdiv(rdiv(price * BLN, par), mat)

/** The least oracle price, wad, that gives the Vat this price: nearly the inverse of `spotOf`. */
export const priceOfSpot = (spot: bigint, { mat, par }: Terms): bigint => {
  const up = (x: bigint, y: bigint): bigint => (x * y + RAY - 1n) / RAY
  return (up(up(spot, mat), par) + BLN - 1n) / BLN
}

/** What a vault holds and owes: collateral and normalised debt, wad, whatever decimals the token has. */
export type Urn = { readonly ink: bigint; readonly art: bigint }

/** Dog.bark's own question; an ilk whose price is 0 has none, and nobody in it can be liquidated. */
export const isUnsafe = ({ ink, art }: Urn, spot: bigint, rate: bigint): boolean =>
  spot > 0n && ink * spot < art * rate

/** What Dog.bark asks after that, of one ilk. */
export type Room = {
  /** Penalty included, wad. */
  readonly chop: bigint
  /** Least debt of a vault, rad. */
  readonly dust: bigint
  /** DAI that may still be put up for auction, rad: of the ilk or of all, whichever is less; may be negative. */
  readonly room: bigint
}

/** Why the Dog would leave an unsafe vault alone; null where it takes it, or a part of it. */
export const refusalOf = ({ ink, art }: Urn, rate: bigint, { chop, dust, room }: Room): string | null => {
  if (room <= 0n) return 'no more collateral may be put up for auction now'
  const fits = (room * WAD) / rate / chop
  const partly = fits < art && (art - fits) * rate >= dust
  if (partly && fits * rate < dust) return 'too little may be put up for auction now'
  const taken = partly ? fits : art
  return (ink * taken) / art === 0n ? 'it has no collateral to sell' : null
}
