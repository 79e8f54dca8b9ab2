import type { PositionDocument } from '../core/documents.ts'
import type { Band, Bucket, Histogram, Report } from '../core/report.ts'

type Cell = string | number | bigint | null

/** Quoted where a comma, a quote or a line break asks for it; null is empty (RFC 4180). */
const quote = (cell: Cell): string => {
  const text = cell === null ? '' : String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Comma-separated text with a header line. */
export const toCsv = (header: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [header, ...rows].map((row) => `${row.map(quote).join(',')}\n`).join('')

type Columns<T> = readonly (readonly [name: string, value: (row: T) => Cell])[]

const write = <T>(columns: Columns<T>, rows: readonly T[]): string =>
  toCsv(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, value]) => value(row))),
  )

const BANDS: Columns<Band> = [
  ['rank', (b) => b.rank],
  ['kind', (b) => b.kind],
  ['side', (b) => b.side],
  ['low_usd', (b) => b.low],
  ['high_usd', (b) => b.high],
  ['distance_pct', (b) => b.distancePct],
  ['collateral_usd', (b) => b.collateralUsd],
  ['driver_amount', (b) => b.driverAmount],
  ['debt_usd', (b) => b.debtUsd],
  ['share', (b) => b.share],
  ['in_range_usd', (b) => b.inRangeUsd],
  ['density_ratio', (b) => b.densityRatio],
  ['confidence', (b) => b.confidence],
  ['positions', (b) => b.positions],
  ['owners', (b) => b.owners],
  ['entities', (b) => b.entities],
  ['effective_holders', (b) => b.effectiveHolders],
  ['single_entity', (b) => b.singleEntity],
]

export const bandsCsv = (bands: readonly Band[]): string => write(BANDS, bands)

/** A bar, or what lies beyond them: an end that is open is null. */
type BarRow = Bucket & Pick<Histogram, 'side'> & { readonly low: number | null; readonly high: number | null }

const barRows = ({ side, underflow, overflow, bars }: Histogram): readonly BarRow[] => {
  const [bottom, top] = side === 'below' ? [underflow, overflow] : [overflow, underflow]
  const holds = ({ positions, rangeUsd }: Bucket): boolean => positions > 0 || rangeUsd > 0
  return [
    ...(holds(bottom) ? [{ side, ...bottom, low: null, high: bars[0]?.low ?? null }] : []),
    ...bars.map((bar) => ({ side, ...bar })),
    ...(holds(top) ? [{ side, ...top, low: bars.at(-1)?.high ?? null, high: null }] : []),
  ]
}

const BARS: Columns<BarRow> = [
  ['side', (b) => b.side],
  ['low_usd', (b) => b.low],
  ['high_usd', (b) => b.high],
  ['collateral_usd', (b) => b.collateralUsd],
  ['debt_usd', (b) => b.debtUsd],
  ['positions', (b) => b.positions],
  ['range_usd', (b) => b.rangeUsd],
]

/** Both histograms, a bar a row; the collateral of each source in columns of its own, with what is sold over ranges. */
export const barsCsv = ({ histogram, histogramAbove }: Report): string => {
  const rows = [...barRows(histogram), ...barRows(histogramAbove)]
  const sources = [
    ...new Set(rows.flatMap(({ bySource, rangeBySource }) => Object.keys({ ...bySource, ...rangeBySource }))),
  ].sort()
  const amountIn = (amounts: Readonly<Record<string, number>>, source: string): number =>
    Object.hasOwn(amounts, source) ? (amounts[source] ?? 0) : 0
  const columns: Columns<BarRow> = sources.flatMap((source) => [
    [`collateral_usd ${source}`, (b: BarRow) => amountIn(b.bySource, source)] as const,
    [`range_usd ${source}`, (b: BarRow) => amountIn(b.rangeBySource, source)] as const,
  ])
  return write([...BARS, ...columns], rows)
}

const POSITIONS: Columns<PositionDocument> = [
  ['source', (p) => p.source],
  ['id', (p) => p.id],
  ['owner', (p) => p.owner],
  ['entity', (p) => p.entity],
  ['outcome', (p) => p.outcome],
  ['price_usd', (p) => p.price],
  ['price_raw', (p) => p.priceRaw],
  ['low_usd', (p) => p.low],
  ['high_usd', (p) => p.high],
  ['health_factor', (p) => p.healthFactor],
  ['collateral_usd', (p) => p.collateralUsd],
  ['debt_usd', (p) => p.debtUsd],
  ['driver_amount', (p) => p.driverAmount],
  ['reason', (p) => p.reason],
]

export const positionsCsv = (positions: readonly PositionDocument[]): string => write(POSITIONS, positions)
