import type { BookEntry } from './bands/book.ts'
import { toCents } from './bands/cents.ts'
import { UsageError } from './errors.ts'
import type { Bucket, Histogram, Side } from './report.ts'

/** The picture shows this much of the side's collateral, … */
const DRAWN_SHARE = 0.995
/** … no further from spot than this share of it, … */
const DRAWN_REACH = 0.5
/** … and no more bars than this, which only a step chosen by hand can reach. */
const MAX_BARS = 500
/** A step is at least this share of spot. */
const SMALLEST_STEP_SHARE = 0.005

/**
 * Bar edges: bar k reaches from `edge(k)` to `edge(k + 1)`, the lower end included. Edges are whole multiples of the
 * step counted from zero in whole cents (finer where the step is finer), so no spot and no rounding moves them.
 */
type Grid = {
  readonly step: number
  readonly edge: (k: number) => number
  readonly barOf: (price: number) => number
}

const createGrid = (step: number): Grid => {
  if (!(step > 0 && Number.isFinite(step)))
    throw new UsageError(`histogram step ${step}: expected a positive number of USD`)
  let units = 100
  while (units < 1e12 && Math.abs(step * units - Math.round(step * units)) > 1e-9 * step * units) units *= 10
  const stepUnits = Math.round(step * units)
  const edge = (k: number): number => (k * stepUnits) / units
  const barOf = (price: number): number => {
    const k = Math.floor((price * units) / stepUnits)
    if (price < edge(k)) return k - 1
    return price >= edge(k + 1) ? k + 1 : k
  }
  return { step: stepUnits / units, edge, barOf }
}

/** The smallest of 1, 2, 5 × 10^n that is at least half a per cent of spot: 40 to 100 bars down to half of spot. */
const niceStep = (spot: number): number => {
  const least = SMALLEST_STEP_SHARE * spot
  const exponent = Math.floor(Math.log10(least))
  const decade = (factor: number): number => Number(`${factor}e${exponent}`)
  return [1, 2, 5, 10].map(decade).find((step) => step >= least) ?? decade(10)
}

/** Sums of a bucket in cents: exact, so no order of entries shows in them. */
type Tally = {
  collateral: number
  debt: number
  positions: number
  readonly bySource: Map<string, number>
}

const createTally = (): Tally => ({ collateral: 0, debt: 0, positions: 0, bySource: new Map() })

const addToSource = (tally: Tally, source: string, cents: number): void => {
  tally.bySource.set(source, (tally.bySource.get(source) ?? 0) + cents)
}

const addEntry = (tally: Tally, entry: BookEntry): void => {
  tally.collateral += toCents(entry.collateralUsd)
  tally.debt += toCents(entry.debtUsd)
  tally.positions++
  addToSource(tally, entry.source, toCents(entry.collateralUsd))
}

const addTally = (tally: Tally, other: Tally): void => {
  tally.collateral += other.collateral
  tally.debt += other.debt
  tally.positions += other.positions
  for (const [source, cents] of other.bySource) addToSource(tally, source, cents)
}

const bucketOf = ({ collateral, debt, positions, bySource }: Tally): Bucket => ({
  collateralUsd: collateral / 100,
  debtUsd: debt / 100,
  positions,
  bySource: Object.fromEntries(
    [...bySource.keys()].sort().map((key) => [key, (bySource.get(key) ?? 0) / 100]),
  ),
})

/** How many tallies, counted from spot, hold the share of the collateral that the picture shows. */
const drawnCount = (tallies: readonly Tally[], total: number): number => {
  let sum = 0
  for (const [i, { collateral }] of tallies.entries()) {
    sum += collateral
    if (sum >= DRAWN_SHARE * total) return i + 1
  }
  return tallies.length
}

/**
 * The collateral of one side of spot per price step, stacked by source, for pictures only: bands never read it.
 * Bars are `[low, high)` on a grid anchored at zero, in order of price; `step` (USD) sets their width by hand.
 * Drawn from spot outwards until 99.5 % of the collateral, half of spot, or 500 bars; what lies beyond is in
 * `underflow`. Every sum is exact to the cent.
 * @throws UsageError where `step` is no positive number.
 */
export const histogram = (
  entries: readonly BookEntry[],
  options: { readonly spot: number; readonly side: Side; readonly step?: number },
): Histogram => {
  const { spot, side } = options
  const { step, edge, barOf } = createGrid(options.step ?? niceStep(spot))
  const outwards = side === 'above' ? 1 : -1
  const spotBar = barOf(spot)
  const nearest = side === 'below' && edge(spotBar) === spot ? spotBar - 1 : spotBar
  const reach = Math.abs(barOf(spot * (1 + outwards * DRAWN_REACH)) - nearest) + 1
  const tallies = Array.from({ length: Math.min(reach, MAX_BARS) }, createTally)
  const underflow = createTally()
  const overflow = createTally()
  for (const entry of entries) {
    const place = outwards * (barOf(entry.price) - nearest)
    addEntry(place < 0 ? overflow : (tallies[place] ?? underflow), entry)
  }
  const total = [underflow, overflow, ...tallies].reduce((sum, { collateral }) => sum + collateral, 0)
  const drawn = entries.length === 0 ? 0 : drawnCount(tallies, total)
  for (const tally of tallies.slice(drawn)) addTally(underflow, tally)
  const bars = tallies.slice(0, drawn).map((tally, i) => {
    const k = nearest + outwards * i
    return { low: edge(k), high: edge(k + 1), ...bucketOf(tally) }
  })
  if (side === 'below') bars.reverse()
  return { side, step, underflow: bucketOf(underflow), overflow: bucketOf(overflow), bars }
}
