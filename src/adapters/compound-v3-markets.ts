import { type Address, getAddress, type Hex, hexToString } from 'viem'
import { bytes32SymbolAbi } from '../../abis/aave-v3.ts'
import { cometAbi, cometFeedAbi, cometTokenAbi } from '../../abis/compound-v3.ts'
import type { Reader } from '../sources/batch.ts'
import type { Context, UsdPrice } from './adapter.ts'
import { accruedIndex } from './compound-v3-rules.ts'

/** A Comet and how to read it. */
export type CompoundV3Deployment = {
  readonly comet: Address
  /** The token in which its feeds state prices; null for USD, or for the base token where that feed is a constant. */
  readonly quote: Address | null
  readonly fromBlock: bigint
}

/** A token of a Comet at the pinned block. */
type Token = {
  readonly asset: Address
  readonly symbol: string
  readonly decimals: number
  readonly feed: Address
  /** The feed, and the one below it whose answer is the token's own in USD, where the feed is an adapter. */
  readonly feeds: readonly Address[]
  /** As the feed states it, 8 decimals; null where Comet refuses it (BadPrice, a feed that reverts). */
  readonly price: bigint | null
}

/** A collateral; factors in WAD. */
export type CometAsset = Token & {
  readonly liquidateCollateralFactor: bigint
  readonly liquidationFactor: bigint
}

export type CompoundV3Markets = {
  readonly comet: Address
  readonly base: Token
  /** By their offset in Comet, which is the bit in an account's flags. */
  readonly assets: Readonly<Record<string, CometAsset>>
  /** Accrued to the pinned block, 1e15. */
  readonly borrowIndex: bigint
  /** Sum of the debt principals. */
  readonly totalBorrowBase: bigint
  /** The same accrued, as Comet says itself, raw base tokens. */
  readonly totalBorrow: bigint
  /** Raw base tokens. */
  readonly borrowMin: bigint
  /** WAD. */
  readonly storeFrontPriceFactor: bigint
  readonly absorbPaused: boolean
  /** What the feeds state prices in; null for USD. */
  readonly quote: (UsdPrice & { readonly token: Address; readonly symbol: string }) | null
}

/** What ConstantPriceFeed calls itself: the base token of a market whose feeds are in that token. */
const CONSTANT_FEED = 'Constant price feed'

type Chain = Pick<Context<CompoundV3Deployment>, 'read' | 'tryRead' | 'usdPrices' | 'deployment' | 'block'>

/** Everything of a Comet that its accounts share, in four rounds of reads. */
export const readMarkets = async (chain: Chain): Promise<CompoundV3Markets> => {
  const { read, tryRead, deployment, block } = chain
  const comet = { address: deployment.comet, abi: cometAbi } as const
  const [
    baseToken,
    baseFeed,
    baseScale,
    borrowMin,
    storeFrontPriceFactor,
    count,
    totals,
    totalBorrow,
    utilization,
    absorbPaused,
  ] = await Promise.all([
    read({ ...comet, functionName: 'baseToken' }),
    read({ ...comet, functionName: 'baseTokenPriceFeed' }),
    read({ ...comet, functionName: 'baseScale' }),
    read({ ...comet, functionName: 'baseBorrowMin' }),
    read({ ...comet, functionName: 'storeFrontPriceFactor' }),
    read({ ...comet, functionName: 'numAssets' }),
    read({ ...comet, functionName: 'totalsBasic' }),
    read({ ...comet, functionName: 'totalBorrow' }),
    read({ ...comet, functionName: 'getUtilization' }),
    read({ ...comet, functionName: 'isAbsorbPaused' }),
  ])
  const offsets = Array.from({ length: count }, (_, offset) => offset)
  const [infos, rate, baseDescription, base] = await Promise.all([
    Promise.all(offsets.map((offset) => read({ ...comet, functionName: 'getAssetInfo', args: [offset] }))),
    read({ ...comet, functionName: 'getBorrowRate', args: [utilization] }),
    tryRead({ address: baseFeed, abi: cometFeedAbi, functionName: 'description' }),
    readToken(chain, { asset: baseToken, scale: baseScale, feed: baseFeed }),
  ])
  const assets = await Promise.all(
    infos.map(async ({ asset, scale, priceFeed, liquidateCollateralFactor, liquidationFactor }) => ({
      ...(await readToken(chain, { asset, scale, feed: priceFeed })),
      liquidateCollateralFactor,
      liquidationFactor,
    })),
  )
  const elapsed = block.timestamp - BigInt(totals.lastAccrualTime)
  const quoteToken = deployment.quote ?? (baseDescription === CONSTANT_FEED ? base.asset : null)
  return {
    comet: deployment.comet,
    base,
    assets: Object.fromEntries(assets.map((asset, offset) => [offset, asset])),
    borrowIndex: accruedIndex(totals.baseBorrowIndex, rate, elapsed),
    totalBorrowBase: totals.totalBorrowBase,
    totalBorrow,
    borrowMin,
    storeFrontPriceFactor,
    absorbPaused,
    quote: quoteToken && (await readQuote(chain, quoteToken)),
  }
}

const readQuote = async (chain: Chain, token: Address): Promise<CompoundV3Markets['quote']> => {
  const [[price], symbol] = await Promise.all([chain.usdPrices([token]), readSymbol(chain, token)])
  return { ...(price ?? { price: null, decimals: 8, ask: null, feeds: [] }), token, symbol }
}

const readToken = async (
  chain: Chain,
  { asset, scale, feed }: { readonly asset: Address; readonly scale: bigint; readonly feed: Address },
): Promise<Token> => {
  const comet = { address: chain.deployment.comet, abi: cometAbi } as const
  const [symbol, price, feeds] = await Promise.all([
    readSymbol(chain, asset),
    chain.tryRead({ ...comet, functionName: 'getPrice', args: [feed] }),
    readFeeds(chain, feed),
  ])
  const decimals = scale.toString().length - 1
  return { asset: getAddress(asset), symbol, decimals, feed: getAddress(feed), feeds, price }
}

const readSymbol = async ({ tryRead }: Pick<Reader, 'tryRead'>, token: Address): Promise<string> => {
  const [long, short]: readonly [string | null, Hex | null] = await Promise.all([
    tryRead({ address: token, abi: cometTokenAbi, functionName: 'symbol' }),
    tryRead({ address: token, abi: bytes32SymbolAbi, functionName: 'symbol' }),
  ])
  return long ?? (short === null ? `${token.slice(0, 8)}…` : hexToString(short, { size: 32 }))
}

/**
 * The feed, and the feed below that states the same token in USD. Adapters also name feeds that are ratios, or another
 * token's price by which they divide (ReverseMultiplicativePriceFeed): none of the token's own.
 */
const readFeeds = async (
  { tryRead }: Pick<Reader, 'tryRead'>,
  feed: Address,
): Promise<readonly Address[]> => {
  const adapter = { address: feed, abi: cometFeedAbi } as const
  const [underlying, first, second, divides, btc, base] = await Promise.all([
    tryRead({ ...adapter, functionName: 'underlyingPriceFeed' }),
    tryRead({ ...adapter, functionName: 'priceFeedA' }),
    tryRead({ ...adapter, functionName: 'priceFeedB' }),
    tryRead({ ...adapter, functionName: 'priceFeedAScale' }),
    tryRead({ ...adapter, functionName: 'BTCToUSDPriceFeed' }),
    tryRead({ ...adapter, functionName: 'assetToBaseAggregator' }),
  ])
  const below = [underlying, first, divides === null ? second : null, btc, base].filter(
    (found) => found !== null,
  )
  const descriptions = await Promise.all(
    below.map((address) => tryRead({ address, abi: cometFeedAbi, functionName: 'description' })),
  )
  const inUsd = below.filter((_, i) => /\/ ?USD$/.test(descriptions[i] ?? ''))
  return [...new Set([feed, ...inUsd].map((address) => getAddress(address)))]
}
