import type { BookEntry } from './book.ts'
import { toCents } from './cents.ts'
import { at } from './columns.ts'

const BUCKETS = 1 << 16

/** A bucket for a name, from its last characters. */
const bucketOf = (name: string): number => {
  let hash = 0
  for (let i = Math.max(0, name.length - 8); i < name.length; i++)
    hash = Math.imul(hash, 31) + name.charCodeAt(i)
  return (hash ^ (hash >>> 16)) & (BUCKETS - 1)
}

/** The collateral, USD, of everyone who holds at least some limit. */
export type HeavyHoldings = {
  readonly usd: ReadonlyMap<string, number>
  /** A name's collateral, or undefined where it holds less; much faster than asking the map for a light one. */
  readonly of: (name: string) => number | undefined
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
  const buckets = new Float64Array(BUCKETS)
  for (const entry of entries) {
    const bucket = bucketOf(nameOf(entry))
    buckets[bucket] = at(buckets, bucket) + toCents(entry.collateralUsd)
  }
  const mayBeHeavy = (name: string): boolean => at(buckets, bucketOf(name)) >= limit * 100

  const cents = new Map<string, number>()
  for (const entry of entries) {
    const name = nameOf(entry)
    if (mayBeHeavy(name)) cents.set(name, (cents.get(name) ?? 0) + toCents(entry.collateralUsd))
  }
  const usd = new Map<string, number>()
  for (const [name, sum] of cents) if (sum >= limit * 100) usd.set(name, sum / 100)
  return { usd, of: (name) => (mayBeHeavy(name) ? usd.get(name) : undefined) }
}
