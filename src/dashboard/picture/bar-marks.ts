import type { Histogram } from '../../core/report.ts'
import { weightOf } from '../bars.ts'
import { plural, price, usd } from '../format.ts'
import type { Panel } from './columns.ts'
import { drawnBars, type Frame } from './frame.ts'
import { element, num, titled } from './markup.ts'
import { LINE } from './palette.ts'
import { rangeShareOf, shareOf } from './source-colors.ts'
import { decimalsOf } from './ticks.ts'

type Bar = Histogram['bars'][number]

const tooltip = (bar: Bar, { layers, unit }: Frame, step: number): string => {
  const decimals = Math.max(2, decimalsOf(step))
  const parts = layers
    .map((layer) => ({
      name: layer.name,
      value: shareOf(bar, layer, layers) + rangeShareOf(bar, layer, layers),
    }))
    .filter(({ value }) => value > 0)
    .map(({ name, value }) => `${name} ${unit.write(value)}`)
  return [
    `$${price(bar.low, decimals)}–$${price(bar.high, decimals)}: ${unit.write(bar.collateralUsd)}`,
    ...(bar.rangeUsd > 0 ? [`${unit.write(bar.rangeUsd)} more sold over ranges`] : []),
    `${plural(bar.positions, 'position')}, ${usd(bar.debtUsd)} debt`,
    ...parts,
  ].join('; ')
}

/** The pattern of what is sold over ranges, of one layer. */
export const rangeFill = (id: string, layer: number): string => `${id}-range-${layer}`

/** The bars of a side, stacked by source, the largest source at the base; hatched above them what is sold over ranges. */
export const barMarks = (frame: Frame, panel: Panel): string => {
  const { layers, unit, bottom, id } = frame
  const { x, side, histogram } = panel
  const y = side === 'below' ? frame.bars : frame.barsAbove
  return drawnBars(panel)
    .map((bar) => {
      const [left, right] = [x.at(bar.low), x.at(bar.high)]
      const gap = right - left > 4 ? 1 : 0
      let base = 0
      const rectOf = (value: number, layer: number, fill: string): string => {
        if (value === 0) return ''
        const from = y.at(unit.of(base))
        base += value
        const to = y.at(unit.of(base))
        return element('rect', {
          class: 'layer',
          'data-layer': layer,
          x: left + gap / 2,
          y: to,
          width: right - left - gap,
          height: from - to,
          fill,
        })
      }
      const stack = [
        ...layers.map((layer, i) => rectOf(shareOf(bar, layer, layers), i, layer.color)),
        ...layers.map((layer, i) => rectOf(rangeShareOf(bar, layer, layers), i, `url(#${rangeFill(id, i)})`)),
      ]
      const from = histogram.bars.indexOf(bar)
      return titled(
        { class: 'bar', 'data-i': from, 'data-x': left, 'data-base': bottom },
        tooltip(bar, frame, histogram.step),
        stack.join(''),
      )
    })
    .join('')
}

/**
 * The sum of all bars from spot down: at the low edge of each bar it takes the bar in, so that at every edge it is
 * exactly what is liquidatable there, and what was sold over ranges on the way.
 */
export const sumLine = (frame: Frame, panel: Panel): string => {
  const bars = [...drawnBars(panel)].sort((a, b) => b.low - a.low)
  let sum = weightOf(panel.histogram.overflow)
  const height = (): string => num(frame.sums.at(frame.unit.of(sum)))
  let path = `M${num(panel.x.to)} ${height()}`
  for (const bar of bars) {
    sum += weightOf(bar)
    path += `H${num(panel.x.at(bar.low))}V${height()}`
  }
  if (bars.length === 0) return ''
  const line = { d: `${path}H${num(panel.x.from)}`, fill: 'none' }
  return (
    element('path', {
      ...line,
      class: 'under sum',
      stroke: '#ffffff',
      'stroke-width': 4,
      'stroke-opacity': 0.8,
    }) + element('path', { ...line, ...LINE, class: 'line sum', 'stroke-width': 1.75 })
  )
}
