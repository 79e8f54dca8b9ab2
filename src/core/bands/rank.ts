import type { Band } from '../report.ts'

/** The heavier row first, whatever its kind; of equal ones the nearer to spot. */
export const compareBands = (a: Band, b: Band): number =>
  b.collateralUsd - a.collateralUsd || Math.abs(a.distancePct) - Math.abs(b.distancePct)

/**
 * Ranks the bands of both sides together, heaviest first, ties nearer to spot first. Takes bands as `findBands`
 * returns them, ranked per side; what they say of each other in `overlaps` follows.
 */
export const rankBands = (bands: readonly Band[]): readonly Band[] => {
  const sorted = bands.toSorted(compareBands)
  const keyOf = (side: Band['side'], rank: number): string => `${side} ${rank}`
  const newRanks = new Map(sorted.map((band, i) => [keyOf(band.side, band.rank), i + 1]))
  return sorted.map((band, i) => ({
    ...band,
    rank: i + 1,
    overlaps: band.overlaps.map((other) => ({
      ...other,
      rank: newRanks.get(keyOf(band.side, other.rank)) ?? other.rank,
    })),
  }))
}
