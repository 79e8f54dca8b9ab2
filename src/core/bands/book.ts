import type { Side } from '../report.ts'
import { capPerHolder } from './cap.ts'
import { sumUsd } from './cents.ts'
import { columnOf, gather } from './columns.ts'
import { depthOf, REACH } from './depth.ts'
import { orderByDepth } from './order.ts'

/** One position with the price at which it becomes liquidatable. */
export type BookEntry = {
  readonly source: string
  readonly id: string
  readonly owner: string
  /** The labelled or linked group its owner belongs to. */
  readonly entity: string | null
  /** The liquidation price, USD of the driver. */
  readonly price: number
  readonly collateralUsd: number
  readonly debtUsd: number
  readonly driverAmount: number
}

/** The positions of one side that bands are searched in, from spot outwards, with what the search reads as columns. */
export type Book = {
  readonly spot: number
  readonly side: Side
  /** Collateral of the whole side, dust and far prices included, USD: what every share is a share of. */
  readonly total: number
  readonly entries: readonly BookEntry[]
  readonly depth: Float64Array
  /** Collateral with no holder counting for more than 0.4 % of the total, USD. */
  readonly capped: Float64Array
}

/** Who holds an entry: its entity where one is known, else its owner. */
export const holderOf = (entry: BookEntry): string => entry.entity ?? entry.owner

/** Orders the entries of one side from spot outwards; dust below `minUsd` and prices out of reach are left out. */
export const createBook = (
  all: readonly BookEntry[],
  { spot, side, minUsd }: { readonly spot: number; readonly side: Side; readonly minUsd: number },
): Book => {
  const total = sumUsd(all, (entry) => entry.collateralUsd)
  const kept = all.filter(
    ({ collateralUsd, price }) =>
      collateralUsd > 0 && collateralUsd >= minUsd && depthOf(price, { spot, side }) <= REACH,
  )
  // A source whose own feed stands a little beyond spot counts as at spot.
  const depths = columnOf(kept, ({ price }) => Math.max(0, depthOf(price, { spot, side })))
  const capped = capPerHolder(kept, total)
  const order = orderByDepth(kept, depths, side)
  const entries: BookEntry[] = []
  for (const index of order) {
    const entry = kept[index]
    if (entry !== undefined) entries.push(entry)
  }
  return {
    spot,
    side,
    total,
    entries,
    depth: gather(depths, order),
    capped: gather(capped, order),
  }
}

/** The same book, with the same total, without some of its entries. */
export const without = (book: Book, removed: ReadonlySet<BookEntry>): Book => {
  if (removed.size === 0) return book
  const stays = (_: number, index: number): boolean => {
    const entry = book.entries[index]
    return entry !== undefined && !removed.has(entry)
  }
  return {
    ...book,
    entries: book.entries.filter((entry) => !removed.has(entry)),
    depth: book.depth.filter(stays),
    capped: book.capped.filter(stays),
  }
}
