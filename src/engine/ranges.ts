import type { RangeEntry } from '../core/ranges.ts'
import type { PositionRow } from '../store/rows.ts'

/** The positions that a fall of the driver liquidates bit by bit, as histogram and drops take them. */
export const rangesOf = (rows: readonly PositionRow[]): readonly RangeEntry[] =>
  rows.flatMap(({ source, outcome, low, high, collateralUsd }) =>
    outcome === 'range' && low !== null && high !== null ? [{ source, low, high, collateralUsd }] : [],
  )
