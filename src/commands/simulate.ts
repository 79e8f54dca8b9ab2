import type { Command } from 'commander'
import { cascadeLines } from '../dashboard/cascade.ts'
import { loadBook } from '../report.ts'
import { loadPools, loadRules, simulateScan } from '../simulate.ts'
import { type ImpactOptions, impactPlanOf, timesOver, withImpact } from './impact.ts'
import { configOf, type Io, printJson, printLines, withDatabase } from './io.ts'
import { labelsOf, type ViewOptions, withView } from './report.ts'

type Options = ViewOptions & ImpactOptions & { readonly json?: boolean }

export const addSimulate = (program: Command, io: Io): void => {
  withView(
    withImpact(
      program
        .command('simulate')
        .summary('the cascade after a price shock, as a model')
        .description(
          'What a fall of the driver would set off: liquidations sell collateral, the sales move the price, the price brings the next ones. A model over several depths of the market, not an observation.',
        ),
    ).option('--json', 'one JSON document'),
  ).action(async (options: Options) => {
    const config = configOf(io, options)
    const { pcts, model } = impactPlanOf(options)
    const simulation = await withDatabase(options.db, { readonly: true }, async (db) => {
      const book = loadBook(db, options.scan, options.driver)
      const read = 'named' in model ? await loadPools(db, book, { config, named: model.named }) : null
      return simulateScan(book, loadRules(db, book.scan), {
        pcts,
        impacts: 'named' in model ? timesOver(read?.pools ?? [], model.multiples) : model.impacts,
        pools: read?.documents ?? [],
        entities: labelsOf(db, config, options.scan),
        minUsd: config.bands.minUsd,
      })
    })
    if (options.json) printJson(io, simulation)
    else printLines(io, cascadeLines(simulation, io))
  })
}
