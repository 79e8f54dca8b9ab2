import type { Command } from 'commander'
import { UsageError } from '../core/errors.ts'
import { diffLines } from '../dashboard/diff.ts'
import { buildDiff, scanBefore } from '../diff.ts'
import { loadScan } from '../store/load.ts'
import {
  type CommonOptions,
  configOf,
  type Io,
  printJson,
  printLines,
  withCommon,
  withDatabase,
} from './io.ts'
import { parseCount, parseScanId } from './parse.ts'
import { labelsOf } from './report.ts'

type Options = CommonOptions & {
  readonly driver: string
  readonly from?: number | 'latest'
  readonly to: number | 'latest'
  readonly limit: number
  readonly json?: boolean
}

export const addDiff = (program: Command, io: Io): void => {
  withCommon(
    program
      .command('diff')
      .summary('what moved between two scans')
      .description(
        'What moved between two scans: bands, owners that arrived and left, debt that was repaid, price moves apart from what owners and liquidators did. The parts sum to the difference of the totals. Without options the two newest scans.',
      )
      .option('--driver <symbol>', 'the asset whose price moves', 'ETH')
      .option('--from <id>', 'the earlier scan (default: the one before --to)', parseScanId)
      .option('--to <id>', 'the later scan, or latest', parseScanId, 'latest')
      .option('--limit <n>', 'at most so many movers', parseCount, 10)
      .option('--json', 'one JSON document'),
  ).action(async (options: Options) => {
    const config = configOf(io, options)
    const { driver, limit } = options
    const diff = await withDatabase(options.db, { readonly: true }, (db) => {
      const to = loadScan(db, options.to).id
      const from = options.from === undefined ? scanBefore(db, to) : loadScan(db, options.from).id
      if (from === to) throw new UsageError(`--from and --to are both scan ${to}: name two scans`)
      const entities = labelsOf(db, config, to)
      return buildDiff(db, { driver, from, to, entities, minUsd: config.bands.minUsd, limit })
    })
    if (options.json) printJson(io, diff)
    else printLines(io, diffLines(diff, io))
  })
}
