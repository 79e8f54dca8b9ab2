import type { Address } from 'viem'
import type { Leg } from '../core/position.ts'
import { mulDown, RAY, unitOf, WAD } from '../core/units.ts'
import type { AaveV3Account } from './aave-v3-accounts.ts'
import type { AaveV3Markets, EMode, Reserve } from './aave-v3-markets.ts'
import {
  AAVE_V2_RULES,
  BPS,
  balanceOf,
  type HealthLeg,
  type Rules,
  rulesOf,
  stableBalance,
} from './aave-v3-rules.ts'
import type { PriceOf } from './adapter.ts'

/** The key of the base among the priced assets of a market whose prices are not in USD. */
export const BASE = 'base'

/** The rules by which a market is read. */
export const rulesIn = ({ family, revision }: AaveV3Markets): Rules =>
  family === 'v2' ? AAVE_V2_RULES : rulesOf(revision)

/** Where a leg takes its price: the reserve's own, or the category's shared source (revisions up to 3.1). */
const pricedAs = (markets: AaveV3Markets, account: AaveV3Account, reserve: Reserve): Address => {
  const eMode = sharedPrice(markets, account)
  return eMode && account.eMode === reserve.eModeCategory && eMode.price !== 0n
    ? eMode.priceSource
    : reserve.asset
}

/** The price source that the account's e-mode has of its own (revisions up to 3.1). */
const sharedPrice = (
  markets: AaveV3Markets,
  account: AaveV3Account,
): { readonly priceSource: Address; readonly price: bigint | null } | null => {
  const { priceSource = null, price = null } = markets.eModes[account.eMode] ?? {}
  return rulesIn(markets).eMode === 'category' && priceSource !== null ? { priceSource, price } : null
}

/** Why the protocol cannot value it: it asks the price of every flagged reserve, whatever lies there. */
export const refusedPrice = (markets: AaveV3Markets, account: AaveV3Account): string | null => {
  if (sharedPrice(markets, account)?.price === null)
    return `the oracle refuses to price e-mode ${account.eMode}`
  const missing = [...Object.keys(account.collateral), ...Object.keys(account.debt)]
    .flatMap((id) => markets.reserves[id] ?? [])
    .find((reserve) => spotPrice(markets, pricedAs(markets, account, reserve)) === null)
  return missing ? `the oracle refuses to price ${missing.symbol}` : null
}

/** Whose threshold and bonus a collateral has: the account's e-mode where that covers it, else the reserve's own. */
const termsOf = (markets: AaveV3Markets, account: AaveV3Account, reserve: Reserve): EMode | Reserve => {
  const eMode = markets.eModes[account.eMode]
  const inside =
    rulesIn(markets).eMode === 'bitmap'
      ? eMode && ((eMode.collateralBitmap >> BigInt(reserve.id)) & 1n) === 1n
      : account.eMode === reserve.eModeCategory
  return eMode && inside ? eMode : reserve
}

const thresholdOf = (markets: AaveV3Markets, account: AaveV3Account, reserve: Reserve): bigint =>
  rulesIn(markets).skipZeroThreshold && reserve.liquidationThreshold === 0n
    ? 0n
    : termsOf(markets, account, reserve).liquidationThreshold

/** In basis points over 100 %. */
const bonusOf = (markets: AaveV3Markets, account: AaveV3Account, reserve: Reserve): bigint | null => {
  const { liquidationBonus = 0n } = termsOf(markets, account, reserve)
  return liquidationBonus >= BPS ? liquidationBonus - BPS : null
}

/** A leg before it is priced: everything that no price changes. */
export type Unpriced = {
  readonly reserve: Reserve
  readonly amount: bigint
  readonly threshold: bigint
  readonly bonus: bigint | null
  readonly pricedAs: Address
}

/** Raw debt at the user's own rate at the pinned block, by reserve id. */
export const stableDebtsOf = (
  markets: AaveV3Markets,
  { stable = {} }: AaveV3Account,
): Readonly<Record<string, bigint>> => {
  const { stableDebt } = rulesIn(markets)
  if (stableDebt === null) return {}
  return Object.fromEntries(
    Object.entries(stable).map(([id, debt]) => [id, stableBalance(stableDebt, debt, markets.timestamp)]),
  )
}

const collateralOf = (markets: AaveV3Markets, reserve: Reserve, stored: bigint): bigint => {
  const { rebasingIndex, incomeIndex } = reserve
  const scaled = rebasingIndex === undefined ? stored : mulDown(stored, rebasingIndex, RAY)
  return balanceOf(rulesIn(markets), scaled, incomeIndex, 'collateral')
}

/** What counts as collateral, in the order of the reserves. */
export const collateralLegs = (markets: AaveV3Markets, account: AaveV3Account): readonly Unpriced[] =>
  Object.entries(account.collateral).flatMap(([id, stored]) => {
    const reserve = markets.reserves[id]
    if (!reserve || stored === 0n) return []
    const threshold = thresholdOf(markets, account, reserve)
    if (rulesIn(markets).skipZeroThreshold && threshold === 0n) return []
    const amount = collateralOf(markets, reserve, stored)
    const bonus = bonusOf(markets, account, reserve)
    return [{ reserve, amount, threshold, bonus, pricedAs: pricedAs(markets, account, reserve) }]
  })

/** What is owed, one leg a reserve: the contract values the sum of variable and stable debt. */
export const debtLegs = (markets: AaveV3Markets, account: AaveV3Account): readonly Unpriced[] => {
  const stable = stableDebtsOf(markets, account)
  return Object.entries(account.debt).flatMap(([id, scaled]) => {
    const reserve = markets.reserves[id]
    // a flag may stand over nothing
    if (!reserve || (scaled === 0n && !stable[id])) return []
    const amount = balanceOf(rulesIn(markets), scaled, reserve.debtIndex, 'debt') + (stable[id] ?? 0n)
    return [{ reserve, amount, threshold: BPS, bonus: null, pricedAs: pricedAs(markets, account, reserve) }]
  })
}

/** As the health calculation sees it. */
export const healthLeg = (
  { reserve, amount, threshold, pricedAs }: Unpriced,
  priceOf: PriceOf,
): HealthLeg => ({
  amount,
  threshold,
  price: priceOf(pricedAs),
  unit: unitOf(reserve.decimals),
})

/** Every price of a market by the key under which legs name it. */
const priceTable = (markets: AaveV3Markets): ReadonlyMap<string, bigint | null> =>
  new Map([
    ...Object.values(markets.reserves).map(({ asset, price }) => [asset, price] as const),
    ...Object.values(markets.eModes).flatMap(({ priceSource, price }) =>
      priceSource ? [[priceSource, price] as const] : [],
    ),
  ])

const tables = new WeakMap<AaveV3Markets, ReadonlyMap<string, bigint | null>>()

/** The oracle's price at the pinned block; null where it refuses. */
export const spotPrice = (markets: AaveV3Markets, asset: string): bigint | null => {
  let table = tables.get(markets)
  if (!table) {
    table = priceTable(markets)
    tables.set(markets, table)
  }
  return table.get(asset) ?? null
}

/** USD, WAD, cut, of an amount at one of the oracle's prices; 0 where nobody knows what the base is worth. */
export const usdOf = (
  { base, baseUnit }: AaveV3Markets,
  { amount, price, unit }: { readonly amount: bigint; readonly price: bigint; readonly unit: bigint },
): bigint => {
  const value = amount * price * WAD
  return base
    ? (value * (base.usd.price ?? 0n)) / (unit * baseUnit * unitOf(base.usd.decimals))
    : value / (unit * baseUnit)
}

/** The leg at the pinned block. */
export const valued = (markets: AaveV3Markets, leg: Unpriced): Leg => {
  const { reserve, amount, threshold, bonus, pricedAs } = leg
  const price = spotPrice(markets, pricedAs) ?? 0n
  return {
    asset: reserve.asset,
    pricedAs,
    symbol: reserve.symbol,
    decimals: reserve.decimals,
    amount,
    usd: usdOf(markets, { amount, price, unit: unitOf(reserve.decimals) }),
    threshold: (threshold * WAD) / BPS,
    bonus: bonus === null ? null : (bonus * WAD) / BPS,
  }
}

/** Why nobody could liquidate it now: no pair of collateral and debt is open for it. */
export const blockedReason = (
  markets: AaveV3Markets,
  collateral: readonly Unpriced[],
  debt: readonly Unpriced[],
): string | null => {
  if (markets.paused) return 'the pool is paused'
  const closed = ({ reserve }: Unpriced): string | null => {
    if (!reserve.active) return `${reserve.symbol} is not active`
    if (reserve.paused) return `${reserve.symbol} is paused`
    if (reserve.graceUntil >= markets.timestamp) return `${reserve.symbol} is in its grace period`
    return null
  }
  for (const side of [collateral, debt]) {
    const reasons = side.map(closed)
    if (side.length > 0 && reasons.every((reason) => reason !== null)) return reasons.join(', ')
  }
  return null
}
