import type { Block, Drop, Level, Report, Whale } from '../core/report.ts'
import { bandLines } from './bands.ts'
import { alarmLines, coverageLines, shortfall } from './coverage.ts'
import { change, count, percent, shortHex, usd, utc } from './format.ts'
import { histogramLines } from './histogram.ts'
import { clip, ellipsis, pad, paint, wrap } from './ink.ts'
import { cleanTexts, type Page, pageOf } from './page.ts'
import { type Column, table } from './table.ts'
import { totalLines } from './totals.ts'

/** How a report is written as text: no line is wider than `width`; ASCII alone where `unicode` is false. */
export type TextOptions = { readonly width: number; readonly color: boolean; readonly unicode: boolean }

const titleLines = ({ driver, scan }: Report, page: Page): readonly string[] => {
  const status = scan.status === 'complete' ? scan.status : scan.status.toUpperCase()
  return wrap(
    `${driver.symbol} liquidation bands  spot $${page.price(driver.spotUsd)}  scan ${scan.id}  ${status}`,
    page.width,
  ).map((line) => paint(page, 'bold', line))
}

const blockLines = ({ blocks }: Report, page: Page): readonly string[] => {
  const time = ({ timestamp }: Block): string => (timestamp === null ? 'time unknown' : utc(timestamp))
  const columns: readonly Column<Block>[] = [
    { header: '', value: ({ chain }) => chain },
    { header: '', value: ({ number }) => (number === null ? 'block unknown' : `block ${number}`) },
    { header: '', value: ({ hash }) => (hash === null ? '' : shortHex(hash, ellipsis(page))), optional: 1 },
    { header: '', value: time, compact: (block) => time(block).replace(/ UTC$/, 'Z') },
  ]
  return table(blocks, columns, page).slice(1)
}

const fromSpot = (price: number, spot: number): string => change((price / spot - 1) * 100)

const MOST_WHALES = 10

const whaleLines = ({ whales, driver }: Report, page: Page): readonly string[] => {
  if (whales.length === 0) return []
  const gap = ellipsis(page)
  const rest = whales.length - MOST_WHALES
  return [
    ...table<Whale>(
      whales.toSorted((a, b) => b.collateralUsd - a.collateralUsd).slice(0, MOST_WHALES),
      [
        { header: 'WHALES', value: ({ owner }) => owner, compact: ({ owner }) => shortHex(owner, gap) },
        { header: 'entity', value: ({ entity }) => entity ?? '' },
        { header: 'mean price', value: (whale) => page.price(whale.price), align: 'right' },
        {
          header: 'from spot',
          value: (whale) => fromSpot(whale.price, driver.spotUsd),
          align: 'right',
          optional: 2,
        },
        { header: 'collateral', value: ({ collateralUsd }) => usd(collateralUsd), align: 'right' },
        { header: 'share', value: ({ share }) => percent(share), align: 'right' },
        { header: 'debt', value: ({ debtUsd }) => usd(debtUsd), align: 'right', optional: 3 },
      ],
      page,
    ),
    ...(rest > 0 ? [paint(page, 'dim', `and ${count(rest)} more`)] : []),
    '',
  ]
}

const overRanges: Column<{ readonly rangeUsd: number }> = {
  header: 'and over ranges',
  value: ({ rangeUsd }) => usd(rangeUsd),
  align: 'right',
}

const moveLines = <Row extends Omit<Drop, 'pct'>>(
  rows: readonly Row[],
  named: Column<Row>,
  moved: readonly Column<Row>[],
  page: Page,
): readonly string[] =>
  rows.length === 0
    ? []
    : [
        ...table<Row>(
          rows,
          [
            named,
            { header: `${page.symbol} at`, value: (row) => page.price(row.price), align: 'right' },
            ...moved,
            { header: 'collateral', value: (row) => usd(row.collateralUsd), align: 'right' },
            { header: 'debt', value: (row) => usd(row.debtUsd), align: 'right' },
            { header: 'positions', value: (row) => count(row.positions), align: 'right' },
            ...(rows.some(({ rangeUsd }) => rangeUsd > 0) ? [overRanges] : []),
          ],
          page,
        ),
        '',
      ]

const dropLines = ({ drops }: Report, page: Page): readonly string[] => {
  const listed = (header: string, moves: readonly Drop[]): readonly string[] =>
    moveLines<Drop>(moves, { header, value: ({ pct }) => pad(change(pct), 6, 'right') }, [], page)
  const rises = drops.filter(({ pct }) => pct > 0)
  return [
    ...listed(
      'DROPS',
      drops.filter(({ pct }) => pct <= 0),
    ),
    ...(rises.some(({ positions, rangeUsd }) => positions > 0 || rangeUsd > 0) ? listed('RISES', rises) : []),
  ]
}

const levelLines = ({ levels, driver }: Report, page: Page): readonly string[] =>
  moveLines<Level>(
    levels,
    { header: 'LEVELS', value: ({ crossed }) => crossed },
    [{ header: 'from spot', value: (level) => fromSpot(level.price, driver.spotUsd), align: 'right' }],
    page,
  )

/** What a reader must hold in mind, as a list. */
export const assumptionLines = (
  { assumptions }: Pick<Report, 'assumptions'>,
  page: Page,
): readonly string[] => {
  const lines = assumptions.flatMap((assumption) => {
    const [first = '', ...more] = wrap(assumption, Math.min(page.width, 100) - 2)
    return [`- ${first}`, ...more.map((line) => `  ${line}`)]
  })
  return lines.length === 0 ? [] : [paint(page, 'bold', 'ASSUMPTIONS'), ...lines, '']
}

/** A long report is left at its end: the warning is repeated there. */
const endLines = (report: Report, page: Page): readonly string[] => {
  const short = shortfall(report)
  if (short === null) return []
  return wrap(`INCOMPLETE: ${short}; see the top.`, page.width - 3).map((line) =>
    paint(page, 'alarm', `!! ${line}`),
  )
}

/** The report as a terminal shows it, ending in a line break. */
export const renderText = (report: Report, { width, color, unicode }: TextOptions): string => {
  const read = cleanTexts(report, unicode)
  const page = pageOf(read, { color, unicode }, width)
  const lines = [
    ...alarmLines(read, page),
    ...titleLines(read, page),
    ...blockLines(read, page),
    '',
    ...coverageLines(read, page, { alarmed: true }),
    ...totalLines(read, page),
    ...bandLines(read, page),
    ...histogramLines(read, page),
    ...whaleLines(read, page),
    ...dropLines(read, page),
    ...levelLines(read, page),
    ...assumptionLines(read, page),
    ...endLines(read, page),
  ]
  return `${lines
    .map((line) => clip(line, width, page))
    .join('\n')
    .trimEnd()}\n`
}
