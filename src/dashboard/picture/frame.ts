import type { Report, Whale } from '../../core/report.ts'
import { weightOf } from '../bars.ts'
import type { Columns, Panel } from './columns.ts'
import { linear, type Scale } from './scale.ts'
import { type Layer, layersOf } from './source-colors.ts'
import { niceTop } from './ticks.ts'
import type { Unit } from './unit.ts'

/** Ticks that a value axis has, about. */
export const VALUE_TICKS = 5
const MOST_WHALES = 12
/** An axis ends here at least, so that an empty picture has one. */
const LEAST_USD = 10
/** A bar of what is liquidatable now may stretch the axis this far; a higher one is cut. */
const STRETCH = 1.5

/** All that the marks need to know to be drawn. */
export type Frame = {
  readonly report: Report
  readonly unit: Unit
  readonly columns: Columns
  readonly layers: readonly Layer[]
  /** Pixels of the plot's upper end and of its base line. */
  readonly top: number
  readonly bottom: number
  /** In the unit: collateral of bars below spot, their sums from spot on, and collateral of bars above spot. */
  readonly bars: Scale
  readonly sums: Scale
  readonly barsAbove: Scale
  /** Before the name of everything in the document that has one. */
  readonly id: string
}

/** The bars of a side that hold anything within the drawn prices. */
export const drawnBars = ({ histogram, x }: Panel): Panel['histogram']['bars'] =>
  histogram.bars.filter((bar) => weightOf(bar) > 0 && bar.high > x.low && bar.low < x.high)

/** The largest owners whose price lies within the drawn ones, the largest first. */
export const drawnWhales = (report: Report, { side, x }: Panel): readonly Whale[] =>
  report.whales
    .filter((whale) => whale.side === side && whale.price >= x.low && whale.price <= x.high)
    .sort((a, b) => b.collateralUsd - a.collateralUsd)
    .slice(0, MOST_WHALES)

const heaviest = (report: Report, panel: Panel): number =>
  Math.max(
    0,
    ...drawnBars(panel).map(weightOf),
    ...drawnWhales(report, panel).map(({ collateralUsd }) => collateralUsd),
  )

/** Collateral from spot to the far end of the drawn bars, USD. */
export const drawnSum = (panel: Panel): number =>
  drawnBars(panel).reduce((sum, bar) => sum + weightOf(bar), weightOf(panel.histogram.overflow))

/** The scales of the value axes between two heights. */
export const frameOf = (
  report: Report,
  place: Pick<Frame, 'unit' | 'columns' | 'top' | 'bottom' | 'id'>,
): Frame => {
  const { unit, columns, top, bottom } = place
  const axis = (mostUsd: number): Scale =>
    linear(0, niceTop(unit.of(Math.max(mostUsd, LEAST_USD)), VALUE_TICKS), bottom, top)
  const most = heaviest(report, columns.below)
  const now = report.totals.already.collateralUsd
  return {
    ...place,
    report,
    layers: layersOf(report),
    bars: axis(most === 0 || now <= most * STRETCH ? Math.max(most, now) : most),
    sums: axis(drawnSum(columns.below)),
    barsAbove: axis(columns.above === null ? 0 : heaviest(report, columns.above)),
  }
}
