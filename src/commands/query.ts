import type { Command } from 'commander'
import { UsageError } from '../core/errors.ts'
import { toCsv } from '../dashboard/csv.ts'
import { clean } from '../dashboard/ink.ts'
import { type Column, table } from '../dashboard/table.ts'
import { type Cell, QUERIES, runQuery } from '../store/queries.ts'
import { type CommonOptions, type Io, printJson, printLines, withCommon, withDatabase } from './io.ts'

type Options = CommonOptions & { readonly list?: boolean; readonly json?: boolean; readonly csv?: boolean }

const text = (value: Cell, unicode: boolean): string => {
  if (value === null) return ''
  if (typeof value === 'string') return clean(value, unicode)
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(10)))
}

const printList = (io: Io, json: boolean): void => {
  const rows = Object.entries(QUERIES).map(([name, { about, sql }]) => ({ name, about, sql }))
  const layout: readonly Column<(typeof rows)[number]>[] = [
    { header: 'query', value: ({ name }) => name },
    { header: 'answers', value: ({ about }) => about },
  ]
  if (json) printJson(io, rows)
  else printLines(io, table(rows, layout, io))
}

export const addQuery = (program: Command, io: Io): void => {
  withCommon(
    program
      .command('query')
      .summary('read-only SQL on the database')
      .description(
        'Runs one SELECT on the database, or a ready-made query by its name (--list). Tables and views are described in the README.',
      )
      .argument('[sql]', 'a SELECT, or the name of a ready-made query')
      .option('--list', 'name the ready-made queries')
      .option('--json', 'one JSON array of objects')
      .option('--csv', 'comma-separated, for spreadsheets'),
  ).action(async (sql: string | undefined, options: Options) => {
    if (options.list) return printList(io, options.json ?? false)
    if (sql === undefined)
      throw new UsageError('query needs a SELECT or a name; liqbands query --list shows the names')
    const { columns, rows } = await withDatabase(options.db, { readonly: true }, (db) =>
      runQuery(db, Object.hasOwn(QUERIES, sql) ? (QUERIES[sql]?.sql ?? sql) : sql),
    )
    if (options.json)
      printJson(
        io,
        rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null]))),
      )
    else if (options.csv) io.out(toCsv(columns, rows))
    else if (rows.length === 0) printLines(io, ['No row.'])
    else {
      const layout = columns.map(
        (column, i): Column<readonly Cell[]> => ({
          header: clean(column, io.unicode),
          value: (row) => text(row[i] ?? null, io.unicode),
          align: rows.every((row) => typeof row[i] !== 'string') ? 'right' : 'left',
        }),
      )
      // a table of somebody's own columns is never cut: a terminal scrolls, a pipe has no width
      printLines(io, table(rows, layout, { ...io, width: Number.POSITIVE_INFINITY }))
    }
  })
}
