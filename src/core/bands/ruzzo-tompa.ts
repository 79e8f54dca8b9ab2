import { at } from './columns.ts'

/** A run of consecutive elements, both ends included. */
export type Run = { readonly first: number; readonly last: number }

/** A run that is maximal among the elements seen so far. */
type Candidate = Run & {
  /** Cumulative score before its first and after its last element. */
  readonly before: number
  readonly after: number
  readonly position: number
  /** The nearest earlier candidate whose score before it is smaller: the only one it can still join. */
  readonly rival: Candidate | undefined
}

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
  const massOf = ({ first, last }: Run): number => at(massUpTo, last + 1) - at(massUpTo, first)
  const candidates: Candidate[] = []
  let score = 0
  for (let k = within.first; k <= within.last; k++) {
    if (k > within.first) score -= lambda * (at(expectedUpTo, k) - at(expectedUpTo, k - 1))
    const mass = at(massUpTo, k + 1) - at(massUpTo, k)
    if (mass <= 0) continue
    let first = k
    let before = score
    let position = candidates.length
    let rival = candidates[position - 1]
    score += mass
    for (;;) {
      while (rival && rival.before >= before) rival = rival.rival
      if (!rival || rival.after >= score) break
      first = rival.first
      before = rival.before
      position = rival.position
      rival = rival.rival
    }
    candidates.length = position
    candidates.push({ first, last: k, before, after: score, position, rival })
  }
  return candidates.filter((run) => massOf(run) >= minMass)
}
