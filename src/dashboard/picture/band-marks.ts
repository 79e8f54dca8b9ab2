import type { Band, Level } from '../../core/report.ts'
import { plural, price, priceDecimals } from '../format.ts'
import type { Panel } from './columns.ts'
import type { Frame } from './frame.ts'
import { element, num, titled } from './markup.ts'
import { BAND, LINE, PAPER } from './palette.ts'
import { bandText, rangeText } from './wishes.ts'

const KIND = { crowd: 'many owners', concentrated: 'few owners', entity: 'one entity' } as const

const tooltip = (band: Band, { report, unit }: Frame): string =>
  [
    `${band.kind} band ${bandText(band, report.driver.spotUsd, unit)}`,
    `${KIND[band.kind]}: ${plural(band.positions, 'position')} of ${plural(band.owners, 'owner')}`,
    `${unit.write(band.inRangeUsd)} in ${rangeText(band, report.driver.spotUsd)}, whoever holds it`,
  ].join('; ')

/** The bands of a side as full-height rectangles between their exact edges, whatever the bars are. */
export const bandMarks = (frame: Frame, { side, x }: Panel): string =>
  frame.report.bands
    .filter((band) => band.side === side)
    .map((band) => {
      const [left, right] = [x.at(band.low), x.at(band.high)]
      const area = element('rect', {
        x: left,
        y: frame.top,
        width: right - left,
        height: frame.bottom - frame.top,
        fill: BAND,
        'fill-opacity': 0.16,
      })
      return titled({ class: 'band', 'data-rank': band.rank }, tooltip(band, frame), area)
    })
    .join('')

/** The edges of the bands of a side, to be drawn over the bars. */
export const bandEdges = (frame: Frame, { side, x }: Panel): string => {
  const run = `${num(frame.top)}V${num(frame.bottom)}`
  const d = frame.report.bands
    .filter((band) => band.side === side)
    .map(({ low, high }) => `M${num(x.at(low))} ${run}M${num(x.at(high))} ${run}`)
    .join('')
  if (d === '') return ''
  const casing = { class: 'under', stroke: PAPER.fill, 'stroke-width': 3, 'stroke-opacity': 0.7 }
  return element('path', { d, ...casing }) + element('path', { d, stroke: BAND, 'stroke-width': 1.25 })
}

const levelTitle = ({ price: at, collateralUsd, positions }: Level, { report, unit }: Frame): string =>
  `level $${price(at, priceDecimals(report.driver.spotUsd))}: ${unit.write(collateralUsd)} of ` +
  `${plural(positions, 'position')} liquidatable once ${report.driver.symbol} is there`

/** The user's own watch prices on a side, as thin dotted lines. */
export const levelMarks = (frame: Frame, { side, x }: Panel): string =>
  frame.report.levels
    .filter(({ crossed }) => crossed === side)
    .map((level) => {
      const d = `M${num(x.at(level.price))} ${num(frame.top)}V${num(frame.bottom)}`
      const line = element('path', { d, ...LINE, 'stroke-width': 1, 'stroke-dasharray': '1.5 3' })
      return titled({ class: 'level' }, levelTitle(level, frame), line)
    })
    .join('')
