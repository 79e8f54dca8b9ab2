import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Band, Report } from '../../src/core/report.ts'
import { columns } from '../../src/dashboard/picture/columns.ts'
import { renderHtml } from '../../src/dashboard/picture/html.ts'
import { num } from '../../src/dashboard/picture/markup.ts'
import { layersOf } from '../../src/dashboard/picture/source-colors.ts'
import { renderSvg } from '../../src/dashboard/picture/svg.ts'
import { niceStep, niceTop, ticks } from '../../src/dashboard/picture/ticks.ts'
import { rangedAbove } from './ranged-above.ts'
import { aboveOnly, empty, ranged, rangedOnly, rich, withFailure } from './reports.ts'

const FOLDER = new URL('../fixtures/pictures/', import.meta.url)

const HOSTILE = `</script><img src=x onerror="alert(1)"> & 'co'`
const band = rich.bands[0] as Band
const hostile: Report = {
  ...rich,
  bands: [{ ...band, singleEntity: HOSTILE, topPositions: [] }],
  whales: rich.whales.map((whale) => ({ ...whale, owner: HOSTILE, entity: HOSTILE })),
  coverage: rich.coverage.map((source) => ({
    ...source,
    source: HOSTILE,
    status: 'partial',
    error: HOSTILE,
  })),
  assumptions: [HOSTILE],
}

/** The rectangle of each band: rank, x and right end, as they stand in the picture. */
const bandRects = (svg: string) =>
  [
    ...svg.matchAll(
      /<g class="band" data-rank="(\d+)"><title>[^<]*<\/title><rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g,
    ),
  ].map(([, rank, x, width]) => ({ rank, x: x ?? '', right: Number(x) + Number(width) }))

describe('pictures', () => {
  test.each([
    ['rich', rich, 'usd'],
    ['rich-driver', rich, 'driver'],
    ['ranged', ranged, 'usd'],
    ['ranged-only', rangedOnly, 'usd'],
    ['ranged-above', rangedAbove, 'usd'],
    ['failure', withFailure, 'usd'],
    ['above-only', aboveOnly, 'usd'],
    ['empty', empty, 'usd'],
  ] as const)('%s is byte for byte the golden one', (name, report, unit) => {
    const file = new URL(`${name}.svg`, FOLDER)
    const svg = renderSvg(report, { unit })
    if (process.env.UPDATE_GOLDEN === '1') {
      mkdirSync(FOLDER, { recursive: true })
      writeFileSync(file, svg)
    }
    expect(svg).toBe(readFileSync(file, 'utf8'))
    expect(renderSvg(structuredClone(report), { unit })).toBe(svg)
  })

  test('bands are drawn from their exact edges', () => {
    const { x } = columns(rich, 1200).below
    const rects = bandRects(renderSvg(rich))
    expect(rects.map(({ rank }) => rank)).toEqual(['1', '2'])
    for (const [i, { low, high }] of rich.bands.entries()) {
      expect(rects[i]?.x).toBe(num(x.at(low)))
      expect(rects[i]?.right).toBeCloseTo(x.at(high), 1)
      expect(x.at(low)).toBeCloseTo(x.from + ((low - x.low) / (x.high - x.low)) * (x.to - x.from), 9)
    }
  })

  test('bands do not move when the step of the bars changes', () => {
    const { bars } = rich.histogram
    const halves = bars.flatMap((bar) => {
      const middle = (bar.low + bar.high) / 2
      const half = { ...bar, collateralUsd: bar.collateralUsd / 2, bySource: {} }
      return [
        { ...half, high: middle },
        { ...half, low: middle },
      ]
    })
    const finer = { ...rich, histogram: { ...rich.histogram, step: 12.5, bars: halves } }
    expect(bandRects(renderSvg(finer))).toEqual(bandRects(renderSvg(rich)))
  })

  test('spot, block, time, coverage and what is observed stand in the picture', () => {
    const svg = renderSvg(rich)
    for (const text of [
      '>oracle spot $2,151.00<',
      'ethereum block 24,367,041 (0x3f9a…c21e) 2026-02-02 09:30:59 UTC',
      '3 of 3 sources complete',
      'debt covered 99.9999% to 100%',
      '>#1 $1,781.09–$1,862.02 · $1.33B · 17.9% · Trend Research · -13.4% to -17.2%<',
      '>#2 $1,502.10–$1,561.77 · $689.4M · 9.3% · 702 owners · -27.4% to -30.2%<',
      'Model-free: observed positions',
      'role="img"',
    ]) {
      expect(svg).toContain(text)
    }
  })

  test('what is sold over ranges is hatched on top of its bar, in no band, and in the sum', () => {
    const svg = renderSvg(ranged)
    const fills = [...svg.matchAll(/<rect class="layer"[^>]* fill="([^"]*)"/g)].map(([, fill]) => fill)
    const hatched = ranged.histogram.bars.filter(({ rangeUsd }) => rangeUsd > 0).length
    expect(fills.filter((fill) => fill?.startsWith('url(#liqbands-range-'))).toHaveLength(hatched)
    expect(svg).toContain('>curve-llamalend/ethereum/mint sold over ranges $')
    expect(bandRects(svg)).toEqual(bandRects(renderSvg(rich)))
    const only = renderSvg(rangedOnly)
    expect(only).toContain('>curve-llamalend/ethereum/mint sold over ranges $')
    expect(only).toContain('class="under sum"')
    expect(renderSvg(rich)).not.toContain('-range-')
  })

  test('what a rise sells over ranges is hatched above spot, named with its sum, and in no sum from spot down', () => {
    const svg = renderSvg(rangedAbove)
    const panels = svg.split('<g class="panel"').slice(1)
    expect(panels.map((panel) => panel.match(/fill="url\(#liqbands-range-\d+\)"/g)?.length ?? 0)).toEqual([
      // the key to the picture follows the second panel: one hatched entry
      0, 3,
    ])
    expect(svg).toContain('>curve-llamalend/ethereum/lend sold over ranges $5.0M<')
    expect(svg).toContain('>above spot: $13.5M and $5.0M over ranges<')
    expect(svg).toContain('>sum from spot down, right axis<')
    expect(svg).toContain('$2.5M more sold over ranges')
    expect(renderSvg(ranged)).toContain('>sum from spot down, ranges included, right axis<')
    expect(bandRects(svg)).toEqual(bandRects(renderSvg(rich)))
    expect(renderHtml(rangedAbove)).toContain('and over ranges')
  })

  test('the width of the bars is named, in USD or in per cent', () => {
    const inPercent = { ...rich, histogram: { ...rich.histogram, step: 10.73, stepPct: 0.5 } }
    expect(renderSvg(rich)).toContain('>collateral per $25 of price, USD<')
    expect(renderSvg(inPercent)).toContain('>collateral per 0.5% of price, USD<')
  })

  test('what is liquidatable now is named', () => {
    const svg = renderSvg(rich)
    expect(svg).toContain('fill="url(#liqbands-hatch)"')
    expect(svg).toContain('>11 positions<')
    expect(renderSvg(empty)).toContain('liquidatable now: none')
  })

  test('a source that failed is a red banner', () => {
    const svg = renderSvg(withFailure)
    expect(svg).toContain('<rect class="alarm"')
    expect(svg).toContain('INCOMPLETE: 1 failed, 1 stale of 3 sources.')
    expect(svg).toContain('FAILED morpho-blue/ethereum/main: endpoint did not answer')
    expect(svg).toContain('STALE spark/ethereum/main')
    expect(renderSvg(rich)).not.toContain('class="alarm"')
    expect(renderHtml(withFailure)).toContain('<rect class="alarm"')
  })

  test('a source keeps its colour whatever else is in the report', () => {
    const colorOf = (report: Report) =>
      layersOf(report).find(({ source }) => source === 'aave-v3/ethereum/core')?.color
    const bars = rich.histogram.bars.map((bar) => ({
      ...bar,
      bySource: {
        'zzz/ethereum/main': bar.collateralUsd * 0.9,
        'aave-v3/ethereum/core': bar.collateralUsd * 0.1,
      },
    }))
    expect(colorOf({ ...rich, histogram: { ...rich.histogram, bars } })).toBe(colorOf(rich))
  })
})

describe('pages', () => {
  const page = renderHtml(hostile)

  test('hostile names are escaped', () => {
    for (const document of [page, renderSvg(hostile)]) {
      expect(document).not.toMatch(/<img|<\/script><img/)
      expect(document).toContain(
        '&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &#39;co&#39;',
      )
    }
    expect(page.match(/<script/g)).toHaveLength(3)
    expect(page.match(/<\/script>/g)).toHaveLength(3)
  })

  test('the embedded JSON is the report', () => {
    const [, json = ''] = page.match(/<script type="application\/json" id="report">(.*?)<\/script>/s) ?? []
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(hostile)))
  })

  test('nothing is loaded, and no attribute runs a script', () => {
    for (const report of [rich, ranged, withFailure, empty, aboveOnly]) {
      const html = renderHtml(report)
      const addresses = (html.match(/\bhttps?:\/\/[^"'\s]*/g) ?? []).filter(
        (one) => one !== 'http://www.w3.org/2000/svg',
      )
      expect(addresses).toEqual([])
      expect(html).not.toMatch(
        /<(link|img|iframe|object|embed|base)\b|@import|\bsrc=|(?<!url\(#[\w-]*)\burl\((?!#)/,
      )
      expect(html).not.toMatch(/<[^>]*\son\w+=/)
      expect(html).toContain(
        `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"`,
      )
    }
  })

  test('every band, whale, drop, level and assumption has its row', () => {
    const html = renderHtml(rich)
    for (const { owner } of rich.whales) expect(html).toContain(owner)
    for (const text of rich.assumptions) expect(html).toContain(text)
    const rows = html.match(/<tr><td/g)?.length
    const members = rich.bands.reduce((sum, { topPositions }) => sum + topPositions.length, 0)
    const { bands, whales, drops, levels, coverage, blocks } = rich
    const lists = [bands, whales, drops, levels, coverage, blocks].reduce((sum, list) => sum + list.length, 0)
    expect(rows).toBe(lists + members + Object.keys(rich.totals).length)
  })

  test('two pictures on a page share no id', () => {
    const ids = [...renderHtml(rich).matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('ticks', () => {
  test.each([
    [100, 5, 20],
    [101, 5, 50],
    [0.3, 5, 0.1],
    [1651, 7, 500],
    [7e300, 5, 2e300],
  ])('%d in at most %d steps: %d', (span, most, step) => {
    expect(niceStep(span, most)).toBe(step)
  })

  test('ticks are round and inside', () => {
    expect(ticks(1060, 2151, 6)).toEqual([1200, 1400, 1600, 1800, 2000])
    expect(ticks(-0.31, 0.11, 5)).toEqual([-0.3, -0.2, -0.1, 0, 0.1])
    expect(ticks(1e20, 1e20 + 2 ** 20, 4)).toEqual([])
    expect(niceTop(327e6, 5)).toBe(400e6)
  })
})
