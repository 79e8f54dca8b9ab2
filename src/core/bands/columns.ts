/** A dense column of numbers. */
type Column = Float64Array | Int32Array

/**
 * Columns as long as a book. They lie in shared buffers, which V8 does not count as pressure: the plain ones of a million
 * positions make it collect the whole heap, objects of the caller and all, once a search, a quarter of its time.
 */
export const floats = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(length * 8))
/** As `floats`, of whole numbers. */
export const integers = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(length * 4))
/** As `floats`, of keys. */
export const keys = (length: number): Uint32Array => new Uint32Array(new SharedArrayBuffer(length * 4))

/** Reads one element of a dense column; callers stay within its bounds. */
export const at = (column: Column, index: number): number => column[index] ?? 0

/** Sums up to each element: `result[k]` is the sum of the first `k`, so `result[b] - result[a]` is that of a..b-1. */
export const prefixSums = (column: Float64Array): Float64Array => {
  const sums = floats(column.length + 1)
  for (let i = 0; i < column.length; i++) sums[i + 1] = at(sums, i) + at(column, i)
  return sums
}

/** One number per item. (`Float64Array.from` with a function is ten times slower.) */
export const columnOf = <T>(items: readonly T[], value: (item: T, index: number) => number): Float64Array => {
  const column = floats(items.length)
  items.forEach((item, index) => {
    column[index] = value(item, index)
  })
  return column
}

/** The elements of a column at `indices`, in their order. */
export const gather = (column: Float64Array, indices: Int32Array): Float64Array => {
  const gathered = floats(indices.length)
  for (let i = 0; i < indices.length; i++) gathered[i] = at(column, at(indices, i))
  return gathered
}
