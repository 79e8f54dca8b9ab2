import type { Band, BandSummary } from '../report.ts'
import { usdInRange } from './range.ts'
import { compareBands } from './rank.ts'
import type { Positions } from './sorted-book.ts'

/** A described row together with the indices of the positions behind it. */
export type MemberedBand = { readonly band: Band; readonly members: Int32Array }

/** A row with at least this share of its collateral inside a heavier row is part of it. */
const FOLDED_SHARE = 0.5

/** What a row's `includes` says of another. */
export const summaryOf = ({ kind, low, high, collateralUsd, owners, singleEntity }: Band): BandSummary => ({
  kind,
  low,
  high,
  collateralUsd,
  owners,
  singleEntity,
})

/** Moves every row that lies mostly inside a heavier one into that row's `includes`, flat: one range, one row. */
export const foldRows = (book: Positions, rows: readonly MemberedBand[]): readonly MemberedBand[] => {
  const hosts: { readonly row: MemberedBand; readonly includes: BandSummary[] }[] = []
  for (const row of rows.toSorted((a, b) => compareBands(a.band, b.band))) {
    const host = hosts.find(
      (h) => usdInRange(book, row.members, h.row.band) >= FOLDED_SHARE * row.band.collateralUsd,
    )
    if (host) host.includes.push(summaryOf(row.band), ...row.band.includes)
    else hosts.push({ row, includes: [...row.band.includes] })
  }
  return hosts.map(({ row, includes }) => ({ ...row, band: { ...row.band, includes } }))
}

/** Ranks the rows of a side and tells each of the others it shares prices with, and how much they hold there. */
export const rankRows = (book: Positions, rows: readonly MemberedBand[]): readonly Band[] => {
  const sorted = rows.toSorted((a, b) => compareBands(a.band, b.band))
  return sorted.map(({ band }, i) => {
    const overlaps = sorted.flatMap((other, j): Band['overlaps'] => {
      const low = Math.max(band.low, other.band.low)
      const high = Math.min(band.high, other.band.high)
      if (j === i || low > high) return []
      return [{ rank: j + 1, low, high, collateralUsd: usdInRange(book, other.members, { low, high }) }]
    })
    return { ...band, rank: i + 1, overlaps }
  })
}
