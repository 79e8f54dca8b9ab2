import type { Histogram, Report, Side } from '../../core/report.ts'
import { weightOf } from '../bars.ts'
import { linear, type Scale } from './scale.ts'

/** One side of spot: the prices drawn and where they lie across the picture. */
export type Panel = {
  readonly side: Side
  readonly histogram: Histogram
  /** Price to pixels; prices rise to the right, so spot is the right edge below and the left edge above. */
  readonly x: Scale
}

/** The picture cut into columns: below spot, what is liquidatable now, above spot. */
export type Columns = {
  readonly below: Panel
  readonly already: { readonly left: number; readonly right: number } | null
  readonly above: Panel | null
}

/** Room for the ticks of a value axis. */
export const AXIS_WIDTH = 66
/** Between spot and what is right of it: the ticks of the sums. */
export const GUTTER = 84
const MARGIN = 18
const NOW_WIDTH = 104
/** No panel shows less than this much of spot. */
const LEAST = 0.1

const edgesOf = (report: Report, side: Side, end: 'low' | 'high'): readonly number[] => {
  const histogram = side === 'below' ? report.histogram : report.histogramAbove
  return [
    ...histogram.bars.filter((bar) => weightOf(bar) > 0).map((bar) => bar[end]),
    ...report.bands.filter((band) => band.side === side).map((band) => band[end]),
    ...report.levels.filter(({ crossed }) => crossed === side).map(({ price }) => price),
  ]
}

/** Whether a side has anything to draw or to tell. */
export const holdsAny = (report: Report, side: Side): boolean => {
  const histogram = side === 'below' ? report.histogram : report.histogramAbove
  return (
    edgesOf(report, side, 'low').length > 0 ||
    weightOf(histogram.underflow) > 0 ||
    weightOf(histogram.overflow) > 0 ||
    report.whales.some((whale) => whale.side === side)
  )
}

/** From the lowest price that holds anything to spot. */
const below = (report: Report): readonly [low: number, high: number] => {
  const spot = report.driver.spotUsd
  const edges = edgesOf(report, 'below', 'low')
  const low = edges.length === 0 ? spot / 2 : edges.reduce((least, edge) => Math.min(least, edge))
  return [Math.max(0, Math.min(low, spot * (1 - LEAST))), spot]
}

const above = (report: Report): readonly [low: number, high: number] => {
  const spot = report.driver.spotUsd
  const edges = edgesOf(report, 'above', 'high')
  const high = edges.length === 0 ? spot * 1.5 : edges.reduce((most, edge) => Math.max(most, edge))
  return [spot, Math.max(high, spot * (1 + LEAST))]
}

/** How the width of the picture is shared out: most of it to the side that holds something. */
export const columns = (report: Report, width: number): Columns => {
  const left = MARGIN + AXIS_WIDTH
  const right = width - MARGIN
  const hasAbove = holdsAny(report, 'above')
  const now = report.totals.already.positions > 0 ? NOW_WIDTH : 0
  const room = right - left - GUTTER - now - (hasAbove ? AXIS_WIDTH : 0)
  const share = !hasAbove ? 0 : holdsAny(report, 'below') ? 0.24 : 0.62
  const spotX = left + Math.round(room * (1 - share))
  const nowX = spotX + GUTTER
  return {
    below: { side: 'below', histogram: report.histogram, x: linear(...below(report), left, spotX) },
    already: now === 0 ? null : { left: nowX, right: nowX + now },
    above: hasAbove
      ? {
          side: 'above',
          histogram: report.histogramAbove,
          x: linear(...above(report), nowX + now, right - AXIS_WIDTH),
        }
      : null,
  }
}

/** Left and right margin of everything that is no panel. */
export const marginsOf = (width: number): readonly [left: number, right: number] => [MARGIN, width - MARGIN]
