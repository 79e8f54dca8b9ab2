import type { BookEntry } from './bands/book.ts'
import { toCents } from './bands/cents.ts'
import { createGrid, type Grid, type Step, snappedStep } from './grid.ts'
import { isBehind, type RangeEntry, soldCents } from './ranges.ts'
import type { Bucket, Histogram, Side } from './report.ts'

/** The picture shows this much of the side's collateral, … */
const DRAWN_SHARE = 0.995
/** … no further from spot than this share of it, … */
const DRAWN_REACH = 0.5
/** … and no more bars than this, which only a step chosen by hand can reach. */
const MAX_BARS = 500

/** Sums of a bucket in cents: exact, so no order of entries shows in them. */
type Tally = {
  collateral: number
  debt: number
  positions: number
  range: number
  readonly bySource: Map<string, number>
  readonly rangeBySource: Map<string, number>
}

const createTally = (): Tally => ({
  collateral: 0,
  debt: 0,
  positions: 0,
  range: 0,
  bySource: new Map(),
  rangeBySource: new Map(),
})

const addTo = (sums: Map<string, number>, source: string, cents: number): void => {
  sums.set(source, (sums.get(source) ?? 0) + cents)
}

const addEntry = (tally: Tally, entry: BookEntry): void => {
  const cents = toCents(entry.collateralUsd)
  tally.collateral += cents
  tally.debt += toCents(entry.debtUsd)
  tally.positions++
  addTo(tally.bySource, entry.source, cents)
}

const addRange = (tally: Tally, source: string, cents: number): void => {
  if (cents === 0) return
  tally.range += cents
  addTo(tally.rangeBySource, source, cents)
}

const addTally = (tally: Tally, other: Tally): void => {
  tally.collateral += other.collateral
  tally.debt += other.debt
  tally.positions += other.positions
  for (const [source, cents] of other.bySource) addTo(tally.bySource, source, cents)
  for (const [source, cents] of other.rangeBySource) addRange(tally, source, cents)
}

const inUsd = (sums: ReadonlyMap<string, number>): Readonly<Record<string, number>> =>
  Object.fromEntries([...sums.keys()].sort().map((key) => [key, (sums.get(key) ?? 0) / 100]))

const bucketOf = (tally: Tally): Bucket => ({
  collateralUsd: tally.collateral / 100,
  debtUsd: tally.debt / 100,
  positions: tally.positions,
  bySource: inUsd(tally.bySource),
  rangeUsd: tally.range / 100,
  rangeBySource: inUsd(tally.rangeBySource),
})

/** The bars from the low price to the high: `edges` has one more than `bars`. */
type Drawing = {
  readonly edges: readonly number[]
  readonly bars: readonly Tally[]
  /** What lies under the lowest edge, and at or over the highest. */
  readonly under: Tally
  readonly over: Tally
}

const drawingOf = (grid: Grid, spot: number, side: Side): Drawing => {
  const spotBar = grid.barOf(spot)
  const nearest = side === 'below' && grid.edge(spotBar) === spot ? spotBar - 1 : spotBar
  const farthest = grid.barOf(spot * (side === 'above' ? 1 + DRAWN_REACH : 1 - DRAWN_REACH))
  const count = Math.min(Math.abs(farthest - nearest) + 1, MAX_BARS)
  const first = side === 'above' ? nearest : nearest - count + 1
  return {
    edges: Array.from({ length: count + 1 }, (_, i) => grid.edge(first + i)),
    bars: Array.from({ length: count }, createTally),
    under: createTally(),
    over: createTally(),
  }
}

/** How many edges lie at or under a price. */
const edgesUpTo = (edges: readonly number[], price: number): number => {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((edges[middle] ?? 0) <= price) low = middle + 1
    else high = middle
  }
  return low
}

const placeEntry = ({ edges, bars, under, over }: Drawing, entry: BookEntry): void => {
  const passed = edgesUpTo(edges, entry.price)
  addEntry(passed === 0 ? under : (bars[passed - 1] ?? over), entry)
}

const placeRange = ({ edges, bars, under, over }: Drawing, entry: RangeEntry, spot: number): void => {
  const total = toCents(entry.collateralUsd)
  const falls = entry.side === 'below'
  const [far, near] = falls ? [under, over] : [over, under]
  if (isBehind(entry, spot)) {
    addRange(near, entry.source, total)
    return
  }
  let sold = 0
  // from the bar that holds its nearer end, or ends there, away from spot until all of it is sold
  const first = falls
    ? Math.min(edgesUpTo(edges, entry.high), bars.length) - 1
    : Math.max(edgesUpTo(edges, entry.low) - 2, 0)
  for (let i = first; sold < total; i += falls ? -1 : 1) {
    const bar = bars[i]
    const price = edges[falls ? i : i + 1]
    if (bar === undefined || price === undefined) break
    const upTo = soldCents(entry, { spot, price })
    addRange(bar, entry.source, upTo - sold)
    sold = upTo
  }
  addRange(far, entry.source, total - sold)
}

const collateralOf = ({ collateral, range }: Tally): number => collateral + range

/** How many bars, counted from spot, hold the share of the collateral that the picture shows. */
const drawnCount = (bars: readonly Tally[], total: number): number => {
  let sum = 0
  for (const [i, bar] of bars.entries()) {
    sum += collateralOf(bar)
    if (sum >= DRAWN_SHARE * total) return i + 1
  }
  return bars.length
}

export type HistogramOptions = {
  readonly spot: number
  readonly side: Side
  /** Chosen by hand; else 1, 2 or 5 times a power of ten, see `snappedStep`. */
  readonly step?: Step | undefined
  /** Spot of the scans before this one, the oldest first: they keep the step from changing at every swing. */
  readonly before?: readonly number[]
  /** Positions that are liquidated over a range: those of the side are drawn. */
  readonly ranges?: readonly RangeEntry[]
}

/**
 * The collateral of one side of spot per price step, stacked by source, for pictures only: bands never read it.
 * Bars are `[low, high)` on a grid that is the same for every spot, in order of price. What is liquidated over a range
 * is spread over the bars in a field of its own (see `soldCents`), never counted as a position. Drawn from spot
 * outwards until 99.5 % of the collateral, half of spot, or 500 bars; what lies beyond is in `underflow`, ranges that
 * spot has gone through as a whole are in `overflow`. Every sum is exact to the cent.
 * @throws UsageError where `step` is no positive number, or a percentage outside 0.1 to 50.
 */
export const histogram = (entries: readonly BookEntry[], options: HistogramOptions): Histogram => {
  const { spot, side, before = [] } = options
  const ranges = (options.ranges ?? []).filter((entry) => entry.side === side)
  const step = options.step ?? { usd: snappedStep([...before, spot]) }
  const grid = createGrid(step)
  const drawing = drawingOf(grid, spot, side)
  const { edges, under, over } = drawing
  for (const entry of entries) placeEntry(drawing, entry)
  for (const entry of ranges) placeRange(drawing, entry, spot)
  const [far, near] = side === 'below' ? [under, over] : [over, under]
  const fromSpot = side === 'below' ? drawing.bars.toReversed() : drawing.bars
  const total = [far, near, ...fromSpot].reduce((sum, tally) => sum + collateralOf(tally), 0)
  const drawn = entries.length + ranges.length === 0 ? 0 : drawnCount(fromSpot, total)
  for (const tally of fromSpot.slice(drawn)) addTally(far, tally)
  const skipped = side === 'below' ? drawing.bars.length - drawn : 0
  const bars = drawing.bars.slice(skipped, skipped + drawn).map((tally, i) => ({
    low: edges[skipped + i] ?? 0,
    high: edges[skipped + i + 1] ?? 0,
    ...bucketOf(tally),
  }))
  return {
    side,
    ...widthOf(grid, step, spot),
    underflow: bucketOf(far),
    overflow: bucketOf(near),
    bars,
  }
}

/** As the document states the width: in USD, at spot where it grows with the price. */
const widthOf = (grid: Grid, step: Step, spot: number): Pick<Histogram, 'step' | 'stepPct'> => {
  const k = 'usd' in step ? 0 : grid.barOf(spot)
  const width = Number((grid.edge(k + 1) - grid.edge(k)).toPrecision(12))
  return { step: width, stepPct: 'usd' in step ? null : step.percent }
}
