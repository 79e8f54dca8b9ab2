import type { Report } from '../../core/report.ts'
import { spotText } from './header.ts'
import { SCRIPT } from './html-script.ts'
import { sections } from './html-sections.ts'
import { STYLE } from './html-style.ts'
import { element, escaped } from './markup.ts'
import { layersOf } from './source-colors.ts'
import { renderSvg } from './svg.ts'
import type { UnitName } from './unit.ts'

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

/** JSON that no text in it can end the element of. */
const data = (id: string, value: unknown): string =>
  `<script type="application/json" id="${id}">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`

const unitChoice = (unit: UnitName, name: string): string =>
  element('input', {
    class: 'unit',
    type: 'radio',
    name: 'unit',
    id: `unit-${unit}`,
    checked: unit === 'usd' ? 'checked' : undefined,
  }) + element('label', { for: `unit-${unit}` }, escaped(name))

const sourceChoices = (report: Report): string => {
  const boxes = layersOf(report).map(
    ({ name }, i) =>
      `<label><input type="checkbox" checked="checked" data-layer="${i}"/> ${escaped(name)}</label>`,
  )
  return `<div class="controls" id="sources" hidden="hidden"><span>Sources in the bars:</span> ${boxes.join(' ')}</div>`
}

const picture = (report: Report, unit: UnitName): string =>
  renderSvg(report, { unit, id: `liqbands-${unit}` }).replace('<svg ', `<svg class="${unit}" `)

/**
 * One self-contained page of a report: the picture in US dollars and in the driver, and every number of it in tables. It
 * asks nothing of any network, and is whole without its script.
 */
export const renderHtml = (report: Report): string => {
  const { driver, generator } = report
  const title = escaped(`${driver.symbol} liquidation bands, spot ${spotText(report)}`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${POLICY}"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1 class="unseen">${title}</h1>
${unitChoice('usd', 'USD')}${unitChoice('driver', `${driver.symbol} at spot`)}
${sourceChoices(report)}
<figure>
${picture(report, 'usd')}${picture(report, 'driver')}<figcaption id="readout">Model-free: observed positions at the pinned block, no forecast.</figcaption>
</figure>
${sections(report)}
<p class="soft-text">${escaped(`${generator.name} ${generator.version}`)}</p>
${data('report', report)}
${data(
  'layers',
  layersOf(report).map(({ source }) => source),
)}
<script>${SCRIPT}</script>
</body>
</html>
`
}
