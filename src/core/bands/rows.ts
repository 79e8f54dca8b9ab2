import { type Background, clipCells, spreadOverCells } from './background.ts'
import { findConcentrated } from './concentrated.ts'
import { crowdRanges, findCrowds } from './crowd.ts'
import { type DepthRange, depthsBetween, rangeAgreement } from './depth.ts'
import { findEntityRanges } from './entity.ts'
import { smoothSurroundings } from './excess-mass.ts'
import { isPartOfCrowd, type LeadingRow, settleRuns } from './precedence.ts'
import type { Row } from './row.ts'
import { type Positions, type SortedBook, without } from './sorted-book.ts'

/** A crowd is found again if the intersection over union is at least this. */
const AGREEMENT = 0.5

const membersOf = (rows: readonly Row[]): ReadonlySet<number> =>
  new Set(rows.flatMap(({ members }) => [...members]))

/** Crowds in a book without its entities' ranges that are found again without the members of the runs. */
const findSurvivingCrowds = (book: Positions, runs: readonly Row[]): ReturnType<typeof findCrowds> => {
  if (runs.length === 0) return findCrowds(book, () => true)
  // A second search, so only where there is a crowd to find again.
  let survivors: readonly DepthRange[] | null = null
  return findCrowds(book, (range) => {
    survivors ??= crowdRanges(without(book, membersOf(runs)))
    return survivors.some((other) => rangeAgreement(other, range) >= AGREEMENT)
  })
}

/** Which of what was found is a row; a crowd has everyone in its range whom no other row claims. */
const chooseRows = (
  book: Positions,
  found: {
    readonly entityRanges: readonly Row[]
    readonly runs: readonly LeadingRow[]
    readonly crowds: readonly Row[]
  },
  fold: boolean,
): readonly LeadingRow[] => {
  const { entityRanges, runs, crowds } = found
  const alone = (row: Row): LeadingRow => ({ row, leads: [] })
  const heavy = membersOf([...entityRanges, ...runs.map(({ row }) => row)])
  const led = new Set(fold ? runs.flatMap(({ leads }) => leads) : [])
  const entityRows = entityRanges.filter((row) => !led.has(row)).map(alone)
  const runRows = fold
    ? runs.filter((run) => !isPartOfCrowd(book, run, crowds, heavy))
    : runs.map(({ row }) => alone(row))
  const claimed = membersOf([...entityRows, ...runRows].map(({ row }) => row))
  const crowdRows = crowds.flatMap((row) => {
    const members = row.members.filter((index) => !claimed.has(index))
    return members.length > 0 ? [alone({ ...row, members })] : []
  })
  return [...entityRows, ...runRows, ...crowdRows]
}

/**
 * The rows of a book: ranges of entities, runs of heavy owners too tight for chance, and crowds that stand without
 * either; and the surroundings without the crowds. With `fold` no two rows share a position: an entity's range is a
 * row of its own, or named in the run that leads it, and a run is a row of its own, or part of a crowd. Without it an
 * entity's range may share positions with a run.
 */
export const findRows = (
  book: SortedBook,
  fold: boolean,
): { readonly rows: readonly LeadingRow[]; readonly surroundings: Background } => {
  const cells = spreadOverCells(book.depth, book.capped)
  const entityRanges = findEntityRanges(book, smoothSurroundings(cells))
  const runs = settleRuns(book, findConcentrated(book), entityRanges)
  const crowds = findSurvivingCrowds(
    without(book, membersOf(entityRanges)),
    runs.map(({ row }) => row),
  )
  const ranges = crowds.rows.map((row) => depthsBetween(row, book))
  return {
    rows: chooseRows(book, { entityRanges, runs, crowds: crowds.rows }, fold),
    surroundings: smoothSurroundings(clipCells(cells, ranges, crowds.background)),
  }
}
