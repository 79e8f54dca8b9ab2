import type { Address } from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import type { RangeEntry } from '../../src/core/ranges.ts'
import type { Side } from '../../src/core/report.ts'
import { WAD } from '../../src/core/units.ts'
import type { PositionRow } from '../../src/store/rows.ts'
import type { Populated } from '../adapters/conformance.ts'
import { startAnvil } from '../chain/anvil.ts'
import {
  askLiquidate,
  type CurveChain,
  type CurveFeed,
  type CurvePlan,
  type CurveSpec,
  curveActions,
  deployCurve,
  openLoans,
  setCurveFeed,
  userOf,
} from '../chain/curve.ts'
import { createRandom } from '../chain/random.ts'

export const CURVE_SOURCE = 'curve/local/test'

/** The configuration of a local factory as a user would write it. */
export const curveConfig = (
  { anvil, factory, feeds }: CurveChain,
  {
    kind = 'mint',
    usd = {},
    assets = {},
  }: {
    readonly kind?: 'mint' | 'lend' | 'lend-v2'
    readonly usd?: Readonly<Record<Address, number | string>>
    /** By driver, tokens that follow it though no feed says so. */
    readonly assets?: Readonly<Record<string, readonly Address[]>>
  } = {},
): Config => {
  const driver = (symbol: CurveFeed) => ({
    chains: {
      local: {
        feeds: [feeds[symbol]],
        assets: Object.fromEntries((assets[symbol] ?? []).map((token) => [token, 1])),
      },
    },
  })
  return parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: [anvil.url], block: 'latest', usd: { prices: usd } } },
      sources: [{ key: CURVE_SOURCE, deployment: { factory, kind } }],
      drivers: { ETH: driver('ETH'), BTC: driver('BTC') },
    },
    {},
    '/',
  )
}

/** A row's range as histograms take it. */
export const rangeEntryOf = (
  { low, high, collateralUsd }: PositionRow,
  side: Side = 'below',
): RangeEntry => ({ source: CURVE_SOURCE, side, low: low ?? 0, high: high ?? 0, collateralUsd })

/** The key of a loan. */
export const curveKey = (controller: Address, user: Address): string => `${controller}:${user}`

/** What collateral in bands is worth when it is sold evenly over them, for one token: what a loan is opened against. */
const yieldOfOne = (base: number, n1: number, bands: number): number => {
  const band = Array.from({ length: bands }, (_, i) => base * 0.99 ** (n1 + i) * Math.sqrt(0.99))
  return band.reduce((sum, price) => sum + price, 0) / bands
}

/** Seeded loans: 4 to 50 bands, half of them close under the top, 40 % to 99.5 % of the most that 6 % of discount allow. */
export const planLoans = (
  { base, decimals }: CurveSpec,
  { count, seed, first, worth }: { count: number; seed: number; first: number; worth: number },
): readonly CurvePlan[] => {
  const random = createRandom(seed)
  const raw = (amount: number, places: number): bigint =>
    (BigInt(Math.round(amount * 1e9)) * 10n ** BigInt(places)) / 10n ** 9n
  return Array.from({ length: count }, (_, i) => {
    const bands = 4 + Math.floor(random() * (random() < 0.7 ? 8 : 47))
    const n1 = 1 + Math.floor(random() * (i % 2 === 0 ? 14 : 90))
    const collateral = (worth / base) * 10 ** (random() * 3 - 1)
    const use = i % 2 === 0 ? 0.68 + 0.28 * random() : 0.4 + 0.595 * random()
    const debt = collateral * yieldOfOne(base, n1, bands) * 0.94 * use
    return {
      user: userOf(first + i),
      collateral: raw(collateral, decimals?.collateral ?? 18),
      debt: raw(debt, decimals?.borrowed ?? 18),
      n1,
      bands,
    }
  })
}

/** The controllers' own word on a chain of stand-ins, and its feeds by transaction. */
export const askedOf = (
  chain: CurveChain,
): Pick<Populated, 'liquidatable' | 'liquidatableAt' | 'health' | 'setPrice' | 'stop'> => ({
  liquidatable: async (keys) => {
    const verdicts = await askLiquidate(
      chain,
      keys.map((key) => ({ key, answers: {} })),
    )
    return verdicts.map((verdict) => verdict === true)
  },
  liquidatableAt: (driver, questions) =>
    askLiquidate(
      chain,
      questions.map(({ key, answer }) => ({
        key,
        answers: { [chain.feeds[driver as CurveFeed]]: answer },
      })),
    ),
  health: async (keys) => {
    const own = async (key: string): Promise<bigint> => {
      const [controller, user = '0x'] = key.split(':')
      const market = chain.markets.find((one) => one.controller === controller)
      if (!market) throw new Error(`no market ${controller}`)
      const health = WAD + (await curveActions(chain, market).health(user as Address))
      return health < 0n ? 0n : health
    }
    return Promise.all(keys.map(own))
  },
  setPrice: async (driver, answer) => {
    await chain.anvil.rpc('anvil_setBlockTimestampInterval', [0])
    await setCurveFeed(chain, driver as CurveFeed, answer)
  },
  stop: chain.anvil.stop,
})

const populate = async (
  specs: readonly (CurveSpec & { readonly count: number })[],
): Promise<{ readonly chain: CurveChain; readonly debtors: readonly string[] }> => {
  const chain = await deployCurve(await startAnvil(), specs)
  const debtors: string[] = []
  for (const [i, market] of chain.markets.entries()) {
    const { count = 0 } = specs[i] ?? {}
    const worth = market.spec.borrowed === 'WETH' ? 10 : 30_000
    const plans = planLoans(market.spec, { count, seed: 20261130 + i, first: i * 10_000, worth })
    await openLoans(chain, market, plans)
    debtors.push(...plans.map(({ user }) => curveKey(market.controller, user)))
    const act = curveActions(chain, market)
    await act.setRate(3_000_000_000n)
    await act.mine(30 * 86_400)
  }
  return { chain, debtors }
}

const SOLD: readonly (readonly [band: number, share: number])[] = [
  [3, 0.4],
  [2, 0.75],
]

/** 630 loans in two mint markets: a fall, trades down to band 3, then a gap in which nobody traded. */
export const populateMint = async (): Promise<Populated> => {
  const { chain, debtors } = await populate([
    { collateral: 'WETH', borrowed: 'crvUSD', oracle: { feed: 'ETH' }, base: 3000, count: 330 },
    {
      collateral: 'tBTC',
      borrowed: 'crvUSD',
      oracle: { feed: 'BTC', ratio: 0.9987 },
      base: 60_000,
      count: 300,
    },
  ])
  await setCurveFeed(chain, 'ETH', 2_850_12345678n)
  await setCurveFeed(chain, 'BTC', 57_800_87654321n)
  for (const [i, market] of chain.markets.entries())
    await curveActions(chain, market).sellTo(...(SOLD[i] ?? [0, 0]))
  await setCurveFeed(chain, 'ETH', 2_490_12345678n)
  await setCurveFeed(chain, 'BTC', 49_300_87654321n)
  return {
    config: curveConfig(chain),
    debtors,
    outcomes: ['range', 'already', 'never', 'insolvent'],
    drivers: ['ETH', 'BTC'],
    ...askedOf(chain),
  }
}

/** 500 loans in three LlamaLend markets, one of which lends WETH against crvUSD: it is ETH that rises which harms it. */
export const populateLend = async (): Promise<Populated> => {
  const { chain, debtors } = await populate([
    { collateral: 'WETH', borrowed: 'crvUSD', oracle: { feed: 'ETH' }, base: 3000, count: 100 },
    { collateral: 'tBTC', borrowed: 'crvUSD', oracle: { feed: 'BTC' }, base: 60_000, count: 60 },
    {
      collateral: 'crvUSD',
      borrowed: 'WETH',
      oracle: { feed: 'ETH', inverse: true },
      base: 1 / 3000,
      count: 340,
    },
  ])
  const { crvUSD = '0x', WETH = '0x' } = chain.tokens
  await setCurveFeed(chain, 'ETH', 3_120_12345678n)
  const inverse = chain.markets[2]
  if (inverse) await curveActions(chain, inverse).sellTo(3, 0.5)
  await setCurveFeed(chain, 'ETH', 3_560_12345678n)
  return {
    config: curveConfig(chain, { kind: 'lend-v2', usd: { [crvUSD]: 1, [WETH]: 'ETH' } }),
    debtors,
    outcomes: ['range', 'already', 'never', 'insolvent'],
    drivers: ['ETH'],
    ...askedOf(chain),
  }
}
