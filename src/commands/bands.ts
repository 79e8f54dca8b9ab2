import type { Command } from 'commander'
import { bandLines } from '../dashboard/bands.ts'
import { cleanTexts, pageOf } from '../dashboard/page.ts'
import { type Io, printJson, printLines } from './io.ts'
import { parseUsd } from './parse.ts'
import { reportOf, type ViewOptions, withView } from './report.ts'

export const addBands = (program: Command, io: Io): void => {
  withView(
    program
      .command('bands')
      .summary('the bands alone')
      .description('The bands of a scan as a table, heaviest first.')
      .option('--min-usd <usd>', 'leave smaller positions out of the bands', parseUsd)
      .option('--no-fold', 'print every band, also one that lies inside a heavier one')
      .option('--json', 'the bands as one JSON array'),
  ).action(async (options: ViewOptions & { readonly json?: boolean }) => {
    const report = await reportOf(io, options)
    if (options.json) printJson(io, report.bands)
    else printLines(io, bandLines(cleanTexts(report, io.unicode), pageOf(report, io, io.width)))
  })
}
