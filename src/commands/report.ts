import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { Config } from '../config.ts'
import { UsageError } from '../core/errors.ts'
import type { Step } from '../core/grid.ts'
import type { Report } from '../core/report.ts'
import { bandsCsv, barsCsv } from '../dashboard/csv.ts'
import { renderHtml } from '../dashboard/picture/html.ts'
import { renderSvg } from '../dashboard/picture/svg.ts'
import { renderText } from '../dashboard/text.ts'
import { type Entities, loadEntities } from '../known.ts'
import { buildReport, loadBook } from '../report.ts'
import { loadLinked, loadLinkNotes } from '../store/linked.ts'
import { loadLabels, loadScan } from '../store/load.ts'
import type { Db } from '../store/open.ts'
import { type CommonOptions, configOf, type Io, withCommon, withDatabase } from './io.ts'
import { parseScanId, parseStep, parseUsd } from './parse.ts'

/** Options of every command that shows a scan. */
export type ViewOptions = CommonOptions & {
  readonly driver: string
  readonly scan: number | 'latest'
  readonly step?: Step
  readonly minUsd?: number
  readonly fold: boolean
}

const FORMATS = ['text', 'json', 'html', 'svg', 'csv', 'csv-bars'] as const
type Format = (typeof FORMATS)[number]

type Options = ViewOptions & { readonly format: Format; readonly out?: string }

export const withView = (command: Command): Command =>
  withCommon(
    command
      .option('--driver <symbol>', 'the asset whose price moves', 'ETH')
      .option('--scan <id>', 'number of a scan, or latest', parseScanId, 'latest'),
  )

/** The report that the options ask for. */
export const reportOf = async (io: Io, options: ViewOptions): Promise<Report> => {
  const config = configOf(io, options)
  return withDatabase(options.db, { readonly: true }, (db) =>
    buildReport(loadBook(db, options.scan, options.driver), {
      entities: labelsOf(db, config, options.scan),
      linked: loadLinkNotes(db, loadScan(db, options.scan).id),
      minUsd: options.minUsd ?? config.bands.minUsd,
      levels: config.levels[options.driver] ?? [],
      step: options.step,
      fold: options.fold,
    }),
  )
}

/**
 * The labels of the files as they are now, those stored with the last scan that no file knows any more, and for all
 * other owners what the scan itself has linked.
 */
export const labelsOf = (db: Db, config: Config, scan: number | 'latest'): Entities =>
  new Map([...loadLinked(db, loadScan(db, scan).id), ...loadLabels(db), ...loadEntities(config.entitiesFile)])

const write: Readonly<Record<Format, (report: Report, io: Io) => string>> = {
  text: renderText,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  html: renderHtml,
  svg: (report) => renderSvg(report),
  csv: (report) => bandsCsv(report.bands),
  'csv-bars': barsCsv,
}

export const addReport = (program: Command, io: Io): void => {
  withView(
    program
      .command('report')
      .summary('the band report of a scan')
      .description(
        'The band report of a scan: where liquidatable collateral lies, how much, and who holds it. Plain text by default; --format json is the document that other programs read.',
      )
      .addOption(
        new Option('--format <format>', 'how to write it; csv has the bands, csv-bars the histogram')
          .choices([...FORMATS])
          .default('text'),
      )
      .option('--out <file>', 'write to a file instead of stdout')
      .option('--step <width>', 'width of a histogram bar: 10 (USD), or 0.5% of the price', parseStep)
      .option('--min-usd <usd>', 'leave smaller positions out of the bands', parseUsd)
      .option('--no-fold', 'print every band, also one that lies inside a heavier one'),
  ).action(async (options: Options) => {
    const report = await reportOf(io, options)
    const text = write[options.format](report, options.out === undefined ? io : { ...io, color: false })
    if (options.out === undefined) io.out(text)
    else {
      try {
        writeFileSync(resolve(io.directory, options.out), text)
      } catch (cause) {
        throw new UsageError(`cannot write ${options.out}: check its folder and permissions`, { cause })
      }
    }
  })
}
