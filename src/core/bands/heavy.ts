import { reaches } from './cents.ts'
import { nearestDepth } from './depth.ts'
import { usdOf } from './range.ts'
import { cappedByOwner, type SortedBook } from './sorted-book.ts'

/** A heavy owner has at least this share of the side at one price: at most a hundred owners do. */
const HEAVY_SHARE = 0.01

/** What one owner, heavy by it, holds at one price. */
export type HeavyPosition = {
  readonly owner: string
  readonly depth: number
  readonly usd: number
  /** Indices of its entries at that price, in several markets where it has several. */
  readonly members: Int32Array
}

/** Indices of the entries of owners who may be heavy, by owner and price, from spot outwards. */
const candidates = (book: SortedBook): readonly Int32Array[] => {
  const groups = new Map<string, number[]>()
  for (const { place } of book.heavyPlaces) {
    const index = book.order[place] ?? 0
    const entry = book.entries[index]
    if (!entry) continue
    const key = `${entry.price} ${entry.owner}`
    const group = groups.get(key)
    if (group) group.push(index)
    else groups.set(key, [index])
  }
  return [...groups.values()].map((group) => Int32Array.from(group))
}

/** Who is heavy at one price, from spot outwards; labels play no part. */
export const heavyPositions = (book: SortedBook): readonly HeavyPosition[] =>
  candidates(book).flatMap((members): readonly HeavyPosition[] => {
    const usd = usdOf(book, members)
    const first = book.entries[members[0] ?? -1]
    if (first === undefined || !reaches(usd, HEAVY_SHARE * book.total)) return []
    return [{ owner: first.owner, depth: nearestDepth(first.price, book), usd, members }]
  })

/** Capped collateral of everybody who is not heavy at one price, from spot outwards, USD. */
export const lightColumn = (book: SortedBook, heavy: readonly HeavyPosition[]): Float64Array => {
  const column = cappedByOwner(book).slice()
  const gone = new Set(heavy.flatMap(({ members }) => [...members]))
  for (const { place } of book.heavyPlaces) if (gone.has(book.order[place] ?? 0)) column[place] = 0
  return column
}
