import type { BookEntry } from './book.ts'
import { sumUsdBy, toCents } from './cents.ts'
import { at } from './columns.ts'

const collateral = (entry: BookEntry): number => entry.collateralUsd

const BUCKETS = 1 << 16

/** A bucket for a name, from its last characters. */
const bucketOf = (name: string): number => {
  let hash = 0
  for (let i = Math.max(0, name.length - 4); i < name.length; i++)
    hash = Math.imul(hash, 31) + name.charCodeAt(i)
  return (hash ^ (hash >>> 16)) & (BUCKETS - 1)
}

/** Who holds at least some limit. */
type HeavyHoldings = {
  /** Their collateral by name, USD. */
  readonly usd: ReadonlyMap<string, number>
  /** The collateral, USD, of whoever holds the entry of this index; undefined where it is less. */
  readonly at: (index: number) => number | undefined
}

/**
 * Adds up the collateral of each name and keeps those with at least `limit` USD. Only names in a bucket that is heavy
 * as a whole are added up one by one: of a million owners there are few.
 */
export const heavyHoldings = (
  entries: readonly BookEntry[],
  nameOf: (entry: BookEntry) => string,
  limit: number,
): HeavyHoldings => {
  const sums = new Float64Array(BUCKETS)
  const buckets = new Int32Array(entries.length)
  entries.forEach((entry, i) => {
    const bucket = bucketOf(nameOf(entry))
    buckets[i] = bucket
    sums[bucket] = at(sums, bucket) + toCents(entry.collateralUsd)
  })
  const suspects = entries.filter((_, i) => at(sums, at(buckets, i)) >= limit * 100)
  const usd = new Map([...sumUsdBy(suspects, nameOf, collateral)].filter(([, sum]) => sum >= limit))
  const holdingAt = (index: number): number | undefined => {
    const entry = entries[index]
    return entry && at(sums, at(buckets, index)) >= limit * 100 ? usd.get(nameOf(entry)) : undefined
  }
  return { usd, at: holdingAt }
}
