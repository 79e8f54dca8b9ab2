import { at } from './columns.ts'

/** A run of consecutive elements, both ends included. */
export type Run = { readonly first: number; readonly last: number }

/**
 * All maximal scoring runs within `within`, in order (Ruzzo & Tompa 1999, linear time). Element k scores its own
 * mass; the step from k-1 to k costs lambda times the expected mass between them. Runs lighter than `minMass` are
 * left out.
 */
export const maximalRuns = (input: {
  /** Prefix sums of the masses. */
  readonly massUpTo: Float64Array
  /** Expected mass between spot and each element. */
  readonly expectedUpTo: Float64Array
  readonly lambda: number
  readonly within: Run
  readonly minMass: number
}): readonly Run[] => {
  const { massUpTo, expectedUpTo, lambda, within, minMass } = input
  // The runs that are maximal among the elements seen so far, a stack in columns.
  const size = Math.max(0, within.last - within.first + 1)
  const firsts = new Int32Array(size)
  const lasts = new Int32Array(size)
  // Cumulative score before the first and after the last element of each.
  const before = new Float64Array(size)
  const after = new Float64Array(size)
  // The nearest earlier one whose score before it is smaller, the only one it can still join; -1 for none.
  const rivals = new Int32Array(size)
  let count = 0
  let score = 0
  for (let k = within.first; k <= within.last; k++) {
    if (k > within.first) score -= lambda * (at(expectedUpTo, k) - at(expectedUpTo, k - 1))
    const mass = at(massUpTo, k + 1) - at(massUpTo, k)
    if (mass <= 0) continue
    let first = k
    let start = score
    let place = count
    let rival = count - 1
    score += mass
    for (;;) {
      while (rival >= 0 && at(before, rival) >= start) rival = at(rivals, rival)
      if (rival < 0 || at(after, rival) >= score) break
      first = at(firsts, rival)
      start = at(before, rival)
      place = rival
      rival = at(rivals, rival)
    }
    firsts[place] = first
    lasts[place] = k
    before[place] = start
    after[place] = score
    rivals[place] = rival
    count = place + 1
  }
  const runs: Run[] = []
  for (let i = 0; i < count; i++) {
    const [first, last] = [at(firsts, i), at(lasts, i)]
    if (at(massUpTo, last + 1) - at(massUpTo, first) >= minMass) runs.push({ first, last })
  }
  return runs
}
