import type { Command } from 'commander'
import { agrees } from '../core/crosscheck.ts'
import { doctorLines } from '../dashboard/doctor.ts'
import { examine } from '../doctor.ts'
import { type CommonOptions, configOf, type Io, printJson, printLines, withCommon } from './io.ts'

type Options = CommonOptions & { readonly crosscheck?: string; readonly json?: boolean }

export const addDoctor = (program: Command, io: Io): void => {
  withCommon(
    program
      .command('doctor')
      .summary('ask every endpoint and subgraph what it can do')
      .description(
        'Asks each configured endpoint for its chain, its newest block, how far back it has state, how many blocks of logs ' +
          'it searches at once and how it runs programs; and each subgraph for its schema and block. Reads and stores nothing else.',
      )
      .option('--crosscheck <key>', 'hold the accounts of a source by its logs against those of its subgraph')
      .option('--json', 'one JSON document'),
  ).action(async (options: Options) => {
    const document = await examine({ config: configOf(io, options), crosscheck: options.crosscheck })
    if (options.json) printJson(io, document)
    else printLines(io, doctorLines(document, io))
    const problems = [...document.endpoints, ...document.subgraphs].filter(({ problem }) => problem !== null)
    const differs = document.crosscheck !== null && !agrees(document.crosscheck)
    if (differs || problems.some(({ retryable }) => !retryable)) io.exit(1)
    else if (problems.length > 0) io.exit(75)
  })
}
