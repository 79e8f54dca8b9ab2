import type { Band, Histogram } from '../core/report.ts'

/** One drawn row: prices in [low, high), null where it is open. */
export type Row = {
  readonly low: number | null
  readonly high: number | null
  readonly collateralUsd: number
}

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

const sum = (bars: readonly { readonly collateralUsd: number }[]): number =>
  bars.reduce((total, { collateralUsd }) => total + collateralUsd, 0)

/** Bars on multiples of the step, gaps between them and up to `near` filled in, neighbours merged; null when they lie on no such grid. */
const onGrid = (
  { step, bars }: Histogram,
  near: number | null,
  limits: Limits,
): { rows: Row[]; step: number } | null => {
  const index = bars.map(({ low }) => Math.round(low / step))
  const aligned = bars.every(({ low, high }) => isNear(low / step) && isNear(high / step - low / step))
  if (!(step > 0) || !aligned || !index.every(Number.isSafeInteger)) return null
  const ends = near === null ? index : [...index, near / step]
  const first = Math.floor(Math.min(...ends))
  const last = Math.max(...index, Math.ceil(Math.max(...ends)) - 1)
  const factor = factorOf(step, first, last, limits)
  const lowest = Math.floor(first / factor)
  const sums = Array.from({ length: Math.floor(last / factor) - lowest + 1 }, () => 0)
  for (const [i, { collateralUsd }] of bars.entries()) {
    const row = Math.floor((index[i] ?? first) / factor) - lowest
    sums[row] = (sums[row] ?? 0) + collateralUsd
  }
  const edge = (row: number): number => Number(((row + lowest) * factor * step).toPrecision(12))
  const rows = sums.map((collateralUsd, row) => ({ low: edge(row), high: edge(row + 1), collateralUsd }))
  return { rows, step: factor * step }
}

/** Bars of uneven width, as many neighbours as necessary drawn as one row. */
const inChunks = ({ bars }: Histogram, most: number): Row[] => {
  const sorted = [...bars].sort((a, b) => a.low - b.low)
  const size = Math.max(1, Math.ceil(sorted.length / most))
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) => {
    const chunk = sorted.slice(i * size, (i + 1) * size)
    const [first] = chunk
    return { low: first?.low ?? null, high: chunk.at(-1)?.high ?? null, collateralUsd: sum(chunk) }
  })
}

/** Rows from the high price to the low; `step` is null where they are uneven. */
export type Rows = { readonly rows: readonly Row[]; readonly step: number | null }

/** What the histogram draws: within the limits, from its farthest bar that holds anything up to spot. */
export const histogramRows = (histogram: Histogram, spot: number, limits: Limits): Rows => {
  const { side, underflow, overflow } = histogram
  const below = side === 'below'
  const used = histogram.bars.filter(({ collateralUsd, positions }) => collateralUsd > 0 || positions > 0)
  const far = below ? Math.min(...used.map(({ low }) => low)) : Math.max(...used.map(({ high }) => high))
  const bars = histogram.bars.filter(({ low, high }) => (below ? low >= far : high <= far))
  const near = overflow.positions > 0 || !Number.isFinite(spot) ? null : spot
  const grid = bars.length === 0 ? null : onGrid({ ...histogram, bars }, near, limits)
  const rows: Row[] = grid?.rows ?? inChunks({ ...histogram, bars }, limits.most)
  const [bottom, top] = below ? [underflow, overflow] : [overflow, underflow]
  if (bottom.positions > 0 || bottom.collateralUsd > 0) {
    rows.unshift({ low: null, high: rows[0]?.low ?? null, collateralUsd: bottom.collateralUsd })
  }
  if (top.positions > 0 || top.collateralUsd > 0) {
    rows.push({ low: rows.at(-1)?.high ?? null, high: null, collateralUsd: top.collateralUsd })
  }
  return { rows: rows.reverse(), step: grid?.step ?? null }
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
