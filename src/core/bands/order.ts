import type { Side } from '../report.ts'
import { type BookEntry, holderOf } from './book.ts'
import { at } from './columns.ts'
import { REACH } from './depth.ts'

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Equal prices: by owner (an owner's positions at one price stand together), then the heavier, then source and id. */
const compareAtOnePrice = (a: BookEntry, b: BookEntry): number =>
  compareText(holderOf(a), holderOf(b)) ||
  b.collateralUsd - a.collateralUsd ||
  compareText(a.source, b.source) ||
  compareText(a.id, b.id)

/**
 * The `indices` of entries by growing depth, in [0, REACH], whatever their order was. Quantised depth and index are
 * packed into one double, so the sort is the native one without a comparator (three times faster at a million
 * entries); the few that share a quantum are then put in order exactly.
 */
export const orderByDepth = (
  entries: readonly BookEntry[],
  depths: Float64Array,
  indices: Int32Array,
  side: Side,
): Int32Array => {
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, entries.length)))
  const quanta = 2 ** 53 / size - 1
  const quantumOf = (depth: number): number => Math.floor((depth / REACH) * quanta)
  const keys = new Float64Array(indices.length)
  for (let k = 0; k < keys.length; k++) {
    const index = at(indices, k)
    keys[k] = quantumOf(at(depths, index)) * size + index
  }
  keys.sort()
  const quantumAt = (k: number): number => Math.floor(at(keys, k) / size)
  const order = new Int32Array(indices.length)
  for (let k = 0; k < keys.length; k++) order[k] = at(keys, k) - quantumAt(k) * size

  const outwards = side === 'above' ? 1 : -1
  const compare = (i: number, j: number): number => {
    const [a, b] = [entries[i], entries[j]]
    if (a === undefined || b === undefined) return 0
    return at(depths, i) - at(depths, j) || outwards * (a.price - b.price) || compareAtOnePrice(a, b)
  }
  for (let start = 0, end = 1; start < order.length; start = end, end++) {
    while (end < order.length && quantumAt(end) === quantumAt(start)) end++
    if (end - start > 1) order.subarray(start, end).sort(compare)
  }
  return order
}
