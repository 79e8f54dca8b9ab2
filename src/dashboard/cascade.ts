import type { Avalanche } from '../core/cascade/all-shocks.ts'
import type { Phase } from '../core/cascade/rounds.ts'
import type { CascadeResult } from '../core/cascade/simulate.ts'
import type { BandCascade, DepthRow } from '../core/cascade/table.ts'
import type { Simulation } from '../core/documents.ts'
import { alarmLines } from './coverage.ts'
import { change, count, plural, price, priceDecimals, ratio, usd } from './format.ts'
import { clip, type Ink, paint, span, wrap } from './ink.ts'
import { cleanTexts, type Page, pageOf } from './page.ts'
import { poolLines } from './pools.ts'
import { type Column, fits, table } from './table.ts'
import { assumptionLines } from './text.ts'

/** Of an asset that costs thousands a model does not know the cents. */
const roughly =
  (spot: number) =>
  (n: number): string =>
    price(n, spot >= 1000 ? 0 : priceDecimals(spot))

/** A row by the one figure that sets it apart from the others. */
const depthOf = ({ impact }: DepthRow): string => {
  switch (impact.kind) {
    case 'none':
      return 'no impact'
    case 'depth':
      return usd(impact.usd)
    case 'sqrt':
      return `${usd(impact.volumeUsd)} a day`
    case 'constant-product':
      return `${usd(impact.reserveUsd)} in it`
    case 'uniswap-v3':
      return `x${Number(impact.multiple.toPrecision(6))}`
  }
}

/** Side by side as many columns as the width takes, the others in tables below that repeat the leading ones. */
const tables = <Row>(
  rows: readonly Row[],
  { lead, columns }: { readonly lead: readonly Column<Row>[]; readonly columns: readonly Column<Row>[] },
  page: Page,
): readonly string[] => {
  const lines: string[] = []
  for (let start = 0, end = 0; start < columns.length; start = end) {
    end = columns.length
    while (end > start + 1 && !fits(rows, [...lead, ...columns.slice(start, end)], page.width)) end--
    lines.push(...table(rows, [...lead, ...columns.slice(start, end)], page), '')
  }
  return lines
}

/** Two numbers in one cell, the second ones flush. */
const pairs = (values: readonly (readonly [string, string])[]): readonly string[] => {
  const width = Math.max(...values.map(([, second]) => second.length))
  return values.map(([first, second]) => `${first} ${second.padStart(width)}`)
}

/** A column whose cells are written together. */
const written = <Row>(header: string, rows: readonly Row[], cells: readonly string[]): Column<Row> => ({
  header,
  value: (row) => cells[rows.indexOf(row)] ?? '',
  align: 'right',
})

type Ends = {
  readonly label: string
  readonly twoPercent: string
  readonly ends: readonly (readonly [number, number | null])[]
}

const endLines = ({ rows, driver }: Simulation, page: Page): readonly string[] => {
  const write = roughly(driver.spotUsd)
  const shocks = rows[0]?.results ?? []
  const all: readonly Ends[] = [
    { label: 'no sales', twoPercent: '', ends: shocks.map(({ shockedPrice }) => [shockedPrice, 1]) },
    ...rows.map((row) => ({
      label: depthOf(row),
      twoPercent: row.twoPercentUsd === null ? 'n/a' : usd(row.twoPercentUsd),
      ends: row.results.map(({ finalPrice, amplification }) => [finalPrice, amplification] as const),
    })),
  ]
  const columns = shocks.map(({ pct }, i) => {
    const cells = all.map(({ ends }) => {
      const [end = 0, times = null] = ends[i] ?? []
      return [write(end), times === null ? 'n/a' : ratio(times)] as const
    })
    return written(change(pct), all, pairs(cells))
  })
  const named: Column<Ends> = { header: `${page.symbol} ENDS AT`, value: ({ label }) => label }
  // where the rows are depths themselves, the column would repeat them
  const measured: readonly Column<Ends>[] = rows.every(({ impact }) => impact.kind === 'depth')
    ? []
    : [{ header: '2% depth', value: ({ twoPercent }) => twoPercent, align: 'right' }]
  return tables(all, { lead: [named, ...measured], columns }, page)
}

type Sale = CascadeResult & { readonly label: string }

const saleLines = ({ rows }: Simulation, page: Page): readonly string[] => {
  const number = (
    header: string,
    value: (sale: Sale) => string,
    more: Partial<Column<Sale>> = {},
  ): Column<Sale> => ({ header, value, align: 'right', ...more })
  return [
    ...table<Sale>(
      rows.flatMap((row) => row.results.map((result) => ({ ...result, label: depthOf(row) }))),
      [
        { header: 'SALES', value: ({ label }) => label },
        number('fall', ({ pct }) => change(pct)),
        number('at once', ({ firstRoundUsd }) => usd(firstRoundUsd)),
        number('in the end', (sale) => usd(sale.usd), { style: () => 'bold' }),
        number('bad debt', ({ badDebt }) => usd(badDebt.jumpUsd)),
        number('positions', ({ positions }) => count(positions)),
        number('rounds', ({ rounds }) => count(rounds), { optional: 1 }),
      ],
      page,
    ),
    '',
  ]
}

type Later = Phase & { readonly label: string; readonly pct: number }

const after = (seconds: number): string =>
  seconds < 3600 ? `${Number((seconds / 60).toFixed(1))} min` : `${Number((seconds / 3600).toFixed(1))} h`

/** At most so many moments of one cascade; the document has more. */
const MOMENTS = 3

/** What oracles that lag bring down after the shock, where any does. */
const laterLines = ({ rows, driver }: Simulation, page: Page): readonly string[] => {
  const write = roughly(driver.spotUsd)
  const later = rows.flatMap((row) =>
    row.results.flatMap(({ pct, phases }) =>
      phases
        .filter(({ seconds }) => seconds > 0)
        .slice(0, MOMENTS)
        .map((phase) => ({ ...phase, pct, label: depthOf(row) })),
    ),
  )
  if (later.length === 0) return []
  const number = (header: string, value: (row: Later) => string): Column<Later> => ({
    header,
    value,
    align: 'right',
  })
  return [
    ...table<Later>(
      later,
      [
        { header: 'LATER', value: ({ label }) => label },
        number('fall', ({ pct }) => change(pct)),
        number('after', ({ seconds }) => after(seconds)),
        number('sells', (row) => usd(row.usd)),
        number('in steps', ({ rungs }) => count(rungs)),
        number('ends at', ({ price: end }) => write(end)),
      ],
      page,
    ),
    '',
  ]
}

type Runaway = Avalanche & { readonly label: string }

/** The heaviest avalanche at each depth; the document has the next ones. */
const avalancheLines = ({ rows, driver }: Simulation, page: Page): readonly string[] => {
  const write = roughly(driver.spotUsd)
  const number = (header: string, value: (row: Runaway) => string): Column<Runaway> => ({
    header,
    value,
    align: 'right',
  })
  return [
    ...table<Runaway>(
      rows.flatMap((row) => row.avalanches.slice(0, 1).map((first) => ({ ...first, label: depthOf(row) }))),
      [
        { header: 'AVALANCHE', value: ({ label }) => label },
        number('from a fall', ({ pct }) => change(pct)),
        number('to', ({ criticalPrice }) => write(criticalPrice)),
        number('sells', (row) => usd(row.usd)),
        number('in steps', ({ rungs }) => count(rungs)),
        number('ends at', ({ finalPrice }) => write(finalPrice)),
      ],
      page,
    ),
    '',
  ]
}

const bandLines = ({ rows }: Simulation, page: Page): readonly string[] => {
  const bands = rows[0]?.bands ?? []
  if (bands.length === 0) return []
  const columns = rows.map((row) => {
    const cells = row.bands.map(
      ({ gain, breakPct }) => [gain === null ? 'n/a' : ratio(gain), change(breakPct)] as const,
    )
    return written(depthOf(row), bands, pairs(cells))
  })
  const lead: readonly Column<BandCascade>[] = [
    { header: 'BANDS', value: ({ rank }) => `#${rank}`, style: () => 'band' },
    {
      header: 'price range',
      value: ({ low, high }) => span(page, page.price(low), page.price(high)),
      align: 'right',
    },
  ]
  return tables(bands, { lead, columns }, page)
}

const DEPTH_KEY = 'Each row is a depth of the market: the USD of sales that move the price 2%.'

/** What a row stands for, by impact. */
const ROW_KEY: Readonly<Record<DepthRow['impact']['kind'], string>> = {
  none: 'One row: a market that takes every sale without moving.',
  depth: DEPTH_KEY,
  sqrt: 'Each row is the volume of a day, under the square-root law. 2% depth: USD of sales that move the price 2% under it.',
  'constant-product':
    'Each row is what a constant-product pool holds of the driver. 2% depth: USD of sales that move its price 2%.',
  'uniswap-v3':
    'Each row is the depth of the pools below, so many times over: exchanges off the chain are missing in it. 2% depth: USD of sales that move the price 2%.',
}

const LATER_KEY =
  'Later: what oracles that run behind the market bring down, so long after the shock. At once counts what the fall alone brings down, however late.'

/** What the headers have no room to say. */
const KEY = [
  'Ends at: the final price, and how many times the fall itself that is (in log price).',
  'Sales: collateral sold at once by the fall alone, and in the end. Bad debt: if each liquidation executes at the price the market has by then.',
  'Avalanche: the heaviest run of liquidations that one fall brings down together.',
]

const BAND_KEY =
  'Bands: the share of the way through the band that its own sales pay for (from 1.0x on it runs by itself), and the fall that breaks its low edge.'

const keysOf = ({ rows }: Simulation): readonly string[] => [
  ...KEY,
  ...(rows.some(({ results }) => results.some(({ laterUsd }) => laterUsd > 0)) ? [LATER_KEY] : []),
  ...(rows.some(({ bands }) => bands.length > 0) ? [BAND_KEY] : []),
]

const prose = (texts: readonly string[], page: Page): readonly string[] =>
  texts.flatMap((text) => wrap(text, Math.min(page.width, 100))).map((line) => paint(page, 'dim', line))

/** The cascade as a terminal shows it: no line wider than `width`. */
export const cascadeLines = (
  simulation: Simulation,
  { width, ...rest }: Ink & { readonly width: number },
): readonly string[] => {
  const ink = { color: rest.color, unicode: rest.unicode }
  const model = cleanTexts(simulation, ink.unicode)
  const page = pageOf(model, ink, width)
  const { driver, scan, positions, rungs } = model
  const title = `MODEL, not an observation: what a fall of ${page.symbol} could set off`
  const facts = `spot $${page.price(driver.spotUsd)}  scan ${scan.id}  ${plural(positions, 'position')} below spot, ${plural(rungs, 'liquidation')}`
  const body =
    rungs === 0
      ? wrap(
          `Nothing to set off: no position of this scan is liquidated by a fall of ${page.symbol} alone.`,
          page.width,
        )
      : [
          ...prose([...new Set(model.rows.map(({ impact }) => ROW_KEY[impact.kind]))], page),
          '',
          ...poolLines(model, page),
          ...endLines(model, page),
          ...saleLines(model, page),
          ...laterLines(model, page),
          ...avalancheLines(model, page),
          ...bandLines(model, page),
          ...prose(keysOf(model), page),
          '',
          ...assumptionLines(model, page),
        ]
  const lines = [
    ...wrap(title, page.width).map((line) => paint(page, 'bold', line)),
    ...alarmLines(model, page),
    ...wrap(facts, page.width),
    '',
    ...body,
  ].map((line) => clip(line, width, page))
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}
