import { WAD } from '../core/units.ts'

/**
 * The integer rules of Liquity V2. Source: liquity/bold at 405f9122, contracts/src/TroveManager.sol
 * (_getLatestTroveData, _getLatestTroveDataFromBatch, _getLatestBatchData, _getInterestPeriod, _batchLiquidateTroves),
 * Dependencies/LiquityBase.sol (_calcInterest), Dependencies/LiquityMath.sol (_computeCR) and PriceFeeds/CompositePriceFeed.sol.
 */

const YEAR = 365n * 86_400n

/** The branch's clock: interest runs to the pinned block, or to the moment of its shutdown. */
export type Clock = {
  readonly timestamp: bigint
  /** 0 where the branch is live. */
  readonly shutdownTime: bigint
}

/** Seconds of interest that are not in a debt recorded at `since`. */
export const interestPeriod = ({ timestamp, shutdownTime }: Clock, since: bigint): bigint => {
  if (shutdownTime === 0n) return timestamp - since
  return since < shutdownTime ? shutdownTime - since : 0n
}

/** Simple interest on a debt at an annual rate (WAD), rounded down. */
export const interestOn = (debt: bigint, rate: bigint, period: bigint): bigint =>
  (debt * rate * period) / YEAR / WAD

/** The debt of an interest batch, which its troves share. */
export type Batch = {
  readonly recordedDebt: bigint
  /** WAD a year. */
  readonly interestRate: bigint
  /** WAD a year. */
  readonly managementFee: bigint
  readonly updatedAt: bigint
  readonly totalShares: bigint
}

/** What a trove owes as recorded: a debt of its own, or shares of its batch's. */
export type Owed = {
  readonly recordedDebt: bigint
  /** WAD a year. */
  readonly interestRate: bigint
  readonly updatedAt: bigint
  readonly batchShares: bigint
  /** Debt of liquidated troves that was redistributed to this one and is not in its record yet. */
  readonly redistributedDebt: bigint
}

/** Whole debt at the clock: recorded, redistributed, interest and the batch's fee, each part rounded down by itself. */
export const entireDebt = (owed: Owed, batch: Batch | null, clock: Clock): bigint => {
  const { redistributedDebt, batchShares } = owed
  if (batch === null) {
    const period = interestPeriod(clock, owed.updatedAt)
    return owed.recordedDebt + redistributedDebt + interestOn(owed.recordedDebt, owed.interestRate, period)
  }
  const { recordedDebt, totalShares } = batch
  if (totalShares === 0n) return redistributedDebt
  const period = interestPeriod(clock, batch.updatedAt)
  const share = (amount: bigint): bigint => (amount * batchShares) / totalShares
  return (
    share(recordedDebt) +
    redistributedDebt +
    share(interestOn(recordedDebt, batch.interestRate, period)) +
    share(interestOn(recordedDebt, batch.managementFee, period))
  )
}

/** The collateral ratio, WAD, rounded down; null for a trove that owes nothing: the contract says 2^256 − 1. */
export const ratioOf = (collateral: bigint, debt: bigint, price: bigint): bigint | null =>
  debt === 0n ? null : (collateral * price) / debt

/** Whether anyone may liquidate the trove at a price: strictly below the branch's minimum ratio (WAD). */
export const isBelow = (
  { collateral, debt }: { readonly collateral: bigint; readonly debt: bigint },
  price: bigint,
  minimum: bigint,
): boolean => {
  const ratio = ratioOf(collateral, debt, price)
  return ratio !== null && ratio < minimum
}

/**
 * The price of a branch whose market feed has failed: ETH/USD by the token's own rate, never above the last good price.
 * @param answer of the ETH/USD feed
 * @param scale 10^(18 − decimals of that feed)
 * @param rate ETH per token, WAD
 */
export const cappedPrice = (
  answer: bigint,
  { scale, rate, cap }: { readonly scale: bigint; readonly rate: bigint; readonly cap: bigint },
): bigint => {
  const canonical = (answer * scale * rate) / WAD
  return canonical < cap ? canonical : cap
}
