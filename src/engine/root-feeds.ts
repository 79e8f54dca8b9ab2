import { type Address, decodeAbiParameters, encodeFunctionData } from 'viem'
import { chainlinkFeedAbi } from '../../abis/chainlink-feed.ts'
import type { PricedAsset } from '../adapters/adapter.ts'
import { knownAssets } from '../known.ts'
import { runTogether } from '../sources/batch.ts'
import type { Meter } from '../sources/endpoint.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import type { DriverConfig } from './driver-config.ts'
import { type RootFeed, readFeeds } from './driver-setting.ts'

/** Configured feeds, and the feeds below the assets that are known to follow the driver. */
export const rootFeeds = (driver: DriverConfig, assets: readonly PricedAsset[]): readonly Address[] => {
  if (driver.feeds.length === 0) return []
  const below = assets
    .filter(
      ({ asset, token = asset, quote }) =>
        quote === undefined && (driver.known[token] ?? 0) > 0 && driver.byHand[token] === undefined,
    )
    .flatMap(({ feeds }) => feeds.slice(1))
  return [...new Set([...driver.feeds, ...below])]
}

/** The feeds that move with the driver, and what is taken for granted in saying so. */
export type Roots = { readonly roots: readonly RootFeed[]; readonly notes: readonly string[] }

/**
 * The root feeds, and beside them the feeds of pairs (`pairFeeds`) that have the driver on one side: they move with it,
 * or against it, while the other side keeps its USD value. A pair of two assets that follow the driver stands still.
 */
export const readRoots = async (
  rpc: PinnedRpc,
  { driver, assets }: { readonly driver: DriverConfig; readonly assets: readonly PricedAsset[] },
  meter: Meter,
): Promise<Roots> => {
  const plain = rootFeeds(driver, assets)
  const pairs = [...new Set(assets.flatMap(({ pairFeeds = [] }) => pairFeeds))].filter(
    (feed) => plain.length > 0 && !plain.includes(feed),
  )
  const [roots, named, answering] = await Promise.all([
    readFeeds(rpc, plain, meter),
    describe(rpc, pairs, meter),
    readFeeds(rpc, pairs, meter),
  ])
  const found = answering.flatMap((root): readonly (RootFeed & { readonly name: string })[] => {
    const name = named.get(root.feed) ?? ''
    const [base = '', quote = ''] = name.split('/').map((side) => side.trim())
    if (base === '' || quote === '') return []
    const [up, down] = [base, quote].map((symbol) => isDriver(driver, rpc.chain, symbol))
    if (up === down) return []
    return [down ? { ...root, inverse: true, name } : { ...root, name }]
  })
  const notes =
    found.length === 0
      ? []
      : [
          `${driver.symbol}: ${found.map(({ feed, name }) => `the feed of ${name} (${feed})`).join(', ')} moves with it, while the other side of the pair keeps its USD value`,
        ]
  return { roots: [...roots, ...found.map(({ name: _, ...root }) => root)], notes }
}

/** The driver by its symbol, or a token that follows it one for one. */
const isDriver = ({ symbol, known }: DriverConfig, chain: string, side: string): boolean =>
  side === symbol ||
  Object.entries(knownAssets().chains[chain] ?? {}).some(
    ([asset, { symbol: name }]) => name === side && (known[asset] ?? 0) === 1,
  )

/** What feeds call themselves: `USDC / ETH`; those that say nothing are left out. */
const describe = async (
  rpc: PinnedRpc,
  feeds: readonly Address[],
  meter: Meter,
): Promise<ReadonlyMap<Address, string>> => {
  if (feeds.length === 0) return new Map()
  const data = encodeFunctionData({ abi: chainlinkFeedAbi, functionName: 'description' })
  const answers = await runTogether(
    rpc,
    feeds.map((to) => ({ to, data })),
    meter,
  )
  return new Map(
    feeds.flatMap((feed, i) => {
      const answer = answers[i]
      if (!answer?.success) return []
      try {
        return [[feed, decodeAbiParameters([{ type: 'string' }], answer.data)[0]] as const]
      } catch {
        // no text: a feed of another kind
        return []
      }
    }),
  )
}
