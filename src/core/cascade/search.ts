import { at } from '../bands/columns.ts'

/** How many elements of a non-increasing column are at least `value`. */
export const countAtLeast = (descending: Float64Array, value: number): number => {
  let low = 0
  let high = descending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (at(descending, middle) >= value) low = middle + 1
    else high = middle
  }
  return low
}

/** How many elements of a non-decreasing column are below `value`. */
export const countBelow = (ascending: Float64Array, value: number): number => {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (at(ascending, middle) < value) low = middle + 1
    else high = middle
  }
  return low
}
