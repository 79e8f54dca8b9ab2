import { at } from './columns.ts'

/** A run of consecutive elements, both ends included. */
export type Run = { readonly first: number; readonly last: number }

/**
 * All maximal scoring runs within `first..last`, in order (Ruzzo & Tompa 1999, linear time). Element k scores its own
 * mass; the step from k-1 to k costs lambda times the expected mass between them. Runs lighter than `minMass` are
 * left out.
 */
export const maximalRuns = (input: {
  /** Prefix sums of the masses. */
  readonly massUpTo: Float64Array
  /** Expected mass between spot and the middle of each element. */
  readonly expectedUpTo: Float64Array
  readonly lambda: number
  readonly within: Run
  readonly minMass: number
}): Run[] => {
  const { massUpTo, expectedUpTo, lambda, within, minMass } = input
  const length = within.last - within.first + 1
  // One candidate run per slot: score before it, score after it, its ends, the slot to compare with next.
  const before = new Float64Array(length)
  const after = new Float64Array(length)
  const firsts = new Int32Array(length)
  const lasts = new Int32Array(length)
  const previous = new Int32Array(length)
  let count = 0
  let score = 0
  for (let k = within.first; k <= within.last; k++) {
    if (k > within.first) score -= lambda * (at(expectedUpTo, k) - at(expectedUpTo, k - 1))
    const mass = at(massUpTo, k + 1) - at(massUpTo, k)
    if (mass <= 0) continue
    let left = score
    let first = k
    score += mass
    for (;;) {
      let slot = count - 1
      while (slot >= 0 && at(before, slot) >= left) slot = at(previous, slot)
      if (slot < 0 || at(after, slot) >= score) {
        before[count] = left
        after[count] = score
        firsts[count] = first
        lasts[count] = k
        previous[count] = slot
        count++
        break
      }
      left = at(before, slot)
      first = at(firsts, slot)
      count = slot
    }
  }
  const runs: Run[] = []
  for (let slot = 0; slot < count; slot++) {
    const run = { first: at(firsts, slot), last: at(lasts, slot) }
    if (at(massUpTo, run.last + 1) - at(massUpTo, run.first) >= minMass) runs.push(run)
  }
  return runs
}
