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
  /** Of both sides, USD; what is sold over ranges included. */
  readonly collateralUsd: number
  /** Of it what is sold over ranges. */
  readonly rangeUsd: number
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

/** A sum and its parts by source. */
type Divided = { readonly sum: number; readonly parts: Readonly<Record<string, number>> }

const atPrices = ({ collateralUsd, bySource }: Bucket): Divided => ({ sum: collateralUsd, parts: bySource })
const overRanges = ({ rangeUsd, rangeBySource }: Bucket): Divided => ({ sum: rangeUsd, parts: rangeBySource })

const amountIn = ({ parts }: Divided, source: string): number =>
  Object.hasOwn(parts, source) ? Math.max(0, parts[source] ?? 0) : 0

const partOf = (divided: Divided, layer: Named, layers: readonly Named[]): number => {
  const { sum } = divided
  if (layer.source !== null) return Math.min(amountIn(divided, layer.source), sum)
  const named = layers.reduce(
    (total, { source }) => total + (source === null ? 0 : amountIn(divided, source)),
    0,
  )
  const rest = sum - named
  return rest > 0.005 + sum * 1e-9 ? rest : 0
}

type Named = Pick<Layer, 'source'>

/** What a bucket holds of a layer at single prices, given all layers, USD. */
export const shareOf = (bucket: Bucket, layer: Named, layers: readonly Named[]): number =>
  partOf(atPrices(bucket), layer, layers)

/** What is sold of a layer in a bucket over ranges, given all layers, USD. */
export const rangeShareOf = (bucket: Bucket, layer: Named, layers: readonly Named[]): number =>
  partOf(overRanges(bucket), layer, layers)

/**
 * The sources of the bars, the largest first. A source keeps its colour from report to report (it is drawn from the
 * source's name; of two that would have the same, the later in the alphabet takes the next); those beyond the palette
 * and what has no source are one grey layer.
 */
export const layersOf = ({ histogram, histogramAbove }: Report): readonly Layer[] => {
  const buckets = [...bucketsOf(histogram), ...bucketsOf(histogramAbove)]
  const keys = new Set(
    buckets.flatMap((bucket) => Object.keys({ ...bucket.bySource, ...bucket.rangeBySource })),
  )
  const sums = [...keys]
    .map((source) => ({
      source,
      collateralUsd: buckets.reduce(
        (sum, bucket) => sum + amountIn(atPrices(bucket), source) + amountIn(overRanges(bucket), source),
        0,
      ),
    }))
    .filter(({ collateralUsd }) => collateralUsd > 0)
    .sort((a, b) => b.collateralUsd - a.collateralUsd || (a.source < b.source ? -1 : 1))
    .slice(0, PALETTE.length)
  const colors = colorsOf(sums.map(({ source }) => source))
  const all: readonly Named[] = [...sums, { source: null }]
  const total = (layer: Named, share: typeof shareOf): number =>
    buckets.reduce((sum, bucket) => sum + share(bucket, layer, all), 0)
  const named = sums.map((sum) => ({
    ...sum,
    name: sum.source,
    color: colors.get(sum.source) ?? GREY,
    rangeUsd: total(sum, rangeShareOf),
  }))
  const other = { source: null, name: 'other', color: GREY }
  const rangeUsd = total(other, rangeShareOf)
  const collateralUsd = total(other, shareOf) + rangeUsd
  return collateralUsd > 0 ? [...named, { ...other, collateralUsd, rangeUsd }] : named
}
