import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Band, Bucket, Histogram, Report, Side } from '../../src/core/report.ts'
import { visibleWidth } from '../../src/dashboard/ink.ts'
import { renderHtml } from '../../src/dashboard/picture/html.ts'
import { renderSvg } from '../../src/dashboard/picture/svg.ts'
import { rich } from './reports.ts'

const text = fc.oneof(
  fc.constantFrom(
    'Trend Research',
    'aave-v3/ethereum/core',
    '</script><img onerror=x>',
    '鯨鯨',
    'x'.repeat(150),
    '\u0001\ud800',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((chars) => `s${chars}`),
)
const amount = fc.oneof(
  fc.constantFrom(0, 0.004, 999_950, 1e12, 1e300),
  fc.double({ min: 0, max: 1e10, noNaN: true }),
)
const share = fc.double({ min: 0, max: 1, noNaN: true })
const count = fc.nat(10_000_000)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })

/** A price as a fraction of spot: mostly on the side where it belongs, at times anywhere. */
const factor = (side: Side) =>
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc.double({ min: side === 'below' ? 0.05 : 1, max: side === 'below' ? 1 : 3, noNaN: true }),
    },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 1e-9, 1e9) },
  )

const bandOf = (spot: number, rank: number, side: Side) =>
  fc
    .record({
      edges: fc.tuple(factor(side), fc.oneof(factor(side), fc.constant(null))),
      kind: fc.constantFrom('crowd' as const, 'concentrated' as const, 'entity' as const),
      collateralUsd: amount,
      share,
      owners: count,
      singleEntity: maybe(text),
    })
    .map(({ edges: [a, b], ...own }): Band => {
      const [low, high] = [spot * Math.min(a, b ?? a), spot * Math.max(a, b ?? a)]
      const distancePct = ((side === 'below' ? high : low) / spot - 1) * 100
      return { ...(rich.bands[0] as Band), ...own, rank, side, low, high, distancePct }
    })

const histogramOf = (spot: number, side: Side, sources: readonly string[]) =>
  fc
    .record({
      step: fc.constantFrom(0.002, 0.01, 0.05).map((part) => Number((spot * part).toPrecision(1))),
      stepPct: fc.constantFrom(null, 0.5),
      amounts: fc.array(fc.tuple(amount, share, amount), { maxLength: 60 }),
      beyond: amount,
    })
    .map(({ step, stepPct, amounts, beyond }): Histogram => {
      const bySource = (usd: number, part: number): Bucket['bySource'] =>
        Object.fromEntries(sources.map((source) => [source, (usd * part) / sources.length]))
      const bucket = (collateralUsd: number, part: number, rangeUsd = 0): Bucket => ({
        collateralUsd,
        debtUsd: collateralUsd / 2,
        positions: 3,
        bySource: bySource(collateralUsd, part),
        rangeUsd,
        rangeBySource: bySource(rangeUsd, part),
      })
      const bars = amounts.map(([usd, part, range], i) => {
        const k = Math.floor(spot / step) + (side === 'below' ? -i : i)
        return {
          low: Math.max(0, k * step),
          high: Math.max(step, (k + 1) * step),
          ...bucket(usd, part, range),
        }
      })
      return {
        side,
        step,
        stepPct,
        bars: bars.toSorted((a, b) => a.low - b.low),
        underflow: bucket(beyond, 1),
        overflow: bucket(0, 1),
      }
    })

const report: fc.Arbitrary<Report> = fc
  .record({
    spot: fc.oneof(fc.constantFrom(2151, 0.000012, 104_000), fc.double({ min: 1e-6, max: 1e6, noNaN: true })),
    symbol: fc.constantFrom('ETH', 'A-RATHER-LONG-SYMBOL'),
    sources: fc.uniqueArray(text, { maxLength: 10 }),
    below: fc.nat(24),
    above: fc.nat(3),
  })
  .chain(({ spot, symbol, sources, below, above }) =>
    fc.record({
      schemaVersion: fc.constant(1 as const),
      generator: fc.constant(rich.generator),
      scan: fc.constant(rich.scan),
      driver: fc.constant({ symbol, spotUsd: spot }),
      blocks: fc.array(fc.constant(rich.blocks[0] as Report['blocks'][number]), { maxLength: 4 }),
      coverage: fc.array(
        fc
          .record({
            source: text,
            status: fc.constantFrom('complete' as const, 'partial' as const, 'failed' as const),
            error: maybe(text),
            debtCovered: maybe(share),
            debtUsd: amount,
          })
          .map((own) => ({ ...(rich.coverage[0] as Report['coverage'][number]), ...own })),
        { maxLength: 8 },
      ),
      totals: fc.record({ collateralUsd: amount, positions: fc.oneof(fc.constant(0), count) }).map((own) => ({
        ...rich.totals,
        already: { ...rich.totals.already, ...own },
        range: { ...rich.totals.range, ...own },
      })),
      bands: fc
        .tuple(
          ...Array.from({ length: below }, (_, i) => bandOf(spot, i + 1, 'below')),
          ...Array.from({ length: above }, (_, i) => bandOf(spot, below + i + 1, 'above')),
        )
        .map((bands) => [...bands]),
      whales: fc.array(
        fc
          .record({
            owner: text,
            entity: maybe(text),
            side: fc.constantFrom('below' as const, 'above' as const),
            factor: share,
            collateralUsd: amount,
          })
          .map(({ factor: part, ...own }) => ({
            ...own,
            price: own.side === 'below' ? spot * part : spot * (1 + part),
            share: part,
            debtUsd: 0,
            positions: 1,
          })),
        { maxLength: 20 },
      ),
      histogram: histogramOf(spot, 'below', sources),
      histogramAbove: histogramOf(spot, 'above', sources),
      drops: fc.constant([]),
      levels: fc.array(
        factor('below').map((part) => ({
          price: spot * Math.min(part, 1),
          crossed: 'below' as const,
          collateralUsd: 1e6,
          debtUsd: 1,
          positions: 1,
          rangeUsd: 2e5,
        })),
        { maxLength: 6 },
      ),
      assumptions: fc.array(text, { maxLength: 2 }),
    }),
  )

type Box = {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly text: string
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/** Where every text of the picture lies; a column of a monospace font is 0.6 em in the widest that is usual. */
const boxesOf = (svg: string): readonly Box[] =>
  [
    ...svg.matchAll(
      /<text x="([-\d.]+)" y="([-\d.]+)" font-size="([\d.]+)"(?: text-anchor="(\w+)")?[^>]*>([^<]*)</g,
    ),
  ].map(([, x, y, size, anchor, content = '']) => {
    const plain = content.replace(/&([#\w]+);/g, (_, name: string) => ENTITIES[name] ?? '')
    const width = visibleWidth(plain) * Number(size) * 0.6
    const left = Number(x) - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0)
    const base = Number(y)
    return {
      left,
      right: left + width,
      top: base - Number(size) * 0.8,
      bottom: base + Number(size) * 0.2,
      text: plain,
    }
  })

const units = ['usd', 'driver'] as const

test('no text of any picture leaves it or overlaps another', () => {
  fc.assert(
    fc.property(report, fc.constantFrom(...units), (any, unit) => {
      const svg = renderSvg(any, { unit })
      const boxes = boxesOf(svg)
      expect(boxes.length).toBe(svg.match(/<text/g)?.length)
      for (const box of boxes) {
        expect(box, box.text).toSatisfy(
          (one: Box) => one.left >= 0 && one.right <= 1200 && one.top >= 0 && one.bottom <= 675,
        )
      }
      for (const [i, a] of boxes.entries()) {
        for (const b of boxes.slice(i + 1)) {
          const clash = a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
          expect(clash, `"${a.text}" on "${b.text}"`).toBe(false)
        }
      }
    }),
    { numRuns: 40 },
  )
})

/** Whether every tag is closed in its order and no attribute value or text holds a bare sign. */
const balanced = (markup: string): boolean => {
  const open: string[] = []
  const rest = markup.replace(
    /<(\/?)([\w-]+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, close, name, __, single) => {
      if (close !== '') return open.pop() === name ? '' : '<'
      if (single === '') open.push(name)
      return ''
    },
  )
  return open.length === 0 && !/[<>]|&(?!(amp|lt|gt|quot|#39);)/.test(rest)
}

test('any picture is well-formed and holds no NaN, no infinity and no undefined', () => {
  fc.assert(
    fc.property(report, fc.constantFrom(...units), (any, unit) => {
      const svg = renderSvg(any, { unit })
      expect(balanced(svg)).toBe(true)
      expect(svg).not.toMatch(/NaN|Infinity|undefined|\[object|"null"/)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what XML forbids
      expect(svg).not.toMatch(/[\u0000-\u0008\u000b-\u001f]|\p{Cs}/u)
    }),
    { numRuns: 40 },
  )
})

test('any page is balanced outside its script, and its JSON is the report', () => {
  fc.assert(
    fc.property(report, (any) => {
      const page = renderHtml(any)
      const [, json = ''] = page.match(/<script type="application\/json" id="report">(.*?)<\/script>/s) ?? []
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(any)))
      const markup = page.replace('<!doctype html>', '').replace(/<(script|style)[^>]*>.*?<\/\1>/gs, '')
      expect(balanced(markup)).toBe(true)
    }),
    { numRuns: 20 },
  )
})
