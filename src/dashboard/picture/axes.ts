import { weightOf } from '../bars.ts'
import { change, plural, price } from '../format.ts'
import { AXIS_WIDTH, type Panel } from './columns.ts'
import { drawnBars, drawnWhales, type Frame, VALUE_TICKS } from './frame.ts'
import { element, fitted, label, num, type TextPlace, textWidth } from './markup.ts'
import { AXIS, GRID, HALO, SIZE, SOFT } from './palette.ts'
import type { Scale } from './scale.ts'
import { decimalsOf, niceStep, ticks } from './ticks.ts'

/** Of the rows of ticks under the plot. */
const ROW = 15
/** A tick's text may hang over the end of its axis by this much. */
const OVERHANG = 24

type Tick = { readonly x: number; readonly text: string }

/** Ticks whose texts neither touch each other nor hang far over the ends. */
const sparse = (all: readonly Tick[], { from, to }: Scale): readonly Tick[] => {
  let last = Number.NEGATIVE_INFINITY
  return all.filter(({ x, text }) => {
    const half = textWidth(text, SIZE.text) / 2
    if (x - half < last + 8 || x - half < from - OVERHANG || x + half > to + OVERHANG) return false
    last = x + half
    return true
  })
}

const rowOf = (all: readonly Tick[], y: number, mark: string): string =>
  all
    .map(
      ({ x, text }) =>
        label(text, { x, y, size: SIZE.text, anchor: 'middle' }, SOFT) +
        (mark === '' ? '' : element('path', { d: `M${num(x)} ${mark}`, ...AXIS })),
    )
    .join('')

/** Round prices, and under them round distances from spot. */
export const priceAxis = ({ report, bottom }: Frame, { x }: Panel): string => {
  const { spotUsd } = report.driver
  const most = Math.max(2, Math.floor((x.to - x.from) / 84))
  const decimals = decimalsOf(niceStep(x.high - x.low, most))
  const prices = ticks(x.low, x.high, most).map((value) => ({ x: x.at(value), text: price(value, decimals) }))
  const percentOf = (value: number): number => (value / spotUsd - 1) * 100
  const changes = ticks(percentOf(x.low), percentOf(x.high), most).map((pct) => ({
    x: x.at(spotUsd * (1 + pct / 100)),
    text: pct === 0 ? '0%' : change(pct).replace(/\.0%$/, '%'),
  }))
  return (
    element('path', { d: `M${num(x.from)} ${num(bottom)}H${num(x.to)}`, ...AXIS }) +
    rowOf(sparse(prices, x), bottom + ROW + 1, `${num(bottom)}v4`) +
    rowOf(sparse(changes, x), bottom + ROW * 2 + 1, '')
  )
}

/** What lies beyond the drawn prices of a side, away from spot; the first text that has room. */
const beyondText = ({ unit }: Frame, { side, histogram, x }: Panel): string => {
  const { underflow, step, stepPct, bars } = histogram
  const beyond = weightOf(underflow)
  if (beyond <= 0) return ''
  const end =
    side === 'below'
      ? bars.reduce((least, { low }) => Math.min(least, low), bars[0]?.low ?? x.low)
      : bars.reduce((most, { high }) => Math.max(most, high), bars[0]?.high ?? x.high)
  const edge = `$${price(end, stepPct === null ? decimalsOf(step) : undefined)}`
  const amount = unit.write(beyond)
  const arrow = (text: string): string =>
    side === 'below' ? `← under ${edge}: ${text}` : `over ${edge}: ${text} →`
  const who = underflow.positions === 0 ? 'over ranges' : plural(underflow.positions, 'position')
  const texts = [`${amount} more (${who})`, `${amount} more`, amount].map(arrow)
  return (
    texts.find((text) => textWidth(text, SIZE.small) <= x.to - x.from) ??
    fitted(amount, x.to - x.from, SIZE.small)
  )
}

/** What the price axis counts, and what lies beyond its far end. */
export const priceCaption = (frame: Frame, panel: Panel): string => {
  const { x, side } = panel
  const y = frame.bottom + ROW * 3 + 3
  const room = x.to - x.from
  const beyond = beyondText(frame, panel)
  const title = `${frame.report.driver.symbol} price in USD, and from spot`
  const used = textWidth(beyond, SIZE.small) + textWidth(title, SIZE.small) + 24
  const far =
    side === 'below' ? ({ x: x.from, anchor: 'start' } as const) : ({ x: x.to, anchor: 'end' } as const)
  return (
    label(beyond, { ...far, y, size: SIZE.small }, { ...SOFT, 'font-weight': 700 }) +
    (side === 'below' && used <= room
      ? label(title, { x: x.to, y, size: SIZE.small, anchor: 'end' }, SOFT)
      : '')
  )
}

type Side = 'left' | 'right'

const valueTicks = (frame: Frame, y: Scale, x: number, side: Side): string =>
  ticks(0, y.high, VALUE_TICKS)
    .map((value) =>
      label(
        fitted(frame.unit.tick(value), AXIS_WIDTH - 8, SIZE.text),
        {
          x: side === 'left' ? x - 8 : x + 8,
          y: y.at(value) + 4,
          size: SIZE.text,
          anchor: side === 'left' ? 'end' : 'start',
        },
        SOFT,
      ),
    )
    .join('')

/** Whether anything is drawn against the value axis of a side. */
const counts = ({ report, columns }: Frame, panel: Panel): boolean =>
  drawnBars(panel).length > 0 ||
  drawnWhales(report, panel).length > 0 ||
  (panel.side === 'below' && columns.already !== null)

const grid = (y: Scale, { from, to }: Scale): string =>
  ticks(0, y.high, VALUE_TICKS)
    .filter((value) => value > 0)
    .map((value) => element('path', { d: `M${num(from)} ${num(y.at(value))}H${num(to)}`, ...GRID }))
    .join('')

/** The lines behind everything: one for each tick of the bars' axis. */
export const gridLines = (frame: Frame): string => {
  const { below, above } = frame.columns
  return (
    (counts(frame, below) ? grid(frame.bars, below.x) : '') +
    (above !== null && counts(frame, above) ? grid(frame.barsAbove, above.x) : '')
  )
}

/** The value axes: bars on the left, sums from spot on the right of it; the side above has an axis of its own. */
export const valueAxes = (frame: Frame): string => {
  const { below, above } = frame.columns
  return (
    (counts(frame, below) ? valueTicks(frame, frame.bars, below.x.from, 'left') : '') +
    (drawnBars(below).length > 0 ? valueTicks(frame, frame.sums, below.x.to, 'right') : '') +
    (above !== null && counts(frame, above) ? valueTicks(frame, frame.barsAbove, above.x.to, 'right') : '')
  )
}

/** What is sold above spot, at prices and over ranges; the first text that has room. */
const riseText = ({ report, unit }: Frame, room: number): string => {
  const { bars, underflow, overflow } = report.histogramAbove
  const ranges = [underflow, overflow, ...bars].reduce((sum, { rangeUsd }) => sum + rangeUsd, 0)
  const { positions, collateralUsd } = report.totals.above
  const parts = [
    ...(positions > 0 || ranges === 0 ? [unit.write(collateralUsd)] : []),
    ...(ranges > 0 ? [`${unit.write(ranges)} over ranges`] : []),
  ].join(' and ')
  const texts = [`above spot: ${parts} (own scale)`, `above spot: ${parts}`, `above: ${parts}`]
  return texts.find((text) => textWidth(text, SIZE.small) <= room) ?? fitted(parts, room, SIZE.small)
}

/** What the value axes count, over their upper ends. */
export const valueCaptions = (frame: Frame): string => {
  const { columns, report, unit, top } = frame
  const { below, above } = columns
  const y = top - 9
  const place = (x: number): TextPlace => ({ x, y, size: SIZE.small })
  const { step, stepPct } = report.histogram
  const width =
    stepPct === null ? `$${price(step, decimalsOf(step))}` : `${price(stepPct, decimalsOf(stepPct))}%`
  const left = below.x.from - AXIS_WIDTH + 8
  const bars = fitted(
    `collateral per ${width} of price, ${unit.label}`,
    (below.x.to - left) * 0.9,
    SIZE.small,
  )
  const sums = fitted(`sum, ${unit.short}`, AXIS_WIDTH - 10, SIZE.small)
  return (
    (counts(frame, below) ? label(bars, place(left), HALO) : '') +
    (drawnBars(below).length > 0 ? label(sums, place(below.x.to + 8), HALO) : '') +
    (above === null
      ? ''
      : label(riseText(frame, above.x.to - above.x.from + AXIS_WIDTH), place(above.x.from), HALO))
  )
}
