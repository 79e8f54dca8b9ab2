import type { Side } from '../report.ts'
import type { BookEntry } from './book.ts'
import { capPerHolder } from './cap.ts'
import { toCents } from './cents.ts'
import { at, gather } from './columns.ts'
import { depthOf, REACH } from './depth.ts'
import { orderByDepth } from './order.ts'

/** The positions of one side that bands are searched in, from spot outwards, with what the search reads as columns. */
export type SortedBook = {
  readonly spot: number
  readonly side: Side
  /** Collateral of the whole side, dust and far prices included, USD: what every share is a share of. */
  readonly total: number
  readonly entries: readonly BookEntry[]
  readonly depth: Float64Array
  /** Collateral with no holder counting for more than 0.4 % of the total, USD. */
  readonly capped: Float64Array
}

/** Orders the entries of one side from spot outwards; dust below `minUsd` and prices out of reach are left out. */
export const sortBook = (
  all: readonly BookEntry[],
  { spot, side, minUsd }: { readonly spot: number; readonly side: Side; readonly minUsd: number },
): SortedBook => {
  const depth = new Float64Array(all.length)
  const kept = new Int32Array(all.length)
  let count = 0
  let cents = 0
  all.forEach((entry, i) => {
    cents += toCents(entry.collateralUsd)
    // A source whose own feed stands a little beyond spot counts as at spot.
    depth[i] = Math.max(0, depthOf(entry.price, { spot, side }))
    const isDust = entry.collateralUsd < minUsd || toCents(entry.collateralUsd) === 0
    if (!isDust && at(depth, i) <= REACH) kept[count++] = i
  })
  const total = cents / 100
  const capped = capPerHolder(all, total)
  const order = orderByDepth(all, depth, kept.subarray(0, count), side)
  const entries: BookEntry[] = []
  for (let k = 0; k < order.length; k++) {
    const entry = all[at(order, k)]
    if (entry !== undefined) entries.push(entry)
  }
  return {
    spot,
    side,
    total,
    entries,
    depth: gather(depth, order),
    capped: gather(capped, order),
  }
}

/** The same book, with the same total, without some of its entries. */
export const without = (book: SortedBook, removed: ReadonlySet<BookEntry>): SortedBook => {
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
