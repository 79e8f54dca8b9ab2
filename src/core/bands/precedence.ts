import { holderOf } from './book.ts'
import { reaches } from './cents.ts'
import { MIN_SHARE_OF_OTHERS, usdWithoutLargest } from './concentrated.ts'
import { usdInRange, usdOf } from './range.ts'
import { edgesOf, type Row } from './row.ts'
import { entriesAt, type Positions } from './sorted-book.ts'

/** A run holds an entity's range if at least this share of the range's collateral is the run's. */
const HELD_SHARE = 0.5
/** A run that holds an entity's range leads it only if the others have at least this share of the run. */
const MIN_OTHERS_IN_RUN = 1 / 3
/** A run with at least this share of its collateral inside a crowd may be part of it. */
const INSIDE_SHARE = 0.5

/** A row and the rows that are named in it instead of standing by themselves. */
export type LeadingRow = { readonly row: Row; readonly leads: readonly Row[] }

const settleRun = (book: Positions, run: Row, entityRanges: readonly Row[]): LeadingRow | null => {
  const own = new Set(run.members)
  const touched = entityRanges.filter(({ members }) => members.some((index) => own.has(index)))
  const isHeld = ({ members }: Row): boolean =>
    reaches(
      usdOf(
        book,
        members.filter((index) => own.has(index)),
      ),
      HELD_SHARE * usdOf(book, members),
    )
  const leads = touched.filter(isHeld)
  const givenBack = new Set(touched.filter((range) => !isHeld(range)).flatMap(({ members }) => [...members]))
  const members = run.members.filter((index) => !givenBack.has(index))
  const nameOf = leads.length > 0 ? holderOf : ({ owner }: { readonly owner: string }) => owner
  const others = usdWithoutLargest(entriesAt(book, members), nameOf)
  if (!reaches(others, MIN_SHARE_OF_OTHERS * book.total)) return null
  if (leads.length > 0 && !reaches(others, MIN_OTHERS_IN_RUN * usdOf(book, members))) return null
  return { row: { ...run, ...edgesOf(book, members), members }, leads }
}

/**
 * Runs, the heaviest first, against the ranges of entities. A run that holds at least half of an entity's range is
 * explained by it and gone, unless its other members have 4 % of the side and a third of the run: then it leads, and
 * the range is named in it and claims nothing from other runs. A run that holds less gives the entity's positions back
 * and must still hold 4 % without its largest owner.
 */
export const settleRuns = (
  book: Positions,
  runs: readonly Row[],
  entityRanges: readonly Row[],
): readonly LeadingRow[] => {
  const settled: LeadingRow[] = []
  let claiming = entityRanges
  for (const run of runs) {
    const leading = settleRun(book, run, claiming)
    if (!leading) continue
    settled.push(leading)
    claiming = claiming.filter((range) => !leading.leads.includes(range))
  }
  return settled
}

/**
 * Whether a run is part of a crowd: at least half of it lies inside one that is heavier without it, and without
 * whoever else is `claimed` by an entity or by a run.
 */
export const isPartOfCrowd = (
  book: Positions,
  { row, leads }: LeadingRow,
  crowds: readonly Row[],
  claimed: ReadonlySet<number>,
): boolean => {
  if (leads.length > 0) return false
  const usd = usdOf(book, row.members)
  const unclaimed = ({ members }: Row): Int32Array => members.filter((index) => !claimed.has(index))
  return crowds.some(
    (crowd) =>
      reaches(usdInRange(book, row.members, crowd), INSIDE_SHARE * usd) &&
      reaches(usdOf(book, unclaimed(crowd)), usd),
  )
}
