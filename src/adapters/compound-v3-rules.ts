import { mulDown, WAD } from '../core/units.ts'

/**
 * The integer rules of Comet. Source: compound-finance/comet at d5a30b0a, contracts/Comet.sol (accruedInterestIndices,
 * isLiquidatable, absorbInternal) and CometCore.sol (presentValueBorrow).
 */

/** Units of a borrow index. */
const INDEX_SCALE = 10n ** 15n

/** Decimals of every price feed that Comet accepts. */
export const PRICE_DECIMALS = 8

/** The borrow index after `elapsed` seconds at a rate per second (WAD): simple interest, rounded down. */
export const accruedIndex = (index: bigint, rate: bigint, elapsed: bigint): bigint =>
  index + mulDown(index, rate * elapsed, WAD)

/** Raw base tokens of a debt principal, rounded down. */
export const presentDebt = (principal: bigint, index: bigint): bigint =>
  mulDown(principal, index, INDEX_SCALE)

/** The largest debt principal whose present value is no more than `amount`. */
export const principalWithin = (amount: bigint, index: bigint): bigint =>
  ((amount + 1n) * INDEX_SCALE - 1n) / index

/** An amount as Comet values it. */
export type Valued = {
  readonly amount: bigint
  readonly price: bigint
  /** 10^decimals of the token. */
  readonly unit: bigint
}

/** Value in units of the feeds; the debt's is cut toward zero, to the borrower's favour. */
export const worthOf = ({ amount, price, unit }: Valued): bigint => mulDown(amount, price, unit)

/** Collateral and its liquidateCollateralFactor, WAD. */
export type Weighted = Valued & { readonly factor: bigint }

/** What the collateral is good for before a liquidation, in units of the feeds: cut twice for each asset. */
export const backing = (collateral: readonly Weighted[]): bigint =>
  collateral.reduce((sum, asset) => sum + mulDown(worthOf(asset), asset.factor, WAD), 0n)

/**
 * Whether `absorb` takes the account: strictly, once the backing is less than the debt. A feed that answers 0 or less
 * makes Comet revert (BadPrice), so nobody takes an account that holds such an asset.
 */
export const isAbsorbable = (debt: Valued, collateral: readonly Weighted[]): boolean =>
  debt.price > 0n && collateral.every(({ price }) => price > 0n) && backing(collateral) < worthOf(debt)

/**
 * The health factor that this rule amounts to, WAD, rounded down: below 1 exactly where it holds. Comet has none of its
 * own.
 * @returns null where the debt is worth nothing in units of the feeds.
 */
export const healthOf = (debt: Valued, collateral: readonly Weighted[]): bigint | null => {
  const owed = worthOf(debt)
  return owed === 0n ? null : (backing(collateral) * WAD) / owed
}

/**
 * What a buyer of seized collateral earns on the base tokens paid for it, WAD, rounded down.
 * Source: quoteCollateral, discount = storeFrontPriceFactor · (1 − liquidationFactor).
 */
export const storeFrontBonus = (storeFrontPriceFactor: bigint, liquidationFactor: bigint): bigint => {
  const discount = mulDown(storeFrontPriceFactor, WAD - liquidationFactor, WAD)
  return discount >= WAD ? 0n : (WAD * WAD) / (WAD - discount) - WAD
}
