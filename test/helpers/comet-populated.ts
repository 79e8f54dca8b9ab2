import type { Address } from 'viem'
import type { Populated } from '../adapters/conformance.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type CometMarket, cometActions, deployComet, type PlaceComet } from '../chain/compound-v3.ts'
import { openPlans, planPositions } from '../chain/compound-v3-positions.ts'
import { ETH_SPEC, ETH_USD, USDC_SPEC, WETH_SPEC } from '../chain/compound-v3-spec.ts'
import { askAbsorb, cometConfig } from './comet.ts'

/** Comet's own word, by `absorb`, and its feeds' prices by transaction. */
const asked = (
  anvil: Anvil,
  market: CometMarket,
): Pick<Populated, 'drivers' | 'liquidatable' | 'liquidatableAt' | 'setPrice' | 'stop'> => {
  const feedOf = (driver: string) => market.feeds[driver as 'ETH' | 'BTC']
  return {
    drivers: ['ETH', 'BTC'],
    liquidatable: async (keys) => {
      const questions = keys.map((key) => ({ account: key as Address, answers: {} }))
      return (await askAbsorb(anvil, market, questions)).map((verdict) => verdict === true)
    },
    liquidatableAt: (driver, questions) =>
      askAbsorb(
        anvil,
        market,
        questions.map(({ key, answer }) => ({
          account: key as Address,
          answers: { [feedOf(driver)]: answer },
        })),
      ),
    setPrice: async (driver, answer) => {
      await anvil.rpc('anvil_setBlockTimestampInterval', [0])
      await cometActions(anvil, market).setFeed(feedOf(driver), answer)
    },
    stop: anvil.stop,
  }
}

/** 800 positions on all 24 collateral assets, a month of interest that nobody books, then a fall. */
export const populateUsdc = async (place?: PlaceComet): Promise<Populated> => {
  const anvil = await startAnvil()
  const market = await deployComet(anvil, USDC_SPEC, place)
  const plans = planPositions(market, {
    count: 800,
    seed: 20261125,
    loan: [150, 2_000_000],
    basePrice: 1,
    groups: [
      ['WETH', 'wstETH', 'weETH'],
      ['WETH', 'WBTC', 'USDe', 'T6'],
      ['WBTC', 'cbBTC', 'tBTC'],
      ['USDe', 'DAI', 'T9', 'T15'],
      ['weETH', 'tBTC', 'DAI', 'T19', 'T23'],
      ['COMP'],
      Object.keys(market.collateral),
    ],
  })
  const accounts = await openPlans(anvil, market, plans)
  const act = cometActions(anvil, market)
  await act.mine(1, 30 * 86_400)
  await act.setPrice('COMP', 31_00000000n)
  await act.setFeed(market.feeds.ETH, 2790_12345678n)
  await act.setFeed(market.feeds.BTC, 57_300_87654321n)
  return {
    config: cometConfig(market, { url: anvil.url }),
    debtors: accounts.filter((_, i) => plans[i]?.borrowed !== 0n),
    outcomes: ['below', 'already', 'never', 'insolvent'],
    ...asked(anvil, market),
  }
}

/** 600 positions in a market whose prices are in ETH: ETH that rises takes what is not ETH. */
export const populateWeth = async (place?: PlaceComet): Promise<Populated> => {
  const anvil = await startAnvil()
  const market = await deployComet(anvil, WETH_SPEC, place)
  const plans = planPositions(market, {
    count: 600,
    seed: 20261126,
    loan: [0.2, 900],
    basePrice: 1,
    groups: [['WBTC', 'USDC'], ['WBTC'], ['USDC'], ['wstETH', 'rETH'], Object.keys(market.collateral)],
  })
  const accounts = await openPlans(anvil, market, plans)
  const act = cometActions(anvil, market)
  await act.mine(1, 30 * 86_400)
  await act.setPrice('rETH', 85_000000n)
  await act.setFeed(market.feeds.ETH, 3190_12345678n)
  return {
    config: cometConfig(market, {
      url: anvil.url,
      usd: { [market.base.asset]: 'ETH' },
      ethLike: ['wstETH', 'rETH'].flatMap((symbol) => market.collateral[symbol]?.asset ?? []),
    }),
    debtors: accounts.filter((_, i) => plans[i]?.borrowed !== 0n),
    ...asked(anvil, market),
  }
}

/** 500 positions whose debt follows ETH in USD, like most of the collateral: both sides of the rule move and are cut. */
export const populateEth = async (place?: PlaceComet): Promise<Populated> => {
  const anvil = await startAnvil()
  const market = await deployComet(anvil, ETH_SPEC, place)
  const plans = planPositions(market, {
    count: 500,
    seed: 20261127,
    loan: [30, 900_000],
    basePrice: ETH_USD,
    groups: [['WBTC', 'USDC'], ['USDC', 'wstETH'], ['wstETH', 'cbETH'], Object.keys(market.collateral)],
  })
  const accounts = await openPlans(anvil, market, plans)
  const act = cometActions(anvil, market)
  await act.mine(1, 30 * 86_400)
  await act.setPrice('USDC', 79_000000n)
  await act.setFeed(market.feeds.BTC, 49_300_87654321n)
  return {
    config: cometConfig(market, { url: anvil.url }),
    debtors: accounts.filter((_, i) => plans[i]?.borrowed !== 0n),
    ...asked(anvil, market),
  }
}
