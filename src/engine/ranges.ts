import { fallsAsDriverRises } from '../core/price-direction.ts'
import type { DriverState } from '../core/price-response.ts'
import type { RangeEntry } from '../core/ranges.ts'
import type { Side } from '../core/report.ts'
import type { LegRow, PositionRow } from '../store/rows.ts'

/**
 * Where the driver goes while a position's range is sold: above where its collateral becomes cheaper against its debt
 * by a rise. Of one that is sold as a whole only the debt is left to tell.
 */
export const rangeSideOf = (
  { collateral, debt }: Pick<PositionRow, 'collateral' | 'debt'>,
  state: DriverState | undefined,
): Side => {
  const responseOf = ({ pricedAs }: LegRow) => state?.responses[pricedAs]
  const unsold = collateral.filter(({ asset }) => debt.every((leg) => leg.asset !== asset))
  const isSoldByRise =
    unsold.length === 0
      ? debt.some((leg) => (responseOf(leg)?.exposure ?? 0n) > 0n)
      : unsold.some((leg) => {
          const response = responseOf(leg)
          return response !== undefined && fallsAsDriverRises(response)
        })
  return isSoldByRise ? 'above' : 'below'
}

/**
 * The positions that a move of the driver liquidates bit by bit, as histogram and drops take them.
 * @param states the driver in each source
 */
export const rangesOf = (
  rows: readonly PositionRow[],
  states: readonly (DriverState & { readonly source: string })[],
): readonly RangeEntry[] => {
  const stateOf = new Map(states.map((state) => [state.source, state]))
  return rows.flatMap((row) => {
    const { source, outcome, low, high, collateralUsd } = row
    if (outcome !== 'range' || low === null || high === null) return []
    return [{ source, side: rangeSideOf(row, stateOf.get(source)), low, high, collateralUsd }]
  })
}
