import type { Leg, Outcome, Position } from './position.ts'
import { divCeil, divFloor, WAD } from './units.ts'

/**
 * Where a position becomes liquidatable when only the driver moves, everything else held constant.
 * With x = P/spot, HF(x) = (A0 + AF·x) / (B0 + BF·x) and HF < 1 exactly when N·x < K, where N = AF − BF and
 * K = B0 − A0; A is threshold-weighted collateral, B debt, F the part exposed to the driver.
 */
export type Crossing =
  | ({ readonly kind: 'below' } & At)
  | ({ readonly kind: 'above' } & At)
  | { readonly kind: 'never' }
  | { readonly kind: 'always' }

/** x = numerator / denominator, and the threshold-weighted collateral there (in the numerator's unit). */
type At = { readonly numerator: bigint; readonly denominator: bigint; readonly collateral: bigint }

/** A priced position. `price` is the driver's own oracle answer: the extreme one at which it is liquidatable. */
export type Priced = {
  readonly outcome: Outcome
  readonly price: bigint | null
  readonly reason: string | null
}

/** Beyond this multiple of spot a rising driver is no longer called a risk: the outcome is `never`. */
const HORIZON = 10n ** 9n

/** How far above the crossing to look for a further liquidatable answer, where rounding makes the rule flicker. */
const FLICKER = 32n

/** Steps in which a window, inside which the rule may flip more than once, is scanned from its safe end. */
const WINDOW_STEPS = 64n

type Exposure = (asset: string) => bigint

type SearchOptions = {
  /** How far around the seed the rule may flip more than once, in answers; 0 for a monotone rule. */
  readonly reach?: bigint
  /** Rounding may flip the rule back for a few answers past the crossing. */
  readonly flicker?: boolean
}

const split = (legs: readonly Leg[], exposureOf: Exposure): { moving: bigint; fixed: bigint } => {
  let moving = 0n
  let fixed = 0n
  for (const leg of legs) {
    const weighted = leg.usd * leg.threshold
    const part = (weighted * exposureOf(leg.pricedAs)) / WAD
    moving += part
    fixed += weighted - part
  }
  return { moving, fixed }
}

/** The closed form: the seed of the exact search, and the direction of the risk. */
export const crossing = (position: Position, exposureOf: Exposure): Crossing => {
  const collateral = split(position.collateral, exposureOf)
  const debt = split(position.debt, exposureOf)
  const n = collateral.moving - debt.moving
  const k = debt.fixed - collateral.fixed
  if (n === 0n) return { kind: k > 0n ? 'always' : 'never' }
  const at = {
    numerator: k,
    denominator: n,
    collateral: collateral.fixed + (collateral.moving * k) / n,
  }
  if (n > 0n) return k > 0n ? { kind: 'below', ...at } : { kind: 'never' }
  return k < 0n ? { kind: 'above', ...at } : { kind: 'always' }
}

/**
 * The largest integer answer in [1, limit] that satisfies `isLiquidatable`, searched from `seed`.
 * @returns null where no answer in the interval satisfies it.
 */
export const largestLiquidatable = (
  seed: bigint,
  limit: bigint,
  isLiquidatable: (answer: bigint) => boolean,
  { reach = 0n, flicker = false }: SearchOptions = {},
): bigint | null => {
  const clamp = (v: bigint) => (v < 1n ? 1n : v > limit ? limit : v)
  let low = clamp(seed)
  let high = low
  if (reach > 0n) {
    const top = clamp(seed + reach)
    const step = (2n * reach) / WINDOW_STEPS + 1n
    low = top
    while (low > 1n && low > seed - reach && !isLiquidatable(low)) {
      high = low
      low = clamp(low - step)
    }
    if (low === top) high = low
  }
  if (isLiquidatable(low)) {
    let step = 1n
    while (high === low || isLiquidatable(high)) {
      low = high
      if (high === limit) return limit
      high = clamp(high + step)
      step *= 2n
    }
  } else {
    let step = 1n
    do {
      high = low
      if (low === 1n) return null
      low = clamp(low - step)
      step *= 2n
    } while (!isLiquidatable(low))
  }
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (isLiquidatable(middle)) low = middle
    else high = middle
  }
  if (!flicker) return low
  for (let answer = low + 1n; answer <= low + FLICKER && answer <= limit; answer++)
    if (isLiquidatable(answer)) low = answer
  return low
}

/** The smallest integer answer in [1, limit] that satisfies `isLiquidatable`: the mirror of the largest. */
export const smallestLiquidatable = (
  seed: bigint,
  limit: bigint,
  isLiquidatable: (answer: bigint) => boolean,
  options: SearchOptions = {},
): bigint | null => {
  const mirrored = largestLiquidatable(
    limit + 1n - seed,
    limit,
    (answer) => isLiquidatable(limit + 1n - answer),
    options,
  )
  return mirrored === null ? null : limit + 1n - mirrored
}

const sum = (legs: readonly Leg[]): bigint => legs.reduce((total, leg) => total + leg.usd, 0n)

/**
 * The outcome of a position and its exact price: the closed form gives the seed, the protocol's own integer rule
 * the last digit.
 * @param spot the driver's own answer at the pinned block
 * @param isLiquidatable the protocol's rule with the driver at an answer
 * @param slack how far (relative, WAD) the protocol's health factor may lie from the real-valued one, beyond single units
 */
export const liquidationPrice = (
  position: Position,
  driver: { readonly spot: bigint; readonly exposureOf: Exposure },
  isLiquidatable: (answer: bigint) => boolean,
  slack = 0n,
): Priced => {
  if (position.unpriced !== null) return { outcome: 'unpriced', price: null, reason: position.unpriced }
  if (position.range !== null) {
    const exposed = driver.exposureOf(position.range.asset) > 0n
    return exposed
      ? { outcome: 'range', price: null, reason: null }
      : { outcome: 'never', price: null, reason: 'no exposure to the driver' }
  }
  const { spot, exposureOf } = driver
  const at = crossing(position, exposureOf)
  const flicker = [position.debt, position.collateral].every((legs) =>
    legs.some((leg) => exposureOf(leg.pricedAs) > 0n),
  )
  const limit = spot * HORIZON
  const extreme = (): bigint | null => {
    if (at.kind === 'never' || at.kind === 'always') return null
    const exact = spot * at.numerator
    const seed = at.kind === 'below' ? divFloor(exact, at.denominator) : divCeil(exact, at.denominator)
    if (seed > limit) return null
    // at the crossing a relative change dx of the price changes the health factor by |K|/A·dx
    const size = at.numerator < 0n ? -at.numerator : at.numerator
    const options = { reach: (2n * seed * slack * at.collateral) / (WAD * size), flicker }
    return at.kind === 'below'
      ? largestLiquidatable(seed, limit, isLiquidatable, options)
      : smallestLiquidatable(seed, limit, isLiquidatable, options)
  }
  if (position.liquidatable) {
    const bad = sum(position.collateral) < sum(position.debt)
    return bad
      ? { outcome: 'insolvent', price: null, reason: 'collateral is worth less than the debt' }
      : { outcome: 'already', price: extreme(), reason: 'liquidatable at the pinned block' }
  }
  const price = extreme()
  if (price === null || at.kind === 'never' || at.kind === 'always')
    return { outcome: 'never', price: null, reason: whyNever(position, exposureOf) }
  return { outcome: at.kind, price, reason: null }
}

const whyNever = (position: Position, exposureOf: Exposure): string => {
  const legs = [...position.collateral, ...position.debt]
  if (legs.every((leg) => exposureOf(leg.pricedAs) === 0n)) return 'no exposure to the driver'
  if (legs.every((leg) => exposureOf(leg.pricedAs) === WAD)) return 'collateral and debt move together'
  return 'no price of the driver alone makes it liquidatable'
}
