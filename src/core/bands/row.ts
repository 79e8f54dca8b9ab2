import type { BandKind } from '../report.ts'
import type { BookEntry } from './book.ts'

/** A band as its finder knows it: what ties it together, its edges, and whose collateral it is. */
export type Row = {
  readonly kind: BandKind
  readonly low: number
  readonly high: number
  /** From spot outwards. */
  readonly members: readonly BookEntry[]
  readonly confidence: number
}

/** The lowest and the highest price of members in order of price, either way. */
export const edgesOf = (members: readonly BookEntry[]): { readonly low: number; readonly high: number } => {
  const first = members[0]?.price ?? 0
  const last = members[members.length - 1]?.price ?? 0
  return { low: Math.min(first, last), high: Math.max(first, last) }
}
