/**
 * The page's script: numbers under the mouse, and layers of the bars switched on and off. It only reads the report that
 * the page carries, writes text (never markup), and the page is whole without it.
 */
export const SCRIPT = `
'use strict'
const report = JSON.parse(document.getElementById('report').textContent)
const layers = JSON.parse(document.getElementById('layers').textContent)
const spot = report.driver.spotUsd
const readout = document.getElementById('readout')
const resting = readout.textContent
const boxes = [...document.querySelectorAll('#sources input')]
const shown = (i) => boxes[i] === undefined || boxes[i].checked
const write = (n, digits) => n.toLocaleString('en-US', { maximumFractionDigits: digits })
const usd = (n) => '$' + n.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 2 })
const amount = (svg, n) =>
  svg.classList.contains('driver') ? write(n / spot, 2) + ' ' + report.driver.symbol : usd(n)
const price = (n) => '$' + n.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: spot < 10 ? 6 : 2 })

const weight = (bar) => bar.collateralUsd + bar.rangeUsd
const amountOf = (bar, layer) => Math.max(0, bar.bySource[layer] || 0) + Math.max(0, bar.rangeBySource[layer] || 0)
const parts = (bar) => {
  const named = layers.map((layer) => (layer === null ? 0 : amountOf(bar, layer)))
  const rest = weight(bar) - named.reduce((a, b) => a + b, 0)
  return layers.map((layer, i) => (layer === null ? Math.max(0, rest) : named[i]))
}
const visible = (bar) =>
  boxes.length === 0 || boxes.every((box) => box.checked)
    ? weight(bar)
    : parts(bar).reduce((sum, part, i) => sum + (shown(i) ? part : 0), 0)

const panelAt = (svg, x) =>
  [...svg.querySelectorAll('.panel')].find((panel) => x >= +panel.dataset.from && x <= +panel.dataset.to)

const lines = (svg, panel, at) => {
  const side = panel.dataset.side
  const histogram = side === 'below' ? report.histogram : report.histogramAbove
  const bar = histogram.bars.find(({ low, high }) => at >= low && at < high)
  const reached = histogram.bars.filter(({ low, high }) => (side === 'below' ? low >= at : high <= at))
  const sum = reached.reduce((total, one) => total + visible(one), visible(histogram.overflow))
  const pct = (at / spot - 1) * 100
  const bands = report.bands.filter((band) => band.side === side && at >= band.low && at <= band.high)
  const held = bar === undefined ? [] : parts(bar)
    .map((part, i) => [layers[i] === null ? 'other' : layers[i], part, shown(i)])
    .filter(([, part, on]) => part > 0 && on)
    .map(([name, part]) => name + ' ' + amount(svg, part))
  return [
    price(at) + ' (' + (pct > 0 ? '+' : '') + pct.toFixed(1) + '% from spot), ' + amount(svg, sum) + ' from spot to the last whole bar',
    bar === undefined ? 'no bar here' : 'bar ' + price(bar.low) + ' to ' + price(bar.high) + ': ' + amount(svg, visible(bar)) +
      (bar.rangeUsd > 0 ? ' (' + amount(svg, bar.rangeUsd) + ' of it over ranges)' : '') +
      ', ' + write(bar.positions, 0) + ' positions' + (held.length > 0 ? ' (' + held.join(', ') + ')' : ''),
    ...bands.map((band) => '#' + band.rank + ' ' + band.kind + ' ' + price(band.low) + ' to ' + price(band.high) + ': ' +
      amount(svg, band.collateralUsd) + ', ' + (band.share * 100).toFixed(1) + '% of its side, ' +
      (band.singleEntity === null ? write(band.owners, 0) + ' owners' : band.singleEntity)),
  ]
}

for (const svg of document.querySelectorAll('figure svg')) {
  const cursor = document.createElementNS(svg.namespaceURI, 'path')
  cursor.setAttribute('class', 'line')
  cursor.setAttribute('stroke', '#111827')
  cursor.setAttribute('stroke-opacity', '0.5')
  cursor.setAttribute('pointer-events', 'none')
  svg.append(cursor)
  svg.addEventListener('pointermove', (event) => {
    const frame = svg.getBoundingClientRect()
    const x = ((event.clientX - frame.left) / frame.width) * svg.viewBox.baseVal.width
    const panel = panelAt(svg, x)
    if (panel === undefined) return
    const { from, to, low, high, top, bottom } = panel.dataset
    const at = +low + ((x - +from) / (+to - +from)) * (+high - +low)
    cursor.setAttribute('d', 'M' + x + ' ' + top + 'V' + bottom)
    readout.replaceChildren(...lines(svg, panel, at).map((line) => {
      const row = document.createElement('div')
      row.textContent = line
      return row
    }))
  })
  svg.addEventListener('pointerleave', () => {
    cursor.removeAttribute('d')
    readout.textContent = resting
  })
}

/** Stacks the shown layers anew and runs the sum again; heights in pixels are sums in the same proportion. */
const restack = (panel) => {
  const steps = [...panel.querySelectorAll('.bar')].map((bar) => {
    let base = +bar.dataset.base
    for (const rect of bar.querySelectorAll('.layer')) {
      const layer = +rect.dataset.layer
      const height = +rect.getAttribute('height')
      rect.style.display = shown(layer) ? '' : 'none'
      if (!shown(layer)) continue
      base -= height
      rect.setAttribute('y', base)
    }
    return { x: +bar.dataset.x, height: +bar.dataset.base - base }
  })
  const { ratio, start, from, to, bottom } = panel.dataset
  if (ratio === undefined) return
  const beyond = report.histogram.overflow
  let y = +bottom - (weight(beyond) > 0 ? (+start * visible(beyond)) / weight(beyond) : 0)
  let path = 'M' + to + ' ' + y
  for (const { x, height } of steps.sort((a, b) => b.x - a.x)) {
    y -= height * +ratio
    path += 'H' + x + 'V' + y
  }
  for (const line of panel.querySelectorAll('.sum')) line.setAttribute('d', path + 'H' + from)
}

for (const box of boxes) {
  box.addEventListener('change', () => {
    for (const panel of document.querySelectorAll('.panel')) restack(panel)
    for (const key of document.querySelectorAll('.k' + box.dataset.layer)) key.style.opacity = box.checked ? '' : '0.3'
  })
}
document.getElementById('sources').hidden = boxes.length < 2
`
