import type { Side } from '../report.ts'
import { type BookEntry, holderOf } from './book.ts'
import { capHoldings } from './cap.ts'
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
  /** Collateral with no owner counting for more than that, whatever labels say, USD. */
  readonly cappedByOwner: Float64Array
  /** All collateral of the entry's owner where that is at least 0.4 % of the total, else 0, USD. */
  readonly heldByOwner: Float64Array
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
  // In the order they come in: one by one along the sorted book, a million owners' names cost seconds.
  const byHolder = capHoldings(all, holderOf, total)
  const isLabelled = all.some(({ entity }) => entity !== null)
  const byOwner = isLabelled ? capHoldings(all, ({ owner }) => owner, total) : byHolder
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
    capped: gather(byHolder.capped, order),
    cappedByOwner: gather(byOwner.capped, order),
    heldByOwner: gather(byOwner.held, order),
  }
}

/** The same book, with the same total, without some of its entries. */
export const without = (book: SortedBook, removed: ReadonlySet<BookEntry>): SortedBook => {
  if (removed.size === 0) return book
  const kept = new Int32Array(book.entries.length)
  let count = 0
  const entries = book.entries.filter((entry, i) => {
    const stays = !removed.has(entry)
    if (stays) kept[count++] = i
    return stays
  })
  const indices = kept.subarray(0, count)
  return {
    ...book,
    entries,
    depth: gather(book.depth, indices),
    capped: gather(book.capped, indices),
    cappedByOwner: gather(book.cappedByOwner, indices),
    heldByOwner: gather(book.heldByOwner, indices),
  }
}
