import { agrees, type Crosscheck, type CrosscheckAccount } from '../core/crosscheck.ts'
import type { DoctorDocument, EndpointCheck, SubgraphCheck } from '../core/doctor.ts'
import { count, plural } from './format.ts'
import { clean, type Ink, paint, type Style, wrap } from './ink.ts'
import { type Column, table } from './table.ts'

type Page = Ink & { readonly width: number }

type Checked = { readonly problem: string | null }

const statusOf = ({ problem }: Checked): string => (problem === null ? 'ok' : 'PROBLEM')
const alarm = ({ problem }: Checked): Style | undefined => (problem === null ? undefined : 'alarm')

const number = (value: number | null): string => (value === null ? '?' : count(value))

const age = (seconds: number | null): string => {
  if (seconds === null) return '?'
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

const state = ({ archive, stateBlocks }: EndpointCheck): string =>
  archive === true ? 'all' : number(stateBlocks)

/** A table whose rows are followed by what is wrong with each. */
const withProblems = <Row extends Checked>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  page: Page,
): readonly string[] => {
  const [header = '', ...lines] = table(rows, columns, page)
  const problemsOf = ({ problem }: Row): readonly string[] =>
    problem === null
      ? []
      : wrap(clean(problem, page.unicode), page.width - 2).map((line) => paint(page, 'alarm', `  ${line}`))
  return [header, ...rows.flatMap((row, i) => [lines[i] ?? '', ...problemsOf(row)])]
}

const endpointLines = (endpoints: readonly EndpointCheck[], page: Page): readonly string[] =>
  withProblems(
    endpoints,
    [
      { header: 'ENDPOINT', value: ({ host }) => host, style: alarm },
      { header: 'chain', value: ({ chain }) => chain },
      { header: 'status', value: statusOf, style: alarm },
      { header: 'head', value: ({ head }) => number(head), align: 'right', optional: 1 },
      { header: 'age', value: ({ headAgeSeconds }) => age(headAgeSeconds), align: 'right' },
      { header: 'state', value: state, align: 'right' },
      { header: 'logs', value: ({ logRange }) => number(logRange), align: 'right' },
      { header: 'programs', value: ({ programs }) => programs ?? '?' },
    ],
    page,
  )

const subgraphLines = (subgraphs: readonly SubgraphCheck[], page: Page): readonly string[] =>
  subgraphs.length === 0
    ? []
    : [
        '',
        ...withProblems(
          subgraphs,
          [
            { header: 'SUBGRAPH', value: ({ host }) => host, style: alarm },
            { header: 'source', value: ({ source }) => source },
            { header: 'status', value: statusOf, style: alarm },
            { header: 'schema', value: ({ schema }) => schema ?? '?' },
            { header: 'pinned by', value: ({ pin, schema }) => pin ?? (schema === null ? '?' : 'no block') },
          ],
          page,
        ),
      ]

const NAMED = 20

const amounts = (debts: Readonly<Record<string, string>>): string => {
  const all = Object.entries(debts).map(([asset, raw]) => `${raw} of ${asset}`)
  return all.length === 0 ? 'nothing' : all.join(', ')
}

const accountLines = (
  words: string,
  accounts: readonly CrosscheckAccount[],
  page: Page,
): readonly string[] =>
  accounts.length === 0
    ? []
    : [
        paint(page, 'alarm', `${plural(accounts.length, 'account')} ${words}`),
        ...accounts
          .slice(0, NAMED)
          .flatMap(({ id, chain, subgraph }) => [
            `  ${id}`,
            ...[`the chain: ${amounts(chain)}`, ...(subgraph ? [`the subgraph: ${amounts(subgraph)}`] : [])]
              .flatMap((line) => wrap(line, page.width - 4))
              .map((line) => paint(page, 'dim', `    ${line}`)),
          ]),
        ...(accounts.length > NAMED ? [`  and ${accounts.length - NAMED} more (--json has all)`] : []),
      ]

const crosscheckLines = (check: Crosscheck | null, page: Page): readonly string[] => {
  if (check === null) return []
  const { source, block, subgraph, logs, listed, both, onlyLogs, onlySubgraph, different } = check
  const { debtsCompared } = check
  return [
    '',
    ...wrap(
      `CROSSCHECK ${source} at block ${count(block)}: ${count(logs)} in the logs, ${count(listed)} in the subgraph at ${subgraph.host}, ${count(both)} in both`,
      page.width,
    ),
    ...(agrees(check)
      ? [debtsCompared ? 'same accounts, same debts' : 'same accounts; its schema has no debts at the block']
      : []),
    ...accountLines('only in the logs, missing from the subgraph', onlyLogs, page),
    ...accountLines('only in the subgraph, in no log', onlySubgraph, page),
    ...accountLines('with another debt in the subgraph', different, page),
  ]
}

/** What every endpoint and subgraph can do, and where two lists of accounts differ. */
export const doctorLines = (
  { endpoints, subgraphs, crosscheck }: DoctorDocument,
  page: Page,
): readonly string[] => [
  ...endpointLines(endpoints, page),
  '',
  ...wrap(
    'state: blocks back from the head with the state of accounts; logs: blocks searched in one request; programs: override is the fastest way to read, multicall3 the slowest.',
    page.width,
  ).map((line) => paint(page, 'dim', line)),
  ...subgraphLines(subgraphs, page),
  ...crosscheckLines(crosscheck, page),
]
