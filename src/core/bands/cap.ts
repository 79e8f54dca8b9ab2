import { type BookEntry, holderOf } from './book.ts'
import { at } from './columns.ts'

/** No holder counts for more than 0.4 % of the side in the statistics of a crowd, so no whale can draw one; USD. */
export const capOf = (total: number): number => 0.004 * total

const BUCKETS = 1 << 16

/** A bucket for a holder's name, from its last characters. */
const bucketOf = (name: string): number => {
  let hash = 0
  for (let i = Math.max(0, name.length - 8); i < name.length; i++)
    hash = Math.imul(hash, 31) + name.charCodeAt(i)
  return (hash ^ (hash >>> 16)) & (BUCKETS - 1)
}

/**
 * Each entry's collateral, scaled down where its holder has more than 0.4 % of `total` on the book (winsorised per
 * holder), USD. Only holders in a bucket that is heavy as a whole are added up one by one: there are few.
 */
export const capPerHolder = (entries: readonly BookEntry[], total: number): Float64Array => {
  const limit = capOf(total)
  const buckets = new Float64Array(BUCKETS)
  const bucketOfEntry = new Int32Array(entries.length)
  entries.forEach((entry, i) => {
    const bucket = bucketOf(holderOf(entry))
    bucketOfEntry[i] = bucket
    buckets[bucket] = at(buckets, bucket) + entry.collateralUsd
  })
  const isSuspect = (i: number): boolean => at(buckets, at(bucketOfEntry, i)) > limit

  const holdings = new Map<string, number>()
  entries.forEach((entry, i) => {
    if (!isSuspect(i)) return
    const holder = holderOf(entry)
    holdings.set(holder, (holdings.get(holder) ?? 0) + entry.collateralUsd)
  })
  return Float64Array.from(entries, (entry, i) => {
    if (!isSuspect(i)) return entry.collateralUsd
    const holding = holdings.get(holderOf(entry)) ?? 0
    return entry.collateralUsd * Math.min(1, limit / holding)
  })
}
