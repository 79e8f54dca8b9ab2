import type { Command } from 'commander'
import { scanLines } from '../dashboard/scan.ts'
import { scan } from '../scan.ts'
import type { BlockTag } from '../sources/rpc.ts'
import {
  type CommonOptions,
  configOf,
  type Io,
  logOf,
  printJson,
  printLines,
  withCommon,
  withDatabase,
} from './io.ts'
import { parseBlock, parseKeys } from './parse.ts'
import { createProgress } from './progress.ts'

type Options = CommonOptions & {
  readonly only?: readonly string[]
  readonly block?: BlockTag | bigint
  readonly full?: boolean
  readonly json?: boolean
}

export const addScan = (program: Command, io: Io): void => {
  withCommon(
    program
      .command('scan')
      .summary('read, price and store every source at one block')
      .description(
        'Pins one block per chain, reads every configured source at it, prices each position and stores the scan. ' +
          'The first scan of a source reads every borrower it ever had; later ones only those touched since.',
      )
      .option('--only <keys>', 'only these source keys, separated by commas', parseKeys)
      .option('--block <block>', 'a block number, finalized, safe or latest', parseBlock)
      .option('--full', 'read every account again')
      .option('--json', 'print the scan as one JSON document'),
  ).action(async (options: Options) => {
    const config = configOf(io, options)
    const log = logOf(options)
    const progress = createProgress(io, { quiet: options.quiet ?? false })
    const summary = await withDatabase(options.db, { readonly: false }, (db) =>
      scan({
        config,
        db,
        only: options.only,
        block: options.block,
        full: options.full,
        onProgress: (event) => {
          progress.show(event)
          log.debug(event, 'progress')
        },
      }),
    ).finally(progress.stop)
    log.info({ scanId: summary.scanId, status: summary.status }, 'scan stored')
    if (options.json) printJson(io, summary)
    else printLines(io, scanLines(summary, io))
    if (summary.status !== 'complete') io.exit(75)
  })
}
