import type { PositionDocument } from './core/documents.ts'
import type { Entities } from './known.ts'
import type { ScanBook } from './report.ts'
import type { LegRow, PositionRow } from './store/rows.ts'

export type PositionFilter = {
  readonly range: { readonly from: number; readonly to: number } | null
  readonly protocol: string | null
  /** An address, or the name of an entity. */
  readonly owner: string | null
}

/** The positions of a scan that a filter lets through, nearest to spot first, those without a price last. */
export const positionDocuments = (
  { scan, driver, rows }: ScanBook,
  entities: Entities,
  { range, protocol, owner }: PositionFilter,
): readonly PositionDocument[] => {
  const wanted = owner?.toLowerCase() ?? null
  const nameOf = (row: PositionRow): string | null =>
    row.owner === null ? null : (entities.get(row.owner) ?? null)
  const passes = (row: PositionRow): boolean => {
    if (protocol !== null && row.source.split('/')[0] !== protocol) return false
    if (wanted !== null && row.owner?.toLowerCase() !== wanted && nameOf(row)?.toLowerCase() !== wanted)
      return false
    if (range === null) return true
    const low = row.low ?? row.price
    const high = row.high ?? row.price
    return low !== null && high !== null && high >= range.from && low <= range.to
  }
  const distance = (row: PositionRow): number => {
    // of a range that lies above spot the lower end is the near one
    const end = row.low !== null && row.low > driver.spotUsd ? row.low : row.high
    const at = row.price ?? end
    return at === null ? Number.POSITIVE_INFINITY : Math.abs(at - driver.spotUsd)
  }
  return rows
    .filter(passes)
    .toSorted((a, b) => compare(distance(a), distance(b)) || b.collateralUsd - a.collateralUsd)
    .map((row) => {
      const state = scan.drivers.find((d) => d.source === row.source && d.symbol === driver.symbol)
      const asset = ({ asset, pricedAs, symbol, amount, usd }: LegRow) => ({
        asset,
        symbol,
        amount,
        usd,
        exposure: Number(state?.responses[pricedAs]?.exposure ?? 0n) / 1e18,
      })
      return {
        source: row.source,
        id: row.id,
        owner: row.owner,
        entity: nameOf(row),
        market: row.source.split('/')[2] ?? '',
        outcome: row.outcome,
        price: row.price,
        priceRaw: row.priceRaw,
        priceUnit: `1e-${state?.decimals ?? driver.decimals} USD`,
        low: row.low,
        high: row.high,
        healthFactor: row.healthFactor,
        collateralUsd: row.collateralUsd,
        debtUsd: row.debtUsd,
        driverAmount: row.driverAmount,
        collateral: row.collateral.map((leg) => ({ ...asset(leg), threshold: leg.threshold })),
        debt: row.debt.map(asset),
        reason: row.reason,
      }
    })
}

/** Infinities are equal, which their difference would not say. */
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)
