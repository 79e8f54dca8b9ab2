import type { Band, Side } from '../report.ts'
import { clipCells, spreadOverCells } from './background.ts'
import type { BookEntry } from './book.ts'
import { findCrowds } from './crowd.ts'
import { depthsBetween } from './depth.ts'
import { describeRow } from './describe.ts'
import { findEntityRanges } from './entity.ts'
import { smoothSurroundings } from './excess-mass.ts'
import { foldRows, rankRows } from './fold.ts'
import { usdInRanges } from './range.ts'
import { sortBook, without } from './sorted-book.ts'

/** Positions with less collateral than this are no member of a band, USD. */
const DEFAULT_MIN_USD = 100

/**
 * The price ranges of one side in which liquidatable collateral is concentrated, heaviest first: ranges of entities,
 * and crowds in the book without the entities' members. Every position belongs to at most one row; with `fold` (the
 * default) a row mostly inside a heavier one is named in its `includes` instead of standing by itself.
 *
 * `entries` are the positions of one side of spot (outcome `below` or `above`), in any order; `spot` is in USD.
 */
export const findBands = (
  entries: readonly BookEntry[],
  options: { spot: number; side: Side; fold?: boolean; minUsd?: number },
): readonly Band[] => {
  const { spot, side, fold = true, minUsd = DEFAULT_MIN_USD } = options
  const book = sortBook(entries, { spot, side, minUsd })
  const cells = spreadOverCells(book.depth, book.capped)
  const entityRanges = findEntityRanges(book, smoothSurroundings(cells))
  const crowds = findCrowds(without(book, new Set(entityRanges.flatMap(({ members }) => members))))
  const ranges = crowds.rows.map((row) => depthsBetween(row, book))
  const surroundings = smoothSurroundings(clipCells(cells, ranges, crowds.background))
  const found = [...entityRanges, ...crowds.rows]
  const inRange = usdInRanges(entries, found)
  const rows = found.map((row, i) => {
    const context = { spot, side, total: book.total, inRangeUsd: inRange[i] ?? 0, surroundings }
    return { band: describeRow(row, context), members: row.members }
  })
  return rankRows(fold ? foldRows(rows) : rows)
}
