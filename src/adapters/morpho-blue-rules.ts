/**
 * The integer rules of Morpho Blue. Source: @morpho-org/morpho-blue 1.0.0, Morpho.sol (_accrueInterest, _isHealthy,
 * liquidate), MathLib, SharesMathLib, ConstantsLib.
 */
import { mulDown, mulUp, WAD } from '../core/units.ts'

/** An oracle's price of one raw unit of collateral in raw units of the loan token, times this. */
export const ORACLE_PRICE_SCALE = 10n ** 36n

const VIRTUAL_ASSETS = 1n
const VIRTUAL_SHARES = 10n ** 6n
const LIQUIDATION_CURSOR = (3n * WAD) / 10n
const MAX_LIQUIDATION_INCENTIVE = (115n * WAD) / 100n

/** Borrowed assets (raw) and shares of a market, interest included. */
export type BorrowTotals = { readonly assets: bigint; readonly shares: bigint }

/** What a market's health rule needs of an account. */
export type Loan = { readonly borrowShares: bigint; readonly collateral: bigint }

/** (1 + rate)^seconds − 1 to its third term, each floored; WAD. */
const compounded = (rate: bigint, seconds: bigint): bigint => {
  const first = rate * seconds
  const second = mulDown(first, first, 2n * WAD)
  const third = mulDown(second, first, 3n * WAD)
  return first + second + third
}

/** The interest that Morpho would book now, raw loan tokens. `rate` is per second, WAD. */
export const interestOf = (assets: bigint, rate: bigint, seconds: bigint): bigint =>
  mulDown(assets, compounded(rate, seconds), WAD)

/** What the shares owe, raw loan tokens, rounded up as Morpho does against the borrower. */
export const borrowedAssets = (shares: bigint, totals: BorrowTotals): bigint =>
  mulUp(shares, totals.assets + VIRTUAL_ASSETS, totals.shares + VIRTUAL_SHARES)

/** The most that the collateral carries at an oracle price, raw loan tokens; floored twice. */
export const maxBorrow = (collateral: bigint, price: bigint, lltv: bigint): bigint =>
  mulDown(mulDown(collateral, price, ORACLE_PRICE_SCALE), lltv, WAD)

/** Morpho's own rule: liquidatable exactly when the collateral carries less than is owed. */
export const isUnhealthy = (
  { borrowShares, collateral }: Loan,
  { totals, lltv, price }: { readonly totals: BorrowTotals; readonly lltv: bigint; readonly price: bigint },
): boolean => maxBorrow(collateral, price, lltv) < borrowedAssets(borrowShares, totals)

/** What a liquidator earns on the debt it repays, WAD: min(1.15, 1 / (1 − 0.3·(1 − lltv))) − 1, floored. */
export const liquidationBonus = (lltv: bigint): bigint => {
  const incentive = (WAD * WAD) / (WAD - mulDown(LIQUIDATION_CURSOR, WAD - lltv, WAD))
  return (incentive < MAX_LIQUIDATION_INCENTIVE ? incentive : MAX_LIQUIDATION_INCENTIVE) - WAD
}
