import type { Leg } from '../core/position.ts'
import { divCeil, RAY, unitOf, WAD } from '../core/units.ts'
import type { AaveV4Account } from './aave-v4-accounts.ts'
import type { AaveV4Markets, AaveV4Reserve } from './aave-v4-markets.ts'
import {
  BPS,
  debtRay,
  type HealthLeg,
  liquidationBonus,
  PRICE_DECIMALS,
  suppliedAssets,
} from './aave-v4-rules.ts'
import type { PriceOf } from './adapter.ts'

/** The key of a reserve's price: each has its own, also where two hubs lend the same token. */
export const priceKey = ({ id }: Pick<AaveV4Reserve, 'id'>): string => `reserve ${id}`

/** The token's symbol, and where two hubs lend the token, which reserve. */
export const nameOf = ({ reserves }: AaveV4Markets, { id, asset, symbol }: AaveV4Reserve): string =>
  Object.values(reserves).some((other) => other.asset === asset && other.id !== id)
    ? `${symbol} (reserve ${id})`
    : symbol

/** A leg before it is priced: everything that no price changes. */
export type Unpriced = {
  readonly reserve: AaveV4Reserve
  /** Raw tokens of collateral; of debt in RAY. */
  readonly amount: bigint
  /** Basis points; of debt 10,000. */
  readonly factor: bigint
  /** Basis points, 10,500 for 5 %; of debt 0. */
  readonly maxBonus: bigint
}

/** What carries debt, by the parameters of the account's own key, in the order of the reserves. */
export const collateralLegs = (markets: AaveV4Markets, account: AaveV4Account): readonly Unpriced[] =>
  Object.entries(account.collateral).flatMap(([id, { shares, configKey }]) => {
    const reserve = markets.reserves[id]
    const config = reserve?.configs[configKey]
    if (!reserve || !config || config.collateralFactor === 0n || shares === 0n) return []
    const amount = suppliedAssets(shares, reserve)
    return [{ reserve, amount, factor: config.collateralFactor, maxBonus: config.maxLiquidationBonus }]
  })

/** What is owed: drawn and premium. */
export const debtLegs = (markets: AaveV4Markets, account: AaveV4Account): readonly Unpriced[] =>
  Object.entries(account.debt).flatMap(([id, stored]) => {
    const reserve = markets.reserves[id]
    return reserve
      ? [{ reserve, amount: debtRay(stored, reserve.drawnIndex), factor: BPS, maxBonus: 0n }]
      : []
  })

/** Every reserve that the account uses: the spoke asks the price of each, whatever lies there. */
export const usedBy = (markets: AaveV4Markets, account: AaveV4Account): readonly AaveV4Reserve[] =>
  [...new Set([...Object.keys(account.collateral), ...Object.keys(account.debt)])].flatMap(
    (id) => markets.reserves[id] ?? [],
  )

/** As the health calculation sees it. */
export const healthLeg = ({ reserve, amount, factor }: Unpriced, priceOf: PriceOf): HealthLeg => ({
  amount,
  factor,
  price: priceOf(priceKey(reserve)),
  scale: unitOf(18 - reserve.decimals),
})

/** USD, WAD, of raw tokens at the pinned block; 0 where the oracle refuses. */
export const usdOf = ({ decimals, price }: AaveV4Reserve, amount: bigint): bigint =>
  (amount * (price ?? 0n) * WAD) / unitOf(decimals + PRICE_DECIMALS)

/** A debt at the pinned block; what is owed is a whole unit where it is a part of one. */
export const valuedDebt = ({ reserve, amount }: Unpriced): Leg => ({
  asset: reserve.asset,
  pricedAs: priceKey(reserve),
  symbol: reserve.symbol,
  decimals: reserve.decimals,
  amount: divCeil(amount, RAY),
  usd: usdOf(reserve, amount) / RAY,
  threshold: WAD,
  bonus: null,
})

/**
 * A collateral at the pinned block. The bonus grows from the moment of liquidation on: the one of the account's health
 * factor, or the first one where it is safe.
 */
export const valuedCollateral = (
  { liquidation }: AaveV4Markets,
  { reserve, amount, factor, maxBonus }: Unpriced,
  health: bigint | null,
): Leg => {
  const at = health === null || health > WAD ? WAD : health
  return {
    asset: reserve.asset,
    pricedAs: priceKey(reserve),
    symbol: reserve.symbol,
    decimals: reserve.decimals,
    amount,
    usd: usdOf(reserve, amount),
    threshold: (factor * WAD) / BPS,
    bonus: ((liquidationBonus(liquidation, maxBonus, at) - BPS) * WAD) / BPS,
  }
}

/** Why nobody could liquidate it now: no pair of collateral and debt is open for it. */
export const blockedReason = (
  markets: AaveV4Markets,
  collateral: readonly Unpriced[],
  debt: readonly Unpriced[],
): string | null => {
  const closed = ({ reserve }: Unpriced, mayStandStill: boolean): string | null => {
    const name = nameOf(markets, reserve)
    if (reserve.paused) return `${name} is paused`
    if (!reserve.active) return `the hub has closed ${name} to this spoke`
    return reserve.halted && !mayStandStill ? `the hub has halted ${name} for this spoke` : null
  }
  const sides = [
    collateral.map((leg) => closed(leg, leg.reserve.sharesReceivable)),
    debt.map((leg) => closed(leg, false)),
  ]
  const shut = sides.find((reasons) => reasons.length > 0 && reasons.every((reason) => reason !== null))
  return shut ? shut.join(', ') : null
}
