import {
  type Background,
  createSmoother,
  expectedUpTo,
  expectedWithin,
  spreadOverCells,
} from './background.ts'
import { type DepthRange, REACH } from './depth.ts'
import { effectiveCount } from './holders.ts'

/** Where a heavy owner falls is smoothed over this much ln price: one standard deviation. */
const SIGMA = 0.08

const smooth = createSmoother(SIGMA)

/** How many ways there are to choose `k` of `n`. */
const choose = (n: number, k: number): number => {
  let ways = 1
  for (let i = 1; i <= k; i++) ways *= (n - k + i) / i
  return ways
}

/**
 * Expected number of runs of `k` owners within a `fraction` of the book, had `owners` of them fallen like the rest of
 * it: the chance that k points lie that close is k·F^(k−1) − (k−1)·F^k. One owner is no run.
 */
export const expectedRuns = (owners: number, k: number, fraction: number): number =>
  k < 2 || k > owners
    ? Number.POSITIVE_INFINITY
    : choose(owners, k) * (k * fraction ** (k - 1) - (k - 1) * fraction ** k)

/** The share of a background's collateral in a range, at least a quarter per cent wide. */
const shareWithin = (background: Background, range: DepthRange): number => {
  const total = expectedUpTo(background, REACH)
  return total > 0 ? expectedWithin(background, range) / total : 0
}

/**
 * The chance that one more owner falls into a range: like the `light` collateral, which is as good as the number of
 * its effective positions, and like one position of the book's own wide `surroundings`. So a book with hardly any
 * light collateral has an answer too, and nowhere within reach is the chance nil.
 */
export const scatterOf = (
  depth: Float64Array,
  light: Float64Array,
  surroundings: Background,
): ((range: DepthRange) => number) => {
  const alike = smooth(spreadOverCells(depth, light))
  const positions = effectiveCount(light)
  return (range) =>
    Math.min(1, (positions * shareWithin(alike, range) + shareWithin(surroundings, range)) / (positions + 1))
}
