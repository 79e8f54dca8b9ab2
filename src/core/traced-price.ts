import type { Priced } from './liquidation-price.ts'
import type { Leg, Position } from './position.ts'
import type { PricePoint } from './price-response.ts'
import { toNumber } from './units.ts'

/** Answers around spot, in thousandths of it. */
const STOPS = [
  ...[1, 3, 10, 20, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 650, 700, 750, 800, 840, 880],
  ...[910, 940, 960, 975, 985, 993, 1000, 1007, 1015, 1025, 1040, 1060, 1090, 1120, 1160, 1200, 1250, 1320],
  ...[1400, 1500, 1650, 1800, 2000, 2300, 2700, 3200, 4000, 5000, 7000, 10_000, 20_000, 50_000, 100_000],
].map(BigInt)

/** The driver's answers at which an oracle is asked first, from a thousandth to a hundredfold of spot, spot among them. */
export const stopsAround = (spot: bigint): readonly bigint[] => [
  ...new Set(STOPS.map((share) => (spot * share) / 1000n).filter((answer) => answer > 0n)),
]

type Rule = (answer: bigint) => boolean

/** The answers, in order, at which every oracle in question was asked and answered. */
export type Known = readonly bigint[]

/** The answers that all of these tables have. */
export const knownIn = (tables: readonly (readonly PricePoint[])[]): Known => {
  const [first = [], ...others] = tables.map((points) => points.map(([answer]) => answer))
  const sets = others.map((answers) => new Set(answers))
  return first.filter((answer) => sets.every((set) => set.has(answer)))
}

/** Where the first answer at or above this one stands. */
const placeOf = (known: Known, answer: bigint): number => {
  let [low, high] = [0, known.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((known[middle] ?? 0n) < answer) low = middle + 1
    else high = middle
  }
  return low
}

/** Where to look, outwards from spot: the stops, and in place of one without an answer the nearest ones on either side. */
const landmarks = (spot: bigint, known: Known): readonly bigint[] => [
  ...new Set(
    stopsAround(spot).flatMap((stop) => {
      const place = placeOf(known, stop)
      const around = known[place] === stop ? [stop] : [known[place - 1], known[place]]
      return around.filter((answer) => answer !== undefined)
    }),
  ),
]

/** Neighbouring known answers between which the rule changes its mind; `near` is the one towards spot. */
export type Flip = { readonly near: bigint; readonly far: bigint }

/**
 * The first change on either side of spot. Outwards from stop to stop, then by halves among the known answers between
 * two stops: a rule that changes twice between two stops, or flickers by rounding, has one of its changes told, always
 * the same one.
 */
export const flipsAround = (
  { spot, known }: { readonly spot: bigint; readonly known: Known },
  isLiquidatable: Rule,
): { readonly below: Flip | null; readonly above: Flip | null } => {
  const now = isLiquidatable(spot)
  const stops = landmarks(spot, known)
  const first = (outwards: readonly bigint[]): Flip | null => {
    let near = spot
    for (const far of outwards) {
      if (isLiquidatable(far) !== now) return between(near, far)
      near = far
    }
    return null
  }
  const between = (near: bigint, far: bigint): Flip => {
    let [same, other] = [placeOf(known, near), placeOf(known, far)]
    while (Math.abs(other - same) > 1) {
      const middle = (same + other) >> 1
      if (isLiquidatable(known[middle] ?? near) === now) same = middle
      else other = middle
    }
    return { near: known[same] ?? near, far: known[other] ?? far }
  }
  return {
    below: first(stops.filter((stop) => stop < spot).reverse()),
    above: first(stops.filter((stop) => stop > spot)),
  }
}

/** Where the change lies by the line between what is known, by halves: the two themselves where they are neighbours. */
export const changeWithin = ({ near, far }: Flip, isLiquidatable: Rule): Flip => {
  const now = isLiquidatable(near)
  let [same, other] = [near, far]
  while (other - same > 1n || same - other > 1n) {
    const middle = (same + other) / 2n
    if (isLiquidatable(middle) === now) same = middle
    else other = middle
  }
  return { near: same, far: other }
}

const sum = (legs: readonly Leg[]): bigint => legs.reduce((total, { usd }) => total + usd, 0n)

/** Whether nothing lies between the two: the change is met to the unit. */
export const isMet = ({ near, far }: Flip): boolean => near - far === 1n || far - near === 1n

/**
 * The outcome of a position whose prices follow the driver in no plain proportion (`points` of a response): found by
 * the protocol's own rule alone, outwards from spot, at answers that its oracles gave. Where they gave none around the
 * change, the price is the first one beyond at which they did and it is liquidatable; its reason says so. What is
 * liquidated by a fall and by a rise has the price of the nearer one, and the other in its reason.
 * @param driver `known` are the answers at which all its oracles were asked, spot among them
 */
export const tracedPrice = (
  position: Position,
  driver: { readonly spot: bigint; readonly decimals: number; readonly known: Known },
  isLiquidatable: Rule,
): Priced => {
  const { spot, decimals, known } = driver
  const { below: down, above: up } = flipsAround(driver, isLiquidatable)
  const told = (answer: bigint | undefined): number => toNumber(answer ?? spot, decimals)
  const gapOf = (flip: Flip): readonly string[] => {
    const [low, high] = flip.near < flip.far ? [flip.near, flip.far] : [flip.far, flip.near]
    return isMet(flip) ? [] : [`no oracle answer is known between ${told(low)} and ${told(high)}`]
  }
  if (position.liquidatable) {
    if (sum(position.collateral) < sum(position.debt))
      return { outcome: 'insolvent', price: null, reason: 'collateral is worth less than the debt' }
    // the last answer that liquidates on the way to where none does
    const end = up ?? down
    const reason = ['liquidatable at the pinned block', ...(end ? gapOf(end) : [])].join('; ')
    return { outcome: 'already', price: end?.near ?? null, reason }
  }
  if (down === null && up === null) {
    const reason = `no price from ${told(known[0])} to ${told(known.at(-1))} makes it liquidatable`
    return { outcome: 'never', price: null, reason }
  }
  const falls = up === null || (down !== null && down.far * up.far >= spot * spot)
  const [first, other] = falls ? [down, up] : [up, down]
  const reasons = [
    ...(first ? gapOf(first) : []),
    ...(other
      ? [`a ${falls ? 'rise' : 'fall'} to ${told(other.far)} liquidates it too`, ...gapOf(other)]
      : []),
  ]
  const reason = reasons.length === 0 ? null : reasons.join('; ')
  return { outcome: falls ? 'below' : 'above', price: first?.far ?? null, reason }
}
