import type { Command } from 'commander'
import { DEFAULT_DEPTHS } from '../core/cascade/table.ts'
import { cascadeLines } from '../dashboard/cascade.ts'
import { loadBook } from '../report.ts'
import { loadRules, simulateScan } from '../simulate.ts'
import { configOf, type Io, printJson, printLines, withDatabase } from './io.ts'
import { parseDepths, parseShocks } from './parse.ts'
import { labelsOf, type ViewOptions, withView } from './report.ts'

type Options = ViewOptions & {
  readonly shock?: readonly number[]
  readonly depth?: readonly number[]
  readonly json?: boolean
}

const SHOCKS = [-5, -10, -15, -20, -30]

/** Each once, ascending. */
const distinct = (values: readonly number[]): readonly number[] =>
  [...new Set(values)].toSorted((a, b) => a - b)

export const addSimulate = (program: Command, io: Io): void => {
  withView(
    program
      .command('simulate')
      .summary('the cascade after a price shock, as a model')
      .description(
        'What a fall of the driver would set off: liquidations sell collateral, the sales move the price, the price brings the next ones. A model over several depths of the market, not an observation.',
      )
      .option('--shock <pct>', 'fall from outside, like -15% or -5%,-10%; repeatable', parseShocks)
      .option('--depth <usd>', 'sales that move the price 2%, like 20M,40M; repeatable', parseDepths)
      .option('--json', 'one JSON document'),
  ).action(async (options: Options) => {
    const config = configOf(io, options)
    const simulation = await withDatabase(options.db, { readonly: true }, (db) => {
      const book = loadBook(db, options.scan, options.driver)
      return simulateScan(book, loadRules(db, book.scan), {
        pcts: distinct(options.shock ?? SHOCKS).toReversed(),
        impacts: options.depth
          ? distinct(options.depth).map((usd) => ({ kind: 'depth', usd }))
          : DEFAULT_DEPTHS,
        entities: labelsOf(db, config),
        minUsd: config.bands.minUsd,
      })
    })
    if (options.json) printJson(io, simulation)
    else printLines(io, cascadeLines(simulation, io))
  })
}
