import { UsageError } from './errors.ts'

/** How wide bars are: so many USD, or so many percent of their low edge. */
export type Step = { readonly usd: number } | { readonly percent: number }

/**
 * Bar edges: bar k reaches from `edge(k)` to `edge(k + 1)`, the lower end included. Edges are whole cents (finer where
 * the step is finer) and depend on the step alone, so that no spot and no rounding moves them.
 */
export type Grid = {
  readonly edge: (k: number) => number
  /** The bar that holds a price: found by comparing with the edges, an estimate is only where the search begins. */
  readonly barOf: (price: number) => number
}

const searching =
  (edge: Grid['edge'], estimate: (price: number) => number): Grid['barOf'] =>
  (price) => {
    let k = Math.floor(estimate(price))
    while (price < edge(k)) k--
    while (price >= edge(k + 1)) k++
    return k
  }

/** Whole multiples of `step`, counted from zero. */
const evenGrid = (step: number): Grid => {
  let units = 100
  while (units < 1e12 && Math.abs(step * units - Math.round(step * units)) > 1e-9 * step * units) units *= 10
  const stepUnits = Math.round(step * units)
  const edge = (k: number): number => (k * stepUnits) / units
  return { edge, barOf: searching(edge, (price) => (price * units) / stepUnits) }
}

/** Digits of the powers below: their error stays far under a cent. */
const ONE = 10n ** 48n
/** Of a percentage. */
const PRECISION = 1_000_000
/** An edge is whole cents where its bar is at least so many cents wide, else as many times finer. */
const LEAST_UNITS = 10n

const power = (base: bigint, exponent: number): bigint => {
  let result = ONE
  for (let square = base, e = exponent; e > 0; e = Math.floor(e / 2)) {
    if (e % 2 === 1) result = (result * square) / ONE
    square = (square * square) / ONE
  }
  return result
}

/** The powers of 1 + percent, anchored at 1 USD; in integers throughout, so that every machine has the same edges. */
const geometricGrid = (percent: number): Grid => {
  const share = BigInt(Math.round(percent * PRECISION))
  const whole = BigInt(PRECISION * 100)
  const ratio = (ONE * (whole + share)) / whole
  const known = new Map<number, number>()
  const compute = (k: number): number => {
    const usd = k >= 0 ? power(ratio, k) : (ONE * ONE) / power(ratio, -k)
    const width = (usd * share) / (whole + share)
    let units = 100n
    while (width * units < LEAST_UNITS * ONE && units < 10n ** 30n) units *= 10n
    return Number((usd * units) / ONE) / Number(units)
  }
  const edge = (k: number): number => {
    const stored = known.get(k)
    if (stored !== undefined) return stored
    const computed = compute(k)
    known.set(k, computed)
    return computed
  }
  return { edge, barOf: searching(edge, (price) => Math.log(price) / Math.log1p(percent / 100)) }
}

/** Percentages between which a bar can be told from its neighbours and a picture has more than one. */
export const isPercentStep = (percent: number): boolean => percent >= 0.1 && percent <= 50

/** @throws UsageError where the step is no positive number, or a percentage is outside 0.1 to 50. */
export const createGrid = (step: Step): Grid => {
  if ('percent' in step) {
    if (!isPercentStep(step.percent))
      throw new UsageError(`histogram step ${step.percent}%: expected 0.1% to 50% of the price`)
    return geometricGrid(step.percent)
  }
  if (!(step.usd > 0 && Number.isFinite(step.usd)))
    throw new UsageError(`histogram step ${step.usd}: expected a positive number of USD`)
  return evenGrid(step.usd)
}

/** A step is at least this share of spot, where it is chosen anew. */
const SMALLEST_STEP_SHARE = 0.005
/** A step is kept while so many of it reach from zero to spot. */
const KEPT = { least: 60, most: 250 }

/** The smallest of 1, 2, 5 × 10^n that is at least half a per cent of spot: 80 to 200 of it reach from zero to spot. */
const niceStep = (spot: number): number => {
  const least = SMALLEST_STEP_SHARE * spot
  const exponent = Math.floor(Math.log10(least))
  const decade = (factor: number): number => Number(`${factor}e${exponent}`)
  return [1, 2, 5, 10].map(decade).find((step) => step >= least) ?? decade(10)
}

/**
 * The step after these spot prices (USD, the oldest first, the last one that of the picture): chosen at the first,
 * kept until spot / step leaves 60..250, then chosen anew. So a price that swings about a threshold does not change
 * the bars from scan to scan, and the stored prices alone tell the step.
 */
export const snappedStep = (spots: readonly number[]): number => {
  let step = Number.NaN
  for (const spot of spots) {
    const steps = spot / step
    if (!(steps >= KEPT.least && steps <= KEPT.most)) step = niceStep(spot)
  }
  return step
}
