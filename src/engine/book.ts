import { findBands } from '../core/bands/bands.ts'
import type { BookEntry } from '../core/bands/book.ts'
import { rankBands } from '../core/bands/rank.ts'
import type { Band, Side } from '../core/report.ts'
import { toNumber } from '../core/units.ts'
import type { Entities } from '../known.ts'
import type { PositionRow } from '../store/rows.ts'
import type { ScanRecord, SourceRecord } from '../store/save.ts'

/** The positions of one side of spot as the band engine takes them. An unknown owner is the position itself. */
export const bookOf = (
  rows: readonly PositionRow[],
  side: Side,
  entities: Entities,
): readonly BookEntry[] => {
  // one by one: flatMap would make an array for each of a million rows
  const book: BookEntry[] = []
  for (const row of rows) {
    if (row.outcome !== side || row.price === null) continue
    const owner = row.owner ?? row.id
    book.push({
      source: row.source,
      id: row.id,
      owner,
      entity: entities.get(owner) ?? null,
      price: row.price,
      collateralUsd: row.collateralUsd,
      debtUsd: row.debtUsd,
      driverAmount: row.driverAmount,
    })
  }
  return book
}

/** The bands of both sides, ranked together. */
export const bandsOf = (
  rows: readonly PositionRow[],
  {
    spot,
    entities,
    minUsd,
    fold = true,
  }: {
    readonly spot: number
    readonly entities: Entities
    readonly minUsd: number
    readonly fold?: boolean
  },
): readonly Band[] =>
  rankBands(
    (['below', 'above'] as const).flatMap((side) =>
      findBands(bookOf(rows, side, entities), { spot, side, fold, minUsd }),
    ),
  )

/** The bands of every driver over all sources of a scan. */
export const bandsByDriver = (
  records: readonly SourceRecord[],
  entities: Entities,
  minUsd: number,
): ScanRecord['bands'] => {
  const reads = records.flatMap(({ read }) => (read ? [read] : []))
  const symbols = [...new Set(reads.flatMap(({ drivers }) => drivers.map(({ symbol }) => symbol)))]
  return Object.fromEntries(
    symbols.map((symbol) => {
      const state = reads.flatMap(({ drivers }) => drivers).find((driver) => driver.symbol === symbol)
      const rows = reads.flatMap(({ positions }) => positions[symbol] ?? [])
      const spot = state ? toNumber(state.spot, state.decimals) : 0
      return [symbol, bandsOf(rows, { spot, entities, minUsd })]
    }),
  )
}
