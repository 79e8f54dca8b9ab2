import type { Band, Side } from '../report.ts'
import type { BookEntry } from './book.ts'
import { describeRow } from './describe.ts'
import { foldRows, rankRows, summaryOf } from './fold.ts'
import { usdInRanges } from './range.ts'
import type { Row } from './row.ts'
import { findRows } from './rows.ts'
import { entriesAt, sortBook } from './sorted-book.ts'

/** Positions with less collateral than this are no member of a band, USD. */
const DEFAULT_MIN_USD = 100

/**
 * The price ranges of one side in which liquidatable collateral is concentrated, heaviest first: ranges of entities,
 * runs of few heavy owners, and crowds of many. With `fold` (the default) every position belongs to at most one row,
 * and a row mostly inside a heavier one is named in its `includes` instead of standing by itself; without it every row
 * stands by itself, and rows may share positions.
 *
 * `entries` are the positions of one side of spot (outcome `below` or `above`), in any order; `spot` is in USD.
 */
export const findBands = (
  entries: readonly BookEntry[],
  options: { spot: number; side: Side; fold?: boolean; minUsd?: number },
): readonly Band[] => {
  const { spot, side, fold = true, minUsd = DEFAULT_MIN_USD } = options
  const book = sortBook(entries, { spot, side, minUsd })
  const { rows, surroundings } = findRows(book, fold)
  const all = [...new Set(rows.flatMap(({ row, leads }) => [row, ...leads]))]
  const inRange = usdInRanges(book, all)
  const inRangeOf = new Map(all.map((row, i) => [row, inRange[i] ?? 0]))
  const describe = (row: Row): Band =>
    describeRow(row, entriesAt(book, row.members), {
      spot,
      side,
      total: book.total,
      inRangeUsd: inRangeOf.get(row) ?? 0,
      surroundings,
    })
  const described = rows.map(({ row, leads }) => ({
    band: { ...describe(row), includes: leads.map((led) => summaryOf(describe(led))) },
    members: row.members,
  }))
  return rankRows(book, fold ? foldRows(book, described) : described)
}
