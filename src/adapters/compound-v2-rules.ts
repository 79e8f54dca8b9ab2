import { WAD } from '../core/units.ts'

/**
 * The integer rule of Compound V2 and its forks: every product of two mantissas is cut (ExponentialNoError, mul_ and
 * mul_ScalarTruncateAddUInt). Sources: compound-protocol@a3214f6 Comptroller.getHypotheticalAccountLiquidityInternal
 * and CToken.borrowBalanceStoredInternal, venus-protocol@ce5c8be ComptrollerLens and VAIController,
 * moonwell-contracts-v2@45866f4 Comptroller.
 */

const mul = (a: bigint, b: bigint): bigint => (a * b) / WAD

/** One entered market of an account: what it holds, what it owes, and what the market says of both. */
export type LiquidityLeg = {
  /** cTokens. */
  readonly tokens: bigint
  /** Raw units of the underlying. */
  readonly borrowed: bigint
  /** Collateral factor, or liquidation threshold where the protocol has one, WAD. */
  readonly factor: bigint
  /** Raw units of the underlying per cToken, WAD. */
  readonly exchangeRate: bigint
  /** USD per raw unit of the underlying, WAD: 10^(36 − decimals) is one USD a token. */
  readonly price: bigint
}

/** Factor-weighted collateral and debt, USD, WAD. `vai` is owed at one USD, by rule and not by oracle. */
export const liquidityOf = (
  legs: readonly LiquidityLeg[],
  vai: bigint,
): { readonly collateral: bigint; readonly debt: bigint } => {
  let collateral = 0n
  let debt = vai
  for (const { tokens, borrowed, factor, exchangeRate, price } of legs) {
    collateral += mul(mul(mul(factor, exchangeRate), price), tokens)
    debt += mul(price, borrowed)
  }
  return { collateral, debt }
}

/** What is owed on a stored principal, raw units, rounded down; 0 where nothing is. */
export const borrowBalance = (
  { principal, index }: { readonly principal: bigint; readonly index: bigint },
  borrowIndex: bigint,
): bigint => (principal === 0n ? 0n : (principal * borrowIndex) / index)

/** A VAI debt as stored: what was minted, the part of it that is interest of earlier mints, the index of the last one. */
export type VaiDebt = { readonly minted: bigint; readonly past: bigint; readonly index: bigint }

/** VAI owed at an index, raw units, the interest rounded down (VAIController.getVAIRepayAmount). */
export const vaiBalance = ({ minted, past, index }: VaiDebt, mintIndex: bigint): bigint =>
  minted + mul(mintIndex - index, minted - past)

/** Underlying of cTokens, raw units, rounded down (CToken.balanceOfUnderlying). */
export const underlyingOf = (tokens: bigint, exchangeRate: bigint): bigint => mul(exchangeRate, tokens)
