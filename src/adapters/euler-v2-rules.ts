/**
 * The integer rules of Euler V2. Source: euler-xyz/euler-vault-kit at 5b98b420, src/EVault: LiquidityUtils.sol
 * (getCollateralValue, getLiabilityValue), Liquidation.sol (calculateMaxLiquidation), LTVConfig.sol (getLTV), BorrowUtils.sol
 * (getCurrentOwed), Owed.sol (toAssetsUp); euler-price-oracle at 18a3e34d, ScaleUtils.sol (calcOutAmount).
 */
import { mulDown, WAD } from '../core/units.ts'
import type { PriceOf } from './adapter.ts'

/** 100 % of a loan-to-value or a discount. */
export const CONFIG_SCALE = 10_000n

/** Units of debt in one raw unit of the asset. */
export const DEBT_UNITS = 2n ** 31n

/**
 * Debt with interest, in units of debt, rounded down: as booked at one accumulator, at a later one. Of a debt that was
 * noted in between it is at most 2 units short: a raw unit in about one account of a billion.
 */
export const accruedDebt = (owed: bigint, booked: bigint, accumulator: bigint): bigint =>
  owed === 0n ? 0n : mulDown(owed, accumulator, booked)

/** Units of debt as raw units of the asset, rounded up against the borrower. */
export const debtAssets = (units: bigint): bigint => (units + DEBT_UNITS - 1n) / DEBT_UNITS

/** A collateral's liquidation loan-to-value as a vault stores it, in 1e-4. */
export type LtvConfig = {
  readonly target: bigint
  readonly initial: bigint
  /** Unix seconds at which the target is reached. */
  readonly targetTime: bigint
  /** Seconds. */
  readonly duration: bigint
}

/** The liquidation loan-to-value at a time: one that was lowered falls in a straight line, rounded down. */
export const ltvAt = ({ target, initial, targetTime, duration }: LtvConfig, time: bigint): bigint =>
  time >= targetTime || target >= initial
    ? target
    : target + mulDown(initial - target, targetTime - time, duration)

/**
 * One step on the way from an amount to its value: shares that are converted to what they stand for, or a price: so many
 * units of the quote for `unit` units of what is priced.
 */
export type Step =
  | { readonly kind: 'shares'; readonly assets: bigint; readonly shares: bigint }
  | {
      readonly kind: 'price'
      readonly key: string
      readonly unit: bigint
      /** The oracle divides by its feed's answer. */
      readonly inverse: boolean
    }

/**
 * The value of an amount after all steps, each rounded down. A price that divides by its feed is rarely whole: the
 * value is then a whole number just above what the cut price gives (as 1 / 3 times 3), and is taken as such.
 */
export const worthAfter = (amount: bigint, steps: readonly Step[], priceOf: PriceOf): bigint => {
  let value = amount
  for (const step of steps) {
    if (value === 0n) return 0n
    if (step.kind === 'shares') value = mulDown(value, step.assets, step.shares)
    else {
      const price = priceOf(step.key)
      value = step.inverse ? (value * (price + 1n) - 1n) / step.unit : mulDown(value, price, step.unit)
    }
  }
  return value
}

/** A collateral's value as far as it backs debt; `ltv` in 1e-4, rounded down. */
export const backedBy = (value: bigint, ltv: bigint): bigint => mulDown(value, ltv, CONFIG_SCALE)

/** Euler's own rule, not strict: liquidatable once the backing is no more than the liability, and there is one. */
export const isUnderwater = (backing: bigint, liability: bigint): boolean =>
  liability !== 0n && backing <= liability

/** What Euler calls the health score, WAD, rounded down; null where the debt is worth nothing. */
export const healthScore = (backing: bigint, liability: bigint): bigint | null =>
  liability === 0n ? null : mulDown(backing, WAD, liability)
