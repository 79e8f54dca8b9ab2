import { type Address, getAddress, zeroAddress } from 'viem'
import {
  aaveV2BaseAbi,
  aaveV2GraceAbi,
  aaveV2OracleAbi,
  aaveV2PoolAbi,
  aaveV2ProviderAbi,
  aaveV2RebasingAbi,
} from '../../abis/aave-v2.ts'
import { aaveV3TokenAbi, bytes32SymbolAbi } from '../../abis/aave-v3.ts'
import { InvalidDataError } from '../core/errors.ts'
import { RAY, WAD } from '../core/units.ts'
import type { AaveDeployment } from './aave.ts'
import { WHOLE_DEBT_MANAGERS } from './aave-v2-deployments.ts'
import { type AaveV3Markets, type Base, type Reserve, riskOf, symbolOf } from './aave-v3-markets.ts'
import type { Context } from './adapter.ts'
import { feedsBelow } from './price-feeds.ts'

/** Everything of a market that its accounts share, in four rounds of reads. */
export const readMarkets = async (context: Context<AaveDeployment>): Promise<AaveV3Markets> => {
  const { read, tryRead, deployment, block } = context
  const provider = { address: deployment.poolAddressesProvider, abi: aaveV2ProviderAbi } as const
  const [pool, oracle, manager] = await Promise.all([
    read({ ...provider, functionName: 'getLendingPool' }),
    read({ ...provider, functionName: 'getPriceOracle' }),
    read({ ...provider, functionName: 'getLendingPoolCollateralManager' }),
  ])
  const published = deployment.pool
  if (published !== null && published !== getAddress(pool))
    throw new InvalidDataError(
      `the provider ${provider.address} names the pool ${pool}, but ${published} was expected: check the deployment`,
    )
  const contract = { address: pool, abi: aaveV2PoolAbi } as const
  const [revision, paused, assets, sentinel, base] = await Promise.all([
    read({ ...contract, functionName: 'LENDINGPOOL_REVISION' }),
    read({ ...contract, functionName: 'paused' }),
    read({ ...contract, functionName: 'getReservesList' }),
    tryRead({ address: manager, abi: aaveV2GraceAbi, functionName: 'LIQUIDATIONS_GRACE_SENTINEL' }),
    readBaseName(context, oracle),
  ])
  const grace = sentinel === zeroAddress ? null : sentinel
  const [reserves, quote] = await Promise.all([
    Promise.all(assets.map((asset) => readReserve(context, { pool, oracle, asset, grace }))),
    base.asset === zeroAddress ? {} : readBase(context, base.asset),
  ])
  return {
    family: 'v2',
    pool,
    oracle,
    revision: Number(revision),
    baseUnit: base.unit,
    ...quote,
    timestamp: Number(block.timestamp),
    paused,
    wholeDebt: WHOLE_DEBT_MANAGERS.includes(getAddress(manager)),
    reserves: Object.fromEntries(reserves.map((reserve) => [reserve.id, reserve])),
    eModes: {},
  }
}

/** What the oracle's prices are in: an older oracle names WETH, a later one its base, the zero address for USD. */
const readBaseName = async (
  { tryRead }: Context<AaveDeployment>,
  oracle: Address,
): Promise<{ readonly asset: Address; readonly unit: bigint }> => {
  const [base, unit, weth] = await Promise.all([
    tryRead({ address: oracle, abi: aaveV2BaseAbi, functionName: 'BASE_CURRENCY' }),
    tryRead({ address: oracle, abi: aaveV2BaseAbi, functionName: 'BASE_CURRENCY_UNIT' }),
    tryRead({ address: oracle, abi: aaveV2OracleAbi, functionName: 'WETH' }),
  ])
  if (base !== null && unit !== null) return { asset: getAddress(base), unit }
  if (weth !== null && weth !== zeroAddress) return { asset: getAddress(weth), unit: WAD }
  throw new InvalidDataError(
    `the oracle ${oracle} has neither BASE_CURRENCY() nor WETH(), so that nobody knows what its prices are in: check the deployment`,
  )
}

const readBase = async (
  { read, usdPrices }: Context<AaveDeployment>,
  asset: Address,
): Promise<{ readonly base: Base }> => {
  const [symbol, [usd]] = await Promise.all([
    read({ address: asset, abi: aaveV3TokenAbi, functionName: 'symbol' }),
    usdPrices([asset]),
  ])
  if (!usd) throw new InvalidDataError(`no answer to the USD price of ${symbol}; report this as a bug`)
  return { base: { asset, symbol, usd } }
}

const readReserve = async (
  { read, tryRead }: Context<AaveDeployment>,
  {
    pool,
    oracle,
    asset,
    grace,
  }: {
    readonly pool: Address
    readonly oracle: Address
    readonly asset: Address
    readonly grace: Address | null
  },
): Promise<Reserve> => {
  const poolOf = { address: pool, abi: aaveV2PoolAbi, args: [asset] } as const
  const oracleOf = { address: oracle, abi: aaveV2OracleAbi, args: [asset] } as const
  const [data, incomeIndex, debtIndex, graceUntil, price, source, symbol] = await Promise.all([
    read({ ...poolOf, functionName: 'getReserveData' }),
    read({ ...poolOf, functionName: 'getReserveNormalizedIncome' }),
    read({ ...poolOf, functionName: 'getReserveNormalizedVariableDebt' }),
    grace === null
      ? 0
      : read({ address: grace, abi: aaveV2GraceAbi, functionName: 'gracePeriodUntil', args: [asset] }),
    tryRead({ ...oracleOf, functionName: 'getAssetPrice' }),
    read({ ...oracleOf, functionName: 'getSourceOfAsset' }),
    tryRead({ address: asset, abi: aaveV3TokenAbi, functionName: 'symbol' }),
  ])
  const { variableDebtTokenAddress, stableDebtTokenAddress, aTokenAddress } = data
  const [scaledDebtTotal, stableDebtTotal, shares, shortSymbol, feeds] = await Promise.all([
    read({ address: variableDebtTokenAddress, abi: aaveV3TokenAbi, functionName: 'scaledTotalSupply' }),
    read({ address: stableDebtTokenAddress, abi: aaveV3TokenAbi, functionName: 'totalSupply' }),
    tryRead({ address: aTokenAddress, abi: aaveV2RebasingAbi, functionName: 'internalTotalSupply' }),
    symbol === null ? tryRead({ address: asset, abi: bytes32SymbolAbi, functionName: 'symbol' }) : null,
    source === zeroAddress ? [] : feedsBelow({ tryRead }, source),
  ])
  // the balance of such an aToken grows without an event of its holder: what stands still are its shares
  const rebasingIndex =
    shares === null
      ? null
      : await read({
          address: asset,
          abi: aaveV2RebasingAbi,
          functionName: 'getPooledEthByShares',
          args: [RAY],
        })
  return {
    id: data.id,
    asset: getAddress(asset),
    symbol: symbolOf(asset, symbol, shortSymbol),
    ...riskOf(data.configuration.data),
    paused: false,
    graceUntil,
    eModeCategory: 0,
    aToken: aTokenAddress,
    variableDebtToken: variableDebtTokenAddress,
    stableDebtToken: stableDebtTokenAddress,
    ...(rebasingIndex === null ? {} : { rebasingIndex }),
    incomeIndex,
    debtIndex,
    price,
    feeds,
    scaledDebtTotal,
    stableDebtTotal,
  }
}
