import { type Address, zeroAddress } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Anvil, startAnvil } from './anvil.ts'
import { deployMorphoBlue, type MorphoChain } from './morpho-blue.ts'

/**
 * What the real MorphoChainlinkOracleV2 answered (morpho-org/morpho-blue-oracles e32d8902, compiled with solc 0.8.21 on a
 * local chain, outside of this repository): BTC / USD at 58,123.45678913, USDC / USD at 0.99987654, stETH / ETH at 0.9995,
 * and one vault share at 1.203456789012345678.
 */
const VAULT = 1_203_456_789_012_345_678n

type Feed = 'ETH' | 'BTC' | 'USDC' | 'stETH'
type Case = {
  readonly name: string
  readonly feeds: readonly [base?: Feed, base2?: Feed, quote?: Feed, quote2?: Feed]
  readonly decimals: readonly [base: bigint, quote: bigint]
  readonly vault?: readonly [assets: bigint, sample: bigint]
  /** By answer of ETH / USD. */
  readonly prices: Readonly<Record<string, bigint>>
}

const CASES: readonly Case[] = [
  {
    name: 'WETH/USDC',
    feeds: ['ETH', undefined, 'USDC'],
    decimals: [18n, 6n],
    prices: {
      271234567891: 2712680586455203759456142455n,
      100000001: 1000123485245488407998851n,
      999999999999: 10001234752432535320810707289n,
    },
  },
  {
    name: 'wstETH/USDC',
    feeds: ['ETH', 'stETH', 'USDC'],
    decimals: [18n, 6n],
    vault: [VAULT / 10n ** 6n, 10n ** 12n],
    prices: {
      271234567891: 3262961571256473291445413390n,
      100000001: 1203003595469941325130940n,
      999999999999: 12030035834387024871484458531n,
    },
  },
  {
    name: 'wstETH/WETH',
    feeds: ['stETH'],
    decimals: [18n, 18n],
    vault: [VAULT, 10n ** 18n],
    prices: { 271234567891: 1202855060617839505161000000000000000n },
  },
  {
    name: 'USDC/WETH',
    feeds: ['USDC', undefined, 'ETH'],
    decimals: [6n, 18n],
    prices: {
      271234567891: 368639052084915875019499101519852742610831038n,
      100000001: 999876530001234699987653000123469998765300012346n,
      999999999999: 99987654000099987654000099987654000099987654n,
    },
  },
  {
    name: 'WBTC/WETH',
    feeds: ['BTC', undefined, 'ETH'],
    decimals: [8n, 18n],
    prices: {
      271234567891: 214292216663503789149478590860487835768017497307n,
      100000001: 581234562078954379210456207895437921045620789543792n,
      999999999999: 58123456789188123456789188123456789188123456789n,
    },
  },
]

let anvil: Anvil
let chain: MorphoChain
let addressOf: (feed: Feed | undefined) => Address

beforeAll(async () => {
  anvil = await startAnvil()
  chain = await deployMorphoBlue(anvil)
  const stEth = await chain.deployer.deploy('MorphoBlueNamedFeed', [99_950_000n, 'stETH / ETH'])
  addressOf = (feed) => (feed === undefined ? zeroAddress : feed === 'stETH' ? stEth : chain.feeds[feed])
  const set = (feed: 'BTC' | 'USDC', answer: bigint) =>
    chain.deployer.send('MorphoBlueNamedFeed', chain.feeds[feed], 'set', [answer])
  await set('BTC', 5_812_345_678_913n)
  await set('USDC', 99_987_654n)
})
afterAll(() => anvil?.stop())

test.each(CASES)(
  'our stand-in for the oracle answers to the unit what the real one did: $name',
  async (given) => {
    const { feeds, decimals, vault = [1n, 1n], prices } = given
    const four = [0, 1, 2, 3].map((i) => addressOf(feeds[i]))
    const oracle = await chain.deployer.deploy('MorphoBlueFeedOracle', [four, ...decimals, ...vault])
    for (const [answer, price] of Object.entries(prices)) {
      await chain.deployer.send('MorphoBlueNamedFeed', chain.feeds.ETH, 'set', [BigInt(answer)])
      expect(await chain.deployer.read('MorphoBlueFeedOracle', oracle, 'price')).toBe(price)
    }
  },
)
