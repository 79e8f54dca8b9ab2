import { UsageError } from '../core/errors.ts'
import type { Db } from './open.ts'

/** Questions that are asked often, ready-made; each is plain SQL on the views. */
export const QUERIES: Readonly<Record<string, { readonly about: string; readonly sql: string }>> = {
  bands: {
    about: 'bands of the latest scan',
    sql: 'SELECT driver, rank, kind, side, low_usd, high_usd, collateral_usd, positions, owners, single_entity FROM latest_band ORDER BY driver, rank',
  },
  'band-history': {
    about: 'every band of every scan, newest first',
    sql: 'SELECT finished_at, block, driver, rank, kind, low_usd, high_usd, collateral_usd, owners FROM band_history ORDER BY scan_id DESC, driver, rank',
  },
  coverage: {
    about: 'what each scan read of each source, newest first',
    sql: 'SELECT scan_id, finished_at, source, block, status, positions, debt_usd, debt_covered, requests, seconds, error FROM coverage_history ORDER BY scan_id DESC, source',
  },
  whales: {
    about: 'owners with at least 1% of a side, latest scan',
    sql: 'SELECT driver, side, owner, entity, price_usd, collateral_usd, debt_usd, share FROM whale ORDER BY driver, side, share DESC',
  },
  outcomes: {
    about: 'positions, collateral and debt by outcome, latest scan',
    sql: 'SELECT driver, outcome, count(*) AS positions, sum(collateral_usd) AS collateral_usd, sum(debt_usd) AS debt_usd FROM latest_position GROUP BY driver, outcome ORDER BY driver, positions DESC',
  },
  'next-liquidations': {
    about: 'the 25 positions nearest to liquidation, latest scan',
    sql: "SELECT driver, price_usd, health_factor, collateral_usd, debt_usd, owner, source FROM latest_position WHERE outcome IN ('below', 'above') AND collateral_usd >= 100 ORDER BY health_factor LIMIT 25",
  },
}

/** A value as it is printed: integers too large for a number as their digits, bytes as hex. */
export type Cell = string | number | null

export type Answer = {
  /** No two alike: a repeated name gets its number, as in `id`, `id_2`. */
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/**
 * One read-only statement.
 * @throws UsageError where it is no valid SQL, writes, or is more than one statement.
 */
export const runQuery = (db: Db, sql: string): Answer => {
  try {
    const statement = db.prepare<[], unknown[]>(sql)
    if (!statement.reader || !statement.readonly)
      throw new UsageError('the query would write: only SELECT is allowed')
    const rows = statement.raw().safeIntegers().all()
    return {
      columns: distinct(statement.columns().map(({ name }) => name)),
      rows: rows.map((row) => row.map(cell)),
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    // a database that is busy or damaged is not the fault of the SQL
    if (error instanceof UsageError || (code !== 'SQLITE_ERROR' && code.startsWith('SQLITE_'))) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`the query does not work: ${reason}; liqbands query --list --json shows examples`, {
      cause: error,
    })
  }
}

const cell = (value: unknown): Cell => {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value.toString()
  }
  if (Buffer.isBuffer(value)) return `0x${value.toString('hex')}`
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

const distinct = (names: readonly string[]): readonly string[] => {
  const seen = new Map<string, number>()
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}_${count}`
  })
}
