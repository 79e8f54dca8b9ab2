import { holderOf } from './book.ts'
import { at } from './columns.ts'
import type { Positions } from './sorted-book.ts'

/** Runs of neighbouring positions, from spot outwards; no grid, so no grid can move. */
export type Groups = {
  readonly count: number
  /** Index of each group's first position in the book, and one past the last position. */
  readonly start: Int32Array
  readonly near: Float64Array
  readonly far: Float64Array
  readonly middle: Float64Array
  /** Capped collateral, USD. */
  readonly mass: Float64Array
  /** Sum of squares of the capped collateral per holder and price, USD². */
  readonly squares: Float64Array
}

/** Index of the first position of each greedy run of at most `span`, and the number of positions. */
const startsOf = (depth: Float64Array, span: number): Int32Array => {
  const starts: number[] = []
  let near = Number.NEGATIVE_INFINITY
  for (let i = 0; i < depth.length; i++) {
    if (at(depth, i) - near <= span) continue
    near = at(depth, i)
    starts.push(i)
  }
  starts.push(depth.length)
  return Int32Array.from(starts)
}

/** Groups the positions of a book that lie within `span` of each other in ln price. */
export const groupPositions = (book: Positions, span: number): Groups => {
  const { entries, order, depth, capped } = book
  const start = startsOf(depth, span)
  const count = start.length - 1
  const near = new Float64Array(count)
  const far = new Float64Array(count)
  const mass = new Float64Array(count)
  const squares = new Float64Array(count)

  const sameHolderAndPrice = (i: number): boolean => {
    const [a, b] = [entries[at(order, i - 1)], entries[at(order, i)]]
    return a !== undefined && b !== undefined && a.price === b.price && holderOf(a) === holderOf(b)
  }
  for (let k = 0; k < count; k++) {
    const end = at(start, k + 1)
    near[k] = at(depth, at(start, k))
    far[k] = at(depth, end - 1)
    let sum = 0
    let sumOfSquares = 0
    let held = 0
    for (let i = at(start, k); i < end; i++) {
      const value = at(capped, i)
      if (i > at(start, k) && at(depth, i) === at(depth, i - 1) && sameHolderAndPrice(i)) {
        sumOfSquares += (held + value) ** 2 - held ** 2
        held += value
      } else {
        sumOfSquares += value * value
        held = value
      }
      sum += value
    }
    mass[k] = sum
    squares[k] = sumOfSquares
  }
  const middle = near.map((depth, k) => (depth + at(far, k)) / 2)
  return { count, start, near, far, middle, mass, squares }
}
