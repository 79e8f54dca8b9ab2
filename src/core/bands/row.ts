import type { BandKind } from '../report.ts'
import type { Positions } from './sorted-book.ts'

/** A band as its finder knows it: what ties it together, its edges, and whose collateral it is. */
export type Row = {
  readonly kind: BandKind
  readonly low: number
  readonly high: number
  /** Indices among the entries of the book, from spot outwards. */
  readonly members: Int32Array
  readonly confidence: number
}

/** The lowest and the highest price of members in order of price, either way. */
export const edgesOf = (
  { price }: Pick<Positions, 'price'>,
  members: Int32Array,
): { readonly low: number; readonly high: number } => {
  const first = price[members[0] ?? -1] ?? 0
  const last = price[members[members.length - 1] ?? -1] ?? 0
  return { low: Math.min(first, last), high: Math.max(first, last) }
}
