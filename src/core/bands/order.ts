import type { Side } from '../report.ts'
import { type BookEntry, holderOf } from './book.ts'
import { integers, keys as newKeys } from './columns.ts'
import { nearestDepth, REACH } from './depth.ts'

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Equal prices: by owner (an owner's positions at one price stand together), then the heavier, then source and id. */
const compareAtOnePrice = (a: BookEntry, b: BookEntry): number =>
  compareText(holderOf(a), holderOf(b)) ||
  b.collateralUsd - a.collateralUsd ||
  compareText(a.source, b.source) ||
  compareText(a.id, b.id)

const QUANTA = (2 ** 32 - 1) / REACH

/** Bits of a digit; three digits are more than the 32 bits of a key. */
const DIGIT = 11
const DIGITS = 3
const MASK = (1 << DIGIT) - 1

/** Moves keys and indices, both in place, into growing order of key: a stable radix sort, digit by digit. */
const sortByKey = (keys: Uint32Array, indices: Int32Array): void => {
  const places = new Int32Array((MASK + 1) * DIGITS)
  for (const key of keys)
    for (let d = 0; d < DIGITS; d++) {
      const place = (d << DIGIT) + ((key >>> (d * DIGIT)) & MASK)
      places[place] = (places[place] ?? 0) + 1
    }
  let [fromKeys, toKeys]: [Uint32Array, Uint32Array] = [keys, newKeys(keys.length)]
  let [from, to]: [Int32Array, Int32Array] = [indices, integers(keys.length)]
  for (let d = 0; d < DIGITS; d++) {
    const next = places.subarray(d << DIGIT, (d + 1) << DIGIT)
    let sum = 0
    for (let value = 0; value <= MASK; value++) {
      const count = next[value] ?? 0
      next[value] = sum
      sum += count
    }
    for (let k = 0; k < keys.length; k++) {
      const key = fromKeys[k] ?? 0
      const digit = (key >>> (d * DIGIT)) & MASK
      const place = next[digit] ?? 0
      next[digit] = place + 1
      toKeys[place] = key
      to[place] = from[k] ?? 0
    }
    ;[fromKeys, toKeys] = [toKeys, fromKeys]
    ;[from, to] = [to, from]
  }
  keys.set(fromKeys)
  indices.set(from)
}

/** The key of a depth in [0, REACH]: 32 bits of it. */
export const keyOf = (depth: number): number => Math.floor(depth * QUANTA)

/**
 * Puts `indices` of entries, and the keys of their depths with them, in order of growing depth, whatever their order
 * was. Sorting digits of a coarse key takes a third of the time of the native sort at a million; the few that share a
 * key are then put in order exactly.
 */
export const orderByDepth = (
  entries: readonly BookEntry[],
  market: { readonly spot: number; readonly side: Side },
  keys: Uint32Array,
  indices: Int32Array,
): void => {
  sortByKey(keys, indices)
  const outwards = market.side === 'above' ? 1 : -1
  const compare = (i: number, j: number): number => {
    const [a, b] = [entries[i], entries[j]]
    if (a === undefined || b === undefined || a === b) return 0
    return (
      nearestDepth(a.price, market) - nearestDepth(b.price, market) ||
      outwards * (a.price - b.price) ||
      compareAtOnePrice(a, b)
    )
  }
  for (let start = 0, end = 1; start < keys.length; start = end, end++) {
    while (end < keys.length && keys[end] === keys[start]) end++
    if (end - start > 1) indices.subarray(start, end).sort(compare)
  }
}
