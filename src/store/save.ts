import type { LinkedEntity } from '../core/entities/link.ts'
import { parseExact, stringifyExact } from '../core/exact-json.ts'
import type { DriverState } from '../core/price-response.ts'
import type { Band, Block, Coverage, ScanStatus } from '../core/report.ts'
import { isTold } from '../core/told.ts'
import { toNumber } from '../core/units.ts'
import { insertLinked } from './linked.ts'
import type { Db } from './open.ts'
import type { PositionRow } from './rows.ts'

/** One source's part of a scan, ready to be stored; a failed source has coverage and nothing else. */
export type SourceRecord = {
  readonly key: string
  readonly protocol: string
  readonly chain: string
  readonly deployment: string
  readonly coverage: Coverage
  readonly read: {
    /** Block (or, for files that name none, any number that orders them in time) at which the states hold. */
    readonly block: number
    readonly hash: string | null
    readonly markets: unknown
    /** Accounts read in this scan; those untouched since the last one keep their stored state. */
    readonly accounts: readonly { readonly key: string; readonly state: unknown }[]
    readonly totals: readonly {
      readonly asset: string
      readonly symbol: string
      readonly accounts: bigint
      readonly protocol: bigint
    }[]
    readonly drivers: readonly DriverState[]
    /** By driver. */
    readonly positions: Readonly<Record<string, readonly PositionRow[]>>
  } | null
}

export type ScanRecord = {
  readonly kind: 'scan' | 'import'
  readonly startedAt: string
  readonly finishedAt: string
  readonly status: ScanStatus
  readonly version: string
  readonly blocks: readonly Block[]
  readonly sources: readonly SourceRecord[]
  /** By driver. */
  readonly bands: Readonly<Record<string, readonly Band[]>>
  readonly entities: ReadonlyMap<string, string>
  /** Owners that the evidence stored so far links; none where missing. */
  readonly linked?: readonly LinkedEntity[]
}

/** Scans whose position rows are kept; those of older ones are recomputed from the stored states. */
const KEPT_SCANS = 8

/**
 * Stores a finished scan in one transaction: all of it or nothing, whatever happens to the process.
 * @returns the scan's id
 */
export const saveScan = (db: Db, scan: ScanRecord): number =>
  db
    .transaction(() => {
      const { lastInsertRowid } = db
        .prepare('INSERT INTO scan (kind, started_at, finished_at, status, version) VALUES (?, ?, ?, ?, ?)')
        .run(scan.kind, scan.startedAt, scan.finishedAt, scan.status, scan.version)
      const id = Number(lastInsertRowid)
      const block = db.prepare(
        'INSERT INTO block (scan_id, chain, chain_id, number, hash, timestamp) VALUES (?, ?, ?, ?, ?, ?)',
      )
      for (const b of scan.blocks) block.run(id, b.chain, b.chainId, b.number, b.hash, b.timestamp)
      for (const source of scan.sources) saveSource(db, id, source)
      saveBands(db, id, scan.bands)
      insertLinked(db, id, scan.linked ?? [])
      if (scan.kind === 'scan') db.prepare('DELETE FROM entity').run()
      const entity = db.prepare('INSERT OR REPLACE INTO entity (owner, name) VALUES (?, ?)')
      for (const [owner, name] of scan.entities) entity.run(owner, name)
      dropOldRows(db)
      return id
    })
    .immediate()

/** Gives a stored scan the entities that were found after it, and the bands that follow, in one transaction. */
export const saveLinked = (
  db: Db,
  {
    scanId,
    linked,
    bands,
  }: {
    readonly scanId: number
    readonly linked: readonly LinkedEntity[]
    readonly bands: ScanRecord['bands']
  },
): void =>
  db
    .transaction(() => {
      insertLinked(db, scanId, linked)
      const drop = db.prepare('DELETE FROM band WHERE scan_id = ? AND driver = ?')
      for (const driver of Object.keys(bands)) drop.run(scanId, driver)
      saveBands(db, scanId, bands)
    })
    .immediate()

const saveSource = (db: Db, scanId: number, source: SourceRecord): void => {
  const { key, protocol, chain, deployment, coverage: c, read } = source
  db.prepare(
    'INSERT INTO source (key, protocol, chain, deployment) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING',
  ).run(key, protocol, chain, deployment)
  const sourceId = sourceIdOf(db, key)
  db.prepare('INSERT INTO coverage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
    scanId,
    sourceId,
    c.status,
    c.accounts,
    c.positions,
    c.unpriced,
    c.debtUsd,
    c.protocolDebtUsd,
    c.debtCovered,
    c.requests,
    c.seconds,
    c.error,
    JSON.stringify(c.notes),
  )
  if (read === null) return
  db.prepare('INSERT INTO market_state VALUES (?, ?, ?, ?)').run(
    scanId,
    sourceId,
    read.block,
    stringifyExact(read.markets),
  )
  const total = db.prepare('INSERT INTO debt_total VALUES (?, ?, ?, ?, ?, ?)')
  for (const { asset, symbol, accounts, protocol: reported } of read.totals)
    total.run(scanId, sourceId, asset, symbol, accounts.toString(), reported.toString())
  const driver = db.prepare('INSERT INTO driver VALUES (?, ?, ?, ?, ?, ?, ?)')
  for (const d of read.drivers)
    driver.run(
      scanId,
      sourceId,
      d.symbol,
      toNumber(d.spot, d.decimals),
      d.spot.toString(),
      d.decimals,
      stringifyExact(d.responses),
    )
  saveStates(db, sourceId, read.block, { accounts: read.accounts, isWhole: c.status === 'complete' })
  savePositions(db, { scanId, sourceId, positions: read.positions })
  if (read.hash !== null)
    db.prepare(
      'UPDATE source SET cursor_block = ?, cursor_hash = ? WHERE id = ? AND (cursor_block IS NULL OR cursor_block <= ?)',
    ).run(read.block, read.hash, sourceId, read.block)
}

/**
 * Enters what is known to hold at `block` into the intervals. A scan of an earlier block than the newest one splits
 * an interval: the change it reveals happened earlier than was known, or was undone before the next scanned block.
 */
const saveStates = (
  db: Db,
  sourceId: number,
  block: number,
  {
    accounts,
    isWhole,
  }: {
    readonly accounts: readonly { readonly key: string; readonly state: unknown }[]
    readonly isWhole: boolean
  },
): void => {
  const account = db.prepare<[number, string], { id: number }>(
    'INSERT INTO account (source_id, key) VALUES (?, ?) ON CONFLICT (source_id, key) DO UPDATE SET key = key RETURNING id',
  )
  const current = db.prepare<
    [number, number, number],
    { from_block: number; to_block: number | null; state: string }
  >(
    'SELECT from_block, to_block, state FROM account_state WHERE account_id = ? AND from_block <= ? AND (to_block IS NULL OR to_block > ?)',
  )
  const following = db.prepare<[number, number], { from_block: number | null }>(
    'SELECT min(from_block) AS from_block FROM account_state WHERE account_id = ? AND from_block > ?',
  )
  const close = db.prepare('UPDATE account_state SET to_block = ? WHERE account_id = ? AND from_block = ?')
  const remove = db.prepare('DELETE FROM account_state WHERE account_id = ? AND from_block = ?')
  const insert = db.prepare('INSERT INTO account_state VALUES (?, ?, ?, ?)')
  const later =
    db
      .prepare<[number, number], { block: number | null }>(
        'SELECT min(block) AS block FROM market_state WHERE source_id = ? AND block > ?',
      )
      .get(sourceId, block)?.block ?? Number.POSITIVE_INFINITY
  // a scan before has read this very block: the chain's word, or a whole list, is more than what is told now
  const isBetter = (before: string) => !isWhole || !isTold(parseExact(before))
  const isAgain =
    db
      .prepare<[number, number], { scans: number }>(
        'SELECT count(*) AS scans FROM market_state WHERE source_id = ? AND block = ?',
      )
      .get(sourceId, block)?.scans !== 1
  for (const { key, state } of accounts) {
    const text = stringifyExact(state)
    const id = account.get(sourceId, key)?.id
    if (id === undefined) throw new Error(`account ${key} was not stored`)
    const row = current.get(id, block, block)
    if (row === undefined) {
      // a later scan that does not have the account went by a list of those who owed then
      const next = Math.min(following.get(id, block)?.from_block ?? later, later)
      insert.run(id, block, Number.isFinite(next) ? next : null, text)
    } else if (row.state !== text && !(isAgain && isTold(state) && isBetter(row.state))) {
      const end = later < (row.to_block ?? Number.POSITIVE_INFINITY) ? later : row.to_block
      if (row.from_block === block) remove.run(id, block)
      else close.run(block, id, row.from_block)
      insert.run(id, block, end, text)
      if (end !== row.to_block) insert.run(id, end, row.to_block, row.state)
    }
  }
}

const savePositions = (
  db: Db,
  {
    scanId,
    sourceId,
    positions,
  }: {
    readonly scanId: number
    readonly sourceId: number
    readonly positions: Readonly<Record<string, readonly PositionRow[]>>
  },
): void => {
  const ids = new Map(
    db
      .prepare<[number], { id: number; key: string }>('SELECT id, key FROM account WHERE source_id = ?')
      .all(sourceId)
      .map(({ id, key }) => [key, id]),
  )
  const insert = db.prepare('INSERT INTO position VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const legs = db.prepare('INSERT OR IGNORE INTO position_legs VALUES (?, ?, ?, ?)')
  for (const [driver, rows] of Object.entries(positions))
    for (const p of rows) {
      const account = ids.get(p.id)
      insert.run(
        scanId,
        account,
        driver,
        p.owner,
        p.outcome,
        p.price,
        p.priceRaw,
        p.low,
        p.high,
        p.healthFactor,
        p.collateralUsd,
        p.debtUsd,
        p.driverAmount,
        p.reason,
      )
      legs.run(scanId, account, JSON.stringify(p.collateral), JSON.stringify(p.debt))
    }
}

const saveBands = (db: Db, scanId: number, bands: ScanRecord['bands']): void => {
  const insert = db.prepare(`INSERT INTO band VALUES (${Array.from({ length: 22 }, () => '?').join(', ')})`)
  for (const [driver, rows] of Object.entries(bands))
    for (const b of rows)
      insert.run(
        scanId,
        driver,
        b.rank,
        b.kind,
        b.side,
        b.low,
        b.high,
        b.distancePct,
        b.collateralUsd,
        b.driverAmount,
        b.debtUsd,
        b.share,
        b.inRangeUsd,
        b.densityRatio,
        b.confidence,
        b.positions,
        b.owners,
        b.entities,
        b.effectiveHolders,
        b.top1Share,
        b.singleEntity,
        JSON.stringify(b),
      )
}

/** Imports keep their rows: they are few, and no schedule adds to them. */
const dropOldRows = (db: Db): void => {
  for (const table of ['position', 'position_legs'])
    db.prepare(
      `DELETE FROM ${table} WHERE scan_id IN (SELECT id FROM scan WHERE kind = 'scan' ORDER BY id DESC LIMIT -1 OFFSET ?)`,
    ).run(KEPT_SCANS)
}

export const sourceIdOf = (db: Db, key: string): number => {
  const row = db.prepare<[string], { id: number }>('SELECT id FROM source WHERE key = ?').get(key)
  return row?.id ?? -1
}

/** Where the last complete read of a source ended; null before the first. */
export const cursorOf = (db: Db, key: string): { readonly block: bigint; readonly hash: string } | null => {
  const row = db
    .prepare<[string], { cursor_block: number | null; cursor_hash: string | null }>(
      'SELECT cursor_block, cursor_hash FROM source WHERE key = ?',
    )
    .get(key)
  return row && row.cursor_block !== null && row.cursor_hash !== null
    ? { block: BigInt(row.cursor_block), hash: row.cursor_hash }
    : null
}

/** Every account of a source with its stored state at a block. */
export const statesAt = (db: Db, key: string, block: number): ReadonlyMap<string, unknown> =>
  new Map(
    db
      .prepare<[string, number, number], { key: string; state: string }>(
        `SELECT a.key, s.state FROM account a
         JOIN source ON source.id = a.source_id AND source.key = ?
         JOIN account_state s ON s.account_id = a.id
         WHERE s.from_block <= ? AND (s.to_block IS NULL OR s.to_block > ?)
         ORDER BY a.id`,
      )
      .all(key, block, block)
      .map((row) => [row.key, parseExact(row.state)]),
  )
