import type { Background } from './background.ts'
import { capOf } from './cap.ts'
import { at } from './columns.ts'
import { type DepthRange, rangeAgreement } from './depth.ts'
import { findSegments } from './excess-mass.ts'
import type { Groups } from './groups.ts'
import { createRandom, drawPoisson } from './random.ts'

const RESAMPLES = 100
const SEED = 20_000
const AGREEMENT = 0.5

/**
 * A Poisson(1) resample of the groups: each position counts a Poisson number of times, and its holder is capped as
 * ever. A group stands for its (Σv)²/Σv² effective positions, all alike: drawn Poisson of that many times, it keeps
 * its mean and its variance exactly, at the cost of one draw a group instead of one a position.
 */
const resample = (groups: Groups, effective: Float64Array, total: number, random: () => number): Groups => {
  const mass = new Float64Array(groups.count)
  const squares = new Float64Array(groups.count)
  for (let k = 0; k < groups.count; k++) {
    const positions = at(effective, k)
    const times = drawPoisson(random, positions)
    if (times === 0) continue
    const drawn = (times / positions) * at(groups.mass, k)
    mass[k] = Math.min(drawn, Math.max(1, positions) * capOf(total))
    squares[k] = (at(mass, k) ** 2 * (positions + times - 1)) / (positions * times)
  }
  return { ...groups, mass, squares }
}

/**
 * For each range the share of 100 resamples, of fixed seeds, in which a segment that agrees with it (intersection over
 * union of at least a half) stands out again from the same surroundings.
 */
export const confidences = (
  groups: Groups,
  total: number,
  surroundings: Background,
  ranges: readonly DepthRange[],
): readonly number[] => {
  if (ranges.length === 0) return []
  const counts = ranges.map(() => 0)
  const effective = groups.mass.map((mass, k) => mass ** 2 / at(groups.squares, k))
  for (let i = 0; i < RESAMPLES; i++) {
    // A seed of its own for each: positions further out change none of the draws nearer to spot.
    const found = findSegments(
      resample(groups, effective, total, createRandom(SEED + i)),
      surroundings,
      total,
    )
    ranges.forEach((range, j) => {
      if (found.some((segment) => rangeAgreement(segment, range) >= AGREEMENT))
        counts[j] = (counts[j] ?? 0) + 1
    })
  }
  return counts.map((count) => count / RESAMPLES)
}
