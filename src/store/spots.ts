import { toNumber } from '../core/units.ts'
import type { StoredScan } from './load.ts'
import type { Db } from './open.ts'

/**
 * Three weeks at a scan every quarter of an hour. A step chosen before that may be chosen anew, once: the price of a
 * report that takes no longer the more scans are stored.
 */
const MOST = 2_000

const SPOTS = `
  SELECT spot_raw, decimals FROM (
    SELECT d.scan_id, d.spot_raw, d.decimals, min(s.key)
    FROM driver d JOIN scan ON scan.id = d.scan_id JOIN source s ON s.id = d.source_id
    WHERE d.symbol = ? AND d.scan_id < ? AND scan.kind = 'scan'
    GROUP BY d.scan_id ORDER BY d.scan_id DESC LIMIT ${MOST}
  ) ORDER BY scan_id`

/**
 * A driver's price at the scans before one, USD, the oldest first: of each scan the first source's, as its report shows
 * it. None before an import, which is a moment of its own.
 */
export const loadSpotsBefore = (db: Db, scan: StoredScan, symbol: string): readonly number[] =>
  scan.kind === 'import'
    ? []
    : db
        .prepare<[string, number], { spot_raw: string; decimals: number }>(SPOTS)
        .all(symbol, scan.id)
        .map(({ spot_raw, decimals }) => toNumber(BigInt(spot_raw), decimals))
