import { type Background, expectedWithin } from './background.ts'
import { depthOf, depthsBetween } from './depth.ts'
import { usdOf } from './range.ts'
import { edgesOf, type Row } from './row.ts'
import type { SortedBook } from './sorted-book.ts'

/** An entity, and each of its ranges, has at least this share of the side. */
const MIN_SHARE = 0.01
/** Neighbours further apart than this in ln price belong to two ranges. */
const MAX_GAP = 0.04
/** A position below this share of its entity's collateral never sets an edge. */
const MIN_EDGE_SHARE = 0.01

/** The members of each entity, in the book's order. */
const byEntity = ({ entries, order, labelledPlaces }: SortedBook): readonly Int32Array[] => {
  const groups = new Map<string, number[]>()
  for (const place of labelledPlaces) {
    const index = order[place] ?? 0
    const entity = entries[index]?.entity ?? null
    if (entity === null) continue
    const group = groups.get(entity)
    if (group) group.push(index)
    else groups.set(entity, [index])
  }
  return [...groups.values()].map((group) => Int32Array.from(group))
}

/** Cuts members in order of price wherever two neighbours are further apart than `MAX_GAP`. */
const cutAtGaps = (book: SortedBook, members: Int32Array): readonly Int32Array[] => {
  const pieces: Int32Array[] = []
  let start = 0
  let end = Number.NEGATIVE_INFINITY
  members.forEach((index, i) => {
    const depth = depthOf(book.price[index] ?? 0, book)
    if (i > 0 && depth - end > MAX_GAP) {
      pieces.push(members.subarray(start, i))
      start = i
    }
    end = depth
  })
  return members.length === 0 ? [] : [...pieces, members.subarray(start)]
}

const rangesOf = (book: SortedBook, background: Background, own: Int32Array): readonly Row[] => {
  const { price, usd } = book
  const held = usdOf(book, own)
  if (held < MIN_SHARE * book.total) return []
  const core = own.filter((i) => (usd[i] ?? 0) >= MIN_EDGE_SHARE * held)
  return cutAtGaps(book, core).flatMap((piece): readonly Row[] => {
    const { low, high } = edgesOf(book, piece)
    const members = own.filter((i) => (price[i] ?? 0) >= low && (price[i] ?? 0) <= high)
    const inside = usdOf(book, members)
    const expected = expectedWithin(background, depthsBetween({ low, high }, book))
    const isBand = low < high && inside >= MIN_SHARE * book.total && inside >= expected
    return isBand ? [{ kind: 'entity', low, high, members, confidence: 1 }] : []
  })
}

/**
 * The price ranges of each labelled or linked group of owners with at least 1 % of the side: its positions cut at
 * gaps of more than 4 %, edges set by those of at least 1 % of its collateral, each range holding at least what the
 * background puts there.
 */
export const findEntityRanges = (book: SortedBook, background: Background): readonly Row[] =>
  byEntity(book).flatMap((members) => rangesOf(book, background, members))
