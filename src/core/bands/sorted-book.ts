import type { Side } from '../report.ts'
import { type BookEntry, holderOf } from './book.ts'
import { capOf, cappedUsd } from './cap.ts'
import { toCents } from './cents.ts'
import { floats, gather, integers, keys } from './columns.ts'
import { nearestDepth, REACH } from './depth.ts'
import { heavyHoldings } from './holdings.ts'
import { keyOf, orderByDepth } from './order.ts'

/**
 * Positions of one side in columns: a search over a million of them reads dense numbers instead of objects. An entry
 * is named by its index among the `entries` as they came.
 */
export type Positions = {
  readonly spot: number
  readonly side: Side
  /** Collateral of the whole side, dust and far prices included, USD: what every share is a share of. */
  readonly total: number
  readonly entries: readonly BookEntry[]
  /** Price of each of the entries, USD. */
  readonly price: Float64Array
  /** Collateral of each of the entries, USD. */
  readonly usd: Float64Array
  /** Indices of the entries that are searched, from spot outwards; the columns below are in this order. */
  readonly order: Int32Array
  readonly depth: Float64Array
  /** Collateral with no holder counting for more than 0.4 % of the total, USD. */
  readonly capped: Float64Array
}

/** A place in a book's order, and what counts there with no owner at more than 0.4 % of the total, USD. */
export type OwnedPlace = { readonly place: number; readonly cappedByOwner: number }

/** All positions of one side that bands are searched in. */
export type SortedBook = Positions & {
  /** Where somebody has a label, from spot outwards. */
  readonly labelledPlaces: readonly number[]
  /** Where the owner has at least 0.4 % of the total, all positions taken together, labels aside; from spot outwards. */
  readonly heavyPlaces: readonly OwnedPlace[]
}

/** What is to be kept in mind of an entry: its holder or its owner is heavy, it has a label. */
const HEAVY_HOLDER = 1
const HEAVY_OWNER = 2
const LABELLED = 4

/** Orders the entries of one side from spot outwards; dust below `minUsd` and prices out of reach are left out. */
export const sortBook = (
  entries: readonly BookEntry[],
  { spot, side, minUsd }: { readonly spot: number; readonly side: Side; readonly minUsd: number },
): SortedBook => {
  const market = { spot, side }
  const price = floats(entries.length)
  const usd = floats(entries.length)
  const depthKeys = keys(entries.length)
  const kept = integers(entries.length)
  const marks = new Uint8Array(entries.length)
  let count = 0
  let cents = 0
  let isLabelled = false
  entries.forEach((entry, i) => {
    const own = toCents(entry.collateralUsd)
    cents += own
    price[i] = entry.price
    usd[i] = entry.collateralUsd
    if (entry.entity !== null) {
      marks[i] = LABELLED
      isLabelled = true
    }
    const depth = nearestDepth(entry.price, market)
    if (entry.collateralUsd < minUsd || own === 0 || !(depth <= REACH)) return
    depthKeys[count] = keyOf(depth)
    kept[count++] = i
  })
  const total = cents / 100
  const byHolder = heavyHoldings(entries, holderOf, capOf(total))
  const byOwner = isLabelled ? heavyHoldings(entries, ({ owner }) => owner, capOf(total)) : byHolder
  for (const i of byHolder.indices) marks[i] = (marks[i] ?? 0) | HEAVY_HOLDER
  for (const i of byOwner.indices) marks[i] = (marks[i] ?? 0) | HEAVY_OWNER

  const order = kept.subarray(0, count)
  orderByDepth(entries, market, depthKeys.subarray(0, count), order)
  const depth = floats(count)
  const capped = floats(count)
  const labelledPlaces: number[] = []
  const heavyPlaces: OwnedPlace[] = []
  for (let place = 0; place < count; place++) {
    const i = order[place] ?? 0
    const own = usd[i] ?? 0
    const mark = marks[i] ?? 0
    depth[place] = nearestDepth(price[i] ?? 0, market)
    capped[place] = own
    if (mark === 0) continue
    if (mark & HEAVY_HOLDER) capped[place] = cappedUsd(own, byHolder.at(i) ?? 0, total)
    if (mark & HEAVY_OWNER)
      heavyPlaces.push({ place, cappedByOwner: cappedUsd(own, byOwner.at(i) ?? 0, total) })
    if (mark & LABELLED) labelledPlaces.push(place)
  }
  return { spot, side, total, entries, price, usd, order, depth, capped, labelledPlaces, heavyPlaces }
}

/** What counts at each place of the order with no owner at more than 0.4 % of the total, labels aside, USD. */
export const cappedByOwner = ({
  usd,
  order,
  capped,
  labelledPlaces,
  heavyPlaces,
}: SortedBook): Float64Array => {
  if (labelledPlaces.length === 0) return capped
  const column = gather(usd, order)
  for (const heavy of heavyPlaces) column[heavy.place] = heavy.cappedByOwner
  return column
}

/** The entries at `indices`, in their order. */
export const entriesAt = (
  { entries }: Pick<Positions, 'entries'>,
  indices: Iterable<number>,
): readonly BookEntry[] => {
  const found: BookEntry[] = []
  for (const i of indices) {
    const entry = entries[i]
    if (entry !== undefined) found.push(entry)
  }
  return found
}

/** The same positions, with the same total, without the entries at `indices`. */
export const without = (book: Positions, indices: ReadonlySet<number>): Positions => {
  if (indices.size === 0) return book
  const removed = new Uint8Array(book.entries.length)
  for (const i of indices) removed[i] = 1
  const order = integers(book.order.length)
  const depth = floats(book.order.length)
  const capped = floats(book.order.length)
  let count = 0
  for (let k = 0; k < order.length; k++) {
    const i = book.order[k] ?? 0
    if (removed[i] === 1) continue
    order[count] = i
    depth[count] = book.depth[k] ?? 0
    capped[count++] = book.capped[k] ?? 0
  }
  return {
    ...book,
    order: order.subarray(0, count),
    depth: depth.subarray(0, count),
    capped: capped.subarray(0, count),
  }
}
