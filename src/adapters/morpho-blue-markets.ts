import { type Address, getAddress, type Hex, toEventSelector, zeroAddress } from 'viem'
import {
  feedDescriptionAbi,
  morphoBlueAbi,
  morphoBlueEventsAbi,
  morphoBlueIrmAbi,
  morphoBlueOracleAbi,
} from '../../abis/morpho-blue.ts'
import type { Context, UsdPrice } from './adapter.ts'
import { type BorrowTotals, interestOf } from './morpho-blue-rules.ts'
import { borrowTotalsSlot, readHalves } from './morpho-blue-storage.ts'
import { readTokens, type Token } from './morpho-blue-tokens.ts'

export type MorphoBlueDeployment = {
  readonly morpho: Address
  /** Its contracts liquidate earlier, in part, whoever authorised them; null where there is none. */
  readonly preLiquidationFactory: Address | null
  readonly fromBlock: bigint
  /** Ids of the markets to read, whatever else anyone has created; missing for all. */
  readonly only?: readonly Hex[]
}

/** What defines a market: its id is their hash. */
export type MarketParams = {
  readonly loanToken: Address
  readonly collateralToken: Address
  readonly oracle: Address
  readonly irm: Address
  /** Liquidation loan-to-value, WAD. */
  readonly lltv: bigint
}

/** A market with debt at the pinned block. */
export type MorphoBlueMarket = {
  readonly params: MarketParams
  /** Interest included up to the pinned block; as last booked where the interest model refuses. */
  readonly borrowed: BorrowTotals
  /** The interest model refuses: nothing in the market can be liquidated. */
  readonly stuck: boolean
  /** Raw loan tokens for one raw unit of collateral, times 1e36; null where the oracle refuses or there is none. */
  readonly price: bigint | null
  readonly feeds: {
    /** Of its oracle: the feeds that price the collateral, and those that price the loan token, in dollars. */
    readonly base: readonly Address[]
    readonly quote: readonly Address[]
    /** It prices no loan token and no cross: what it gives is the rate of a share, a staked token, the same token. */
    readonly rate: boolean
  }
}

export type MorphoBlueMarkets = {
  readonly morpho: Address
  readonly preLiquidationFactory: Address | null
  /** Markets with debt, by id. */
  readonly markets: Readonly<Record<Hex, MorphoBlueMarket>>
  /** Ids of all others: nothing can be liquidated there, so they are neither priced nor read. */
  readonly idle: readonly Hex[]
  /** As the deployment names them; missing where all markets are read. */
  readonly only?: readonly Hex[]
  /** Of those, the ones that nobody has created. */
  readonly unknown?: readonly Hex[]
  readonly tokens: Readonly<Record<Address, Token>>
  /** USD prices of the loan tokens. */
  readonly usd: Readonly<Record<Address, UsdPrice>>
}

type Chain = Context<MorphoBlueDeployment>

const CREATE_MARKET = toEventSelector(
  morphoBlueEventsAbi.find(({ name }) => name === 'CreateMarket') ?? 'CreateMarket()',
)

/**
 * Every market with debt at the pinned block. Anyone can create a market, and thousands lie empty: of those, no more
 * is read than one storage slot each, through Morpho's own bulk reader.
 */
export const readMarkets = async (chain: Chain): Promise<MorphoBlueMarkets> => {
  const { morpho, preLiquidationFactory, only } = chain.deployment
  const ids = only ?? (await createdMarkets(chain))
  const totals = await readHalves(chain, morpho, ids.map(borrowTotalsSlot))
  const owing = ids.filter((_, i) => (totals[i]?.high ?? 0n) > 0n)
  const found = await Promise.all(owing.map((id) => readMarket(chain, id)))
  const params = found.map((market) => market.params)
  const loanTokens = [...new Set(params.map(({ loanToken }) => loanToken))]
  const [feeds, tokens, usd] = await Promise.all([
    Promise.all(found.map(({ params: { oracle } }) => readFeeds(chain, oracle))),
    readTokens(
      chain,
      params.flatMap(({ loanToken, collateralToken }) => [loanToken, collateralToken]),
    ),
    chain.usdPrices(loanTokens),
  ])
  const none = { base: [], quote: [], rate: false }
  return {
    morpho,
    preLiquidationFactory,
    markets: Object.fromEntries(
      found.map((market, i) => [owing[i], { ...market, feeds: feeds[i] ?? none }] as const),
    ),
    idle: ids.filter((_, i) => totals[i]?.high === 0n).toSorted(),
    ...(only && { only, unknown: await neverCreated(chain, only) }),
    tokens,
    usd: Object.fromEntries(loanTokens.flatMap((token, i) => (usd[i] ? [[token, usd[i]] as const] : []))),
  }
}

/** A created market has the time of its last change. */
const neverCreated = async ({ read, deployment }: Chain, ids: readonly Hex[]): Promise<readonly Hex[]> => {
  const contract = { address: deployment.morpho, abi: morphoBlueAbi, functionName: 'market' } as const
  const markets = await Promise.all(ids.map((id) => read({ ...contract, args: [id] })))
  return ids.filter((_, i) => markets[i]?.lastUpdate === 0n)
}

/** Ids of all markets ever created: those that the last scan knew, and what the logs since then name. */
const createdMarkets = async ({ deployment, block, logs, earlier }: Chain): Promise<readonly Hex[]> => {
  const before = earlier?.markets as Partial<MorphoBlueMarkets> | undefined
  // a scan of named markets knows no others
  const last = before?.only ? undefined : before
  const ids = new Set<Hex>([...(Object.keys(last?.markets ?? {}) as Hex[]), ...(last?.idle ?? [])])
  const from = earlier && last ? earlier.block + 1n : deployment.fromBlock
  const filter = { address: [deployment.morpho], topics: [[CREATE_MARKET]] }
  if (from <= block.number)
    for await (const { topics } of logs(filter, from, block.number)) if (topics[1]) ids.add(topics[1])
  return [...ids]
}

const readMarket = async (
  { read, tryRead, deployment, block }: Chain,
  id: Hex,
): Promise<Omit<MorphoBlueMarket, 'feeds'>> => {
  const contract = { address: deployment.morpho, abi: morphoBlueAbi, args: [id] } as const
  const [given, market] = await Promise.all([
    read({ ...contract, functionName: 'idToMarketParams' }),
    read({ ...contract, functionName: 'market' }),
  ])
  const params = {
    ...given,
    loanToken: getAddress(given.loanToken),
    collateralToken: getAddress(given.collateralToken),
  }
  const { oracle, irm } = params
  const [price, rate] = await Promise.all([
    oracle === zeroAddress
      ? null
      : tryRead({ address: oracle, abi: morphoBlueOracleAbi, functionName: 'price' }),
    irm === zeroAddress
      ? 0n
      : tryRead({
          address: irm,
          abi: morphoBlueIrmAbi,
          functionName: 'borrowRateView',
          args: [params, market],
        }),
  ])
  const interest = interestOf(market.totalBorrowAssets, rate ?? 0n, block.timestamp - market.lastUpdate)
  return {
    params,
    borrowed: { assets: market.totalBorrowAssets + interest, shares: market.totalBorrowShares },
    stuck: rate === null,
    price,
  }
}

/** How Chainlink names a feed in dollars; one of `wstETH / stETH` is no price that a driver could be put on. */
const IN_DOLLARS = / \/ USD$/

/** And one that states something in a driver. */
const IN_DRIVER = /^(.+) \/ (ETH|BTC)$/

/** It states one thing in another, like `USDC / ETH`; `weETH / ETH` is a rate of the same. */
const isCross = (description: string): boolean => {
  const [, of = '', driver = ''] = IN_DRIVER.exec(description) ?? []
  return !of.toUpperCase().endsWith(driver)
}

type FeedGetter = 'BASE_FEED_1' | 'BASE_FEED_2' | 'QUOTE_FEED_1' | 'QUOTE_FEED_2'

/** The feeds of a MorphoChainlinkOracle and what they say they are; none of any other oracle. */
const readFeeds = async ({ tryRead }: Chain, oracle: Address): Promise<MorphoBlueMarket['feeds']> => {
  const described = async (getters: readonly FeedGetter[]) => {
    const feeds = await Promise.all(
      getters.map(async (functionName) => {
        const feed = await tryRead({ address: oracle, abi: morphoBlueOracleAbi, functionName })
        if (feed === null || feed === zeroAddress) return []
        const text = await tryRead({ address: feed, abi: feedDescriptionAbi, functionName: 'description' })
        return [{ feed: getAddress(feed), text: text ?? '' }]
      }),
    )
    return feeds.flat()
  }
  const [base, quote] = await Promise.all([
    described(['BASE_FEED_1', 'BASE_FEED_2']),
    described(['QUOTE_FEED_1', 'QUOTE_FEED_2']),
  ])
  const inDollars = (feeds: typeof base) =>
    feeds.filter(({ text }) => IN_DOLLARS.test(text)).map(({ feed }) => feed)
  return {
    base: inDollars(base),
    quote: inDollars(quote),
    rate: quote.length === 0 && !base.some(({ text }) => isCross(text)),
  }
}
