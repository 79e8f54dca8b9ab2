import { type Address, getAddress, zeroAddress } from 'viem'
import { chainlinkFeedAbi } from '../../abis/chainlink-feed.ts'
import {
  addressesRegistryAbi,
  collateralRegistryAbi,
  priceFeedV2Abi,
  stabilityPoolV2Abi,
  troveManagerV2Abi,
  troveTokenAbi,
} from '../../abis/liquity-v2.ts'
import { unitOf } from '../core/units.ts'
import type { Context } from './adapter.ts'
import type { Batch } from './liquity-v2-rules.ts'

export type LiquityV2Deployment = {
  readonly collateralRegistry: Address
  /** The AddressesRegistry of every branch, in any order. */
  readonly branches: readonly Address[]
  readonly fromBlock: bigint
}

/** Where a branch's price comes from at the pinned block. */
export type PriceSource =
  /** The feed as designed: it follows the market. */
  | { readonly kind: 'primary'; readonly price: bigint | null }
  /** After a failure of the token's own feed: min(ETH/USD · rate, last good price). `price` is the ETH/USD answer. */
  | {
      readonly kind: 'capped'
      readonly price: bigint | null
      readonly aggregator: Address
      readonly decimals: number
      readonly weth: Address
      readonly terms: { readonly scale: bigint; readonly rate: bigint; readonly cap: bigint }
    }
  /** After a failure of ETH/USD: the last good price, for ever. */
  | { readonly kind: 'constant'; readonly price: bigint }

export type Branch = {
  readonly index: number
  readonly troveManager: Address
  readonly troveNft: Address
  readonly priceFeed: Address
  /** The ETH/USD feed below it; null where the feed names none. */
  readonly ethUsd: Address | null
  readonly collateral: { readonly asset: Address; readonly symbol: string; readonly decimals: number }
  /** Smallest collateral ratio, WAD. */
  readonly minimumRatio: bigint
  /** What the Stability Pool earns on the debt that it repays, WAD. */
  readonly penalty: bigint
  readonly source: PriceSource
  /** The feed noticed a failure only now: whoever calls it next shuts the branch down. */
  readonly failing: boolean
  /** 0 where the branch is live. */
  readonly shutdownTime: bigint
  readonly troves: bigint
  readonly debt: bigint
  readonly poolDeposits: bigint
  /** By manager. */
  readonly batches: Readonly<Record<string, Batch>>
}

export type LiquityV2Markets = {
  readonly timestamp: bigint
  readonly bold: { readonly asset: Address; readonly symbol: string }
  /** By index in the CollateralRegistry. */
  readonly branches: Readonly<Record<string, Branch>>
  /** Branches of the CollateralRegistry whose AddressesRegistry nobody has named. */
  readonly unknown: readonly { readonly index: number; readonly troveManager: Address }[]
}

type Chain = Pick<Context<LiquityV2Deployment>, 'read' | 'tryRead' | 'deployment' | 'block'>

/** Everything of a system that its troves share. */
export const readMarkets = async (chain: Chain): Promise<LiquityV2Markets> => {
  const { read, deployment, block } = chain
  const registry = { address: deployment.collateralRegistry, abi: collateralRegistryAbi } as const
  const [count, registries] = await Promise.all([
    read({ ...registry, functionName: 'totalCollaterals' }),
    Promise.all(deployment.branches.map((address) => readRegistry(chain, address))),
  ])
  const managers = await Promise.all(
    Array.from({ length: Number(count) }, (_, i) =>
      read({ ...registry, functionName: 'getTroveManager', args: [BigInt(i)] }),
    ),
  )
  const listed = managers.map((manager, index) => ({
    index,
    troveManager: getAddress(manager),
    registry: registries.find(({ troveManager }) => troveManager === getAddress(manager)),
  }))
  const branches = await Promise.all(
    listed.flatMap(({ index, registry }) => (registry ? [readBranch(chain, registry, index)] : [])),
  )
  const [first] = registries
  const bold = first?.boldToken ?? zeroAddress
  return {
    timestamp: block.timestamp,
    bold: { asset: bold, symbol: await readSymbol(chain, bold) },
    branches: Object.fromEntries(branches.map((branch) => [branch.index, branch])),
    unknown: listed.flatMap(({ index, troveManager, registry }) =>
      registry ? [] : [{ index, troveManager }],
    ),
  }
}

type Registry = Awaited<ReturnType<typeof readRegistry>>

const readRegistry = async ({ read }: Chain, address: Address) => {
  const registry = { address, abi: addressesRegistryAbi } as const
  const [
    collToken,
    troveManager,
    troveNft,
    stabilityPool,
    priceFeed,
    boldToken,
    weth,
    minimumRatio,
    penalty,
  ] = await Promise.all([
    read({ ...registry, functionName: 'collToken' }),
    read({ ...registry, functionName: 'troveManager' }),
    read({ ...registry, functionName: 'troveNFT' }),
    read({ ...registry, functionName: 'stabilityPool' }),
    read({ ...registry, functionName: 'priceFeed' }),
    read({ ...registry, functionName: 'boldToken' }),
    read({ ...registry, functionName: 'WETH' }),
    read({ ...registry, functionName: 'MCR' }),
    read({ ...registry, functionName: 'LIQUIDATION_PENALTY_SP' }),
  ])
  return {
    collToken: getAddress(collToken),
    troveManager: getAddress(troveManager),
    troveNft: getAddress(troveNft),
    stabilityPool: getAddress(stabilityPool),
    priceFeed: getAddress(priceFeed),
    boldToken: getAddress(boldToken),
    weth: getAddress(weth),
    minimumRatio,
    penalty,
  }
}

const readBranch = async (chain: Chain, registry: Registry, index: number): Promise<Branch> => {
  const { read } = chain
  const { troveManager, troveNft, priceFeed, collToken, minimumRatio, penalty } = registry
  const manager = { address: troveManager, abi: troveManagerV2Abi } as const
  const [shutdownTime, troves, debt, poolDeposits, symbol, decimals, batches] = await Promise.all([
    read({ ...manager, functionName: 'shutdownTime' }),
    read({ ...manager, functionName: 'getTroveIdsCount' }),
    read({ ...manager, functionName: 'getEntireBranchDebt' }),
    read({
      address: registry.stabilityPool,
      abi: stabilityPoolV2Abi,
      functionName: 'getTotalBoldDeposits',
    }),
    readSymbol(chain, collToken),
    read({ address: collToken, abi: troveTokenAbi, functionName: 'decimals' }),
    readBatches(chain, troveManager),
  ])
  // last, because asking a feed that has failed shuts the branch down within the same eth_call
  const priced = await readPrice(chain, registry)
  return {
    index,
    troveManager,
    troveNft,
    priceFeed,
    collateral: { asset: collToken, symbol, decimals },
    minimumRatio,
    penalty,
    shutdownTime,
    troves,
    debt,
    poolDeposits,
    batches,
    ...priced,
  }
}

/** The order of PriceSource in IMainnetPriceFeed. */
const CAPPED = 1
const LAST_GOOD = 2

const readPrice = async (
  { read, tryRead }: Chain,
  { priceFeed, weth }: Registry,
): Promise<Pick<Branch, 'source' | 'failing' | 'ethUsd'>> => {
  const feed = { address: priceFeed, abi: priceFeedV2Abi } as const
  const [mode, oracle, provider] = await Promise.all([
    tryRead({ ...feed, functionName: 'priceSource' }),
    tryRead({ ...feed, functionName: 'ethUsdOracle' }),
    tryRead({ ...feed, functionName: 'rateProviderAddress' }),
  ])
  const ethUsd = oracle === null ? null : getAddress(oracle[0])
  if (mode === LAST_GOOD) {
    const price = await read({ ...feed, functionName: 'lastGoodPrice' })
    return { source: { kind: 'constant', price }, failing: false, ethUsd }
  }
  if (mode === CAPPED && oracle !== null && provider !== null) {
    const lst = { address: provider, abi: priceFeedV2Abi } as const
    const [aggregator, , decimals] = oracle
    const [answer, cap, ofReth, ofWsteth] = await Promise.all([
      tryRead({ address: aggregator, abi: chainlinkFeedAbi, functionName: 'latestAnswer' }),
      read({ ...feed, functionName: 'lastGoodPrice' }),
      tryRead({ ...lst, functionName: 'getExchangeRate' }),
      tryRead({ ...lst, functionName: 'stEthPerToken' }),
    ])
    const terms = { scale: unitOf(18 - decimals), rate: ofReth ?? ofWsteth ?? 0n, cap }
    const price = answer !== null && answer > 0n && terms.rate > 0n ? answer : null
    return {
      source: { kind: 'capped', price, aggregator: getAddress(aggregator), decimals, weth, terms },
      failing: false,
      ethUsd,
    }
  }
  const fetched = await tryRead({ ...feed, functionName: 'fetchPrice' })
  const [price, failing] = fetched ?? [null, false]
  return { source: { kind: 'primary', price: price === 0n ? null : price }, failing, ethUsd }
}

/** Batch managers asked for at once; there is no count of them. */
const STEP = 64

const readBatches = async (
  { read, tryRead }: Chain,
  troveManager: Address,
): Promise<Readonly<Record<string, Batch>>> => {
  const manager = { address: troveManager, abi: troveManagerV2Abi } as const
  const found: Address[] = []
  for (let start = 0; found.length === start; start += STEP) {
    const next = await Promise.all(
      Array.from({ length: STEP }, (_, i) =>
        tryRead({ ...manager, functionName: 'batchIds', args: [BigInt(start + i)] }),
      ),
    )
    found.push(...next.filter((address) => address !== null))
  }
  const batches = await Promise.all(
    found.map((batch) => read({ ...manager, functionName: 'getLatestBatchData', args: [batch] })),
  )
  return Object.fromEntries(
    batches.map((batch, i) => [
      getAddress(found[i] ?? zeroAddress),
      {
        recordedDebt: batch.recordedDebt,
        interestRate: batch.annualInterestRate,
        managementFee: batch.annualManagementFee,
        updatedAt: batch.lastDebtUpdateTime,
        totalShares: batch.totalDebtShares,
      },
    ]),
  )
}

const readSymbol = async ({ tryRead }: Chain, token: Address): Promise<string> =>
  (await tryRead({ address: token, abi: troveTokenAbi, functionName: 'symbol' })) ?? `${token.slice(0, 8)}…`
