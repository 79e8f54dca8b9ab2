import type { Address } from 'viem'
import { aaveV3 } from '../../src/adapters/aave-v3.ts'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { WAD } from '../../src/core/units.ts'
import { deployAaveV302 } from '../chain/aave-v3-0-2.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { askPool } from '../helpers/contract.ts'
import { localConfig } from '../helpers/scanning.ts'
import { conformance, type Populated } from './conformance.ts'

/** 2,000 positions of every kind, then one reserve frozen, one paused, and a month of interest. */
const populate = (deploy: (anvil: Anvil) => Promise<AaveMarket>) => async (): Promise<Populated> => {
  const anvil = await startAnvil()
  try {
    const market = await deploy(anvil)
    const { borrowers } = await openPositions(anvil, market, { count: 2000, seed: 20261125 })
    await act.mine(anvil, 1, 30 * 86_400)
    await act.freezeReserve(anvil, market, 'DAI')
    await act.pauseReserve(anvil, market, 'WBTC')
    // a fall of ETH and of the staking ratio has made some of them liquidatable, and a few insolvent
    await act.setRatio(anvil, market, 105n * 10n ** 16n)
    await act.setFeedPrice(anvil, market, 'WETH', 2650_12345678n)
    const symbols = { ETH: 'WETH', BTC: 'WBTC' } as const
    const symbolOf = (driver: string) => symbols[driver as keyof typeof symbols]
    const healthOf = async (keys: readonly string[]): Promise<readonly bigint[]> => {
      const questions = keys.map((key) => ({ account: key as Address, feeds: {} }))
      return (await askPool(anvil, market, questions)).map((health) => health ?? -1n)
    }
    return {
      config: localConfig(market, { urls: [anvil.url] }),
      debtors: borrowers,
      drivers: ['ETH', 'BTC'],
      health: (keys) => healthOf(keys),
      liquidatable: async (keys) => (await healthOf(keys)).map((health) => health < WAD),
      liquidatableAt: async (driver, questions) => {
        const answers = await askPool(
          anvil,
          market,
          questions.map(({ key, answer }) => ({
            account: key as Address,
            feeds: { [market.reserves[symbolOf(driver)].feed]: answer },
          })),
        )
        return answers.map((health) => (health === null ? null : health < WAD))
      },
      setPrice: async (driver, answer) => {
        await anvil.rpc('anvil_setBlockTimestampInterval', [0])
        await act.setFeedPrice(anvil, market, symbolOf(driver), answer)
      },
      stop: anvil.stop,
    }
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

conformance(aaveV3 as AnyAdapter, 'v3.6', populate(deployAaveV36))
conformance(aaveV3 as AnyAdapter, 'v3.0.2', populate(deployAaveV302))
