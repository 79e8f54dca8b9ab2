import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Band, Bucket, Coverage, Histogram, Report, Total, Whale } from '../../src/core/report.ts'
import { visibleWidth } from '../../src/dashboard/ink.ts'
import { renderText } from '../../src/dashboard/text.ts'
import { reportSchema } from '../helpers/report-schema.ts'
import { empty } from './reports.ts'

/** Amounts of every size, and the values at which formatting breaks. */
const usd = fc.oneof(
  fc.constantFrom(0, 0.004, 0.49, 999.5, 999_950, 999_950_000, 1e12, 1e15, 1e300),
  fc.double({ min: 0, max: 1e13, noNaN: true }),
)
const price = fc.oneof(
  fc.constantFrom(0, 0.001, 0.999999, 1781.09, 1e11),
  fc.double({ min: 0, max: 5e5, noNaN: true }),
)
const share = fc.oneof(
  fc.constantFrom(0, 1, 0.99995, 0.999999, 1e-9),
  fc.double({ min: 0, max: 1, noNaN: true }),
)
const count = fc.oneof(fc.nat(3), fc.nat(10_000_000))
const text = fc.oneof(
  fc.constantFrom(
    'Trend Research',
    'aave-v3/ethereum/core',
    '\u001b[31mred\u001b[0m',
    '鯨\n鯨',
    'x'.repeat(150),
  ),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .map((chars) => `s${chars.replace(/[-\d]/g, '')}`),
)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const side = fc.constantFrom('below' as const, 'above' as const)
const kind = fc.constantFrom('crowd' as const, 'concentrated' as const, 'entity' as const)
const few = <T>(value: fc.Arbitrary<T>, maxLength = 4) => fc.array(value, { maxLength })

const amounts = { collateralUsd: usd, debtUsd: usd, positions: count }
const total: fc.Arbitrary<Total> = fc.record({ ...amounts, owners: count, driverAmount: usd })
const edges = fc.tuple(price, price).map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) }))

const coverage: fc.Arbitrary<Coverage> = fc.record({
  source: text,
  status: fc.constantFrom('complete', 'complete', 'partial', 'stale', 'failed'),
  accounts: count,
  positions: count,
  unpriced: fc.nat(3),
  debtUsd: usd,
  protocolDebtUsd: maybe(usd),
  debtCovered: maybe(fc.oneof(share, fc.constantFrom(1.0000001, 12, 1e9))),
  requests: count,
  seconds: usd,
  error: maybe(text),
  notes: few(text, 2),
})

const band: fc.Arbitrary<Band> = fc
  .tuple(
    fc.record({
      ...amounts,
      rank: fc.integer({ min: 1, max: 120 }),
      kind,
      side,
      distancePct: fc.double({ min: -100, max: 1e9, noNaN: true }),
      driverAmount: usd,
      share,
      inRangeUsd: usd,
      densityRatio: usd,
      confidence: share,
      owners: count,
      entities: count,
      effectiveHolders: usd,
      effectiveEntities: usd,
      hhi: share,
      top1Share: share,
      top10Share: share,
      singleEntity: maybe(text),
    }),
    edges,
    few(
      fc
        .tuple(fc.record({ kind, collateralUsd: usd, owners: count, singleEntity: maybe(text) }), edges)
        .map(([part, range]) => ({ ...part, ...range })),
      2,
    ),
    few(
      fc
        .tuple(fc.record({ rank: fc.integer({ min: 1, max: 120 }), collateralUsd: usd }), edges)
        .map(([part, range]) => ({ ...part, ...range })),
      2,
    ),
  )
  .map(([own, range, includes, overlaps]) => ({
    ...own,
    ...range,
    includes,
    overlaps,
    byProtocol: [],
    topPositions: [],
  }))

const whale: fc.Arbitrary<Whale> = fc.record({
  ...amounts,
  owner: text,
  entity: maybe(text),
  side,
  share,
  price,
})
const rangeUsd = fc.oneof(fc.constant(0), usd)
const bucket: fc.Arbitrary<Bucket> = fc.record({
  ...amounts,
  bySource: fc.constant({}),
  rangeUsd,
  rangeBySource: fc.constant({}),
})

/** On a grid as a scan makes it, or on edges that fit no grid. */
const histogram = (of: Histogram['side']): fc.Arbitrary<Histogram> =>
  fc
    .tuple(
      fc.constantFrom(0.005, 0.5, 10, 25, 50, 1000),
      fc.nat(5000),
      fc.constantFrom('even', 'percent', 'uneven'),
      fc.array(bucket, { maxLength: 90 }),
      bucket,
      fc.array(edges, { minLength: 90, maxLength: 90 }),
    )
    .map(([step, offset, grid, bars, beyond, uneven]) => ({
      side: of,
      step,
      stepPct: grid === 'percent' ? 0.5 : null,
      underflow: beyond,
      overflow: {
        collateralUsd: 0,
        debtUsd: 0,
        positions: 0,
        bySource: {},
        rangeUsd: 0,
        rangeBySource: {},
      },
      bars: bars.map((bar, i) => {
        const { low, high } = uneven[i] ?? { low: 0, high: 1 }
        if (grid === 'uneven') return { ...bar, low, high }
        const edge = (k: number): number => (grid === 'even' ? k * step : 1.005 ** k)
        return { ...bar, low: edge(offset + i), high: edge(offset + i + 1) }
      }),
    }))

const report: fc.Arbitrary<Report> = fc.record({
  schemaVersion: fc.constant(1 as const),
  generator: fc.constant(empty.generator),
  scan: fc.record({
    id: count,
    startedAt: fc.constant(empty.scan.startedAt),
    finishedAt: fc.constant(empty.scan.finishedAt),
    status: fc.constantFrom('complete' as const, 'partial' as const),
  }),
  driver: fc.record({
    symbol: fc.constantFrom('ETH', 'BTC', 'A-RATHER-LONG-SYMBOL'),
    spotUsd: fc.oneof(
      fc.constantFrom(2151, 0.000012, 1, 104_000),
      fc.double({ min: 1e-9, max: 1e6, noNaN: true }),
    ),
  }),
  blocks: few(
    fc.record({
      chain: text,
      chainId: count,
      number: maybe(count),
      hash: maybe(fc.constant(`0x${'3f9a'.repeat(16)}`)),
      timestamp: maybe(fc.constant(empty.scan.startedAt)),
    }),
  ),
  coverage: few(coverage),
  totals: fc.record({
    below: total,
    above: total,
    range: total,
    already: total,
    never: total,
    insolvent: total,
    unpriced: total,
  }),
  bands: few(band, 12),
  whales: few(whale, 14),
  histogram: histogram('below'),
  histogramAbove: histogram('above'),
  drops: few(
    fc.record({ ...amounts, rangeUsd, price, pct: fc.double({ min: -100, max: 100, noNaN: true }) }),
  ),
  levels: few(fc.record({ ...amounts, rangeUsd, price, crossed: side })),
  assumptions: few(text),
})

const options = fc.record({
  width: fc.integer({ min: 60, max: 200 }),
  color: fc.boolean(),
  unicode: fc.boolean(),
})

test('any report fits its width, and prints no NaN, no infinity, no undefined, no negative zero', () => {
  fc.assert(
    fc.property(report, options, (any, { width, color, unicode }) => {
      const text = renderText(any, { width, color, unicode })
      for (const line of text.split('\n')) expect(visibleWidth(line)).toBeLessThanOrEqual(width)
      expect(text).not.toMatch(/NaN|Infinity|undefined|null|\[object/)
      expect(text).not.toMatch(/(?<!\d)-\$?0(\.0+)?(?![\d.])/)
      if (!color) expect(text).not.toContain('\u001b')
      if (!unicode && !color) expect(text).toMatch(/^[ -~\n]+$/)
    }),
    { numRuns: 200 },
  )
})

test('a source that was not read completely is always named before the bands', () => {
  fc.assert(
    fc.property(report, (any) => {
      const lines = renderText(any, { width: 200, color: false, unicode: true }).split('\n')
      const title = lines.findIndex((line) => line.includes(' liquidation bands  spot $'))
      const alarms = lines.slice(0, title).filter((line) => /^!! (FAILED|PARTIAL|STALE)\b/.test(line))
      expect(alarms).toHaveLength(any.coverage.filter(({ status }) => status !== 'complete').length)
    }),
    { numRuns: 100 },
  )
})

test('the reports above are such as a scan may make', () => {
  fc.assert(
    fc.property(report, (any) => {
      expect(reportSchema.safeParse(any).error).toBeUndefined()
    }),
    { numRuns: 50 },
  )
})
