import type { Leg, Outcome, Position } from './position.ts'
import { divCeil, divFloor, unitOf, WAD } from './units.ts'

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

/** x = numerator / denominator. */
type At = { readonly numerator: bigint; readonly denominator: bigint }

/** A priced position. `price` is the driver's own oracle answer: the extreme one at which it is liquidatable. */
export type Priced = {
  readonly outcome: Outcome
  readonly price: bigint | null
  readonly reason: string | null
}

/** Beyond this multiple of spot a rising driver is no longer called a risk: the outcome is `never`. */
const HORIZON = 10n ** 9n

/** Where rounding makes the rule flicker, no further than this beyond the crossing is looked for another such answer. */
const MOST_FLICKER = 512n

type Exposure = (asset: string) => bigint

type Rule = (answer: bigint) => boolean

/**
 * An integer that changes with the answer in one direction only: where it jumps, the rule may jump back. A position
 * that the closed form calls `never` by less than one such jump stays `never`.
 */
export type Phase = (answer: bigint) => bigint

type Search = {
  /** An answer near the crossing. */
  readonly seed: bigint
  /** Ends of the searched interval; `from` is at least 1. */
  readonly from: bigint
  readonly to: bigint
  /** Absent where the rule is monotone. Otherwise it is so within each phase. */
  readonly phaseOf?: Phase | null
  /** For how many answers past the crossing rounding may flip the rule back. */
  readonly flicker?: bigint
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
  const at = { numerator: k, denominator: n }
  if (n > 0n) return k > 0n ? { kind: 'below', ...at } : { kind: 'never' }
  return k < 0n ? { kind: 'above', ...at } : { kind: 'always' }
}

/**
 * The last answer before `to` at which `holds`, met by galloping from `start` and halving: one that holds beside one
 * that does not, or `to` itself.
 * @returns null where no answer from `from` to `start` is found to hold
 */
const lastHolding = (
  start: bigint,
  { from, to }: { readonly from: bigint; readonly to: bigint },
  holds: Rule,
): bigint | null => {
  let low = start
  let high = start
  if (holds(start)) {
    for (let step = 1n; high === low || holds(high); step *= 2n) {
      low = high
      if (low === to) return to
      high = low + step < to ? low + step : to
    }
  } else {
    for (let step = 1n; low === high || !holds(low); step *= 2n) {
      high = low
      if (high === from) return null
      low = high - step > from ? high - step : from
    }
  }
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (holds(middle)) low = middle
    else high = middle
  }
  return low
}

/**
 * The largest integer answer in [from, to] that satisfies `isLiquidatable`.
 * @returns null where no answer in the interval satisfies it.
 */
export const largestLiquidatable = (
  { seed, from, to, phaseOf = null, flicker = 0n }: Search,
  isLiquidatable: Rule,
): bigint | null => {
  if (from > to) return null
  const within = { from, to }
  const start = seed < from ? from : seed > to ? to : seed
  const firstWithin = (width: bigint, after: bigint): bigint | null => {
    for (let next = after + 1n; next <= after + width && next <= to; next++)
      if (isLiquidatable(next)) return next
    return null
  }
  // a phase is liquidatable at its first answers or not at all, and once one is not, no later one is
  const inNextPhase = (last: bigint): bigint | null => {
    if (phaseOf === null) return null
    const phase = phaseOf(last)
    const end = lastHolding(last, within, (answer) => phaseOf(answer) === phase) ?? last
    return firstWithin(flicker + 1n, end)
  }
  let last = lastHolding(start, within, isLiquidatable)
  while (last !== null) {
    const next = firstWithin(flicker, last) ?? inNextPhase(last)
    if (next === null) break
    last = lastHolding(next, within, isLiquidatable)
  }
  return last
}

/** The smallest integer answer in [from, to] that satisfies `isLiquidatable`: the mirror of the largest. */
export const smallestLiquidatable = (search: Search, isLiquidatable: Rule): bigint | null => {
  const { seed, from, to, phaseOf = null } = search
  const mirror = (answer: bigint) => from + to - answer
  const mirrored = largestLiquidatable(
    {
      ...search,
      seed: mirror(seed),
      phaseOf: phaseOf && ((answer) => phaseOf(mirror(answer))),
    },
    (answer) => isLiquidatable(mirror(answer)),
  )
  return mirrored === null ? null : mirror(mirrored)
}

const sum = (legs: readonly Leg[]): bigint => legs.reduce((total, leg) => total + leg.usd, 0n)

/** Threshold-weighted value, in the unit of a crossing. */
const weigh = (legs: readonly Leg[]): bigint =>
  legs.reduce((total, { usd, threshold }) => total + usd * threshold, 0n)

/**
 * The outcome of a position and its exact price: the closed form gives the seed, the protocol's own integer rule
 * the last digit.
 * @param spot the driver's own answer at the pinned block
 * @param isLiquidatable the protocol's rule with the driver at an answer
 * @param phaseOf where the rule is not monotone in the answer: within which phase of it the rule is
 */
export const liquidationPrice = (
  position: Position,
  driver: {
    readonly spot: bigint
    readonly decimals: number
    readonly exposureOf: Exposure
    /** Whether an asset's price as the market states it moves: not the same where that is stated in the driver. */
    readonly moves?: (asset: string) => boolean
  },
  isLiquidatable: Rule,
  phaseOf: Phase | null = null,
): Priced => {
  if (position.unpriced !== null) return { outcome: 'unpriced', price: null, reason: position.unpriced }
  const { spot, decimals, exposureOf, moves: priceMoves = (asset) => exposureOf(asset) > 0n } = driver
  if (position.range !== null)
    return priceMoves(position.range.asset)
      ? { outcome: 'range', price: null, reason: position.range.note ?? null }
      : { outcome: 'never', price: null, reason: 'no exposure to the driver' }
  const at = crossing(position, exposureOf)
  const moving = (legs: readonly Leg[]) => legs.filter((leg) => priceMoves(leg.pricedAs))
  const moves = (legs: readonly Leg[]) => moving(legs).length > 0
  const flickers = moves(position.collateral) && (moves(position.debt) || phaseOf !== null)
  const limit = spot * HORIZON
  const extreme = (): bigint | null => {
    if (at.kind === 'never' || at.kind === 'always') return null
    // no price has made it liquidatable (a governance that forces it, …), so none cures it
    if (position.liquidatable && isLiquidatable(1n) && isLiquidatable(limit)) return null
    const exact = spot * at.numerator
    const below = at.kind === 'below'
    const seed = below ? divFloor(exact, at.denominator) : divCeil(exact, at.denominator)
    if (seed > limit) return null
    // a safe position is liquidated by the first such answer on the way from spot, whatever lies behind spot
    const from = below || position.liquidatable ? 1n : spot
    const to = below && !position.liquidatable ? spot : limit
    // every value is cut to a unit of money and every moving price to a unit of price: how many answers the net
    // exposure takes to move that far
    const legs = BigInt(position.collateral.length + position.debt.length + 2)
    const swing = weigh(moving([...position.collateral, ...position.debt]))
    const noise = swing + spot * legs * WAD * unitOf(decimals < 18 ? 18 - decimals : 0)
    const net = at.denominator < 0n ? -at.denominator : at.denominator
    const width = noise / net + 1n
    const flicker = !flickers ? 0n : width < MOST_FLICKER ? width : MOST_FLICKER
    const search = { seed, from, to, phaseOf, flicker }
    return below ? largestLiquidatable(search, isLiquidatable) : smallestLiquidatable(search, isLiquidatable)
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

/** Why no price of the driver liquidates it, in words. */
const whyNever = (position: Position, exposureOf: Exposure): string => {
  const legs = [...position.collateral, ...position.debt]
  if (legs.every((leg) => exposureOf(leg.pricedAs) === 0n)) return 'no exposure to the driver'
  if (legs.every((leg) => exposureOf(leg.pricedAs) === WAD)) return 'collateral and debt move together'
  return 'no price of the driver alone makes it liquidatable'
}
