import { type Address, encodeFunctionData, getAddress } from 'viem'
import { aaveV3OracleAbi } from '../../abis/aave-v3.ts'
import { chainlinkFeedAbi } from '../../abis/chainlink-feed.ts'
import type { UsdPrice } from '../adapters/adapter.ts'
import { feedsBelow } from '../adapters/price-feeds.ts'
import type { UsdConfig } from '../config.ts'
import type { Reader } from '../sources/batch.ts'
import type { DriverConfig } from './driver-config.ts'

/** Decimals of a price that a user wrote. */
const BY_HAND = 8

const NOBODY: UsdPrice = { price: null, decimals: BY_HAND, ask: null, feeds: [] }

/**
 * The USD price of a token for protocols that know none. In this order: the user's hand; the feed of a driver whose
 * token it is; the reference oracle of the chain. A price of null means that nobody prices it, never that a read failed.
 */
export const usdPriceOf =
  ({ read, tryRead }: Reader, usd: UsdConfig, drivers: readonly DriverConfig[]) =>
  async (token: Address): Promise<UsdPrice> => {
    const hand = usd.prices[getAddress(token)]
    if (typeof hand === 'number') return { ...NOBODY, price: BigInt(Math.round(hand * 10 ** BY_HAND)) }
    const driver = drivers.find(
      ({ symbol, reference }) => symbol === hand || (usd.oracle === null && reference === getAddress(token)),
    )
    const [feed] = driver?.feeds ?? []
    if (feed !== undefined) {
      const contract = { address: feed, abi: chainlinkFeedAbi } as const
      const [answer, decimals] = await Promise.all([
        tryRead({ ...contract, functionName: 'latestAnswer' }),
        tryRead({ ...contract, functionName: 'decimals' }),
      ])
      if (answer === null || decimals === null || answer <= 0n) return NOBODY
      const ask = {
        to: feed,
        data: encodeFunctionData({ abi: chainlinkFeedAbi, functionName: 'latestAnswer' }),
      }
      return { price: answer, decimals, ask, feeds: [feed], stub: { feed, decimals } }
    }
    if (usd.oracle === null) return NOBODY
    const oracle = { address: usd.oracle, abi: aaveV3OracleAbi } as const
    const [price, source, unit] = await Promise.all([
      tryRead({ ...oracle, functionName: 'getAssetPrice', args: [token] }),
      tryRead({ ...oracle, functionName: 'getSourceOfAsset', args: [token] }),
      read({ ...oracle, functionName: 'BASE_CURRENCY_UNIT' }),
    ])
    if (price === null || price === 0n) return NOBODY
    const data = encodeFunctionData({ abi: aaveV3OracleAbi, functionName: 'getAssetPrice', args: [token] })
    return {
      price,
      decimals: unit.toString().length - 1,
      ask: { to: usd.oracle, data },
      feeds: source === null ? [] : await feedsBelow({ tryRead }, source),
    }
  }
