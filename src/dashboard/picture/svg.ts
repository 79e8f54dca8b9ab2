import type { Report } from '../../core/report.ts'
import { weightOf } from '../bars.ts'
import { plural } from '../format.ts'
import { gridLines, priceAxis, priceCaption, valueAxes, valueCaptions } from './axes.ts'
import { bandEdges, bandMarks, levelMarks } from './band-marks.ts'
import { barMarks, rangeFill, sumLine } from './bar-marks.ts'
import { columns as columnsOf, holdsAny, marginsOf, type Panel } from './columns.ts'
import { type Frame, frameOf } from './frame.ts'
import { blocksText, header, spotText } from './header.ts'
import { type Placed, placeLabels } from './labels.ts'
import { apartText, LEGEND_ROW, legendOf } from './legend.ts'
import { element, escaped, fitted, label, num } from './markup.ts'
import { nowMark } from './now-mark.ts'
import { BAND, HALO, INK, LINE, PAPER, SIZE, SOFT } from './palette.ts'
import { type Layer, layersOf } from './source-colors.ts'
import { type UnitName, unitOf } from './unit.ts'
import { whaleMarks } from './whale-marks.ts'
import { bandText, type Marked, wishesOf } from './wishes.ts'

export type PictureOptions = {
  /** What the value axes count: US dollars unless told otherwise. */
  readonly unit?: UnitName
  /** Begins every id in the document; two pictures on one page need two. */
  readonly id?: string
}

const WIDTH = 1200
const HEIGHT = 675
const LANE = 17
const MOST_LANES = 8
/** Three rows of the price axis, then notes and the last line. */
const AXIS_ROWS = 54
const FOOT = 40

const describe = (report: Report, frame: Frame): string => {
  const { totals, bands, driver } = report
  const sides = `${frame.unit.write(totals.below.collateralUsd)} of collateral is liquidatable if ${driver.symbol} falls, ${frame.unit.write(totals.above.collateralUsd)} if it rises.`
  const ranges =
    totals.range.positions === 0
      ? ''
      : ` ${frame.unit.write(totals.range.collateralUsd)} is sold over ranges.`
  const listed = bands.slice(0, 5).map((band) => bandText(band, driver.spotUsd, frame.unit))
  return `${blocksText(report)}; oracle spot ${spotText(report)}. ${sides}${ranges} ${plural(bands.length, 'band')}${listed.length === 0 ? '' : `: ${listed.join('; ')}`}.`
}

const pattern = (id: string, degrees: number, stripes: string): string =>
  element(
    'pattern',
    { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: `rotate(${degrees})` },
    element('rect', { width: 6, height: 6, ...PAPER }) + stripes,
  )

/** What is liquidatable now, and in each layer's colour, leaning the other way, what is sold over ranges. */
const hatches = (id: string, layers: readonly Layer[]): string =>
  element(
    'defs',
    {},
    pattern(`${id}-hatch`, 45, element('path', { d: 'M0 0V6', ...LINE, 'stroke-width': 2.5 })) +
      layers
        .map(({ rangeUsd, color }, i) =>
          rangeUsd === 0
            ? ''
            : pattern(
                rangeFill(id, i),
                -45,
                element('rect', { width: 6, height: 6, fill: color, 'fill-opacity': 0.25 }) +
                  element('path', { d: 'M1.5 0V6', stroke: color, 'stroke-width': 2.5 }),
              ),
        )
        .join(''),
  )

const laneLabels = (placed: readonly Placed<Marked>[], frame: Frame, base: number): string => {
  const baseline = (lane: number): number => base - 5 - lane * LANE
  const poles = placed.map(({ item, anchor, lane }) =>
    element('path', {
      d: `M${num(anchor)} ${num(baseline(lane) + 3)}V${num(frame.top)}`,
      ...(item.type === 'band' ? { stroke: BAND } : LINE),
      'stroke-dasharray': item.type === 'band' ? undefined : item.type === 'level' ? '1.5 3' : '5 4',
    }),
  )
  const texts = placed.map(({ item, text, left, lane }) =>
    label(
      text,
      { x: left, y: baseline(lane), size: SIZE.text },
      {
        ...HALO,
        'font-weight': item.type === 'level' ? undefined : 600,
      },
    ),
  )
  return poles.join('') + texts.join('')
}

const spotLine = ({ columns, top, bottom }: Frame): string =>
  [columns.below.x.to, ...(columns.above === null ? [] : [columns.above.x.from])]
    .map((x) =>
      element('path', { d: `M${num(x)} ${num(top)}V${num(bottom)}`, ...LINE, 'stroke-dasharray': '5 4' }),
    )
    .join('')

const nothing = (frame: Frame): string => {
  const { x } = frame.columns.below
  const text = `Nothing is liquidated by a fall of ${frame.report.driver.symbol} alone.`
  const middle = {
    x: (x.from + x.to) / 2,
    y: (frame.top + frame.bottom) / 2,
    size: SIZE.text,
    anchor: 'middle',
  } as const
  return holdsAny(frame.report, 'below')
    ? ''
    : label(fitted(text, x.to - x.from - 16, SIZE.text), middle, SOFT)
}

/** Pixels that the sum starts with at spot: what a hand-made range leaves out there. */
const startOf = ({ bottom, sums, unit }: Frame, { histogram }: Panel): number =>
  bottom - sums.at(unit.of(weightOf(histogram.overflow)))

const panelMarks = (frame: Frame, panel: Panel): string => {
  const { x, side } = panel
  return element(
    'g',
    {
      class: 'panel',
      'data-side': side,
      'data-low': String(x.low),
      'data-high': String(x.high),
      'data-from': x.from,
      'data-to': x.to,
      'data-top': frame.top,
      'data-bottom': frame.bottom,
      'data-start': side === 'below' ? startOf(frame, panel) : undefined,
      'data-ratio': side === 'below' ? String(frame.bars.high / frame.sums.high) : undefined,
    },
    bandMarks(frame, panel) +
      barMarks(frame, panel) +
      bandEdges(frame, panel) +
      (side === 'below' ? sumLine(frame, panel) : '') +
      whaleMarks(frame, panel) +
      levelMarks(frame, panel),
  )
}

const foot = ({ report, unit }: Pick<Frame, 'report' | 'unit'>, hidden: number): string => {
  const [left, right] = marginsOf(WIDTH)
  const last = [
    'Model-free: observed positions, no forecast',
    `${report.generator.name} ${report.generator.version}`,
    ...(hidden === 0 ? [] : [`${plural(hidden, 'band')} drawn without a label`]),
  ].join(' · ')
  const place = { x: left, size: SIZE.small }
  return (
    label(fitted(apartText(report, unit), right - left, SIZE.small), { ...place, y: HEIGHT - 28 }, SOFT) +
    label(fitted(last, right - left, SIZE.small), { ...place, y: HEIGHT - 11 }, INK)
  )
}

/**
 * One picture of a report, 1200 by 675: bars by source, bands between their own edges, the sum from spot down, the
 * largest owners and the levels over the price of the driver, with spot on the right. The same report gives the same
 * bytes.
 */
export const renderSvg = (
  report: Report,
  { unit: unitName = 'usd', id = 'liqbands' }: PictureOptions = {},
): string => {
  const unit = unitOf(report, unitName)
  const columns = columnsOf(report, WIDTH)
  const [left, right] = marginsOf(WIDTH)
  const wishes = wishesOf(report, columns, unit)
  const placed = placeLabels(wishes, { left, right, count: MOST_LANES, fontSize: SIZE.text })
  const lanes = placed.reduce((most, { lane }) => Math.max(most, lane + 1), 0)
  const head = header(report, WIDTH)
  const base = head.bottom + 8 + lanes * LANE
  const legend = legendOf(report, { columns, layers: layersOf(report), unit, id, width: WIDTH })
  const legendTop = HEIGHT - FOOT - legend.rows * LEGEND_ROW - 2
  const frame = frameOf(report, { unit, columns, top: base + 22, bottom: legendTop - AXIS_ROWS - 6, id })
  const panels = [columns.below, ...(columns.above === null ? [] : [columns.above])]
  const labelled = new Set(placed.map(({ item }) => item))
  const hidden = wishes.filter(({ item }) => item.type === 'band' && !labelled.has(item)).length
  const parts = [
    element(
      'title',
      { id: `${id}-title` },
      escaped(`${report.driver.symbol} liquidation bands, spot ${spotText(report)}`),
    ),
    element('desc', { id: `${id}-desc` }, escaped(describe(report, frame))),
    hatches(id, frame.layers),
    element('rect', { width: WIDTH, height: HEIGHT, ...PAPER }),
    head.svg,
    gridLines(frame),
    ...panels.map((panel) => panelMarks(frame, panel)),
    nothing(frame),
    nowMark(frame),
    spotLine(frame),
    laneLabels(placed, frame, base),
    valueCaptions(frame),
    valueAxes(frame),
    ...panels.map((panel) => priceAxis(frame, panel) + priceCaption(frame, panel)),
    legend.draw(legendTop),
    foot(frame, hidden),
  ]
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: WIDTH,
      height: HEIGHT,
      role: 'img',
      'aria-labelledby': `${id}-title ${id}-desc`,
      'font-family': "ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    },
    `\n${parts.filter((part) => part !== '').join('\n')}\n`,
  )}\n`
}
