import type { Address } from 'viem'
import type { Leg, Position } from '../core/position.ts'
import { unitOf, WAD } from '../core/units.ts'
import type { PriceOf } from './adapter.ts'
import { type EulerV2Account, partsOf } from './euler-v2-accounts.ts'
import { decimalsOf, type EulerV2Markets, type EulerVault, routeIn, symbolOf } from './euler-v2-markets.ts'
import type { Route } from './euler-v2-routes.ts'
import {
  accruedDebt,
  backedBy,
  CONFIG_SCALE,
  debtAssets,
  healthScore,
  isUnderwater,
  worthAfter,
} from './euler-v2-rules.ts'

/** Units of debt of an account at the pinned block; as last read where its vault has none any more. */
export const debtOf = (markets: EulerV2Markets, { vault, owed, accumulator }: EulerV2Account): bigint =>
  accruedDebt(owed, accumulator, markets.vaults[vault]?.accumulator ?? accumulator)

/** What backs a debt, and the debt itself, as its vault values them; every part with its way to the unit of account. */
type Valued = {
  readonly backing: (priceOf: PriceOf) => bigint
  readonly liability: (priceOf: PriceOf) => bigint
}

/** The two sides of Euler's rule, ready to be asked at many prices. */
export const valuedIn = (markets: EulerV2Markets, vault: EulerVault, account: EulerV2Account): Valued => {
  const debt = debtAssets(debtOf(markets, account))
  const debtSteps = routeIn(markets, vault, vault.asset)?.steps ?? []
  const held = Object.entries(account.collateral).flatMap(([share, balance]) => {
    const ltv = vault.collaterals[share as Address]?.current ?? 0n
    const route = routeIn(markets, vault, share as Address)
    return ltv === 0n || !balance || route === null ? [] : [{ balance, ltv, steps: route.steps }]
  })
  return {
    backing: (priceOf) =>
      held.reduce(
        (sum, { balance, ltv, steps }) => sum + backedBy(worthAfter(balance, steps, priceOf), ltv),
        0n,
      ),
    liability: (priceOf) => worthAfter(debt, debtSteps, priceOf),
  }
}

const spotOf =
  ({ prices }: EulerV2Markets): PriceOf =>
  (key) =>
    prices[key]?.price ?? 0n

/** A value in a unit of account, in USD, WAD; 0 where nobody prices the unit. */
const usdOf = ({ units }: EulerV2Markets, unit: Address, value: bigint): bigint => {
  const { decimals = 18, usd = null } = units[unit] ?? {}
  if (usd === null) return (value * WAD) / unitOf(decimals)
  return (value * (usd.price ?? 0n) * WAD) / unitOf(decimals + usd.decimals)
}

const isPriced = ({ prices }: EulerV2Markets, route: Route | null): boolean =>
  route?.steps.every((step) => step.kind === 'shares' || (prices[step.key]?.price ?? null) !== null) === true

/** USD, WAD, of an amount as a vault prices it; 0 where it does not. */
export const worthIn = (
  markets: EulerV2Markets,
  vault: EulerVault,
  { asset, amount }: { readonly asset: Address; readonly amount: bigint },
): bigint => {
  const route = routeIn(markets, vault, asset)
  if (route === null || !isPriced(markets, route)) return 0n
  return usdOf(markets, vault.unit, worthAfter(amount, route.steps, spotOf(markets)))
}

/** Why nobody can price a position; null where it can be. A collateral that counts for nothing is not asked for. */
const unpricedReason = (
  markets: EulerV2Markets,
  vault: EulerVault,
  { collateral }: EulerV2Account,
): string | null => {
  const counted = (Object.entries(collateral) as [Address, bigint | null][]).filter(
    ([share]) => (vault.collaterals[share]?.current ?? 0n) > 0n,
  )
  const silent = counted.find(([, balance]) => balance === null)
  if (silent) return `${symbolOf(markets, silent[0])} tells no balance`
  const refused = [vault.asset, ...counted.map(([share]) => share)].find(
    (asset) => !isPriced(markets, routeIn(markets, vault, asset)),
  )
  if (refused) return `the oracle of ${vault.symbol} refuses to price ${symbolOf(markets, refused)}`
  const { symbol = vault.unit, usd = null } = markets.units[vault.unit] ?? {}
  return usd !== null && usd.price === null
    ? `${vault.symbol} counts in ${symbol}, which nobody prices in USD: name it in chains.<chain>.usd.prices`
    : null
}

const collateralLegs = (
  markets: EulerV2Markets,
  vault: EulerVault,
  { collateral }: EulerV2Account,
): readonly Leg[] =>
  (Object.entries(collateral) as [Address, bigint | null][]).flatMap(([share, balance]) =>
    balance === null
      ? []
      : [
          {
            asset: share,
            pricedAs: routeIn(markets, vault, share)?.pricedAs ?? share,
            symbol: symbolOf(markets, share),
            decimals: decimalsOf(markets, share),
            amount: balance,
            usd: worthIn(markets, vault, { asset: share, amount: balance }),
            threshold: ((vault.collaterals[share]?.current ?? 0n) * WAD) / CONFIG_SCALE,
            // it grows from nothing as health falls below 1
            bonus: null,
          },
        ],
  )

const debtLeg = (markets: EulerV2Markets, vault: EulerVault, amount: bigint): Leg => ({
  asset: vault.asset,
  pricedAs: routeIn(markets, vault, vault.asset)?.pricedAs ?? vault.asset,
  symbol: symbolOf(markets, vault.asset),
  decimals: decimalsOf(markets, vault.asset),
  amount,
  usd: worthIn(markets, vault, { asset: vault.asset, amount }),
  threshold: WAD,
  bonus: null,
})

const blockedReason = ({ time }: EulerV2Markets, vault: EulerVault, checked: bigint): string | null => {
  if (vault.liquidation === 'off') return `${vault.symbol} has switched liquidations off`
  return time < checked + vault.coolOff ? `it cools off for ${checked + vault.coolOff - time} s more` : null
}

/** A vault that has no debt any more, as far as an account of earlier knows it. */
const closedVault = ({ vault, asset }: EulerV2Account): EulerVault => ({
  symbol: vault,
  asset: asset ?? vault,
  unit: vault,
  oracle: vault,
  borrowed: 0n,
  accumulator: 0n,
  maxDiscount: 0n,
  coolOff: 0n,
  liquidation: 'on',
  collaterals: {},
})

/** State and market as legs: shares of vaults against the asset of the vault that controls the account. */
export const positionOf = (markets: EulerV2Markets, key: string, account: EulerV2Account): Position => {
  const known = markets.vaults[account.vault]
  const vault = known ?? closedVault(account)
  const owed = debtAssets(debtOf(markets, account))
  const unpriced = known ? unpricedReason(markets, vault, account) : 'its vault reports no debt any more'
  const valued = valuedIn(markets, vault, account)
  const priced = isPriced(markets, routeIn(markets, vault, vault.asset))
  const backing = unpriced === null ? valued.backing(spotOf(markets)) : 0n
  const liability = unpriced === null && priced ? valued.liability(spotOf(markets)) : 0n
  return {
    id: key,
    owner: account.owner ?? partsOf(key)[1],
    collateral: collateralLegs(markets, vault, account),
    debt: owed === 0n ? [] : [debtLeg(markets, vault, owed)],
    healthFactor: healthScore(backing, liability),
    liquidatable: isUnderwater(backing, liability),
    range: null,
    unpriced,
    blocked: blockedReason(markets, vault, account.checked),
  }
}
