import type { Command } from 'commander'
import { plural } from '../dashboard/format.ts'
import { wrap } from '../dashboard/ink.ts'
import { loadBook } from '../report.ts'
import { openDatabase } from '../store/open.ts'
import { verify } from '../verify.ts'
import { configOf, type Io, printJson, printLines } from './io.ts'
import { parseCount } from './parse.ts'
import { createProgress } from './progress.ts'
import { type ViewOptions, withView } from './report.ts'

type Options = ViewOptions & { readonly sample: number; readonly all?: boolean; readonly json?: boolean }

export const addVerify = (program: Command, io: Io): void => {
  withView(
    program
      .command('verify')
      .summary('ask the contract itself on both sides of every price')
      .description(
        "Puts each position's exact price on the driver's feeds inside an eth_call, at the block of the scan, and asks the\nprotocol's contract: liquidatable at the price, safe one oracle unit before it.",
      )
      .option('--sample <n>', 'so many positions, spread over all', parseCount, 200)
      .option('--all', 'every position')
      .option('--json', 'one JSON document'),
  ).action(async (options: Options) => {
    const config = configOf(io, options)
    const db = openDatabase(options.db, { readonly: true })
    const progress = createProgress(io, { quiet: options.quiet ?? false })
    try {
      const book = loadBook(db, options.scan, options.driver)
      const result = await verify({
        config,
        db,
        book,
        sample: options.all ? null : options.sample,
        onProgress: (done, total) => progress.show({ source: options.driver, phase: 'asked', done, total }),
      })
      progress.stop()
      if (options.json) printJson(io, result)
      else
        printLines(io, [
          `${result.agreed} of ${plural(result.sampled, 'position')} agree with the contract on both sides of the ${result.driver} price`,
          ...result.disagreed
            .slice(0, 20)
            .flatMap(({ source, id, priceRaw, expected, contract }) =>
              wrap(
                `DISAGREES ${source} ${id} at ${priceRaw}: expected ${expected}, the contract says ${contract}`,
                io.width,
              ),
            ),
          ...result.skipped.map(({ reason, count }) => `not asked: ${plural(count, 'position')}, ${reason}`),
        ])
      if (result.disagreed.length > 0) io.exit(1)
      else if (result.skipped.some(({ reason }) => reason.startsWith('cannot ask'))) io.exit(1)
    } finally {
      progress.stop()
      db.close()
    }
  })
}
