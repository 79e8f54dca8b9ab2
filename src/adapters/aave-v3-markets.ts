import { type Address, getAddress, type Hex, hexToString, zeroAddress } from 'viem'
import {
  aaveV3OracleAbi,
  aaveV3PoolAbi,
  aaveV3ProviderAbi,
  aaveV3TokenAbi,
  bytes32SymbolAbi,
} from '../../abis/aave-v3.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Reader } from '../sources/batch.ts'
import { rulesOf } from './aave-v3-rules.ts'
import type { UsdPrice } from './adapter.ts'
import { feedsBelow } from './price-feeds.ts'

/** One reserve at the pinned block. Thresholds in basis points, prices in the oracle's base unit. */
export type Reserve = {
  readonly id: number
  readonly asset: Address
  readonly symbol: string
  readonly decimals: number
  readonly liquidationThreshold: bigint
  /** With the 100 %; 0 where it is no collateral, missing in states stored before it was read. */
  readonly liquidationBonus?: bigint
  readonly active: boolean
  readonly paused: boolean
  /** Liquidations are forbidden until this time (Unix seconds); 0 where the revision has no grace period. */
  readonly graceUntil: number
  /** E-mode category of the reserve, for revisions that have one per reserve. */
  readonly eModeCategory: number
  readonly aToken: Address
  readonly variableDebtToken: Address
  /** null where the revision has no debt at a user's own rate, missing in states stored before it was read. */
  readonly stableDebtToken?: Address | null
  /** Of an aToken that stores shares of a token that rebases (stETH on Aave V2): tokens per share, RAY. */
  readonly rebasingIndex?: bigint
  readonly incomeIndex: bigint
  readonly debtIndex: bigint
  /** null where the oracle refuses to price it. */
  readonly price: bigint | null
  readonly feeds: readonly Address[]
  readonly scaledDebtTotal: bigint
  /** Raw debt at the users' own stable rates, as the protocol estimates it; 0 where the revision has none. */
  readonly stableDebtTotal: bigint
}

/** What a market's prices are expressed in where that is no USD. */
export type Base = { readonly asset: Address; readonly symbol: string; readonly usd: UsdPrice }

/** An e-mode category that gives some asset a threshold. */
export type EMode = {
  readonly liquidationThreshold: bigint
  /** As of a reserve. */
  readonly liquidationBonus?: bigint
  /** Reserve ids that it covers as collateral; unused where the category stands on the reserve. */
  readonly collateralBitmap: bigint
  /** An asset whose price stands for all of the category's (revisions up to 3.1); null where each has its own. */
  readonly priceSource: Address | null
  readonly price: bigint | null
}

export type AaveV3Markets = {
  /** Aave V2 and what is like it; missing for V3. */
  readonly family?: 'v2'
  readonly pool: Address
  readonly oracle: Address
  readonly revision: number
  /** One USD in the oracle's unit, or one of the base. */
  readonly baseUnit: bigint
  /** Missing where prices are in USD. */
  readonly base?: Base
  /** The whole pool stands still (Aave V2). */
  readonly paused?: boolean
  /** One liquidation may repay all of one asset's debt instead of half (Aave V2 since its wind-down). */
  readonly wholeDebt?: boolean
  /** Unix seconds of the pinned block. */
  readonly timestamp: number
  /** By reserve id. */
  readonly reserves: Readonly<Record<string, Reserve>>
  /** By category id. */
  readonly eModes: Readonly<Record<string, EMode>>
}

const EMODE_IDS = Array.from({ length: 255 }, (_, i) => i + 1)

/** Bits [from, from+size) of a reserve's configuration. Source: DataTypes.ReserveConfigurationMap. */
const bits = (data: bigint, from: number, size: number): bigint =>
  (data >> BigInt(from)) & ((1n << BigInt(size)) - 1n)

/** What a reserve's configuration says in V2 and V3 alike. */
export const riskOf = (configuration: bigint) => ({
  decimals: Number(bits(configuration, 48, 8)),
  liquidationThreshold: bits(configuration, 16, 16),
  liquidationBonus: bits(configuration, 32, 16),
  active: bits(configuration, 56, 1) === 1n,
})

/** A few old tokens (MKR) have a `bytes32` for a symbol, or none. */
export const symbolOf = (asset: Address, symbol: string | null, short: Hex | null): string =>
  symbol ?? (short === null ? `${asset.slice(0, 8)}…` : hexToString(short, { size: 32 }))

type Chain = Reader & {
  readonly deployment: { readonly poolAddressesProvider: Address; readonly pool: Address | null }
  readonly block: { readonly timestamp: bigint }
}

/** Everything of a market that its accounts share, in four rounds of reads. */
export const readMarkets = async (chain: Chain): Promise<AaveV3Markets> => {
  const { read } = chain
  const provider = { address: chain.deployment.poolAddressesProvider, abi: aaveV3ProviderAbi } as const
  const [pool, oracle] = await Promise.all([
    read({ ...provider, functionName: 'getPool' }),
    read({ ...provider, functionName: 'getPriceOracle' }),
  ])
  const published = chain.deployment.pool
  if (published !== null && published !== getAddress(pool))
    throw new InvalidDataError(
      `the provider ${provider.address} names the pool ${pool}, but ${published} was expected: check the deployment`,
    )
  const [revision, baseUnit, assets] = await Promise.all([
    read({ address: pool, abi: aaveV3PoolAbi, functionName: 'POOL_REVISION' }),
    read({ address: oracle, abi: aaveV3OracleAbi, functionName: 'BASE_CURRENCY_UNIT' }),
    read({ address: pool, abi: aaveV3PoolAbi, functionName: 'getReservesList' }),
  ])
  const [reserves, eModes] = await Promise.all([
    Promise.all(
      assets.map((asset) => readReserve(chain, { pool, oracle, asset, revision: Number(revision) })),
    ),
    readEModes(chain, { pool, oracle, revision: Number(revision) }),
  ])
  return {
    pool,
    oracle,
    revision: Number(revision),
    baseUnit,
    timestamp: Number(chain.block.timestamp),
    reserves: Object.fromEntries(reserves.map((reserve) => [reserve.id, reserve])),
    eModes,
  }
}

const readReserve = async (
  { read, tryRead }: Reader,
  {
    pool,
    oracle,
    asset,
    revision,
  }: {
    readonly pool: Address
    readonly oracle: Address
    readonly asset: Address
    readonly revision: number
  },
): Promise<Reserve> => {
  const poolOf = { address: pool, abi: aaveV3PoolAbi, args: [asset] } as const
  const oracleOf = { address: oracle, abi: aaveV3OracleAbi, args: [asset] } as const
  const [data, incomeIndex, debtIndex, graceUntil, price, source, symbol] = await Promise.all([
    read({ ...poolOf, functionName: 'getReserveData' }),
    read({ ...poolOf, functionName: 'getReserveNormalizedIncome' }),
    read({ ...poolOf, functionName: 'getReserveNormalizedVariableDebt' }),
    tryRead({ ...poolOf, functionName: 'getLiquidationGracePeriod' }),
    tryRead({ ...oracleOf, functionName: 'getAssetPrice' }),
    read({ ...oracleOf, functionName: 'getSourceOfAsset' }),
    tryRead({ address: asset, abi: aaveV3TokenAbi, functionName: 'symbol' }),
  ])
  const stableDebtToken =
    rulesOf(revision).stableDebt === null || data.stableDebtTokenAddress === zeroAddress
      ? null
      : data.stableDebtTokenAddress
  const [scaledDebtTotal, stableDebtTotal, shortSymbol, feeds] = await Promise.all([
    read({ address: data.variableDebtTokenAddress, abi: aaveV3TokenAbi, functionName: 'scaledTotalSupply' }),
    stableDebtToken === null
      ? 0n
      : read({ address: stableDebtToken, abi: aaveV3TokenAbi, functionName: 'totalSupply' }),
    symbol === null ? tryRead({ address: asset, abi: bytes32SymbolAbi, functionName: 'symbol' }) : null,
    feedsBelow({ tryRead }, source),
  ])
  const configuration = data.configuration.data
  return {
    id: data.id,
    asset: getAddress(asset),
    symbol: symbolOf(asset, symbol, shortSymbol),
    ...riskOf(configuration),
    paused: bits(configuration, 60, 1) === 1n,
    graceUntil: graceUntil ?? 0,
    eModeCategory: Number(bits(configuration, 168, 8)),
    aToken: data.aTokenAddress,
    variableDebtToken: data.variableDebtTokenAddress,
    stableDebtToken,
    incomeIndex,
    debtIndex,
    price,
    feeds,
    scaledDebtTotal,
    stableDebtTotal,
  }
}

const termsOf = (config: { readonly liquidationThreshold: number; readonly liquidationBonus: number }) => ({
  liquidationThreshold: BigInt(config.liquidationThreshold),
  liquidationBonus: BigInt(config.liquidationBonus),
})

const readEModes = async (
  { read, tryRead }: Reader,
  { pool, oracle, revision }: { readonly pool: Address; readonly oracle: Address; readonly revision: number },
): Promise<Record<string, EMode>> => {
  const contract = { address: pool, abi: aaveV3PoolAbi } as const
  const one = async (id: number): Promise<[string, EMode] | null> => {
    if (rulesOf(revision).eMode === 'bitmap') {
      const config = await read({
        ...contract,
        functionName: 'getEModeCategoryCollateralConfig',
        args: [id],
      })
      if (config.liquidationThreshold === 0) return null
      const collateralBitmap = await read({
        ...contract,
        functionName: 'getEModeCategoryCollateralBitmap',
        args: [id],
      })
      return [String(id), { ...termsOf(config), collateralBitmap, priceSource: null, price: null }]
    }
    const data = await read({ ...contract, functionName: 'getEModeCategoryData', args: [id] })
    if (data.liquidationThreshold === 0) return null
    const priceSource = data.priceSource === zeroAddress ? null : data.priceSource
    const price =
      priceSource &&
      (await tryRead({
        address: oracle,
        abi: aaveV3OracleAbi,
        functionName: 'getAssetPrice',
        args: [priceSource],
      }))
    return [String(id), { ...termsOf(data), collateralBitmap: 0n, priceSource, price }]
  }
  const found = await Promise.all(EMODE_IDS.map(one))
  return Object.fromEntries(found.filter((entry) => entry !== null))
}
