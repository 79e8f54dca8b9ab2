import type { Histogram, Report } from '../core/report.ts'
import { gutter, histogramRows, holdsRanges, type Row, type Rows, rowBar, touches, weightOf } from './bars.ts'
import { plural, price, usd } from './format.ts'
import { pad, paint, span, visibleWidth, wrap } from './ink.ts'
import type { Page } from './page.ts'

type Side = Histogram['side']

const ROWS = { below: 40, above: 12 }
const FIGURE = 10
const TITLE = { below: 'BELOW SPOT', above: 'ABOVE SPOT' }

const decimalsOf = (step: number): number => {
  for (let decimals = 0; decimals < 12; decimals++) {
    const shifted = step * 10 ** decimals
    if (Math.abs(shifted - Math.round(shifted)) < 1e-6) return decimals
  }
  return 12
}

/** Whether a row is the open one towards spot, of ranges that spot has gone through: no bar of their side holds them. */
const isPassed = ({ low, high, collateralUsd }: Row, side: Side): boolean =>
  collateralUsd === 0 && (side === 'below' ? high === null : low === null)

const labelOf = (row: Row, side: Side, write: (n: number) => string, page: Page): string => {
  const { low, high } = row
  if (isPassed(row, side)) return 'passed'
  if (low !== null && high !== null) return span(page, write(low), write(high))
  if (high !== null) return `under ${write(high)}`
  return low === null ? 'all prices' : `from ${write(low)}`
}

/** Sums from spot outwards; `rows` run from the high price to the low. */
const running = (rows: readonly Row[], side: Side): readonly number[] => {
  let total = 0
  const sums = (side === 'below' ? rows : rows.toReversed()).map((row) => {
    total += weightOf(row)
    return total
  })
  return side === 'below' ? sums : sums.reverse()
}

/** The heaviest row that has two ends: an open one is of no comparable width and gets no bar. */
const heaviest = (rows: readonly Row[]): number =>
  rows.filter(isClosed).reduce((most, row) => Math.max(most, weightOf(row)), 0)

const isClosed = ({ low, high }: Row): boolean => low !== null && high !== null

const figures = (collateral: string, cumulative: string): string =>
  `  ${pad(collateral, FIGURE, 'right')}  ${pad(cumulative, FIGURE, 'right')}`

const sideLines = (
  report: Report,
  side: Side,
  { rows, step, stepPct }: Rows,
  most: number,
  page: Page,
): readonly string[] => {
  const write = (n: number): string => (step === null ? page.price(n) : price(n, decimalsOf(step)))
  const bands = report.bands.filter((band) => band.side === side)
  const lanes = gutter(rows, bands, page.unicode)
  const labels = rows.map((row) => labelOf(row, side, write, page))
  const spot = `spot ${page.price(report.driver.spotUsd)}`
  const labelWidth = Math.max(...labels.map(visibleWidth), visibleWidth(spot))
  const lead = labelWidth + 1 + visibleWidth(lanes[0] ?? '') + 1
  const room = Math.max(4, page.width - lead - visibleWidth(figures('', '')))
  const sums = running(rows, side)

  const drawn = rows.map((row, i) => {
    const style = bands.some((band) => touches(row, band)) ? 'band' : undefined
    const blocks = isClosed(row) ? rowBar(row, most, room, page.unicode) : ''
    const value = weightOf(row) === 0 ? '' : usd(weightOf(row))
    return [
      pad(labels[i] ?? '', labelWidth, 'right'),
      paint(page, 'band', lanes[i] ?? ''),
      pad(paint(page, style, blocks), room, 'left') + figures(value, usd(sums[i] ?? 0)),
    ].join(' ')
  })

  const width = step === null ? (stepPct === null ? null : `${price(stepPct, 2)}%`) : `$${write(step)}`
  const scale = width === null ? '' : paint(page, 'dim', `  ${width} a row`)
  const heading =
    pad(paint(page, 'bold', TITLE[side]) + scale, lead + room, 'left') +
    paint(page, 'dim', figures('collateral', 'cumulative'))
  const rule = (page.unicode ? '─' : '-').repeat(Math.max(0, page.width - labelWidth - 1))
  const marker = `${pad(paint(page, 'bold', spot), labelWidth, 'right')} ${paint(page, 'dim', rule)}`
  return [heading, ...(side === 'below' ? [marker, ...drawn] : [...drawn, marker]), '']
}

/** What the shaded part of the bars is; nothing where no position has a range. */
const rangeLines = ({ totals, histogram, histogramAbove }: Report, page: Page): readonly string[] => {
  const { positions, collateralUsd } = totals.range
  if (!holdsRanges(histogram) && !holdsRanges(histogramAbove)) return []
  const passed =
    histogram.overflow.rangeUsd + histogramAbove.overflow.rangeUsd > 0
      ? '; passed: spot is beyond the whole range, and what is left of it is sold as soon as somebody trades'
      : ''
  const text = `${page.unicode ? '▒' : ':'} sold bit by bit over ranges (soft liquidation): ${usd(collateralUsd)} of ${plural(positions, 'position')}, part of both columns, of no band${passed}`
  return [...wrap(text, page.width).map((line) => paint(page, 'dim', line)), '']
}

/**
 * Both sides of spot as bars on one scale, a row a price interval, the high price first; the bands run down a
 * gutter, from edge to edge. The side above is left out where it holds nothing.
 */
export const histogramLines = (report: Report, page: Page): readonly string[] => {
  const { spotUsd } = report.driver
  const below = histogramRows(report.histogram, spotUsd, { most: ROWS.below, least: 0 })
  const above = histogramRows(report.histogramAbove, spotUsd, { most: ROWS.above, least: below.step ?? 0 })
  const most = Math.max(heaviest(below.rows), heaviest(above.rows))
  const nothing = [
    paint(page, 'bold', TITLE.below),
    `Nothing is liquidated by a fall of ${page.symbol} alone.`,
    '',
  ]
  return [
    ...(below.rows.length === 0 ? nothing : sideLines(report, 'below', below, most, page)),
    ...(above.rows.length === 0 ? [] : sideLines(report, 'above', above, most, page)),
    ...rangeLines(report, page),
  ]
}
