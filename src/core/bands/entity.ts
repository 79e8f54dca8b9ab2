import { type Background, expectedWithin } from './background.ts'
import type { BookEntry } from './book.ts'
import { sumUsd } from './cents.ts'
import { depthOf, depthsBetween } from './depth.ts'
import { edgesOf, type Row } from './row.ts'
import type { SortedBook } from './sorted-book.ts'

/** An entity, and each of its ranges, has at least this share of the side. */
const MIN_SHARE = 0.01
/** Neighbours further apart than this in ln price belong to two ranges. */
const MAX_GAP = 0.04
/** A position below this share of its entity's collateral never sets an edge. */
const MIN_EDGE_SHARE = 0.01

const collateral = (entry: BookEntry): number => entry.collateralUsd

/** The entries of each entity, in the book's order. */
const byEntity = (book: SortedBook): ReadonlyMap<string, readonly BookEntry[]> => {
  const groups = new Map<string, BookEntry[]>()
  for (const entry of book.entries) {
    if (entry.entity === null) continue
    const group = groups.get(entry.entity)
    if (group) group.push(entry)
    else groups.set(entry.entity, [entry])
  }
  return groups
}

/** Cuts entries in order of price wherever two neighbours are further apart than `MAX_GAP`. */
const cutAtGaps = (book: SortedBook, entries: readonly BookEntry[]): readonly (readonly BookEntry[])[] => {
  const pieces: BookEntry[][] = []
  let end = Number.NEGATIVE_INFINITY
  for (const entry of entries) {
    const depth = depthOf(entry.price, book)
    const piece = pieces[pieces.length - 1]
    if (piece && depth - end <= MAX_GAP) piece.push(entry)
    else pieces.push([entry])
    end = depth
  }
  return pieces
}

const rangesOf = (
  book: SortedBook,
  background: Background,
  entries: readonly BookEntry[],
): readonly Row[] => {
  const usd = sumUsd(entries, collateral)
  if (usd < MIN_SHARE * book.total) return []
  const core = entries.filter((entry) => entry.collateralUsd >= MIN_EDGE_SHARE * usd)
  return cutAtGaps(book, core).flatMap((piece): readonly Row[] => {
    const { low, high } = edgesOf(piece)
    const members = entries.filter(({ price }) => price >= low && price <= high)
    const held = sumUsd(members, collateral)
    const expected = expectedWithin(background, depthsBetween({ low, high }, book))
    const isBand = low < high && held >= MIN_SHARE * book.total && held >= expected
    return isBand ? [{ kind: 'entity', low, high, members, confidence: 1 }] : []
  })
}

/**
 * The price ranges of each labelled or linked group of owners with at least 1 % of the side: its positions cut at
 * gaps of more than 4 %, edges set by those of at least 1 % of its collateral, each range holding at least what the
 * background puts there.
 */
export const findEntityRanges = (book: SortedBook, background: Background): readonly Row[] =>
  [...byEntity(book).values()].flatMap((entries) => rangesOf(book, background, entries))
