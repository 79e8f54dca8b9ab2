import type { BookEntry } from './book.ts'
import { sumUsdBy, toCents } from './cents.ts'

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
  /** The indices of their entries, in order. */
  readonly indices: readonly number[]
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
  const buckets = new Uint16Array(entries.length)
  entries.forEach((entry, i) => {
    const bucket = bucketOf(nameOf(entry))
    buckets[i] = bucket
    sums[bucket] = (sums[bucket] ?? 0) + toCents(entry.collateralUsd)
  })
  const isSuspect = (index: number): boolean => (sums[buckets[index] ?? 0] ?? 0) >= limit * 100
  const suspects: BookEntry[] = []
  const suspectIndices: number[] = []
  for (let i = 0; i < entries.length; i++) {
    const entry = isSuspect(i) ? entries[i] : undefined
    if (entry === undefined) continue
    suspects.push(entry)
    suspectIndices.push(i)
  }
  const usd = new Map([...sumUsdBy(suspects, nameOf, collateral)].filter(([, sum]) => sum >= limit))
  const holdingAt = (index: number): number | undefined => {
    const entry = entries[index]
    return entry && isSuspect(index) ? usd.get(nameOf(entry)) : undefined
  }
  return { usd, at: holdingAt, indices: suspectIndices.filter((i) => holdingAt(i) !== undefined) }
}
