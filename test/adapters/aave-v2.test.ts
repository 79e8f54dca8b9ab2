import type { Address } from 'viem'
import { aaveV2 } from '../../src/adapters/aave-v2.ts'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { WAD } from '../../src/core/units.ts'
import { type AaveV2Market, deployAaveV2, openV2Plans, V2_PRICES } from '../chain/aave-v2.ts'
import * as act from '../chain/actions.ts'
import { startAnvil } from '../chain/anvil.ts'
import { RESERVE_SYMBOLS } from '../chain/market.ts'
import { movesOf, moveTo, planV2, setFeed, setStableRate, v2Config } from '../helpers/aave-v2-market.ts'
import { askPool } from '../helpers/contract.ts'
import { conformance, type Populated } from './conformance.ts'

const DAY = 86_400

/** A fall of ETH and of the staking ratio, which makes some liquidatable and a few insolvent. */
const fall = async (anvil: Parameters<typeof moveTo>[0], market: AaveV2Market): Promise<void> => {
  const moves = await movesOf(anvil, market)
  await moveTo(anvil, market, moves('ETH', 2650_12345678n))
  const ratio = market.base === 'ETH' ? 105n * 10n ** 16n : (105n * 2650_12345678n) / 100n
  await setFeed(anvil, market, market.reserves.wstETH.feed, ratio)
}

/** 600 positions of every kind in four batches, each at another stable rate and days apart, then a month of interest. */
const populate = (base: 'ETH' | 'USD') => async (): Promise<Populated> => {
  const anvil = await startAnvil()
  try {
    const market = await deployAaveV2(anvil, { base })
    const debtors: Address[] = []
    for (const [batch, rate] of [300n, 900n, 2500n, 500n].entries()) {
      for (const symbol of RESERVE_SYMBOLS) await setStableRate(market, market.reserves[symbol].asset, rate)
      const plans = planV2({ count: 150, seed: 20261125 + batch }, V2_PRICES)
      debtors.push(...(await openV2Plans(anvil, market, plans)))
      await act.mine(anvil, 1, 5 * DAY)
    }
    await act.mine(anvil, 1, 30 * DAY)
    const { deployer, configurator, reserves } = market
    await deployer.send('LendingPoolConfigurator', configurator, 'freezeReserve', [reserves.DAI.asset])
    await fall(anvil, market)
    const moves = await movesOf(anvil, market)
    const healthOf = async (keys: readonly string[]): Promise<readonly bigint[]> => {
      const questions = keys.map((key) => ({ account: key as Address, feeds: {} }))
      return (await askPool(anvil, market, questions)).map((health) => health ?? -1n)
    }
    return {
      config: v2Config(market, { urls: [anvil.url] }),
      debtors,
      drivers: ['ETH', 'BTC'],
      health: healthOf,
      liquidatable: async (keys) => (await healthOf(keys)).map((health) => health < WAD),
      liquidatableAt: async (driver, questions) => {
        const asked = questions.map(({ key, answer }) => ({
          account: key as Address,
          feeds: moves(driver, answer),
        }))
        return (await askPool(anvil, market, asked)).map((health) => (health === null ? null : health < WAD))
      },
      setPrice: async (driver, answer) => {
        await anvil.rpc('anvil_setBlockTimestampInterval', [0])
        await moveTo(anvil, market, moves(driver, answer))
      },
      stop: anvil.stop,
    }
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

conformance(aaveV2 as AnyAdapter, 'prices in ETH', populate('ETH'))
conformance(aaveV2 as AnyAdapter, 'prices in USD, by an oracle of ours', populate('USD'))
