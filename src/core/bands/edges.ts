import { at } from './columns.ts'
import { NARROWEST } from './depth.ts'
import type { Segment } from './excess-mass.ts'
import type { Groups } from './groups.ts'
import type { Run } from './ruzzo-tompa.ts'
import type { Positions } from './sorted-book.ts'

/** The run of positions within `begin..end-1` whose capped collateral less `cost` per ln price is largest (Kadane). */
const heaviestRun = (book: Positions, begin: number, end: number, cost: number): Run => {
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

/**
 * The exact edges of disjoint segments in order of depth: each becomes the run of positions, in its groups and one
 * group to either side, that holds most beyond lambda times what is expected. Ends are positions; runs stay disjoint.
 */
export const sharpenEdges = (
  book: Positions,
  groups: Groups,
  segments: readonly Segment[],
): readonly Run[] => {
  const runs: Run[] = []
  segments.forEach((segment, i) => {
    const taken = segments[i - 1]?.last ?? -1
    const next = segments[i + 1]?.first ?? groups.count
    const begin = at(groups.start, Math.max(segment.first - 1, taken + 1))
    const end = at(groups.start, Math.min(segment.last + 2, next))
    const previous = runs[i - 1]?.last ?? -1
    const cost = (segment.lambda * segment.expected) / Math.max(segment.far - segment.near, NARROWEST)
    runs.push(heaviestRun(book, Math.max(begin, previous + 1), end, cost))
  })
  return runs
}
