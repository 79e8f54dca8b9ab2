import type { Command } from 'commander'
import { adapters } from '../adapters/index.ts'
import { knownChainId } from '../config.ts'
import type { SourceDocument } from '../core/documents.ts'
import { table } from '../dashboard/table.ts'
import { type CommonOptions, configOf, type Io, printJson, printLines, withCommon } from './io.ts'

export const addSources = (program: Command, io: Io): void => {
  withCommon(
    program
      .command('sources')
      .summary('the protocols, deployments and chains it knows')
      .description('Every deployment that liqbands knows, and which of them this configuration reads.')
      .option('--json', 'one JSON array'),
  ).action((options: CommonOptions & { readonly json?: boolean }) => {
    const config = configOf(io, options)
    const checked = new Map(adapters.map(({ name, checkedAgainst }) => [name, checkedAgainst]))
    const known = adapters.flatMap(({ name, deployments }) =>
      Object.keys(deployments).map((path) => `${name}/${path}`),
    )
    const configured = config.sources.map(({ key }) => key)
    const sources: readonly SourceDocument[] = [...new Set([...configured, ...known])].map((key) => {
      const [protocol = '', chain = '', deployment = ''] = key.split('/')
      return {
        key,
        protocol,
        chain,
        chainId: config.chains[chain]?.chainId ?? knownChainId(chain),
        deployment,
        configured: configured.includes(key),
        checkedAgainst: checked.get(protocol) ?? 'stand-in',
      }
    })
    if (options.json) printJson(io, sources)
    else
      printLines(
        io,
        table(
          sources,
          [
            { header: 'source', value: ({ key }) => key },
            { header: 'chain id', value: ({ chainId }) => String(chainId ?? '?'), align: 'right' },
            { header: 'configured', value: (source) => (source.configured ? 'yes' : '-') },
            { header: 'checked against', value: ({ checkedAgainst }) => checkedAgainst },
          ],
          io,
        ),
      )
  })
}
