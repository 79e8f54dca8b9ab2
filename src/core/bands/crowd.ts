import type { Background } from './background.ts'
import { holderOf } from './book.ts'
import { confidences } from './bootstrap.ts'
import { at } from './columns.ts'
import type { DepthRange } from './depth.ts'
import { sharpenEdges } from './edges.ts'
import { findExcess, logLikelihoodRatio, MIN_LLR, MIN_RATIO, type Segment } from './excess-mass.ts'
import { type Groups, groupPositions } from './groups.ts'
import { effectiveCount } from './holders.ts'
import { heavyHoldings } from './holdings.ts'
import { usdOf } from './range.ts'
import { edgesOf, type Row } from './row.ts'
import type { Run } from './ruzzo-tompa.ts'
import { entriesAt, type Positions } from './sorted-book.ts'

/** Positions this close in ln price are searched as one: a million positions become at most 30,000 groups. */
const SPAN = 1e-4
/** How sure a band is needs no exact edges: a fifth of the groups will do. */
const COARSE_SPAN = 5e-4
/** A crowd holds at least this share of the side. */
const MIN_SHARE = 0.02
/** The largest holder of a crowd has less than this share of it. */
const MAX_TOP_SHARE = 0.5
/** At least this many effective holders beyond those the surroundings lead to expect. */
const MIN_EXCESS_HOLDERS = 6

/** Effective number of holders in a segment by capped collateral, all positions of a holder taken together. */
const effectiveHoldersOf = (book: Positions, groups: Groups, segment: Segment): number => {
  const capped = new Map<string, number>()
  const end = at(groups.start, segment.last + 1)
  for (let i = at(groups.start, segment.first); i < end; i++) {
    const entry = book.entries[at(book.order, i)]
    if (entry === undefined) continue
    const holder = holderOf(entry)
    capped.set(holder, (capped.get(holder) ?? 0) + at(book.capped, i))
  }
  return effectiveCount([...capped.values()])
}

const isBackedByMany = (book: Positions, groups: Groups, segment: Segment): boolean => {
  if (segment.llr < MIN_LLR || segment.ratio < MIN_RATIO) return false
  const effective = effectiveHoldersOf(book, groups, segment)
  return (
    logLikelihoodRatio(effective, segment.ratio) >= MIN_LLR &&
    effective * (1 - 1 / segment.ratio) ** 2 >= MIN_EXCESS_HOLDERS
  )
}

const membersOf = (book: Positions, run: Run): Int32Array => book.order.slice(run.first, run.last + 1)

const isCrowd = (book: Positions, members: Int32Array): boolean => {
  const usd = usdOf(book, members)
  if (usd < MIN_SHARE * book.total) return false
  return heavyHoldings(entriesAt(book, members), holderOf, MAX_TOP_SHARE * usd).usd.size === 0
}

/** Where the crowds of a book are, from spot outwards, and the surroundings without them. */
const locateCrowds = (
  book: Positions,
): {
  readonly crowds: readonly { readonly run: Run; readonly range: DepthRange }[]
  readonly background: Background
} => {
  const groups = groupPositions(book, SPAN)
  const excess = findExcess(groups, book.total)
  const segments = excess.segments.filter((segment) => isBackedByMany(book, groups, segment))
  const runs = sharpenEdges(book, groups, segments).filter((run) => isCrowd(book, membersOf(book, run)))
  const rangeOf = ({ first, last }: Run): DepthRange => ({
    near: at(book.depth, first),
    far: at(book.depth, last),
  })
  return { crowds: runs.map((run) => ({ run, range: rangeOf(run) })), background: excess.background }
}

/** The depths at which a book has crowds, from spot outwards. */
export const crowdRanges = (book: Positions): readonly DepthRange[] =>
  locateCrowds(book).crowds.map(({ range }) => range)

/**
 * Price ranges where many independent holders have at least twice the collateral that the surroundings lead to
 * expect, disjoint and from spot outwards, of those that are `wanted`; and the surroundings without them.
 */
export const findCrowds = (
  book: Positions,
  wanted: (range: DepthRange) => boolean,
): { readonly rows: readonly Row[]; readonly background: Background } => {
  const located = locateCrowds(book)
  const crowds = located.crowds.filter(({ range }) => wanted(range))
  const ranges = crowds.map(({ range }) => range)
  if (crowds.length === 0) return { rows: [], background: located.background }
  const coarse = groupPositions(book, COARSE_SPAN)
  const confidence = confidences(coarse, book.total, located.background, ranges)
  const rows = crowds.map(({ run }, i): Row => {
    const members = membersOf(book, run)
    return { kind: 'crowd', ...edgesOf(book, members), members, confidence: confidence[i] ?? 0 }
  })
  return { rows, background: located.background }
}
