import { type Address, getAddress } from 'viem'
import {
  lusdAbi,
  priceFeedStateV1Abi,
  priceFeedV1Abi,
  stabilityPoolAuditedAbi,
  stabilityPoolV1Abi,
  troveManagerV1Abi,
} from '../../abis/liquity-v1.ts'
import type { Context } from './adapter.ts'
import type { System } from './liquity-v1-rules.ts'

export type LiquityV1Deployment = {
  readonly troveManager: Address
  /** The wrapped token that stands for the chain's own coin, which is the collateral; null where none is named. */
  readonly native: Address | null
  readonly fromBlock: bigint
}

/** PriceFeed.Status: whether Chainlink is believed at the pinned block, else what stands in for it. */
export type FeedStatus = 'chainlink' | 'tellor' | 'last good price'

export type LiquityV1Markets = {
  readonly troveManager: Address
  readonly borrowerOperations: Address
  readonly priceFeed: Address
  /** The Chainlink feed below it; null where it names none. */
  readonly aggregator: Address | null
  readonly status: FeedStatus
  /** USD per coin, WAD; null where the feed gives none. */
  readonly price: bigint | null
  readonly native: Address | null
  readonly debtToken: { readonly asset: Address; readonly symbol: string }
  readonly system: System
  /** Collateral and debt per unit of stake that redistributions have added since the beginning, WAD. */
  readonly redistributed: { readonly collateral: bigint; readonly debt: bigint }
}

type Chain = Pick<Context<LiquityV1Deployment>, 'read' | 'tryRead' | 'deployment'>

/** Everything of a system that its troves share, in three rounds of reads. */
export const readMarkets = async ({ read, tryRead, deployment }: Chain): Promise<LiquityV1Markets> => {
  const { troveManager, native } = deployment
  const manager = { address: troveManager, abi: troveManagerV1Abi } as const
  const [
    borrowerOperations,
    stabilityPool,
    priceFeed,
    debtToken,
    minimumRatio,
    criticalRatio,
    collateral,
    debt,
    troves,
    redistributedCollateral,
    redistributedDebt,
  ] = await Promise.all([
    read({ ...manager, functionName: 'borrowerOperationsAddress' }),
    read({ ...manager, functionName: 'stabilityPool' }),
    read({ ...manager, functionName: 'priceFeed' }),
    read({ ...manager, functionName: 'lusdToken' }),
    read({ ...manager, functionName: 'MCR' }),
    read({ ...manager, functionName: 'CCR' }),
    read({ ...manager, functionName: 'getEntireSystemColl' }),
    read({ ...manager, functionName: 'getEntireSystemDebt' }),
    read({ ...manager, functionName: 'getTroveOwnersCount' }),
    read({ ...manager, functionName: 'L_ETH' }),
    read({ ...manager, functionName: 'L_LUSDDebt' }),
  ])
  const [deposits, audited, symbol, aggregator, status] = await Promise.all([
    read({ address: stabilityPool, abi: stabilityPoolV1Abi, functionName: 'getTotalLUSDDeposits' }),
    tryRead({ address: stabilityPool, abi: stabilityPoolAuditedAbi, functionName: 'getMaxAmountToOffset' }),
    tryRead({ address: debtToken, abi: lusdAbi, functionName: 'symbol' }),
    tryRead({ address: priceFeed, abi: priceFeedStateV1Abi, functionName: 'priceAggregator' }),
    tryRead({ address: priceFeed, abi: priceFeedStateV1Abi, functionName: 'status' }),
  ])
  // after its status: asking for the price may change that within the same eth_call
  const price = await tryRead({ address: priceFeed, abi: priceFeedV1Abi, functionName: 'fetchPrice' })
  return {
    troveManager,
    borrowerOperations: getAddress(borrowerOperations),
    priceFeed: getAddress(priceFeed),
    aggregator: aggregator && getAddress(aggregator),
    status: statusOf(status),
    price: price === 0n ? null : price,
    native,
    debtToken: { asset: getAddress(debtToken), symbol: symbol ?? 'LUSD' },
    system: {
      collateral,
      debt,
      troves,
      minimumRatio,
      criticalRatio,
      pool: audited ?? deposits,
    },
    redistributed: { collateral: redistributedCollateral, debt: redistributedDebt },
  }
}

/** By their numbers in PriceFeed.Status; a feed without one (a fork's) is taken to follow the market. */
const STATUSES: readonly FeedStatus[] = ['chainlink', 'tellor', 'last good price', 'tellor', 'chainlink']

const statusOf = (status: number | null): FeedStatus => STATUSES[status ?? 0] ?? 'chainlink'
