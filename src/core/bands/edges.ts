import type { Book } from './book.ts'
import { at } from './columns.ts'
import { NARROWEST } from './depth.ts'
import type { Segment } from './excess-mass.ts'
import type { Groups } from './groups.ts'
import type { Run } from './ruzzo-tompa.ts'

/**
 * The exact edges of a segment: the positions between which capped collateral less lambda times the expected density
 * is largest (maximum-sum run, Kadane). Both ends are positions of the book.
 */
export const sharpenEdges = (book: Book, groups: Groups, segment: Segment): Run => {
  const begin = at(groups.start, segment.first)
  const end = at(groups.start, segment.last + 1)
  const cost = (segment.lambda * segment.expected) / Math.max(segment.far - segment.near, NARROWEST)
  let best = Number.NEGATIVE_INFINITY
  let run = { first: begin, last: end - 1 }
  let score = 0
  let first = begin
  for (let i = begin; i < end; i++) {
    if (i > begin) score -= cost * (at(book.depth, i) - at(book.depth, i - 1))
    if (score <= 0) {
      score = 0
      first = i
    }
    score += at(book.capped, i)
    if (score > best) {
      best = score
      run = { first, last: i }
    }
  }
  return run
}
