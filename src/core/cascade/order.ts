import { at } from '../bands/columns.ts'

/**
 * Indices by falling price; `compare` orders equal prices. Quantised price and index share one double, so the sort is
 * the native one without a comparator; the few that share a quantum are then put in order exactly.
 */
export const orderByFallingPrice = (
  prices: Float64Array,
  compare: (i: number, j: number) => number,
): Int32Array => {
  const highest = prices.reduce((a, b) => Math.max(a, b), 0) || 1
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, prices.length)))
  const quanta = 2 ** 53 / size - 1
  const keys = new Float64Array(prices.length)
  for (let i = 0; i < keys.length; i++)
    keys[i] = Math.floor((1 - at(prices, i) / highest) * quanta) * size + i
  keys.sort()
  const quantum = (i: number): number => Math.floor(at(keys, i) / size)
  const order = new Int32Array(keys.length)
  for (let i = 0; i < keys.length; i++) order[i] = at(keys, i) - quantum(i) * size

  const exact = (i: number, j: number): number => at(prices, j) - at(prices, i) || compare(i, j)
  for (let start = 0, end = 1; start < order.length; start = end, end++) {
    while (end < order.length && quantum(end) === quantum(start)) end++
    if (end - start > 1) order.subarray(start, end).sort(exact)
  }
  return order
}
