import type { Part } from './parts.ts'
import type { DiffLeg, DiffPosition, Legs, Untouched } from './position.ts'

/** One leg that is not what it would be untouched. */
export type LegChange = {
  readonly side: 'collateral' | 'debt'
  readonly symbol: string
  readonly part: Part
  readonly from: DiffLeg | null
  readonly to: DiffLeg | null
}

/** What was done to a position between two scans, told from its amounts alone. */
export type Changes = {
  readonly legs: readonly LegChange[]
  /** How a guess was made, or a fact proved; null where there is nothing to explain. */
  readonly inference: string | null
}

const has = (legs: readonly DiffLeg[]): boolean => legs.some(({ amount }) => amount > 0n)

/** Legs of both whose raw amounts differ. */
const differing = (from: readonly DiffLeg[], to: readonly DiffLeg[]) => {
  const later = new Map(to.map((leg) => [leg.asset, leg]))
  const earlier = new Set(from.map(({ asset }) => asset))
  return [
    ...from.map((leg) => ({ from: leg, to: later.get(leg.asset) ?? null })),
    ...to.filter(({ asset }) => !earlier.has(asset)).map((leg) => ({ from: null, to: leg })),
  ].filter((pair) => (pair.from?.amount ?? 0n) !== (pair.to?.amount ?? 0n))
}

/** Whether both hold the same raw amounts of the same assets. */
export const sameAmounts = (from: readonly DiffLeg[], to: readonly DiffLeg[]): boolean =>
  differing(from, to).length === 0

const names = (legs: readonly { readonly symbol: string }[]): string =>
  legs.map(({ symbol }) => symbol).join(' and ')

/** Why a liquidation was possible; null where nothing stored says that it was. */
export const crossing = (before: DiffPosition, untouched: Untouched): string | null => {
  if (before.outcome === 'already' || before.outcome === 'insolvent')
    return 'it was liquidatable in the earlier scan'
  return untouched.liquidatable ? 'untouched it would be liquidatable at the later prices' : null
}

/**
 * Compares what a position holds with what it would hold untouched. Collateral and debt that fell together are
 * `liquidated` only where that is proved: all collateral is gone and debt remains, which no owner can bring about. They
 * are `reduced`, likely by a liquidation, where one was possible before or at the later prices; else the owner
 * `withdrew` and `repaid`. A price that crossed and came back between the scans leaves no trace here.
 */
export const changesOf = (before: DiffPosition, untouched: Untouched, after: Legs): Changes => {
  const pairs = (['collateral', 'debt'] as const).flatMap((side) =>
    differing(untouched.accrued[side], after[side]).map((pair) => ({
      side,
      symbol: pair.to?.symbol ?? pair.from?.symbol ?? '',
      fell: (pair.to?.amount ?? 0n) < (pair.from?.amount ?? 0n),
      ...pair,
    })),
  )
  const fallen = pairs.filter(({ fell }) => fell)
  const sold = fallen.filter(({ side }) => side === 'collateral')
  const paid = fallen.filter(({ side }) => side === 'debt')
  const both = sold.length > 0 && paid.length > 0
  const proved = both && untouched.enforced && !has(after.collateral) && has(after.debt)
  const why = both && !proved ? crossing(before, untouched) : null
  const together: Part | null = proved ? 'liquidated' : why === null ? null : 'reduced'
  return {
    legs: pairs.map(({ side, symbol, fell, from, to }) => {
      const [grew, shrank] =
        side === 'collateral' ? (['added', 'withdrew'] as const) : (['borrowed', 'repaid'] as const)
      return { side, symbol, from, to, part: fell ? (together ?? shrank) : grew }
    }),
    inference: proved
      ? 'all collateral is gone while debt remains, which no owner can bring about'
      : why === null
        ? null
        : `${names(sold)} and ${names(paid)} fell together, and ${why}: likely liquidated; an owner who repays and withdraws leaves the same state`,
  }
}
