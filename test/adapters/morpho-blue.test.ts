import { type Address, type Hex, zeroAddress } from 'viem'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { morphoBlue } from '../../src/adapters/morpho-blue.ts'
import { mine } from '../chain/actions.ts'
import { startAnvil } from '../chain/anvil.ts'
import {
  askMorpho,
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  lltvOf,
  type MorphoChain,
  type MorphoFeed,
  type MorphoToken,
  openMorphoPositions,
} from '../chain/morpho-blue.ts'
import { createRandom } from '../chain/random.ts'
import { morphoConfig, morphoKey } from '../helpers/morpho-blue.ts'
import { conformance, type Populated } from './conformance.ts'

/** Assets for a billion shares of wstETH. */
const RATIO = 1_200_000_000n

type Kind = {
  readonly collateral: MorphoToken
  readonly loan: MorphoToken
  readonly lltv: number
  readonly base?: MorphoFeed
  readonly quote?: MorphoFeed
  readonly ratio?: bigint
  readonly free?: boolean
  readonly count: number
}

/** Every kind of market: long, by a dollar feed too, staked, looped, short, of bitcoin, of neither, without interest. */
const KINDS: readonly Kind[] = [
  { collateral: 'WETH', loan: 'USDC', lltv: 86, base: 'ETH', count: 160 },
  { collateral: 'WETH', loan: 'USDC', lltv: 77, base: 'ETH', quote: 'USDC', count: 60 },
  { collateral: 'WETH', loan: 'DAI', lltv: 91.5, base: 'ETH', quote: 'DAI', free: true, count: 40 },
  { collateral: 'wstETH', loan: 'USDC', lltv: 86, base: 'ETH', ratio: RATIO, count: 80 },
  { collateral: 'wstETH', loan: 'WETH', lltv: 94.5, ratio: RATIO, count: 60 },
  { collateral: 'USDC', loan: 'WETH', lltv: 86, base: 'USDC', quote: 'ETH', count: 100 },
  { collateral: 'WBTC', loan: 'USDC', lltv: 86, base: 'BTC', count: 100 },
  { collateral: 'WBTC', loan: 'WETH', lltv: 91.5, base: 'BTC', quote: 'ETH', count: 60 },
  { collateral: 'DAI', loan: 'USDC', lltv: 98, base: 'DAI', quote: 'USDC', count: 40 },
]

const USD: Readonly<Record<MorphoToken, number>> = { WETH: 3000, wstETH: 3600, WBTC: 60_000, USDC: 1, DAI: 1 }
const UNIT: Readonly<Record<MorphoToken, number>> = {
  WETH: 1e18,
  wstETH: 1e18,
  WBTC: 1e8,
  USDC: 1e6,
  DAI: 1e18,
}

const openKind = async (chain: MorphoChain, kind: Kind, random: () => number): Promise<readonly string[]> => {
  const { collateral, loan, lltv, base, quote, ratio } = kind
  const oracle = await deployFeedOracle(chain, collateral, loan, {
    ...(base ? { base } : {}),
    ...(quote ? { quote } : {}),
    ...(ratio ? { ratio } : {}),
  })
  const market = await createMarket(
    chain,
    {
      loanToken: chain.tokens[loan],
      collateralToken: chain.tokens[collateral],
      oracle,
      lltv: lltvOf(lltv),
      ...(kind.free ? { irm: zeroAddress } : {}),
    },
    BigInt(Math.round((1e8 / USD[loan]) * 1e6)) * (BigInt(UNIT[loan]) / 10n ** 6n),
  )
  const plans = Array.from({ length: kind.count }, () => {
    const usd = 10 ** (1 + 4.5 * random())
    // most near their limit, some far from it
    const share = (lltv / 100) * (random() < 0.7 ? 0.85 + 0.149 * random() : 0.2 + 0.6 * random())
    const raw = (worth: number, token: MorphoToken) => BigInt(Math.round((worth / USD[token]) * UNIT[token]))
    return { market, collateral: raw(usd, collateral), borrow: raw(usd * share, loan) }
  })
  const owners = await openMorphoPositions(chain, plans)
  return owners.map((owner) => morphoKey(market, owner))
}

/** 700 positions of every kind, a month of interest, and prices that have left some of them under water. */
const populate = async (): Promise<Populated> => {
  const anvil = await startAnvil()
  try {
    const chain = await deployMorphoBlue(anvil)
    const random = createRandom(20261125)
    const debtors: string[] = []
    for (const kind of KINDS) debtors.push(...(await openKind(chain, kind, random)))
    await mine(anvil, 1, 30 * 86_400)
    const setFeed = (feed: MorphoFeed, answer: bigint) =>
      chain.deployer.send('MorphoBlueNamedFeed', chain.feeds[feed], 'set', [answer])
    await setFeed('ETH', 2610_12345678n)
    await setFeed('BTC', 59_123_45678901n)
    await setFeed('USDC', 99_990_123n)
    const question = (key: string, answer = 0n) => {
      const [market = '', borrower = ''] = key.split(':')
      return { market: market as Hex, borrower: borrower as Address, answer }
    }
    return {
      config: morphoConfig(chain),
      debtors,
      drivers: ['ETH', 'BTC'],
      liquidatable: async (keys) =>
        (
          await askMorpho(
            chain,
            keys.map((key) => question(key)),
          )
        ).map((answer) => answer === true),
      liquidatableAt: (driver, questions) =>
        askMorpho(
          chain,
          questions.map(({ key, answer }) => question(key, answer)),
          driver as MorphoFeed,
        ),
      setPrice: async (driver, answer) => {
        await anvil.rpc('anvil_setBlockTimestampInterval', [0])
        await setFeed(driver as MorphoFeed, answer)
      },
      stop: anvil.stop,
    }
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

conformance(morphoBlue as AnyAdapter, 'Morpho Blue 1.0.0 and AdaptiveCurveIrm', populate)
