import { type Address, decodeFunctionResult, encodeFunctionData } from 'viem'
import { z } from 'zod'
import { eulerVaultAbi } from '../../abis/euler-v2.ts'
import { type LiquidationRule, WHOLE_POSITION } from '../core/cascade/rules.ts'
import type { Adapter, PricedAsset } from './adapter.ts'
import { type EulerV2Account, partsOf, readAccounts } from './euler-v2-accounts.ts'
import { eulerV2Deployments } from './euler-v2-deployments.ts'
import { debtOf, positionOf, valuedIn, worthIn } from './euler-v2-legs.ts'
import {
  decimalsOf,
  type EulerV2Deployment,
  type EulerV2Markets,
  type EulerVault,
  readMarkets,
  symbolOf,
} from './euler-v2-markets.ts'
import { DEEPEST, DOLLAR, type EulerPrice, quoteCall } from './euler-v2-routes.ts'
import { DEBT_UNITS, debtAssets, isUnderwater } from './euler-v2-rules.ts'
import { touchedAccounts } from './euler-v2-touched.ts'
import { address } from './fields.ts'

const deploymentSchema = z.strictObject({
  evc: address,
  factory: address,
  fromBlock: z.number().int().nonnegative(),
  vaults: z.array(address).min(1, 'name at least one vault, or leave it out').optional(),
})

/** All of the debt at once; the discount is 1 - health, so that at the trigger itself it is nothing (EVK, Liquidation.sol). */
const EULER: LiquidationRule = { ...WHOLE_POSITION, name: 'Euler v2', typicalBonus: 0 }

const vaultsOf = ({ vaults }: EulerV2Markets) => Object.entries(vaults) as [Address, EulerVault][]

/** Digits of a power of ten. */
const digitsOf = (unit: bigint): number => unit.toString().length - 1

/** One price on a route: of the base for itself, whatever shares stand before it. */
const priced = (markets: EulerV2Markets, key: string, price: EulerPrice): PricedAsset => {
  const { base, quote, unit, oracle, feeds, through, rate } = price
  const inUnit = markets.units[quote] === undefined ? through : quote === DOLLAR ? null : quote
  return {
    asset: key,
    symbol: symbolOf(markets, base),
    price: price.price,
    decimals: digitsOf(unit) + decimalsOf(markets, quote) - decimalsOf(markets, base),
    ask: quoteCall(price),
    feeds: [oracle, ...feeds],
    token: base,
    ...(inUnit !== null && { quote: inUnit, rate }),
  }
}

/** What every price is expressed in comes before it: units of account, then what is not expressed in another price. */
const pricesOf = (markets: EulerV2Markets): readonly PricedAsset[] => {
  const { units, prices } = markets
  const found = Object.entries(prices)
  const depth = ({ through }: EulerPrice, left = DEEPEST): number => {
    const outer = through === null ? undefined : prices[through]
    return outer === undefined || left === 0 ? 0 : 1 + depth(outer, left - 1)
  }
  return [
    ...Object.entries(units).flatMap(([unit, { symbol, usd }]) =>
      usd === null
        ? []
        : [
            {
              ...usd,
              asset: unit,
              symbol,
              // a dollar feed by which something is converted into the unit is one of the unit's own
              feeds: [
                ...new Set([
                  ...(usd.feeds.length > 0 ? usd.feeds : [unit as Address]),
                  ...found.flatMap(([, { base, quote, feeds }]) =>
                    base === DOLLAR && quote === unit ? feeds : [],
                  ),
                ]),
              ],
            },
          ],
    ),
    ...found
      .toSorted(([, a], [, b]) => depth(a) - depth(b))
      .map(([key, price]) => priced(markets, key, price)),
  ]
}

/** Euler V2: vaults of one asset each, whose shares back debt in others; an account is one of an owner's 256. */
export const eulerV2: Adapter<EulerV2Deployment, EulerV2Markets, EulerV2Account> = {
  name: 'euler-v2',
  deployments: eulerV2Deployments,
  checkedAgainst: 'stand-in',
  permissionless: true,
  oracleByAmount: true,

  parseDeployment: (input) => {
    const { evc, factory, fromBlock, vaults } = deploymentSchema.parse(input)
    const only = vaults && { only: [...new Set(vaults)] }
    return { evc, factory, fromBlock: BigInt(fromBlock), ...only }
  },

  markets: readMarkets,
  only: ({ only = null }) => only,
  touched: touchedAccounts,
  read: readAccounts,
  hasDebt: ({ owed }) => owed > 0n,
  position: positionOf,

  isLiquidatable: (markets, account) => {
    const vault = markets.vaults[account.vault]
    if (!vault) return () => false
    const { backing, liability } = valuedIn(markets, vault, account)
    return (priceOf) => isUnderwater(backing(priceOf), liability(priceOf))
  },

  phase: () => null,

  liquidationRule: () => EULER,

  prices: pricesOf,

  /**
   * The vault's sum and its accounts are multiplied by the same interest and cut each time, to 2^-31 of a raw unit: two
   * billion updates stay below one raw unit.
   */
  totals: (markets) =>
    vaultsOf(markets).map(([vault, market]) => {
      const worth = worthIn(markets, market, { asset: market.asset, amount: debtAssets(market.borrowed) })
      return {
        asset: vault,
        symbol: market.symbol,
        total: market.borrowed,
        tolerance: DEBT_UNITS,
        usd: worth === 0n ? null : worth,
      }
    }),

  debts: (markets, account) => (account.owed === 0n ? {} : { [account.vault]: debtOf(markets, account) }),

  verdict: (_, key) => {
    const [vault, account] = partsOf(key)
    const call = { abi: eulerVaultAbi, functionName: 'accountLiquidity' } as const
    return {
      to: vault,
      data: encodeFunctionData({ ...call, args: [account, true] }),
      isLiquidatable: ({ success, data }) =>
        success ? isUnderwater(...decodeFunctionResult({ ...call, data })) : null,
    }
  },

  remarks: (markets) => {
    const vaults = vaultsOf(markets)
    const idle = markets.created - vaults.length
    const off = vaults.filter(([, { liquidation }]) => liquidation === 'off')
    const hooked = vaults.filter(([, { liquidation }]) => liquidation === 'hooked')
    const falling = vaults.flatMap(([, { symbol, collaterals }]) =>
      Object.entries(collaterals).flatMap(([share, { current, target, until }]) =>
        until === null
          ? []
          : [
              `${symbolOf(markets, share as Address)} in ${symbol} from ${percent(current)} now to ${percent(target)} by ${new Date(Number(until) * 1000).toISOString()}`,
            ],
      ),
    )
    return {
      notes: [
        ...(markets.only ? [onlyNote(markets.only.length)] : []),
        ...(idle > 0 ? [`${idle} of ${markets.created} vaults have no debt and are not priced`] : []),
        ...(falling.length > 0
          ? [`thresholds that fall without any price moving: ${falling.join('; ')}`]
          : []),
        ...(off.length > 0
          ? [
              `nobody can be liquidated now in ${off.map(([, { symbol }]) => symbol).join(', ')}: switched off`,
            ]
          : []),
        ...(hooked.length > 0
          ? [
              `a contract of the governor may refuse liquidations in ${hooked.map(([, v]) => v.symbol).join(', ')}`,
            ]
          : []),
      ],
      gaps: (markets.unknown ?? []).map(
        (vault) => `the factory has created no vault ${vault}: check "vaults" of the deployment`,
      ),
    }
  },
}

const onlyNote = (count: number): string =>
  `only the loans of the ${count} ${count === 1 ? 'vault' : 'vaults'} that the deployment names are read: Euler may have others`

const percent = (bps: bigint): string => `${Number(bps) / 100}%`
