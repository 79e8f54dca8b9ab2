import type { BookEntry } from './book.ts'
import { reaches, sumUsd } from './cents.ts'
import { at } from './columns.ts'
import type { SortedBook } from './sorted-book.ts'

/** A heavy owner has at least this share of the side at one price: at most a hundred owners do. */
const HEAVY_SHARE = 0.01

/** What one owner, heavy by it, holds at one price. */
export type HeavyPosition = {
  readonly owner: string
  readonly depth: number
  readonly usd: number
  /** Its entries at that price, in several markets where it has several. */
  readonly entries: readonly BookEntry[]
}

/** Indices of the entries of owners with enough collateral to be heavy, by owner and price, from spot outwards. */
const candidates = (book: SortedBook, least: number): readonly (readonly number[])[] => {
  const groups = new Map<string, number[]>()
  for (let i = 0; i < book.entries.length; i++) {
    const entry = reaches(at(book.heldByOwner, i), least) ? book.entries[i] : undefined
    if (!entry) continue
    const key = `${entry.price} ${entry.owner}`
    const group = groups.get(key)
    if (group) group.push(i)
    else groups.set(key, [i])
  }
  return [...groups.values()]
}

/** Who is heavy at one price, from spot outwards, and the capped collateral of everybody else; labels play no part. */
export const splitByWeight = (
  book: SortedBook,
): { readonly heavy: readonly HeavyPosition[]; readonly light: Float64Array } => {
  const least = HEAVY_SHARE * book.total
  const light = book.cappedByOwner.slice()
  const heavy = candidates(book, least).flatMap((indices): readonly HeavyPosition[] => {
    const entries = indices.flatMap((i) => book.entries[i] ?? [])
    const usd = sumUsd(entries, ({ collateralUsd }) => collateralUsd)
    const [first] = entries
    if (!first || !reaches(usd, least)) return []
    for (const i of indices) light[i] = 0
    return [{ owner: first.owner, depth: at(book.depth, indices[0] ?? 0), usd, entries }]
  })
  return { heavy, light }
}
