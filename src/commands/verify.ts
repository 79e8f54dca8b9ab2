import type { Command } from 'commander'
import type { Verification } from '../core/documents.ts'
import { plural } from '../dashboard/format.ts'
import { wrap } from '../dashboard/ink.ts'
import { loadBook } from '../report.ts'
import { verify } from '../verify.ts'
import { configOf, type Io, printJson, printLines, withDatabase } from './io.ts'
import { parseCount } from './parse.ts'
import { createProgress } from './progress.ts'
import { type ViewOptions, withView } from './report.ts'

type Options = ViewOptions & { readonly sample: number; readonly all?: boolean; readonly json?: boolean }

const verificationLines = (
  { agreed, sampled, driver, disagreed, skipped }: Verification,
  width: number,
): readonly string[] =>
  [
    sampled === 0
      ? 'no position was asked'
      : `${agreed} of ${plural(sampled, 'position')} agree with the contract on both sides of the ${driver} price`,
    ...disagreed
      .slice(0, 20)
      .map(
        ({ source, id, priceRaw, expected, contract }) =>
          `DISAGREES ${source} ${id} at ${priceRaw}: expected ${expected}, the contract says ${contract}`,
      ),
    ...(disagreed.length > 20 ? [`and ${disagreed.length - 20} more answers that disagree`] : []),
    ...skipped.map(({ reason, count }) => `not asked: ${plural(count, 'position')}, ${reason}`),
  ].flatMap((line) => wrap(line, width))

export const addVerify = (program: Command, io: Io): void => {
  withView(
    program
      .command('verify')
      .summary('ask the contract itself on both sides of every price')
      .description(
        "Puts each position's exact price on the driver's feeds inside an eth_call, at the block of the scan, and asks the protocol's contract: liquidatable at the price, safe one oracle unit before it.",
      )
      .option('--sample <n>', 'so many positions, spread over all', parseCount, 200)
      .option('--all', 'every position')
      .option('--json', 'one JSON document'),
  ).action(async (options: Options) => {
    const config = configOf(io, options)
    const progress = createProgress(io, { quiet: options.quiet ?? false })
    const result = await withDatabase(options.db, { readonly: true }, (db) =>
      verify({
        config,
        db,
        book: loadBook(db, options.scan, options.driver),
        sample: options.all ? null : options.sample,
        onProgress: (done, total) => progress.show({ source: options.driver, phase: 'asked', done, total }),
      }),
    ).finally(progress.stop)
    if (options.json) printJson(io, result)
    else printLines(io, verificationLines(result, io.width))
    const cannotAsk = result.skipped.some(({ reason }) => reason.startsWith('cannot ask'))
    if (result.disagreed.length > 0 || cannotAsk) io.exit(1)
  })
}
