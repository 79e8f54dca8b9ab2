import { type Address, getAddress } from 'viem'
import { aaveV3TokenAbi, bytes32SymbolAbi } from '../../abis/aave-v3.ts'
import { aaveV4HubAbi, aaveV4OracleAbi, aaveV4SpokeAbi } from '../../abis/aave-v4.ts'
import type { Reader } from '../sources/batch.ts'
import { symbolOf } from './aave-v3-markets.ts'
import { type LiquidationConfig, type Supplied, suppliedAssets } from './aave-v4-rules.ts'
import type { Context } from './adapter.ts'
import { feedsBelow } from './price-feeds.ts'

/** One spoke: where users hold their positions. */
export type AaveV4Deployment = { readonly spoke: Address; readonly fromBlock: bigint }

/** Risk parameters of a reserve under one key; an account keeps those of its own key until it acts again. */
export type DynamicConfig = {
  /** Basis points. */
  readonly collateralFactor: bigint
  /** Basis points, 10,500 for 5 %. */
  readonly maxLiquidationBonus: bigint
}

/** One asset of one hub as the spoke lists it; the same token from another hub is another reserve. */
export type AaveV4Reserve = Supplied & {
  readonly id: number
  readonly asset: Address
  readonly symbol: string
  readonly decimals: number
  readonly hub: Address
  readonly assetId: number
  readonly paused: boolean
  /** A liquidator may take the collateral as shares, which leaves the hub's liquidity alone. */
  readonly sharesReceivable: boolean
  /** The hub deals with this spoke at all. */
  readonly active: boolean
  /** The hub moves no tokens for this spoke. */
  readonly halted: boolean
  /** By key; keys are given out from 0 and never taken back. */
  readonly configs: Readonly<Record<string, DynamicConfig>>
  /** RAY, accrued to the pinned block. */
  readonly drawnIndex: bigint
  /** The hub's own word on all that this spoke's users owe: shares, and premium as raw tokens, RAY. */
  readonly drawnShares: bigint
  readonly premiumRay: bigint
  /** USD, 8 decimals; null where the oracle refuses. */
  readonly price: bigint | null
  readonly feeds: readonly Address[]
  /** The hub turns shares into assets by another rule than ours. */
  readonly otherShares: boolean
}

export type AaveV4Markets = {
  readonly spoke: Address
  /** The spoke's own: another spoke has another. */
  readonly oracle: Address
  readonly liquidation: LiquidationConfig
  /** By reserve id. */
  readonly reserves: Readonly<Record<string, AaveV4Reserve>>
}

type Chain = Pick<Context<AaveV4Deployment>, 'read' | 'tryRead' | 'deployment'>

/** Everything of a spoke that its accounts share, in four rounds of reads. */
export const readMarkets = async ({ deployment, ...reader }: Chain): Promise<AaveV4Markets> => {
  const { read } = reader
  const spoke = { address: deployment.spoke, abi: aaveV4SpokeAbi } as const
  const [oracle, count, liquidation] = await Promise.all([
    read({ ...spoke, functionName: 'ORACLE' }),
    read({ ...spoke, functionName: 'getReserveCount' }),
    read({ ...spoke, functionName: 'getLiquidationConfig' }),
  ])
  const ids = Array.from({ length: Number(count) }, (_, id) => id)
  const reserves = await Promise.all(
    ids.map((id) => readReserve(reader, { spoke: deployment.spoke, oracle, id })),
  )
  return {
    spoke: deployment.spoke,
    oracle: getAddress(oracle),
    liquidation: {
      targetHealthFactor: liquidation.targetHealthFactor,
      healthFactorForMaxBonus: liquidation.healthFactorForMaxBonus,
      liquidationBonusFactor: BigInt(liquidation.liquidationBonusFactor),
    },
    reserves: Object.fromEntries(reserves.map((reserve) => [reserve.id, reserve])),
  }
}

/** Shares whose worth at the hub shows every digit of the ratio that ours must agree with. */
const PROBE = 10n ** 30n

const readReserve = async (
  reader: Reader,
  { spoke, oracle, id }: { readonly spoke: Address; readonly oracle: Address; readonly id: number },
): Promise<AaveV4Reserve> => {
  const { read, tryRead } = reader
  const reserveOf = { address: spoke, abi: aaveV4SpokeAbi, args: [BigInt(id)] } as const
  const oracleOf = { address: oracle, abi: aaveV4OracleAbi, args: [BigInt(id)] } as const
  const [reserve, config, price, source] = await Promise.all([
    read({ ...reserveOf, functionName: 'getReserve' }),
    read({ ...reserveOf, functionName: 'getReserveConfig' }),
    tryRead({ ...oracleOf, functionName: 'getReservePrice' }),
    read({ ...oracleOf, functionName: 'getReserveSource' }),
  ])
  const { underlying, assetId } = reserve
  const asset = { address: reserve.hub, abi: aaveV4HubAbi, args: [BigInt(assetId)] } as const
  const line = { ...asset, args: [BigInt(assetId), spoke] } as const
  const [
    configs,
    drawnIndex,
    addedAssets,
    addedShares,
    probed,
    drawnShares,
    premiumRay,
    { active, halted },
    symbol,
    shortSymbol,
    feeds,
  ] = await Promise.all([
    readConfigs(reader, { spoke, id, last: reserve.dynamicConfigKey }),
    read({ ...asset, functionName: 'getAssetDrawnIndex' }),
    read({ ...asset, functionName: 'getAddedAssets' }),
    read({ ...asset, functionName: 'getAddedShares' }),
    read({ ...asset, functionName: 'previewRemoveByShares', args: [BigInt(assetId), PROBE] }),
    read({ ...line, functionName: 'getSpokeDrawnShares' }),
    read({ ...line, functionName: 'getSpokePremiumRay' }),
    read({ ...line, functionName: 'getSpokeConfig' }),
    tryRead({ address: underlying, abi: aaveV3TokenAbi, functionName: 'symbol' }),
    tryRead({ address: underlying, abi: bytes32SymbolAbi, functionName: 'symbol' }),
    feedsBelow(reader, source),
  ])
  return {
    id,
    asset: getAddress(underlying),
    symbol: symbolOf(underlying, symbol, shortSymbol),
    decimals: reserve.decimals,
    hub: getAddress(reserve.hub),
    assetId,
    paused: config.paused,
    sharesReceivable: config.receiveSharesEnabled && !config.frozen,
    active,
    halted,
    configs,
    drawnIndex,
    addedAssets,
    addedShares,
    drawnShares,
    premiumRay,
    price,
    feeds,
    otherShares: suppliedAssets(PROBE, { addedAssets, addedShares }) !== probed,
  }
}

/** All keys that were ever given out: any account may still stand on any of them. */
const readConfigs = async (
  { read }: Pick<Reader, 'read'>,
  { spoke, id, last }: { readonly spoke: Address; readonly id: number; readonly last: number },
): Promise<Readonly<Record<string, DynamicConfig>>> => {
  const keys = Array.from({ length: last + 1 }, (_, key) => key)
  const configs = await Promise.all(
    keys.map((key) =>
      read({
        address: spoke,
        abi: aaveV4SpokeAbi,
        functionName: 'getDynamicReserveConfig',
        args: [BigInt(id), key],
      }),
    ),
  )
  return Object.fromEntries(
    configs.map(({ collateralFactor, maxLiquidationBonus }, key) => [
      key,
      { collateralFactor: BigInt(collateralFactor), maxLiquidationBonus: BigInt(maxLiquidationBonus) },
    ]),
  )
}
