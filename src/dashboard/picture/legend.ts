import type { Report } from '../../core/report.ts'
import { holdsRanges } from '../bars.ts'
import { plural } from '../format.ts'
import { rangeFill } from './bar-marks.ts'
import { type Columns, marginsOf, type Panel } from './columns.ts'
import { drawnBars, drawnWhales } from './frame.ts'
import { element, fitted, label, num, textWidth } from './markup.ts'
import { AXIS, BAND, LINE, PAPER, SIZE, SOFT } from './palette.ts'
import type { Layer } from './source-colors.ts'
import type { Unit } from './unit.ts'

/** One entry: what is drawn before its text, in a box 16 pixels wide and 10 high. */
type Entry = {
  readonly text: string
  readonly mark: (x: number, y: number) => string
  readonly class?: string
}
type Placed = Entry & { readonly x: number; readonly row: number }

export const LEGEND_ROW = 18
const MARK = 22
const NAME = 250

const swatch =
  (attributes: Readonly<Record<string, string | number>>): Entry['mark'] =>
  (x, y) =>
    element('rect', { x, y: y - 9, width: 16, height: 10, ...attributes })

const stroke =
  (attributes: Readonly<Record<string, string | number>>): Entry['mark'] =>
  (x, y) =>
    element('path', { d: `M${num(x)} ${num(y - 4)}h16`, ...LINE, ...attributes })

const lollipop: Entry['mark'] = (x, y) =>
  element('path', { d: `M${num(x + 8)} ${num(y + 2)}v-8`, ...LINE }) +
  element('circle', {
    cx: x + 8,
    cy: y - 6,
    r: 3.5,
    ...PAPER,
    stroke: LINE.stroke,
    'stroke-width': 1.5,
    class: 'paper line',
  })

/** How many of the largest owners are drawn: the smaller ones and those beyond the drawn prices are not. */
const ownersText = (report: Report, { below, above }: Columns): string => {
  const drawn = [below, ...(above === null ? [] : [above])].reduce(
    (sum, panel) => sum + drawnWhales(report, panel).length,
    0,
  )
  const all = report.whales.length
  return `largest owners${drawn === all ? '' : ` (${drawn} of ${all} drawn)`}, at their mean price`
}

/** A source, and beside it what of it is sold over ranges; one of the two where there is no other. */
const layerEntries = (
  { name, color, rangeUsd, collateralUsd }: Layer,
  i: number,
  unit: Unit,
  id: string,
): readonly Entry[] => {
  const called = fitted(name, NAME, SIZE.small)
  const atPrices = collateralUsd - rangeUsd
  const solid = { text: `${called} ${unit.write(atPrices)}`, mark: swatch({ fill: color }) }
  const hatched = {
    text: `${called} sold over ranges ${unit.write(rangeUsd)}`,
    mark: swatch({ fill: `url(#${rangeFill(id, i)})` }),
  }
  return [...(rangeUsd === 0 || atPrices > 0.005 ? [solid] : []), ...(rangeUsd === 0 ? [] : [hatched])].map(
    (entry) => ({ ...entry, class: `key k${i}` }),
  )
}

const sumText = ({ histogram }: Panel): string =>
  `sum from spot down${holdsRanges(histogram) ? ', ranges included' : ''}, right axis`

const entries = (
  report: Report,
  columns: Columns,
  layers: readonly Layer[],
  unit: Unit,
  id: string,
): readonly Entry[] => [
  ...layers.flatMap((layer, i) => layerEntries(layer, i, unit, id)),
  ...(report.bands.length === 0
    ? []
    : [
        {
          text: 'band between exact edges: collateral, share of its side, holders, from spot',
          mark: swatch({ fill: BAND, 'fill-opacity': 0.16, stroke: BAND }),
        },
      ]),
  ...(report.whales.length === 0 ? [] : [{ text: ownersText(report, columns), mark: lollipop }]),
  ...(drawnBars(columns.below).length === 0
    ? []
    : [{ text: sumText(columns.below), mark: stroke({ 'stroke-width': 1.75 }) }]),
  ...(report.levels.length === 0 ? [] : [{ text: 'level', mark: stroke({ 'stroke-dasharray': '1.5 3' }) }]),
  ...(columns.already === null
    ? []
    : [{ text: 'liquidatable now', mark: swatch({ fill: `url(#${id}-hatch)`, ...AXIS }) }]),
]

/** The key to the picture as rows of entries, none over the right margin. */
export type Legend = { readonly rows: number; readonly draw: (top: number) => string }

/** Every source that has a layer, and every kind of mark that the picture holds. */
export const legendOf = (
  report: Report,
  {
    columns,
    layers,
    unit,
    id,
    width,
  }: {
    readonly columns: Columns
    readonly layers: readonly Layer[]
    readonly unit: Unit
    readonly id: string
    readonly width: number
  },
): Legend => {
  const [left, right] = marginsOf(width)
  const placed: Placed[] = []
  let x = left
  let row = 0
  for (const entry of entries(report, columns, layers, unit, id)) {
    const wide = MARK + textWidth(entry.text, SIZE.small)
    if (x > left && x + wide > right) {
      x = left
      row += 1
    }
    placed.push({ ...entry, x, row })
    x += wide + 22
  }
  return {
    rows: row + 1,
    draw: (top) =>
      placed
        .map((entry) => {
          const y = top + 12 + entry.row * LEGEND_ROW
          const text = label(entry.text, { x: entry.x + MARK, y, size: SIZE.small }, SOFT)
          return element('g', { class: entry.class }, entry.mark(entry.x, y) + text)
        })
        .join(''),
  }
}

/** What is in no bar and why, named with its sums. */
export const apartText = ({ totals, driver, histogram, histogramAbove }: Report, unit: Unit): string => {
  const { never, insolvent, unpriced, already } = totals
  const passed = histogram.overflow.rangeUsd + histogramAbove.overflow.rangeUsd
  const parts = [
    ...(already.positions === 0 ? ['liquidatable now: none'] : []),
    ...(passed > 0 ? [`ranges that spot has passed: ${unit.write(passed)}`] : []),
    ...(never.positions === 0
      ? []
      : [`at no ${driver.symbol} price: ${plural(never.positions, 'position')}`]),
    ...(insolvent.positions === 0 ? [] : [`under water: ${plural(insolvent.positions, 'position')}`]),
    ...(unpriced.positions === 0 ? [] : [`unpriced: ${plural(unpriced.positions, 'position')}`]),
  ]
  return parts.length === 0 ? '' : `In no bar: ${parts.join(' · ')}`
}
