import type { Side } from '../report.ts'
import { capPerHolder } from './cap.ts'
import { toCents } from './cents.ts'
import { at } from './columns.ts'
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
  readonly usd: Float64Array
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
  const kept: BookEntry[] = []
  const depths = new Float64Array(all.length)
  let cents = 0
  for (const entry of all) {
    cents += toCents(entry.collateralUsd)
    // A source whose own feed stands a little beyond spot: at spot.
    const depth = Math.max(0, depthOf(entry.price, { spot, side }))
    if (!(entry.collateralUsd >= minUsd && entry.collateralUsd > 0 && depth <= REACH)) continue
    depths[kept.length] = depth
    kept.push(entry)
  }
  const total = cents / 100
  const order = orderByDepth(kept, depths.subarray(0, kept.length), side)
  const entries: BookEntry[] = []
  const depth = new Float64Array(kept.length)
  const usd = new Float64Array(kept.length)
  for (const index of order) {
    const entry = kept[index]
    if (entry === undefined) continue
    depth[entries.length] = at(depths, index)
    usd[entries.length] = entry.collateralUsd
    entries.push(entry)
  }
  return { spot, side, total, entries, depth, usd, capped: capPerHolder(entries, total) }
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
    usd: book.usd.filter(stays),
    capped: book.capped.filter(stays),
  }
}
