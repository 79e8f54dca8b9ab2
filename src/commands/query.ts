import type { Command } from 'commander'
import { UsageError } from '../core/errors.ts'
import { toCsv } from '../dashboard/csv.ts'
import { type Column, table } from '../dashboard/table.ts'
import { openDatabase } from '../store/open.ts'
import { QUERIES, runQuery } from '../store/queries.ts'
import { type CommonOptions, type Io, printJson, printLines, withCommon } from './io.ts'

type Options = CommonOptions & { readonly list?: boolean; readonly json?: boolean; readonly csv?: boolean }

type Row = Readonly<Record<string, string | number | null>>

const text = (value: string | number | null | undefined): string => {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string' || Number.isInteger(value)) return String(value)
  return String(Number(value.toPrecision(10)))
}

export const addQuery = (program: Command, io: Io): void => {
  withCommon(
    program
      .command('query')
      .summary('read-only SQL on the database')
      .description(
        'Runs one SELECT on the database, or a ready-made query by its name (--list).\nTables and views are described in the README.',
      )
      .argument('[sql]', 'a SELECT, or the name of a ready-made query')
      .option('--list', 'name the ready-made queries')
      .option('--json', 'one JSON array of objects')
      .option('--csv', 'comma-separated, for spreadsheets'),
  ).action((sql: string | undefined, options: Options) => {
    if (options.list) {
      const rows = Object.entries(QUERIES).map(([name, { about, sql }]) => ({ name, about, sql }))
      if (options.json) printJson(io, rows)
      else
        printLines(
          io,
          table(
            rows,
            [
              { header: 'query', value: ({ name }) => name },
              { header: 'answers', value: ({ about }) => about },
            ],
            io,
          ),
        )
      return
    }
    if (sql === undefined)
      throw new UsageError('query needs a SELECT or a name; liqbands query --list shows names')
    const db = openDatabase(options.db, { readonly: true })
    try {
      const { columns, rows } = runQuery(db, QUERIES[sql]?.sql ?? sql)
      if (options.json) printJson(io, rows)
      else if (options.csv)
        io.out(
          toCsv(
            columns,
            rows.map((row) => columns.map((column) => row[column] ?? null)),
          ),
        )
      else if (rows.length === 0) printLines(io, ['No row.'])
      else {
        const layout = columns.map(
          (column): Column<Row> => ({
            header: column,
            value: (row) => text(row[column]),
            align: rows.every((row) => typeof row[column] !== 'string') ? 'right' : 'left',
          }),
        )
        // a table of somebody's own columns is never cut: a terminal scrolls, a pipe has no width
        printLines(io, table(rows, layout, { ...io, width: Number.POSITIVE_INFINITY }))
      }
    } finally {
      db.close()
    }
  })
}
