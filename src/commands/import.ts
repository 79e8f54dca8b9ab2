import type { Command } from 'commander'
import { scanLines } from '../dashboard/scan.ts'
import { importFile } from '../import-file.ts'
import {
  type CommonOptions,
  configOf,
  type Io,
  printJson,
  printLines,
  withCommon,
  withDatabase,
} from './io.ts'
import { parseSpot } from './parse.ts'

type Options = CommonOptions & {
  readonly name?: string
  readonly spot?: Readonly<Record<string, number>>
  readonly json?: boolean
}

export const addImport = (program: Command, io: Io): void => {
  withCommon(
    program
      .command('import')
      .summary('positions from a CSV or JSON file, as a scan')
      .description(
        'Stores the positions of a file (a Dune export, a recorded snapshot) as a scan of its own, at the block, time and prices of the file.\n\n' +
          'Columns: position_id, collateral_asset, collateral_amount, collateral_price_usd, debt_asset, debt_amount, and liquidation_threshold (0 to 1), or price_up and price_down (USD of the collateral, between which it is sold bit by bit); also protocol, chain, market, owner, debt_price_usd (1 where empty), block, timestamp (Unix seconds). Amounts are whole tokens.',
      )
      .argument('<file>', 'a .csv file, or a .json array of objects with the same names')
      .option('--name <name>', 'last part of the source key (default: the name of the file)')
      .option(
        '--spot <driver=usd>',
        'price of a driver that the file does not hold, like ETH=2000',
        parseSpot,
      )
      .option('--json', 'print the scan as one JSON document'),
  ).action(async (file: string, options: Options) => {
    const config = configOf(io, options)
    const summary = await withDatabase(options.db, { readonly: false }, (db) =>
      importFile({
        db,
        file,
        name: options.name,
        spots: options.spot ?? {},
        entitiesFile: config.entitiesFile,
        minUsd: config.bands.minUsd,
        drivers: Object.keys(config.drivers),
      }),
    )
    if (options.json) printJson(io, summary)
    else printLines(io, scanLines(summary, io))
    if (summary.status !== 'complete') io.exit(75)
  })
}
