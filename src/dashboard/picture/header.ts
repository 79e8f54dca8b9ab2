import type { Coverage, Report } from '../../core/report.ts'
import { shortfall } from '../coverage.ts'
import { count, percent, plural, price, priceDecimals, shortHex, usd, utc } from '../format.ts'
import { marginsOf } from './columns.ts'
import { element, fitted, label, textWidth } from './markup.ts'
import { ALARM, INK, SIZE, SOFT } from './palette.ts'

/** A part of the picture and the height at which the next may begin. */
export type Part = { readonly svg: string; readonly bottom: number }

const MOST_ALARMS = 3
const LINE = 17

/** The price of the driver at the pinned block, in USD. */
export const spotText = ({ driver }: Pick<Report, 'driver'>): string =>
  `$${price(driver.spotUsd, priceDecimals(driver.spotUsd))}`

/** Which blocks were read, and when they were made. */
export const blocksText = ({ blocks }: Pick<Report, 'blocks'>): string =>
  blocks.length === 0
    ? 'no block'
    : blocks
        .map(({ chain, number, hash, timestamp }) =>
          [
            number === null ? `${chain}, no block named` : `${chain} block ${count(number)}`,
            hash === null ? '' : `(${shortHex(hash, '…')})`,
            timestamp === null ? '' : utc(timestamp),
          ]
            .filter((part) => part !== '')
            .join(' '),
        )
        .join(' | ')

const coveredText = (coverage: readonly Coverage[]): string => {
  const known = coverage.map(({ debtCovered }) => debtCovered).filter((covered) => covered !== null)
  const without = coverage.length - known.length
  if (known.length === 0) return 'no protocol total to compare with'
  const least = known.reduce((a, b) => Math.min(a, b))
  const most = known.reduce((a, b) => Math.max(a, b))
  const range = least === most ? percent(least) : `${percent(least)} to ${percent(most)}`
  return `debt covered ${range} of the protocols' own totals${without === 0 ? '' : ` (${without} without one)`}`
}

/** How far the sources were read, in one line. */
export const coverageText = ({ coverage }: Pick<Report, 'coverage'>): string => {
  const complete = coverage.filter(({ status }) => status === 'complete').length
  const positions = coverage.reduce((sum, source) => sum + source.positions, 0)
  const debt = coverage.reduce((sum, source) => sum + source.debtUsd, 0)
  return [
    `${count(complete)} of ${plural(coverage.length, 'source')} complete`,
    `${plural(positions, 'position')}`,
    `${usd(debt)} debt`,
    coveredText(coverage),
  ].join(' · ')
}

/** Each source that was not read to the end, with its reason; the worst first. */
export const alarms = ({ coverage }: Pick<Report, 'coverage'>): readonly string[] =>
  (['failed', 'partial', 'stale'] as const).flatMap((status) =>
    coverage
      .filter((source) => source.status === status)
      .map(
        ({ source, error, notes }) =>
          `${status.toUpperCase()} ${source}: ${error ?? notes[0] ?? 'no reason was recorded'}`,
      ),
  )

/** The headline of the warning, or null where every source is complete. */
export const alarmTitle = (report: Report): string | null => {
  const short = shortfall(report)
  return short === null
    ? null
    : `INCOMPLETE: ${short}. What is missing is in no sum here: it is unknown, not zero.`
}

const shortened = (lines: readonly string[]): readonly string[] => {
  if (lines.length <= MOST_ALARMS) return lines
  const rest = lines.slice(MOST_ALARMS - 1)
  return [
    ...lines.slice(0, MOST_ALARMS - 1),
    `and ${rest.length} more: ${rest.map((line) => line.split(':')[0]).join(', ')}`,
  ]
}

const banner = (report: Report, width: number, top: number): Part => {
  const title = alarmTitle(report)
  if (title === null) return { svg: '', bottom: top }
  const [left, right] = marginsOf(width)
  const lines = [title, ...shortened(alarms(report))]
  const height = lines.length * LINE + 10
  const box = element('rect', {
    class: 'alarm',
    x: left,
    y: top + 4,
    width: right - left,
    height,
    rx: 3,
    fill: ALARM,
  })
  const texts = lines.map((line, i) =>
    label(
      fitted(line, right - left - 20, SIZE.text),
      { x: left + 10, y: top + 20 + i * LINE, size: SIZE.text },
      { fill: '#ffffff', 'font-weight': i === 0 ? 700 : undefined },
    ),
  )
  return { svg: element('g', { role: 'alert' }, box + texts.join('')), bottom: top + 4 + height }
}

/** Title, oracle price, block, time and coverage, and the red banner where a source is missing. */
export const header = (report: Report, width: number): Part => {
  const [left, right] = marginsOf(width)
  const spot = fitted(`oracle spot ${spotText(report)}`, (right - left) / 2, SIZE.title)
  const room = right - left - textWidth(spot, SIZE.title) - 30
  const sans = { 'font-family': 'system-ui, sans-serif' }
  const title = fitted(`${report.driver.symbol} liquidation bands`, room, SIZE.title)
  const lines = [
    `${blocksText(report)} · scan ${report.scan.id}${report.scan.status === 'partial' ? ', partial' : ''}`,
    coverageText(report),
  ]
  const texts = lines.map((line, i) =>
    label(fitted(line, right - left, SIZE.text), { x: left, y: 54 + i * LINE, size: SIZE.text }, SOFT),
  )
  const { svg, bottom } = banner(report, width, 76)
  return {
    svg:
      label(title, { x: left, y: 32, size: SIZE.title }, { ...INK, ...sans, 'font-weight': 700 }) +
      label(spot, { x: right, y: 32, size: SIZE.title, anchor: 'end' }, { ...INK, 'font-weight': 700 }) +
      texts.join('') +
      svg,
    bottom,
  }
}
