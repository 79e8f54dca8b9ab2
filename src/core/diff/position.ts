import type { Outcome } from '../position.ts'
import type { Side } from '../report.ts'

/** One asset of a position in a scan. */
export type DiffLeg = {
  readonly asset: string
  readonly symbol: string
  /** Raw token units. */
  readonly amount: bigint
  readonly usd: number
  /** Share of its price that moves with the driver. */
  readonly exposure: number
}

export type Legs = { readonly collateral: readonly DiffLeg[]; readonly debt: readonly DiffLeg[] }

/** Which collateral counts: the part that moves with the driver, the rest, or all of it. */
export type Counts = 'exposed' | 'fixed' | 'all'

/** A position as one scan has it. */
export type DiffPosition = Legs & {
  readonly source: string
  readonly id: string
  /** The position itself where the source does not know its owner. */
  readonly owner: string
  readonly entity: string | null
  readonly outcome: Outcome
  readonly counts: Counts
  /** Liquidation price, USD of the driver. */
  readonly price: number | null
  readonly collateralUsd: number
  readonly debtUsd: number
}

/** What the later scan would have found of an earlier position that nobody touched in between. */
export type Untouched = {
  /** The earlier amounts at the later prices, leg by leg in the order of the earlier position. */
  readonly repriced: Legs
  /** The earlier stored state in the later market: its prices, and the interest up to it. */
  readonly accrued: Legs
  /** Whether the protocol would then call it liquidatable. */
  readonly liquidatable: boolean
  /** The protocol refuses a withdrawal that leaves a debt without collateral; nothing refuses it to a file. */
  readonly enforced: boolean
}

/** One position over all scans. */
export const keyOf = ({ source, id }: { readonly source: string; readonly id: string }): string =>
  `${source} ${id}`

/**
 * Which collateral of a row counts, by the rule under which it was priced.
 * @param rangeSide where the driver goes while its range is sold: on a rise what was sold already moves with the driver,
 * and what is left does not
 */
export const countsOf = (
  { outcome, priceRaw }: { readonly outcome: Outcome; readonly priceRaw: string | null },
  spot: bigint,
  rangeSide: Side = 'below',
): Counts => {
  if (outcome === 'range') return rangeSide === 'above' ? 'fixed' : 'exposed'
  if (outcome === 'below') return 'exposed'
  if (outcome !== 'already') return 'all'
  return priceRaw !== null && BigInt(priceRaw) < spot ? 'all' : 'exposed'
}
