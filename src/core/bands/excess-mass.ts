import {
  type Background,
  clipCells,
  createSmoother,
  expectedUpTo,
  expectedWithin,
  spreadOverCells,
} from './background.ts'
import { at, prefixSums } from './columns.ts'
import type { DepthRange } from './depth.ts'
import type { Groups } from './groups.ts'
import { maximalRuns, type Run } from './ruzzo-tompa.ts'

/** Width of the surroundings: one standard deviation in ln price. */
const SIGMA = 0.15
/** How many times the expected collateral a segment has to hold, level by level. */
const LEVELS: readonly number[] = [2, 2.5, 3, 4, 5, 6.5, 8, 10, 13, 17, 22, 30]
/** Segments below this share of the side are not looked at, in capped collateral. */
const MIN_CAPPED_SHARE = 0.01
/** Looks at a book, each but the first over surroundings without what the one before it found. */
const LOOKS = 3
/**
 * What a segment's likelihood ratio pays for being one more segment: what divides a band must gain at least that. 4
 * divided a few bands in two that were planted as one; 6 and 8 find the same (seeds 120000 to 140089).
 */
const COST_OF_SEGMENT = 6

/** At least this log-likelihood ratio makes a segment a band. */
export const MIN_LLR = 12
/** At least this many times the expected collateral makes a segment a band. */
export const MIN_RATIO = 2

/** A run of groups that holds more than its surroundings lead to expect. */
export type Segment = Run &
  DepthRange & {
    /** The level at which the run is cut: its edges are where the density falls below this multiple. */
    readonly lambda: number
    /** Expected collateral, USD. */
    readonly expected: number
    /** Capped collateral / expected. */
    readonly ratio: number
    /** Effective number of holders, (Σv)² / Σv². */
    readonly effective: number
    readonly llr: number
  }

/** The segments of a book and the background they stand out from. */
type Excess = { readonly segments: readonly Segment[]; readonly background: Background }

type Tree = { readonly segment: Segment; readonly children: readonly Tree[] }

/** Log-likelihood ratio of `effective` equal holders falling `ratio` times as densely as expected. */
export const logLikelihoodRatio = (effective: number, ratio: number): number =>
  ratio > 1 ? effective * (Math.log(ratio) - 1 + 1 / ratio) : 0

/** What the surroundings of a price lead to expect: a Gaussian of 15 % of the price. */
export const smoothSurroundings = createSmoother(SIGMA)

/** Nested maximal runs, level by level, inside the runs of the level before: nesting holds by construction. */
const growTrees = (groups: Groups, background: Background, total: number): readonly Tree[] => {
  const massUpTo = prefixSums(groups.mass)
  const squaresUpTo = prefixSums(groups.squares)
  const expectedUpToGroup = new Float64Array(groups.count)
  for (let k = 0; k < groups.count; k++) expectedUpToGroup[k] = expectedUpTo(background, at(groups.middle, k))

  const measure = ({ first, last }: Run, lambda: number): Segment => {
    const range = { near: at(groups.near, first), far: at(groups.far, last) }
    const mass = at(massUpTo, last + 1) - at(massUpTo, first)
    const squares = at(squaresUpTo, last + 1) - at(squaresUpTo, first)
    const expected = Math.max(expectedWithin(background, range), total * 1e-12)
    const ratio = mass / expected
    const effective = mass ** 2 / squares
    return {
      first,
      last,
      ...range,
      lambda,
      expected,
      ratio,
      effective,
      llr: logLikelihoodRatio(effective, ratio),
    }
  }
  const grow = (within: Run, level: number): readonly Tree[] => {
    const lambda = LEVELS[level]
    if (lambda === undefined) return []
    const input = {
      massUpTo,
      expectedUpTo: expectedUpToGroup,
      lambda,
      within,
      minMass: MIN_CAPPED_SHARE * total,
    }
    return maximalRuns(input).map((run) => ({
      segment: measure(run, lambda),
      children: grow(run, level + 1),
    }))
  }
  return grow({ first: 0, last: groups.count - 1 }, 0)
}

/** The disjoint segments of a tree with the largest sum of likelihood ratios; a parent wins a tie. */
const selectFrom = ({ segment, children }: Tree): { gain: number; segments: readonly Segment[] } => {
  const chosen = children.map(selectFrom)
  const gainOfChildren = chosen.reduce((sum, { gain }) => sum + gain, 0)
  const gain = Math.max(0, segment.llr - COST_OF_SEGMENT)
  if (gain < gainOfChildren)
    return { gain: gainOfChildren, segments: chosen.flatMap(({ segments }) => segments) }
  return { gain, segments: gain > 0 ? [segment] : [] }
}

/** Segments of one look at the groups over a given background, disjoint and in order of depth. */
export const findSegments = (groups: Groups, background: Background, total: number): readonly Segment[] =>
  growTrees(groups, background, total).flatMap((tree) => selectFrom(tree).segments)

/**
 * Multi-level excess mass (Müller & Sawitzki 1991) of capped collateral over its smoothed surroundings, the segments
 * of each level by Ruzzo–Tompa. What stands out as a band is clipped out of the surroundings before the next look, so
 * that a band does not hide itself.
 */
export const findExcess = (groups: Groups, total: number): Excess => {
  const cells = spreadOverCells(groups.middle, groups.mass)
  let background = smoothSurroundings(cells)
  let segments = findSegments(groups, background, total)
  for (let look = 1; look < LOOKS; look++) {
    const bands = segments.filter(({ llr }) => llr >= MIN_LLR)
    background = smoothSurroundings(clipCells(cells, bands, background))
    segments = findSegments(groups, background, total)
  }
  return { segments, background }
}
