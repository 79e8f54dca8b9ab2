import type { Whale } from '../../core/report.ts'
import { weightOf } from '../bars.ts'
import { percent, plural, price, priceDecimals } from '../format.ts'
import type { Panel } from './columns.ts'
import { drawnBars, drawnWhales, type Frame } from './frame.ts'
import { element, label, num, textWidth, titled } from './markup.ts'
import { HALO, LINE, PAPER, SIZE } from './palette.ts'
import { nameText } from './wishes.ts'

const HEAD = 3.5
const MOST_NAMES = 4

type Box = { readonly left: number; readonly right: number; readonly y: number }
type Named = Box & { readonly text: string }

const tooltip = (whale: Whale, { report, unit }: Frame): string =>
  `${whale.entity ?? whale.owner}: ${unit.write(whale.collateralUsd)} (${percent(whale.share)} of the side) in ` +
  `${plural(whale.positions, 'position')} at $${price(whale.price, priceDecimals(report.driver.spotUsd))} on average` +
  `${whale.entity === null ? '' : `; ${whale.owner}`}`

const clash = (a: Box, b: Box): boolean =>
  a.left < b.right + 8 && b.left < a.right + 8 && Math.abs(a.y - b.y) < SIZE.small + 3

/** The largest owners by name, but for those whose band says it already, where there is room beside their heads and no bar. */
const names = (whales: readonly Whale[], frame: Frame, panel: Panel): readonly Named[] => {
  const y = panel.side === 'below' ? frame.bars : frame.barsAbove
  const said = new Set(frame.report.bands.flatMap(({ singleEntity }) => singleEntity ?? []))
  const headOf = (whale: Whale): Box => {
    const x = panel.x.at(whale.price)
    return { left: x - HEAD, right: x + HEAD, y: y.at(frame.unit.of(whale.collateralUsd)) + 3.5 }
  }
  const heads = whales.map(headOf)
  const bars = drawnBars(panel).map((bar) => ({
    left: panel.x.at(bar.low),
    right: panel.x.at(bar.high),
    top: y.at(frame.unit.of(weightOf(bar))),
  }))
  const named: Named[] = []
  for (const whale of whales) {
    if (named.length === MOST_NAMES) break
    const name = whale.entity ?? whale.owner
    if (said.has(name)) continue
    said.add(name)
    const text = `${nameText(name)} ${frame.unit.write(whale.collateralUsd)}`
    const head = headOf(whale)
    const width = textWidth(text, SIZE.small)
    const places = [
      { left: head.right + 4, right: head.right + 4 + width, y: head.y },
      { left: head.left - 4 - width, right: head.left - 4, y: head.y },
    ]
    const place = places.find(
      (box) =>
        box.left >= panel.x.from + 2 &&
        box.right <= panel.x.to - 2 &&
        box.y - SIZE.small >= frame.top &&
        box.y <= frame.bottom - 3 &&
        bars.every((bar) => box.y + 2 < bar.top || box.right < bar.left || box.left > bar.right) &&
        [...named, ...heads.filter((other) => other.left !== head.left)].every((other) => !clash(box, other)),
    )
    if (place) named.push({ ...place, text })
  }
  return named
}

/** The largest owners of a side as lollipops: at the mean of their prices, as high as their collateral. */
export const whaleMarks = (frame: Frame, panel: Panel): string => {
  const whales = drawnWhales(frame.report, panel)
  const y = panel.side === 'below' ? frame.bars : frame.barsAbove
  const sticks = whales.toReversed().map((whale) => {
    const x = panel.x.at(whale.price)
    const top = y.at(frame.unit.of(whale.collateralUsd))
    const stem = element('path', {
      d: `M${num(x)} ${num(frame.bottom)}V${num(top)}`,
      ...LINE,
      'stroke-width': 1,
    })
    const head = element('circle', {
      cx: x,
      cy: top,
      r: HEAD,
      ...PAPER,
      stroke: LINE.stroke,
      'stroke-width': 1.5,
      class: 'paper line',
    })
    return titled({ class: 'whale' }, tooltip(whale, frame), stem + head)
  })
  const texts = names(whales, frame, panel).map(({ text, left, y: base }) =>
    label(text, { x: left, y: base, size: SIZE.small }, HALO),
  )
  return sticks.join('') + texts.join('')
}
