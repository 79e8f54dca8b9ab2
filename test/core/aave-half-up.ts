import type { Leg, Position } from '../../src/core/position.ts'

/**
 * getUserAccountData of Aave V3 up to 3.4, written again from GenericLogic.sol, PercentageMath.sol and WadRayMath.sol
 * of @aave/core-v3 1.19.3: values and the average threshold are cut, percentMul and wadDiv round half up.
 */

const WAD = 10n ** 18n

/** One balance: its price is `fixed`, or `ratio` thousandths of the driver's answer. */
export type Balance = {
  readonly amount: bigint
  readonly decimals: number
  readonly thresholdBps: bigint
  readonly price: { readonly fixed: bigint } | { readonly ratio: bigint }
}

export type Account = {
  readonly collateral: readonly Balance[]
  readonly debt: readonly Balance[]
}

export const priceAt = (balance: Balance, answer: bigint): bigint =>
  'fixed' in balance.price ? balance.price.fixed : (answer * balance.price.ratio) / 1000n

const valueAt = (balance: Balance, answer: bigint): bigint =>
  (balance.amount * priceAt(balance, answer)) / 10n ** BigInt(balance.decimals)

export const averageThreshold = ({ collateral }: Account, answer: bigint): bigint => {
  let total = 0n
  let weighted = 0n
  for (const balance of collateral) {
    total += valueAt(balance, answer)
    weighted += valueAt(balance, answer) * balance.thresholdBps
  }
  return total === 0n ? 0n : weighted / total
}

export const isLiquidatable = (account: Account, answer: bigint): boolean => {
  const total = account.collateral.reduce((sum, balance) => sum + valueAt(balance, answer), 0n)
  const debt = account.debt.reduce((sum, balance) => sum + valueAt(balance, answer), 0n)
  if (debt === 0n) return false
  const percentMul = (total * averageThreshold(account, answer) + 5_000n) / 10_000n
  return (percentMul * WAD + debt / 2n) / debt < WAD
}

/** The account as the engine sees it at a spot answer with so many decimals: asset `moving` or `fixed`. */
export const positionAt = (account: Account, spot: bigint, decimals: number): Position => {
  const leg = (balance: Balance, threshold: bigint): Leg => ({
    asset: 'fixed' in balance.price ? 'fixed' : 'moving',
    pricedAs: 'fixed' in balance.price ? 'fixed' : 'moving',
    symbol: '',
    decimals: balance.decimals,
    amount: balance.amount,
    usd: (balance.amount * priceAt(balance, spot) * WAD) / 10n ** BigInt(balance.decimals + decimals),
    threshold,
    bonus: null,
  })
  return {
    id: 'account',
    owner: null,
    collateral: account.collateral.map((balance) => leg(balance, balance.thresholdBps * 10n ** 14n)),
    debt: account.debt.map((balance) => leg(balance, WAD)),
    healthFactor: null,
    liquidatable: isLiquidatable(account, spot),
    range: null,
    unpriced: null,
    blocked: null,
  }
}
