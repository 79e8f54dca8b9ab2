import type { Coverage, Report } from '../core/report.ts'
import { count, percent, plural, usd } from './format.ts'
import { ellipsis, type Ink, paint, wrap } from './ink.ts'
import type { Page } from './page.ts'
import { table } from './table.ts'

const STATUSES = ['failed', 'partial', 'stale'] as const

/** The sources that were not read to the end, worst first. */
const incomplete = (report: Pick<Report, 'coverage'>): readonly Coverage[] =>
  STATUSES.flatMap((status) => report.coverage.filter((source) => source.status === status))

const tally = (sources: readonly Coverage[]): string =>
  STATUSES.map((status) => [sources.filter((source) => source.status === status).length, status] as const)
    .filter(([n]) => n > 0)
    .map(([n, status]) => `${n} ${status}`)
    .join(', ')

/** In one phrase what is missing, or null where every source was read completely. */
export const shortfall = (report: Pick<Report, 'coverage' | 'scan'>): string | null => {
  if (report.coverage.length === 0) return 'no source was read'
  const sources = incomplete(report)
  if (sources.length > 0) return `${tally(sources)} of ${plural(report.coverage.length, 'source')}`
  return report.scan.status === 'partial' ? 'the scan is partial' : null
}

const reasonOf = ({ error, notes }: Pick<Coverage, 'error' | 'notes'>): string | null =>
  error ?? notes[0] ?? null

/** The warning above everything else; nothing when every source is complete. */
export const alarmLines = (report: Pick<Report, 'coverage' | 'scan'>, page: Page): readonly string[] => {
  const short = shortfall(report)
  if (short === null) return []
  const lines = [
    ...wrap(
      `INCOMPLETE: ${short}. What is missing is in no sum below: it is unknown, not zero.`,
      page.width - 3,
    ),
    ...incomplete(report).flatMap(({ status, source, error, notes }) => {
      const reason = reasonOf({ error, notes }) ?? 'no reason was recorded'
      const [first = '', ...more] = wrap(`${status.toUpperCase()} ${source}: ${reason}`, page.width - 5)
      return [first, ...more.map((line) => `  ${line}`)]
    }),
  ]
  return [...lines.map((line) => paint(page, 'alarm', `!! ${line}`)), '']
}

/** A line for each source that was not read to the end, with the reason. */
export const shortfallLines = (report: Pick<Report, 'coverage'>): readonly string[] =>
  incomplete(report).map(
    (source) => `${source.source} ${source.status}: ${reasonOf(source) ?? 'no reason was recorded'}`,
  )

/** What a failed read did not find is unknown. */
const known =
  (write: (n: number) => string, field: 'accounts' | 'positions' | 'debtUsd') =>
  (source: Coverage): string =>
    source.status === 'failed' && source[field] === 0 ? '?' : write(source[field])

const covered = ({ status, debtCovered }: Coverage): string => {
  if (debtCovered === null) return status === 'failed' ? '?' : 'no total'
  return status === 'failed' && debtCovered === 0 ? '?' : percent(debtCovered)
}

/** What is to be said of a source; without the reason for its status where `alarmLines` has given it already. */
const remarks = (source: Coverage, alarmed: boolean): readonly string[] => {
  const said = alarmed && source.status !== 'complete' ? reasonOf(source) : null
  return [
    ...(source.error === null ? [] : [source.error]),
    ...(source.unpriced > 0 ? [`${plural(source.unpriced, 'position')} could not be priced`] : []),
    ...source.notes,
  ].filter((remark) => remark !== said)
}

/** A note may list all the markets or feeds of a protocol: more lines than this are left to the JSON document. */
const MOST_LINES = 6

const remarkLines = (
  remark: string,
  { width, unicode }: Ink & { readonly width: number },
): readonly string[] => {
  const lines = wrap(remark, width - 2)
  const more = lines.length - MOST_LINES
  return more <= 1
    ? lines
    : [...lines.slice(0, MOST_LINES), `${ellipsis({ unicode })} ${more} more lines, in the JSON document`]
}

/** One line a source, its remarks indented under it; `alarmed` where `alarmLines` stand above them. */
export const coverageLines = (
  report: Pick<Report, 'coverage'>,
  page: Ink & { readonly width: number },
  { alarmed }: { readonly alarmed: boolean },
): readonly string[] => {
  if (report.coverage.length === 0) return [paint(page, 'bold', 'COVERAGE'), 'No source was read.', '']
  const alarm = ({ status }: Coverage) => (status === 'complete' ? undefined : 'alarm')
  const [header = '', ...rows] = table<Coverage>(
    report.coverage,
    [
      { header: 'COVERAGE', value: ({ source }) => source, style: alarm },
      {
        header: 'status',
        value: ({ status }) => (status === 'complete' ? status : status.toUpperCase()),
        style: alarm,
      },
      { header: 'positions', value: known(count, 'positions'), align: 'right' },
      { header: 'accounts', value: known(count, 'accounts'), align: 'right', optional: 1 },
      { header: 'debt', value: known(usd, 'debtUsd'), align: 'right' },
      { header: 'covered', value: covered, align: 'right' },
    ],
    page,
  )
  return [
    header,
    ...report.coverage.flatMap((source, i) => [
      rows[i] ?? '',
      ...remarks(source, alarmed)
        .flatMap((remark) => remarkLines(remark, page))
        .map((line) => paint(page, 'dim', `  ${line}`)),
    ]),
    '',
  ]
}
