import { UsageError } from '../core/errors.ts'
import { parseExact } from '../core/exact-json.ts'
import type { Outcome } from '../core/position.ts'
import type { DriverState } from '../core/price-response.ts'
import type { Block, Coverage, ScanStatus } from '../core/report.ts'
import type { Db } from './open.ts'
import type { LegRow, PositionRow } from './rows.ts'
import { statesAt } from './save.ts'

/** A stored scan without its positions. */
export type StoredScan = {
  readonly id: number
  readonly kind: 'scan' | 'import'
  readonly startedAt: string
  readonly finishedAt: string
  readonly status: ScanStatus
  readonly blocks: readonly Block[]
  readonly coverage: readonly Coverage[]
  readonly drivers: readonly (DriverState & { readonly source: string })[]
}

/**
 * A scan by id; `latest` is the newest scan of chains, or the newest import where there is none.
 * @throws UsageError where there is no such scan.
 */
export const loadScan = (db: Db, id: number | 'latest'): StoredScan => {
  const row =
    id === 'latest'
      ? db.prepare<[], ScanRow>('SELECT * FROM latest_scan').get()
      : db.prepare<[number], ScanRow>('SELECT * FROM scan WHERE id = ?').get(id)
  if (!row) {
    const known = db.prepare<[], { id: number }>('SELECT id FROM scan ORDER BY id DESC LIMIT 5').all()
    throw new UsageError(
      known.length === 0
        ? 'no scan is stored yet: run liqbands scan first'
        : `there is no scan ${id}; the newest are ${known.map((scan) => scan.id).join(', ')}`,
    )
  }
  return {
    id: row.id,
    kind: row.kind,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    status: row.status,
    blocks: db
      .prepare<[number], Block>(
        'SELECT chain, chain_id AS chainId, number, hash, timestamp FROM block WHERE scan_id = ? ORDER BY chain',
      )
      .all(row.id),
    coverage: db.prepare<[number], CoverageRow>(COVERAGE).all(row.id).map(coverageOf),
    drivers: db
      .prepare<
        [number],
        { source: string; symbol: string; spot_raw: string; decimals: number; responses: string }
      >(
        'SELECT s.key AS source, d.symbol, d.spot_raw, d.decimals, d.responses FROM driver d JOIN source s ON s.id = d.source_id WHERE scan_id = ? ORDER BY s.key, d.symbol',
      )
      .all(row.id)
      .map((d) => ({
        source: d.source,
        symbol: d.symbol,
        spot: BigInt(d.spot_raw),
        decimals: d.decimals,
        responses: parseExact(d.responses) as DriverState['responses'],
      })),
  }
}

type ScanRow = {
  id: number
  kind: 'scan' | 'import'
  started_at: string
  finished_at: string
  status: ScanStatus
}

type CoverageRow = Omit<Coverage, 'notes'> & { readonly notes: string }

const COVERAGE = `
  SELECT s.key AS source, c.status, c.accounts, c.positions, c.unpriced, c.debt_usd AS debtUsd,
    c.protocol_debt_usd AS protocolDebtUsd, c.debt_covered AS debtCovered, c.requests, c.seconds, c.error, c.notes
  FROM coverage c JOIN source s ON s.id = c.source_id WHERE c.scan_id = ? ORDER BY s.key`

const coverageOf = (row: CoverageRow): Coverage => ({ ...row, notes: JSON.parse(row.notes) as string[] })

/** The position rows of a scan for one driver; null where they were dropped and must be recomputed. */
export const loadPositions = (db: Db, scan: StoredScan, driver: string): readonly PositionRow[] | null => {
  const rows = db.prepare<[number, string], Row>(POSITIONS).all(scan.id, driver)
  const expected = scan.coverage
    .filter(({ source }) => scan.drivers.some((d) => d.source === source && d.symbol === driver))
    .reduce((sum, { positions }) => sum + positions, 0)
  if (rows.length < expected) return null
  return rows.map(({ collateral, debt, ...row }) => ({
    ...row,
    collateral: legsOf(collateral),
    debt: legsOf(debt),
  }))
}

/** Rows of scans before bonuses were read have none. */
const legsOf = (text: string): readonly LegRow[] =>
  (JSON.parse(text) as LegRow[]).map((leg) => ({ ...leg, bonus: leg.bonus ?? null }))

type Row = Omit<PositionRow, 'collateral' | 'debt' | 'outcome'> & {
  readonly outcome: Outcome
  readonly collateral: string
  readonly debt: string
}

const POSITIONS = `
  SELECT s.key AS source, a.key AS id, p.owner, p.outcome, p.price_usd AS price, p.price_raw AS priceRaw,
    p.low_usd AS low, p.high_usd AS high, p.health_factor AS healthFactor, p.collateral_usd AS collateralUsd,
    p.debt_usd AS debtUsd, p.driver_amount AS driverAmount, p.reason, l.collateral, l.debt
  FROM position p
  JOIN account a ON a.id = p.account_id
  JOIN source s ON s.id = a.source_id
  JOIN position_legs l ON l.scan_id = p.scan_id AND l.account_id = p.account_id
  WHERE p.scan_id = ? AND p.driver = ? ORDER BY s.key, a.id`

type StoredMarkets = {
  readonly source: string
  readonly protocol: string
  readonly block: number
  readonly markets: unknown
}

/** What the accounts of each source of a scan share, as stored. */
export const loadMarkets = (db: Db, scan: StoredScan): readonly StoredMarkets[] =>
  db
    .prepare<[number], { source: string; protocol: string; block: number; state: string }>(
      'SELECT s.key AS source, s.protocol, m.block, m.state FROM market_state m JOIN source s ON s.id = m.source_id WHERE m.scan_id = ? ORDER BY s.key',
    )
    .all(scan.id)
    .map(({ state, ...stored }) => ({ ...stored, markets: parseExact(state) }))

/** What the accounts of a source shared at the block of an earlier scan; null where none was stored. */
export const marketsAt = (db: Db, key: string, block: bigint): unknown => {
  const row = db
    .prepare<[string, number], { state: string }>(
      `SELECT m.state FROM market_state m JOIN source s ON s.id = m.source_id
       WHERE s.key = ? AND m.block = ? ORDER BY m.scan_id DESC LIMIT 1`,
    )
    .get(key, Number(block))
  return row === undefined ? null : parseExact(row.state)
}

/** The stored market and account states of a scan's sources: all it takes to price it again. */
export const loadStates = (
  db: Db,
  scan: StoredScan,
): readonly (StoredMarkets & { readonly accounts: ReadonlyMap<string, unknown> })[] =>
  loadMarkets(db, scan).map((stored) => ({ ...stored, accounts: statesAt(db, stored.source, stored.block) }))

/** Labels as of the last scan, by owner. */
export const loadLabels = (db: Db): ReadonlyMap<string, string> =>
  new Map(
    db
      .prepare<[], { owner: string; name: string }>('SELECT owner, name FROM entity')
      .all()
      .map(({ owner, name }) => [owner, name]),
  )
