import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import { UsageError } from '../core/errors.ts'
import { shortfallLines } from '../dashboard/coverage.ts'
import { plural, utc } from '../dashboard/format.ts'
import { scan } from '../scan.ts'
import { watch } from '../watch.ts'
import { type CommonOptions, configOf, type Io, logOf, withCommon, withDatabase } from './io.ts'
import { parseEvery, parseKeys } from './parse.ts'

type Options = CommonOptions & {
  readonly every?: number
  readonly cron?: string
  readonly only?: readonly string[]
}

export const addWatch = (program: Command, io: Io): void => {
  withCommon(
    program
      .command('watch')
      .summary('scan on a schedule until stopped')
      .description(
        'Scans at once and then on a schedule, one scan after the other, until SIGINT or SIGTERM. A scan in progress is then abandoned; nothing of it is stored.',
      )
      .option('--every <time>', 'like 90s, 15m, 1h', parseEvery)
      .option('--cron <expression>', 'like "*/15 * * * *"')
      .option('--only <keys>', 'only these source keys, separated by commas', parseKeys),
  ).action(async (options: Options) => {
    const { every, cron } = options
    if ((every === undefined) === (cron === undefined))
      throw new UsageError('watch needs either --every 15m or --cron "*/15 * * * *"')
    const schedule = every === undefined ? { cron: cron ?? '' } : { every }
    const config = configOf(io, options)
    const log = logOf(options)
    await watch(schedule, {
      // opened for each scan, so that between two of them nothing holds the file
      run: () =>
        withDatabase(options.db, { readonly: false }, async (db) => {
          const { scanId, status, coverage } = await scan({ config, db, only: options.only })
          log.info({ scanId, status }, 'scan stored')
          const positions = coverage.reduce((sum, source) => sum + source.positions, 0)
          const requests = coverage.reduce((sum, source) => sum + source.requests, 0)
          const time = utc(new Date().toISOString())
          io.out(
            `${time}  scan ${scanId} ${status}: ${plural(positions, 'position')}, ${plural(requests, 'request')}\n`,
          )
          for (const line of shortfallLines({ coverage })) io.err(`${time}  ${line}\n`)
        }),
      onError: (error, next) =>
        io.err(
          `${utc(new Date().toISOString())}  scan failed: ${error.message}; next at ${utc(next.toISOString())}\n`,
        ),
      // a signal ends the process (cli.ts): between two scans there is nothing to clean up
      signal: new AbortController().signal,
      sleep: (ms) => wait(ms),
    })
  })
}
