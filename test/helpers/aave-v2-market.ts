import { type Address, encodeFunctionData, parseAbi } from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import type { AaveV2Market, V2Plan } from '../chain/aave-v2.ts'
import type { Anvil } from '../chain/anvil.ts'
import { RESERVE_SYMBOLS, type ReserveSymbol } from '../chain/market.ts'
import { POSITION_KINDS, type Prices, planPositions } from '../chain/plan-positions.ts'
import { createRandom } from '../chain/random.ts'
import { sendTransaction } from '../chain/transaction.ts'

const feedAbi = parseAbi(['function latestAnswer() view returns (int256)', 'function set(int256 value)'])

/** The configuration of a local market, as a user would write it. */
export const v2Config = (
  { reserves, addressesProvider, fromBlock, base, ethUsd, btcUsd }: AaveV2Market,
  { urls, usd = true }: { readonly urls: readonly string[]; readonly usd?: boolean },
): Config => {
  const { WETH, wstETH, WBTC } = reserves
  const driver = (feed: Address, assets: Readonly<Record<string, number>>) => ({
    chains: { local: { feeds: [feed], assets } },
  })
  return parseConfig(
    {
      chains: {
        local: {
          chainId: 31337,
          rpc: urls,
          block: 'latest',
          ...(base === 'ETH' && usd ? { usd: { prices: { [WETH.asset]: 'ETH' } } } : {}),
        },
      },
      sources: [
        {
          key: 'aave-v2/local/test',
          deployment: { poolAddressesProvider: addressesProvider, fromBlock: Number(fromBlock) },
        },
      ],
      drivers:
        base === 'ETH'
          ? {
              ETH: driver(ethUsd, { [wstETH.asset]: 1 }),
              BTC: driver(btcUsd, { [WBTC.asset]: 1 }),
            }
          : { ETH: driver(WETH.feed, { [wstETH.asset]: 1 }), BTC: driver(WBTC.feed, {}) },
    },
    {},
    '/',
  )
}

export const setFeed = (anvil: Anvil, { admin }: AaveV2Market, feed: Address, answer: bigint) =>
  sendTransaction(anvil, {
    from: admin,
    to: feed,
    data: encodeFunctionData({ abi: feedAbi, functionName: 'set', args: [answer] }),
  })

const readFeed = async (anvil: Anvil, feed: Address): Promise<bigint> =>
  BigInt(
    await anvil.rpc<string>('eth_call', [
      { to: feed, data: encodeFunctionData({ abi: feedAbi, functionName: 'latestAnswer' }) },
      'latest',
    ]),
  )

/** Every feed that a driver moves, with its answer when the driver is at another one: dollars keep their worth in USD. */
export type Moves = (driver: string, answer: bigint) => Readonly<Record<Address, bigint>>

/** How the feeds follow the drivers from where they stand now. */
export const movesOf = async (anvil: Anvil, market: AaveV2Market): Promise<Moves> => {
  const { reserves, base, ethUsd, btcUsd } = market
  const feeds = [...RESERVE_SYMBOLS.map((symbol) => reserves[symbol].feed), ethUsd, btcUsd]
  const now = new Map(
    await Promise.all(feeds.map(async (feed) => [feed, await readFeed(anvil, feed)] as const)),
  )
  const at = (feed: Address): bigint => now.get(feed) ?? 0n
  const follow = (symbols: readonly ReserveSymbol[], of: (answer: bigint) => bigint) =>
    Object.fromEntries(symbols.map((symbol) => [reserves[symbol].feed, of(at(reserves[symbol].feed))]))
  if (base === 'USD')
    return (driver, answer) => {
      const [own, others] = driver === 'ETH' ? (['WETH', ['wstETH']] as const) : (['WBTC', []] as const)
      const { feed } = reserves[own]
      return { [feed]: answer, ...follow(others, (price) => (price * answer) / at(feed)) }
    }
  return (driver, answer) =>
    driver === 'ETH'
      ? {
          [ethUsd]: answer,
          ...follow(['WBTC', 'USDC', 'DAI'], (price) => (price * at(ethUsd)) / answer),
        }
      : { [btcUsd]: answer, ...follow(['WBTC'], (price) => (price * answer) / at(btcUsd)) }
}

/** Puts a driver at an answer by real transactions. */
export const moveTo = async (
  anvil: Anvil,
  market: AaveV2Market,
  feeds: Readonly<Record<Address, bigint>>,
): Promise<void> => {
  for (const [feed, answer] of Object.entries(feeds)) await setFeed(anvil, market, feed as Address, answer)
}

/** Seeded plans of every kind that V2 has; one in four debts at the stable rate, where the protocol lets it. */
export const planV2 = (
  { count, seed }: { readonly count: number; readonly seed: number },
  prices: Prices,
): readonly V2Plan[] => {
  const random = createRandom(seed + 1)
  const kinds = POSITION_KINDS.filter((kind) => kind !== 'e-mode-loop')
  return planPositions({ count, seed, kinds }, prices).map(({ collateral, debt, switchedOff }) => ({
    collateral,
    debt,
    switchedOff,
    stable: debt.map(([symbol]) => random() < 0.25 && collateral.every(([held]) => held !== symbol)),
  }))
}

/** What the admin lets the market do between two openings: another stable rate, so that averages and users part. */
export const setStableRate = (
  { deployer, rateOracle }: AaveV2Market,
  asset: Address,
  basisPoints: bigint,
): Promise<void> =>
  deployer.send('LendingRateOracle', rateOracle, 'setMarketBorrowRate', [asset, basisPoints * 10n ** 23n])
