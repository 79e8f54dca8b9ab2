import { WAD } from '../core/units.ts'

/**
 * The integer rules of Liquity V1. Source: liquity/dev at 39f1f7f8, packages/contracts/contracts/TroveManager.sol
 * (getEntireDebtAndColl, _getTotalFromBatchLiquidate_RecoveryMode, _liquidateRecoveryMode, _closeTrove) and
 * Dependencies/LiquityMath.sol (_computeCR).
 */

/** What a trove owes and holds, redistributions included. */
export type Trove = { readonly collateral: bigint; readonly debt: bigint }

/** All troves together, and the terms on which one is liquidated. */
export type System = Trove & {
  readonly troves: bigint
  /** WAD: a trove below it is liquidated always. */
  readonly minimumRatio: bigint
  /** WAD: the system below it is in recovery mode. */
  readonly criticalRatio: bigint
  /** LUSD in the Stability Pool that a liquidation can burn. */
  readonly pool: bigint
}

/** Part of a redistribution that falls on a stake since the trove's snapshot, rounded down. */
export const pendingShare = (stake: bigint, running: bigint, snapshot: bigint): bigint =>
  (stake * (running - snapshot)) / WAD

/** A collateral ratio, WAD, rounded down; null without debt, where the contract says 2^256 − 1. */
export const ratioOf = ({ collateral, debt }: Trove, price: bigint): bigint | null =>
  debt === 0n ? null : (collateral * price) / debt

/** The system is in recovery mode at a price: strictly below the critical ratio. */
export const isRecovering = (system: System, price: bigint): boolean => {
  const total = ratioOf(system, price)
  return total !== null && total < system.criticalRatio
}

/** The largest price at which it is, ceil(critical ratio · debt / collateral) − 1; null for a system without collateral. */
export const recoveryPrice = ({ collateral, debt, criticalRatio }: System): bigint | null =>
  collateral === 0n || debt === 0n ? null : (criticalRatio * debt + collateral - 1n) / collateral - 1n

/**
 * Recovery mode takes the trove at this price though its own ratio is at the minimum or above: below the system's ratio,
 * and small enough for the Stability Pool to burn its debt as a whole.
 */
const isTakenInRecovery = (trove: Trove, system: System, price: bigint): boolean => {
  const [own, total] = [ratioOf(trove, price), ratioOf(system, price)]
  return own !== null && total !== null && own < total && trove.debt <= system.pool
}

/** Whether anyone may liquidate the trove at a price. The last one never: its ratio is the system's. */
export const isTaken = (trove: Trove, system: System, price: bigint): boolean => {
  const ratio = ratioOf(trove, price)
  if (ratio === null || system.troves <= 1n) return false
  if (ratio < system.minimumRatio) return true
  return isRecovering(system, price) && isTakenInRecovery(trove, system, price)
}

/** How far the trove is from being liquidated, in the terms of a leg. */
export type Standing = {
  /** Below 1 exactly where the trove is liquidatable, WAD, rounded down; null without debt. */
  readonly health: bigint | null
  /** The debt that the collateral carries until then, as a share of its value, WAD. */
  readonly threshold: bigint
}

/**
 * Health against the rule that strikes first on a falling price: the trove's own minimum, or, for one that recovery mode
 * takes, the system's critical ratio.
 */
export const standingOf = (trove: Trove, system: System, price: bigint): Standing => {
  const { minimumRatio, criticalRatio } = system
  const [own, total] = [ratioOf(trove, price), ratioOf(system, price)]
  const threshold = (WAD * WAD) / minimumRatio
  if (own === null || total === null) return { health: null, threshold }
  const health = (own * WAD) / minimumRatio
  const entry = recoveryPrice(system)
  if (system.troves <= 1n || !entry || !isTakenInRecovery(trove, system, entry)) return { health, threshold }
  const shared = (total * WAD) / criticalRatio
  return shared >= health
    ? { health, threshold }
    : { health: shared, threshold: (trove.debt * WAD * WAD) / (trove.collateral * entry) }
}
