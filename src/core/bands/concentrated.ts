import { type Background, expectedWithin, spreadOverCells } from './background.ts'
import type { BookEntry } from './book.ts'
import { reaches, sumUsd, sumUsdBy } from './cents.ts'
import { expectedRuns, scatterOf } from './chance.ts'
import type { DepthRange } from './depth.ts'
import { smoothSurroundings } from './excess-mass.ts'
import { type HeavyPosition, heavyPositions, lightColumn } from './heavy.ts'
import { edgesOf, type Row } from './row.ts'
import { cappedByOwner, entriesAt, type SortedBook } from './sorted-book.ts'

/** Neighbours in a run are at most this far apart in ln price. */
const MAX_GAP = 0.02
/** Without its largest owner a run still holds this share of the side: a whale and a neighbour are not a band. */
export const MIN_SHARE_OF_OTHERS = 0.04
/** A run holds at least this many times what the surroundings lead to expect. */
const MIN_RATIO = 2
/** At most this many such runs are to be expected of owners scattered like the rest of the book. */
const MAX_CHANCE = 0.01

/** A run that is too tight for chance. */
type FoundRun = DepthRange & {
  readonly items: readonly HeavyPosition[]
  readonly usd: number
  readonly chance: number
}

/** What is left of the members' collateral without whoever holds the most of it, USD. */
export const usdWithoutLargest = (
  members: readonly BookEntry[],
  nameOf: (entry: BookEntry) => string,
): number => {
  const held = [...sumUsdBy(members, nameOf, ({ collateralUsd }) => collateralUsd).values()]
  return sumUsd(held, (usd) => usd) - Math.max(0, ...held)
}

const membersOf = (items: readonly HeavyPosition[]): Int32Array =>
  Int32Array.from(items.flatMap(({ members }) => [...members]))

const ownersOf = (items: readonly HeavyPosition[]): number => new Set(items.map(({ owner }) => owner)).size

/** Judges one run of consecutive heavy positions, of all the `items` there are. */
type Judge = (run: readonly HeavyPosition[], owners: number) => FoundRun | null

const createJudge = (
  book: SortedBook,
  surroundings: Background,
  scatter: (range: DepthRange) => number,
): Judge => {
  return (items, owners) => {
    const range = { near: items[0]?.depth ?? 0, far: items[items.length - 1]?.depth ?? 0 }
    const chance = expectedRuns(owners, ownersOf(items), scatter(range))
    if (chance > MAX_CHANCE) return null
    const usd = sumUsd(items, (item) => item.usd)
    if (!reaches(usd, MIN_RATIO * expectedWithin(surroundings, range))) return null
    const others = usdWithoutLargest(entriesAt(book, membersOf(items)), ({ owner }) => owner)
    return reaches(others, MIN_SHARE_OF_OTHERS * book.total) ? { ...range, items, usd, chance } : null
  }
}

/** The heaviest run among `items` that passes; none that would enclose one already `taken`. */
const heaviestRun = (
  items: readonly HeavyPosition[],
  taken: readonly DepthRange[],
  judge: Judge,
): FoundRun | null => {
  const owners = ownersOf(items)
  const isCut = (near: number, far: number): boolean =>
    far - near > MAX_GAP || taken.some((run) => near <= run.near && run.far <= far)
  let best: FoundRun | null = null
  for (let first = 0; first < items.length; first++) {
    for (let last = first + 1; last < items.length; last++) {
      const [before, item] = [items[last - 1], items[last]]
      if (!before || !item || isCut(before.depth, item.depth)) break
      const run = judge(items.slice(first, last + 1), owners)
      if (run && (!best || run.usd > best.usd)) best = run
    }
  }
  return best
}

/**
 * Runs of heavy owners, each with at least 1 % of the side at one price and at most 2 % from the next, so tight that
 * owners scattered like the rest of the book would form one in fewer than one book in a hundred. The heaviest first;
 * its owners' positions are then taken out, and the rest searched again. Labels play no part. Edges and members are the
 * heavy positions'; what small ones hold between them is not the run's.
 */
export const findConcentrated = (book: SortedBook): readonly Row[] => {
  const heavy = heavyPositions(book)
  if (ownersOf(heavy) < 2) return []
  const surroundings = smoothSurroundings(spreadOverCells(book.depth, cappedByOwner(book)))
  const scatter = scatterOf(book.depth, lightColumn(book, heavy), surroundings)
  const judge = createJudge(book, surroundings, scatter)
  const runs: FoundRun[] = []
  let items = heavy
  for (;;) {
    const run = heaviestRun(items, runs, judge)
    if (!run) break
    runs.push(run)
    const gone = new Set(run.items)
    items = items.filter((item) => !gone.has(item))
  }
  return runs.map(({ items: own, chance }): Row => {
    const members = membersOf(own)
    return { kind: 'concentrated', ...edgesOf(book, members), members, confidence: 1 - chance }
  })
}
