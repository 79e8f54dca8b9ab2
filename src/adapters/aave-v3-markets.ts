import { type Address, getAddress, hexToString, zeroAddress } from 'viem'
import {
  aaveV3OracleAbi,
  aaveV3PoolAbi,
  aaveV3ProviderAbi,
  aaveV3TokenAbi,
  bytes32SymbolAbi,
} from '../../abis/aave-v3.ts'
import { priceAdapterAbi } from '../../abis/price-adapter.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Reader } from '../sources/batch.ts'
import { rulesOf } from './aave-v3-rules.ts'

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
  readonly incomeIndex: bigint
  readonly debtIndex: bigint
  /** null where the oracle refuses to price it. */
  readonly price: bigint | null
  readonly feeds: readonly Address[]
  readonly scaledDebtTotal: bigint
  /** Raw debt at the user's own stable rate, for the revisions that still have it. */
  readonly stableDebtTotal: bigint
}

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
  readonly pool: Address
  readonly oracle: Address
  readonly revision: number
  /** One USD in the oracle's unit. */
  readonly baseUnit: bigint
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
    Promise.all(assets.map((asset) => readReserve(chain, { pool, oracle, asset }))),
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
  { pool, oracle, asset }: { readonly pool: Address; readonly oracle: Address; readonly asset: Address },
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
  const [scaledDebtTotal, stableDebtTotal, shortSymbol, ...bases] = await Promise.all([
    read({ address: data.variableDebtTokenAddress, abi: aaveV3TokenAbi, functionName: 'scaledTotalSupply' }),
    data.stableDebtTokenAddress === zeroAddress
      ? null
      : tryRead({ address: data.stableDebtTokenAddress, abi: aaveV3TokenAbi, functionName: 'totalSupply' }),
    symbol === null ? tryRead({ address: asset, abi: bytes32SymbolAbi, functionName: 'symbol' }) : null,
    ...(['BASE_TO_USD_AGGREGATOR', 'ASSET_TO_USD_AGGREGATOR', 'PEG_TO_BASE'] as const).map((functionName) =>
      tryRead({ address: source, abi: priceAdapterAbi, functionName }),
    ),
  ])
  const configuration = data.configuration.data
  return {
    id: data.id,
    asset: getAddress(asset),
    symbol:
      symbol ?? (shortSymbol === null ? `${asset.slice(0, 8)}…` : hexToString(shortSymbol, { size: 32 })),
    decimals: Number(bits(configuration, 48, 8)),
    liquidationThreshold: bits(configuration, 16, 16),
    liquidationBonus: bits(configuration, 32, 16),
    active: bits(configuration, 56, 1) === 1n,
    paused: bits(configuration, 60, 1) === 1n,
    graceUntil: graceUntil ?? 0,
    eModeCategory: Number(bits(configuration, 168, 8)),
    aToken: data.aTokenAddress,
    variableDebtToken: data.variableDebtTokenAddress,
    incomeIndex,
    debtIndex,
    price,
    feeds: [source, ...bases].filter((feed) => feed !== null).map((feed) => getAddress(feed)),
    scaledDebtTotal,
    stableDebtTotal: stableDebtTotal ?? 0n,
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
