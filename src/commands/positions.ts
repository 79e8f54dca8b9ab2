import type { Command } from 'commander'
import { UsageError } from '../core/errors.ts'
import { positionsCsv } from '../dashboard/csv.ts'
import { plural } from '../dashboard/format.ts'
import { positionLines } from '../dashboard/positions.ts'
import { positionDocuments } from '../positions.ts'
import { loadBook } from '../report.ts'
import { configOf, type Io, printJson, printLines, withDatabase } from './io.ts'
import { parseCount, parseUsd } from './parse.ts'
import { labelsOf, type ViewOptions, withView } from './report.ts'

type Options = ViewOptions & {
  readonly from?: number
  readonly to?: number
  readonly protocol?: string
  readonly owner?: string
  readonly limit: number
  readonly json?: boolean
  readonly csv?: boolean
}

export const addPositions = (program: Command, io: Io): void => {
  withView(
    program
      .command('positions')
      .summary('the positions in a price range')
      .description(
        'The positions that become liquidatable in a range of the driver price, nearest to spot first; without a range all positions, those without a price last.',
      )
      .option('--from <usd>', 'lowest liquidation price', parseUsd)
      .option('--to <usd>', 'highest liquidation price', parseUsd)
      .option('--protocol <name>', 'of one protocol, like aave-v3')
      .option('--owner <owner>', 'of one owner: an address, or the name of an entity')
      .option('--limit <n>', 'at most so many', parseCount, 50)
      .option('--json', 'one JSON array with amounts and thresholds')
      .option('--csv', 'comma-separated, for spreadsheets'),
  ).action(async (options: Options) => {
    const { from = 0, to = Number.POSITIVE_INFINITY } = options
    if (from > to) throw new UsageError(`--from ${from} is above --to ${to}`)
    const config = configOf(io, options)
    const { all, driver } = await withDatabase(options.db, { readonly: true }, (db) => {
      const book = loadBook(db, options.scan, options.driver)
      const all = positionDocuments(book, labelsOf(db, config, options.scan), {
        range: options.from === undefined && options.to === undefined ? null : { from, to },
        protocol: options.protocol ?? null,
        owner: options.owner ?? null,
      })
      return { all, driver: book.driver }
    })
    const shown = all.slice(0, options.limit)
    if (options.json) printJson(io, shown)
    else if (options.csv) io.out(positionsCsv(shown))
    else printLines(io, positionLines(shown, { ...io, total: all.length, driver }))
    // a document cannot say so itself, and part of a list must not pass for the whole
    if ((options.json || options.csv) && shown.length < all.length)
      io.err(`${shown.length} of ${plural(all.length, 'position')}: raise --limit for the rest\n`)
  })
}
