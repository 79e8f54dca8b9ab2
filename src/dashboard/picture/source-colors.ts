import type { Bucket, Histogram, Report } from '../../core/report.ts'

/** After Okabe and Ito, and Tol: told apart by every kind of colour vision, none too light for white paper. */
const PALETTE = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00', '#882255'] as const
const GREY = '#9ca3af'

/** One layer of the stacked bars. */
export type Layer = {
  /** The source's key, or null for everything that has no layer of its own. */
  readonly source: string | null
  readonly name: string
  readonly color: string
  /** Of both sides, USD. */
  readonly collateralUsd: number
}

/** A start of the FNV-1a hash at which the usual sources get colours of their own. */
const SEED = 1726391

const hashOf = (text: string): number => {
  let hash = SEED
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return hash
}

const colorsOf = (sources: readonly string[]): ReadonlyMap<string, string> => {
  const colors = new Map<string, string>()
  const taken = new Set<string>()
  for (const source of [...sources].sort((a, b) => (a < b ? -1 : 1))) {
    const start = hashOf(source)
    const color =
      PALETTE.map((_, i) => PALETTE[(start + i) % PALETTE.length] ?? GREY).find((one) => !taken.has(one)) ??
      GREY
    taken.add(color)
    colors.set(source, color)
  }
  return colors
}

const bucketsOf = ({ bars, underflow, overflow }: Histogram): readonly Bucket[] => [
  ...bars,
  underflow,
  overflow,
]

const amountIn = (bucket: Bucket, source: string): number =>
  Object.hasOwn(bucket.bySource, source) ? Math.max(0, bucket.bySource[source] ?? 0) : 0

/** What of a bucket belongs to a layer, given all layers. */
export const shareOf = (bucket: Bucket, layer: Layer, layers: readonly Layer[]): number => {
  if (layer.source !== null) return Math.min(amountIn(bucket, layer.source), bucket.collateralUsd)
  const named = layers.reduce((sum, { source }) => sum + (source === null ? 0 : amountIn(bucket, source)), 0)
  const rest = bucket.collateralUsd - named
  return rest > 0.005 + bucket.collateralUsd * 1e-9 ? rest : 0
}

/**
 * The sources of the bars, the largest first. A source keeps its colour from report to report (it is drawn from the
 * source's name; of two that would have the same, the later in the alphabet takes the next); those beyond the palette
 * and what has no source are one grey layer.
 */
export const layersOf = ({ histogram, histogramAbove }: Report): readonly Layer[] => {
  const buckets = [...bucketsOf(histogram), ...bucketsOf(histogramAbove)]
  const keys = new Set(buckets.flatMap(({ bySource }) => Object.keys(bySource)))
  const sums = [...keys]
    .map((source) => ({
      source,
      collateralUsd: buckets.reduce((sum, bucket) => sum + amountIn(bucket, source), 0),
    }))
    .filter(({ collateralUsd }) => collateralUsd > 0)
    .sort((a, b) => b.collateralUsd - a.collateralUsd || (a.source < b.source ? -1 : 1))
    .slice(0, PALETTE.length)
  const colors = colorsOf(sums.map(({ source }) => source))
  const named = sums.map((sum) => ({ ...sum, name: sum.source, color: colors.get(sum.source) ?? GREY }))
  const other: Layer = { source: null, name: 'other', color: GREY, collateralUsd: 0 }
  const all = [...named, other]
  const rest = buckets.reduce((sum, bucket) => sum + shareOf(bucket, other, all), 0)
  return rest > 0 ? [...named, { ...other, collateralUsd: rest }] : named
}
