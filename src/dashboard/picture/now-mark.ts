import { plural } from '../format.ts'
import type { Frame } from './frame.ts'
import { element, fitted, label, titled } from './markup.ts'
import { AXIS, HALO, SIZE, SOFT } from './palette.ts'

const BAR = 30

/** What is liquidatable already: a hatched bar apart from the price axis, on the scale of the bars below spot. */
export const nowMark = (frame: Frame): string => {
  const { report, columns, unit, bars, top, bottom, id } = frame
  if (columns.already === null) return ''
  const { collateralUsd, positions } = report.totals.already
  const { left, right } = columns.already
  const middle = (left + right) / 2 - 6
  const width = right - left - 16
  const value = unit.of(collateralUsd)
  const cut = value > bars.high
  const height = Math.max(1, bottom - bars.at(value))
  const bar = element('rect', {
    x: middle - BAR / 2,
    y: bottom - height,
    width: BAR,
    height,
    fill: `url(#${id}-hatch)`,
    ...{ ...AXIS, class: 'now' },
  })
  const lines = ['liquidatable', 'now', plural(positions, 'position')].map((text, i) =>
    label(
      fitted(text, width, SIZE.small),
      { x: middle, y: bottom + 16 + i * 15, size: SIZE.small, anchor: 'middle' },
      SOFT,
    ),
  )
  const amount = label(
    fitted(`${cut ? '↑ ' : ''}${unit.write(collateralUsd)}`, width, SIZE.small),
    { x: middle, y: Math.max(top + SIZE.small, bottom - height - 6), size: SIZE.small, anchor: 'middle' },
    HALO,
  )
  const title = `already liquidatable: ${unit.write(collateralUsd)} of ${plural(positions, 'position')}${
    cut ? ', more than the axis shows' : ''
  }`
  return titled({ class: 'now' }, title, bar) + amount + lines.join('')
}
