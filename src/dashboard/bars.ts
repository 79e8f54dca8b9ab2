import type { Band, Bucket, Histogram } from '../core/report.ts'

/** What is liquidated at a price, and beside it what is sold over ranges. */
type Amounts = Pick<Bucket, 'collateralUsd' | 'rangeUsd'>

/** One drawn row: prices in [low, high), null where it is open. */
export type Row = Amounts & { readonly low: number | null; readonly high: number | null }

/** All that a move of the driver brings to the market in a row or bar, USD. */
export const weightOf = ({ collateralUsd, rangeUsd }: Amounts): number => collateralUsd + rangeUsd

/** Whether anything is sold over ranges on a side of spot. */
export const holdsRanges = ({ bars, underflow, overflow }: Histogram): boolean =>
  [underflow, overflow, ...bars].some(({ rangeUsd }) => rangeUsd > 0)

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A horizontal bar of `value` on a scale where `most` fills `cells`; what is not nothing is never invisible. */
export const bar = (value: number, most: number, cells: number, unicode: boolean): string => {
  if (!(value > 0) || !(most > 0) || !Number.isFinite(most)) return ''
  const eighths = Math.min(cells * 8, Math.max(1, Math.round((value / most) * cells * 8)))
  const full = Math.floor(eighths / 8)
  if (unicode) return '█'.repeat(full) + (EIGHTHS[eighths % 8] ?? '')
  const whole = Math.round(eighths / 8)
  return whole === 0 ? '.' : '#'.repeat(whole)
}

/**
 * The bar of a row: what is liquidated at a price as `bar` draws it, and after it, shaded, what is sold over ranges.
 * Where both are there, both are seen.
 */
export const rowBar = (
  { collateralUsd, rangeUsd }: Amounts,
  most: number,
  cells: number,
  unicode: boolean,
): string => {
  const solid = [...bar(collateralUsd, most, cells, unicode)]
  if (!(rangeUsd > 0) || !(most > 0) || !Number.isFinite(most)) return solid.join('')
  const kept = solid.slice(0, cells - 1)
  const upTo = Math.min(cells, Math.round(((collateralUsd + rangeUsd) / most) * cells))
  return kept.join('') + (unicode ? '▒' : ':').repeat(Math.max(1, upTo - kept.length))
}

/** A step that reads well on an axis: 1, 2, 2.5, 4, 5 or 8 times a power of ten. */
const NICE = [1, 2, 2.5, 4, 5, 8]

const isNear = (n: number): boolean => Math.abs(n - Math.round(n)) < 1e-6

/** How many rows there may be, and the least step of one. */
type Limits = { readonly most: number; readonly least: number }

/** The smallest number of steps that, drawn as one row, makes at most `most` rows, with readable edges. */
const factorOf = (step: number, first: number, last: number, { most, least }: Limits): number => {
  const rows = (factor: number): number => Math.floor(last / factor) - Math.floor(first / factor) + 1
  const suits = (factor: number): boolean => factor * step >= least * (1 - 1e-9) && rows(factor) <= most
  if (suits(1)) return 1
  const exponent = Math.floor(Math.log10(step))
  for (let e = exponent; e < exponent + 18; e++) {
    for (const mantissa of NICE) {
      const factor = (mantissa * 10 ** e) / step
      if (factor > 1 && isNear(factor) && suits(Math.round(factor))) return Math.round(factor)
    }
  }
  return Math.ceil((last - first + 1) / (most - 1))
}

const add = (a: Amounts, b: Amounts): Amounts => ({
  collateralUsd: a.collateralUsd + b.collateralUsd,
  rangeUsd: a.rangeUsd + b.rangeUsd,
})

const NOTHING: Amounts = { collateralUsd: 0, rangeUsd: 0 }

const sum = (bars: readonly Amounts[]): Amounts => bars.reduce(add, NOTHING)

/** The rows from the low price to the high, and what lies beyond the farthest of them. */
type Drawn = { readonly rows: readonly Row[]; readonly beyond: Amounts } & Pick<Rows, 'step' | 'stepPct'>

/** Bars on multiples of the step: gaps between them and up to `near` filled in, neighbours merged; else null. */
const onGrid = (
  { step, bars }: Histogram,
  kept: Histogram['bars'],
  near: number | null,
  limits: Limits,
): Drawn | null => {
  const index = (low: number): number => Math.round(low / step)
  const aligned = bars.every(({ low, high }) => isNear(low / step) && isNear(high / step - low / step))
  const lows = kept.map(({ low }) => index(low))
  if (!(step > 0) || !aligned || !lows.every(Number.isSafeInteger)) return null
  const ends = near === null ? lows : [...lows, near / step]
  const first = Math.floor(Math.min(...ends))
  const last = Math.max(...lows, Math.ceil(Math.max(...ends)) - 1)
  const factor = factorOf(step, first, last, limits)
  const lowest = Math.floor(first / factor)
  const sums = Array.from({ length: Math.floor(last / factor) - lowest + 1 }, () => NOTHING)
  let beyond = NOTHING
  for (const bar of bars) {
    const row = Math.floor(index(bar.low) / factor) - lowest
    const before = sums[row]
    if (before === undefined) beyond = add(beyond, bar)
    else sums[row] = add(before, bar)
  }
  const edge = (row: number): number => Number(((row + lowest) * factor * step).toPrecision(12))
  const rows = sums.map((amounts, row) => ({ low: edge(row), high: edge(row + 1), ...amounts }))
  return { rows, step: factor * step, stepPct: null, beyond }
}

/** Bars of the same width in per cent: as many as necessary drawn as one row, which begins at a multiple of so many. */
const onPercentGrid = (
  { stepPct, bars }: Histogram,
  kept: Histogram['bars'],
  { most }: Limits,
): Drawn | null => {
  if (stepPct === null) return null
  const growth = Math.log1p(stepPct / 100)
  const index = ({ low }: { readonly low: number }): number => Math.round(Math.log(low) / growth)
  const rowOf = (factor: number, bar: { readonly low: number }): number => Math.floor(index(bar) / factor)
  const first = kept[0]
  const last = kept.at(-1)
  if (first === undefined || last === undefined || !Number.isFinite(index(first))) return null
  let factor = 1
  while (Math.abs(rowOf(factor, last) - rowOf(factor, first)) + 1 > most) factor++
  const rows = new Map<number, Row>()
  for (const bar of [...kept].sort((a, b) => a.low - b.low)) {
    const key = rowOf(factor, bar)
    const row = rows.get(key)
    rows.set(key, row === undefined ? bar : { low: row.low, high: bar.high, ...add(row, bar) })
  }
  return {
    rows: [...rows.values()],
    step: null,
    stepPct: Math.expm1(growth * factor) * 100,
    beyond: sum(bars.filter((bar) => !kept.includes(bar))),
  }
}

/** Bars of uneven width, as many neighbours as necessary drawn as one row. */
const inChunks = ({ bars }: Histogram, kept: Histogram['bars'], most: number): Drawn => {
  const sorted = [...kept].sort((a, b) => a.low - b.low)
  const size = Math.max(1, Math.ceil(sorted.length / most))
  const rows = Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) => {
    const chunk = sorted.slice(i * size, (i + 1) * size)
    const [first] = chunk
    return { low: first?.low ?? null, high: chunk.at(-1)?.high ?? null, ...sum(chunk) }
  })
  const beyond = sum(bars.filter((bar) => !kept.includes(bar)))
  return { rows, step: null, stepPct: null, beyond }
}

/** A far tail of no more than this share is drawn as one row where it would cost resolution. */
const TAIL = 0.02

/** The bars worth rows of their own: without empty ones at the far end and, where they are many, without the tail. */
const worthRows = ({ side, bars }: Histogram, most: number): Histogram['bars'] => {
  const fromFar = [...bars].sort((a, b) => (side === 'below' ? a.low - b.low : b.high - a.high))
  const tail = bars.length > most ? TAIL * weightOf(sum(bars)) : 0
  let passed = 0
  const first = fromFar.findIndex((bar) => {
    passed += weightOf(bar)
    return passed > tail || (tail === 0 && bar.positions > 0)
  })
  return first < 0 ? [] : fromFar.slice(first)
}

/** Rows from the high price to the low; `step` is null where they are uneven, `stepPct` unless they are even in per cent. */
export type Rows = {
  readonly rows: readonly Row[]
  readonly step: number | null
  readonly stepPct: number | null
}

/** What the histogram draws: within the limits, from its farthest bar that counts up to spot, the rest in open rows. */
export const histogramRows = (histogram: Histogram, spot: number, limits: Limits): Rows => {
  const { side, bars, underflow, overflow } = histogram
  const kept = worthRows(histogram, limits.most)
  const near = overflow.positions > 0 || !Number.isFinite(spot) ? null : spot
  const { rows, step, stepPct, beyond } =
    (kept.length === 0
      ? null
      : (onPercentGrid(histogram, kept, limits) ?? onGrid(histogram, kept, near, limits))) ??
    inChunks(histogram, kept, limits.most)
  const far = { ...underflow, ...add(underflow, beyond) }
  const [bottom, top] = side === 'below' ? [far, overflow] : [overflow, far]
  // where no bar is worth a row, an open row begins where the bars end
  const [lowest, highest] = [bars[0]?.low ?? null, bars.at(-1)?.high ?? null]
  const holds = (bucket: Bucket): boolean => bucket.positions > 0 || weightOf(bucket) > 0
  const open = (low: number | null, high: number | null, { collateralUsd, rangeUsd }: Bucket): Row => ({
    low,
    high,
    collateralUsd,
    rangeUsd,
  })
  return {
    rows: [
      ...(holds(top) ? [open(rows.at(-1)?.high ?? highest, null, top)] : []),
      ...rows.toReversed(),
      ...(holds(bottom) ? [open(null, rows[0]?.low ?? lowest, bottom)] : []),
    ],
    step,
    stepPct,
  }
}

/** Whether a row holds a price between the band's edges. */
export const touches = (row: Row, band: Pick<Band, 'low' | 'high'>): boolean =>
  band.high >= (row.low ?? Number.NEGATIVE_INFINITY) && band.low < (row.high ?? Number.POSITIVE_INFINITY)

const MOST_LANES = 6

const rankOf = (rank: number): string => `#${rank}`

/** The gutter: one text a row, each band a vertical line from its high edge (there `#rank`) to its low edge. */
export const gutter = (
  rows: readonly Row[],
  bands: readonly Pick<Band, 'low' | 'high' | 'rank'>[],
  unicode: boolean,
): readonly string[] => {
  const cell = bands.reduce((most, { rank }) => Math.max(most, rankOf(rank).length), 0)
  const lanes: string[][] = []
  for (const band of [...bands].sort((a, b) => b.high - a.high)) {
    const first = rows.findIndex((row) => touches(row, band))
    const last = rows.findLastIndex((row) => touches(row, band))
    if (first < 0) continue
    const free = lanes.findIndex((lane) => lane.slice(first, last + 1).every((text) => text === ''))
    const index = free >= 0 ? free : Math.min(lanes.length, MOST_LANES - 1)
    const lane = lanes[index] ?? rows.map(() => '')
    lanes[index] = lane
    lane.fill(unicode ? '│' : '|', first, last + 1)
    if (last > first) lane[last] = unicode ? '╵' : "'"
    lane[first] = rankOf(band.rank)
  }
  return rows.map((_, i) => lanes.map((lane) => (lane[i] ?? '').padStart(cell)).join(''))
}
