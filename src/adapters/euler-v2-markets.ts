import { type Address, getAddress, zeroAddress } from 'viem'
import { eulerFactoryAbi, eulerVaultAbi } from '../../abis/euler-v2.ts'
import type { Context, UsdPrice } from './adapter.ts'
import { createRoutes, DOLLAR, type EulerPrice, priceKey, type Route } from './euler-v2-routes.ts'
import { type LtvConfig, ltvAt } from './euler-v2-rules.ts'
import { plainSymbol, readTokens, type Token } from './morpho-blue-tokens.ts'

export type EulerV2Deployment = {
  readonly evc: Address
  readonly factory: Address
  readonly fromBlock: bigint
  /** The vaults whose loans to read, whatever else anyone has created; missing for all. */
  readonly only?: readonly Address[]
}

/** A collateral that a vault ever listed: what it is good for at the pinned block, in 1e-4, and what it is falling to. */
export type EulerLtv = {
  readonly current: bigint
  readonly target: bigint
  /** Unix seconds at which the target is reached; null where it stands there. */
  readonly until: bigint | null
}

/** A vault that somebody owes something, at the pinned block. */
export type EulerVault = {
  readonly symbol: string
  readonly asset: Address
  readonly unit: Address
  readonly oracle: Address
  /** Units of debt, interest included. */
  readonly borrowed: bigint
  readonly accumulator: bigint
  /** 1e-4. */
  readonly maxDiscount: bigint
  /** Seconds after an account's last status check in which nobody may liquidate it. */
  readonly coolOff: bigint
  /** `off`: nobody can liquidate; `hooked`: a contract of the governor's has a say in it. */
  readonly liquidation: 'on' | 'off' | 'hooked'
  readonly collaterals: Readonly<Record<Address, EulerLtv>>
}

/** In what a vault counts values. */
export type EulerUnit = {
  readonly symbol: string
  readonly decimals: number
  /** null for the dollar itself. */
  readonly usd: UsdPrice | null
}

export type EulerV2Markets = {
  readonly evc: Address
  readonly time: bigint
  /** Vaults that were ever created; of those that the deployment names, where it names any. */
  readonly created: number
  /** As the deployment names them; missing where all vaults are read. */
  readonly only?: readonly Address[]
  /** Of those, the ones that the factory has not created. */
  readonly unknown?: readonly Address[]
  /** Those that have debt. */
  readonly vaults: Readonly<Record<Address, EulerVault>>
  readonly tokens: Readonly<Record<Address, Token>>
  readonly units: Readonly<Record<Address, EulerUnit>>
  readonly routes: Readonly<Record<string, Route | null>>
  readonly prices: Readonly<Record<string, EulerPrice>>
}

type Chain = Context<EulerV2Deployment>

/** Vaults that one call lists. */
const SLICE = 1000

/** The bit of `liquidate` among a vault's hooked operations (OP_LIQUIDATE, Constants.sol). */
const LIQUIDATE = 1 << 11

/** Addresses that stand for no contract count 18 decimals (BaseAdapter, _getDecimals). */
export const WITHOUT_DECIMALS = 18

/** Names of units of account that are no tokens: ISO 4217 numbers and Chainlink's denominations. */
const CURRENCIES: Readonly<Record<Address, string>> = {
  [DOLLAR]: 'USD',
  '0x00000000000000000000000000000000000003d2': 'EUR',
  '0x000000000000000000000000000000000000033a': 'GBP',
  '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE': 'ETH',
  '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB': 'BTC',
}

/**
 * Every vault with debt at the pinned block, and the prices of what is owed there and of what may back it. Anyone can
 * create a vault, and most owe nothing: of those no more is read than that.
 */
export const readMarkets = async (chain: Chain): Promise<EulerV2Markets> => {
  const { deployment, block } = chain
  const { only } = deployment
  const created = await createdVaults(chain)
  const all = only ? created.filter((vault) => only.includes(vault)) : created
  const borrowed = await Promise.all(
    all.map((address) => chain.read({ address, abi: eulerVaultAbi, functionName: 'totalBorrowsExact' })),
  )
  const owing = all.filter((_, i) => (borrowed[i] ?? 0n) > 0n)
  const found = await Promise.all(owing.map((address) => readVault(chain, address)))
  const routes = createRoutes(chain)
  const pairs = found.flatMap(({ oracle, asset, unit, collaterals }) =>
    [asset, ...(Object.keys(collaterals) as Address[])].map((base) => ({ oracle, base, unit })),
  )
  const ways = await Promise.all(pairs.map(({ oracle, base, unit }) => routes.routeOf(oracle, base, unit)))
  const prices = routes.prices()
  const units = [...new Set(found.map(({ unit }) => unit))]
  const tokens = await readTokens(
    chain,
    [
      ...pairs.map(({ base }) => base),
      ...units,
      ...Object.values(prices).flatMap((p) => [p.base, p.quote]),
    ].filter((token) => CURRENCIES[token] === undefined),
  )
  return {
    evc: deployment.evc,
    time: block.timestamp,
    created: all.length,
    ...(only && { only, unknown: only.filter((vault) => !created.includes(vault)) }),
    vaults: Object.fromEntries(found.map((vault, i) => [owing[i], vault] as const)),
    tokens,
    units: await readUnits(chain, units, tokens),
    routes: Object.fromEntries(
      pairs.map(({ oracle, base, unit }, i) => [priceKey(oracle, base, unit), ways[i] ?? null] as const),
    ),
    prices: Object.fromEntries(Object.entries(prices).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  }
}

const createdVaults = async ({ read, deployment }: Chain): Promise<readonly Address[]> => {
  const factory = { address: deployment.factory, abi: eulerFactoryAbi } as const
  const length = Number(await read({ ...factory, functionName: 'getProxyListLength' }))
  const slices = await Promise.all(
    Array.from({ length: Math.ceil(length / SLICE) }, (_, i) =>
      read({
        ...factory,
        functionName: 'getProxyListSlice',
        args: [BigInt(i * SLICE), BigInt(Math.min(length, (i + 1) * SLICE))],
      }),
    ),
  )
  return slices.flat().map((vault) => getAddress(vault))
}

const readVault = async ({ read, block }: Chain, address: Address): Promise<EulerVault> => {
  const vault = { address, abi: eulerVaultAbi } as const
  const [symbol, asset, unit, oracle, borrowed, accumulator, maxDiscount, coolOff, hooks, listed] =
    await Promise.all([
      read({ ...vault, functionName: 'symbol' }),
      read({ ...vault, functionName: 'asset' }),
      read({ ...vault, functionName: 'unitOfAccount' }),
      read({ ...vault, functionName: 'oracle' }),
      read({ ...vault, functionName: 'totalBorrowsExact' }),
      read({ ...vault, functionName: 'interestAccumulator' }),
      read({ ...vault, functionName: 'maxLiquidationDiscount' }),
      read({ ...vault, functionName: 'liquidationCoolOffTime' }),
      read({ ...vault, functionName: 'hookConfig' }),
      read({ ...vault, functionName: 'LTVList' }),
    ])
  const collaterals = await Promise.all(
    listed.map(async (collateral) => {
      const [, target, initial, targetTime, duration] = await read({
        ...vault,
        functionName: 'LTVFull',
        args: [collateral],
      })
      const config: LtvConfig = {
        target: BigInt(target),
        initial: BigInt(initial),
        targetTime: BigInt(targetTime),
        duration: BigInt(duration),
      }
      const current = ltvAt(config, block.timestamp)
      const until = current > config.target ? config.targetTime : null
      return [getAddress(collateral), { current, target: config.target, until }] as const
    }),
  )
  const [hook, operations] = hooks
  const hooked = (operations & LIQUIDATE) !== 0
  return {
    symbol: plainSymbol(symbol, address),
    asset: getAddress(asset),
    unit: getAddress(unit),
    oracle: getAddress(oracle),
    borrowed,
    accumulator,
    maxDiscount: BigInt(maxDiscount),
    coolOff: BigInt(coolOff),
    liquidation: !hooked ? 'on' : hook === zeroAddress ? 'off' : 'hooked',
    collaterals: Object.fromEntries(collaterals),
  }
}

/** The units of account, each with its own USD price. */
const readUnits = async (
  { usdPrices }: Chain,
  units: readonly Address[],
  tokens: EulerV2Markets['tokens'],
): Promise<EulerV2Markets['units']> => {
  const others = units.filter((unit) => unit !== DOLLAR)
  const usd = await usdPrices(others)
  return Object.fromEntries(
    units.map((unit) => {
      const symbol = CURRENCIES[unit] ?? tokens[unit]?.symbol ?? unit
      const decimals = tokens[unit]?.decimals ?? WITHOUT_DECIMALS
      return [unit, { symbol, decimals, usd: usd[others.indexOf(unit)] ?? null }] as const
    }),
  )
}

/** What a token, a share or a currency is called. */
export const symbolOf = ({ tokens }: EulerV2Markets, asset: Address): string =>
  CURRENCIES[asset] ?? tokens[asset]?.symbol ?? asset

/** Decimals as Euler's adapters count them. */
export const decimalsOf = ({ tokens }: EulerV2Markets, asset: Address): number =>
  tokens[asset]?.decimals ?? WITHOUT_DECIMALS

/** How a vault prices an asset; null where its oracle has no way. */
export const routeIn = (
  { routes }: EulerV2Markets,
  { oracle, unit }: Pick<EulerVault, 'oracle' | 'unit'>,
  asset: Address,
): Route | null => routes[priceKey(oracle, asset, unit)] ?? null
