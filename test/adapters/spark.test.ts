import { type Address, getAddress, parseUnits } from 'viem'
import { expect, test } from 'vitest'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { spark } from '../../src/adapters/spark.ts'
import { AAVE_BEFORE_33 } from '../../src/core/cascade/rules.ts'
import { WAD } from '../../src/core/units.ts'
import { deployAaveV302 } from '../chain/aave-v3-0-2.ts'
import * as act from '../chain/actions.ts'
import { startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { askPool } from '../helpers/contract.ts'
import { createCaller } from '../helpers/pool-calls.ts'
import { pureMarket } from '../helpers/pure-market.ts'
import { sparkConfig } from '../helpers/spark-market.ts'
import { conformance, type Populated } from './conformance.ts'

const account = (n: number): Address => getAddress(`0x${(0x59a2000 + n).toString(16).padStart(40, '0')}`)

/** Loans at the user's own stable rate, each at another one, some beside a variable loan of the same asset. */
const openStableLoans = async (
  anvil: Awaited<ReturnType<typeof startAnvil>>,
  market: AaveMarket,
): Promise<readonly Address[]> => {
  const { borrowStable } = createCaller(anvil, market)
  const borrowers: Address[] = []
  for (let n = 0; n < 24; n++) {
    const borrower = account(n)
    const share = BigInt(55 + n)
    await act.supply(anvil, market, { account: borrower, symbol: 'WETH', amount: parseUnits('10', 18) })
    // as dear as 30,000 USD of collateral allows, or already dearer after the fall below
    await borrowStable(borrower, n % 2 ? 'DAI' : 'WBTC', n % 2 ? share * 3n * 10n ** 20n : share * 500_000n)
    if (n % 3 === 0)
      await act.borrow(anvil, market, { account: borrower, symbol: 'WBTC', amount: 10_000n + BigInt(n) })
    await act.mine(anvil, 1, 86_400)
    borrowers.push(borrower)
  }
  return borrowers
}

/** E-mode 2, whose members are all priced as USDC. */
const openSharedPrice = async (
  anvil: Awaited<ReturnType<typeof startAnvil>>,
  market: AaveMarket,
): Promise<readonly Address[]> => {
  await createCaller(anvil, market).setCategory(2, {
    threshold: 9700,
    priceSource: market.reserves.USDC.asset,
    members: ['USDC', 'DAI'],
  })
  const borrowers: Address[] = []
  for (let n = 100; n < 110; n++) {
    await act.openLoan(anvil, market, {
      account: account(n),
      collateral: [
        ['USDC', parseUnits('1000', 6)],
        ['WETH', parseUnits('1', 18)],
      ],
      debt: [['DAI', parseUnits(String(1500 + 20 * (n - 100)), 18)]],
      eMode: 2,
    })
    borrowers.push(account(n))
  }
  return borrowers
}

const populate = async (): Promise<Populated> => {
  const anvil = await startAnvil()
  try {
    const market = await deployAaveV302(anvil)
    const { borrowers } = await openPositions(anvil, market, { count: 800, seed: 20261126 })
    const stable = await openStableLoans(anvil, market)
    const shared = await openSharedPrice(anvil, market)
    await act.mine(anvil, 1, 60 * 86_400)
    // what the shared price hides: inside e-mode 2 the dearer DAI is priced as USDC
    await act.setFeedPrice(anvil, market, 'DAI', 1_02000000n)
    await act.setFeedPrice(anvil, market, 'USDC', 99500000n)
    await act.setRatio(anvil, market, 105n * 10n ** 16n)
    await act.setFeedPrice(anvil, market, 'WETH', 2650_12345678n)
    const feedOf = (driver: string) => market.reserves[driver === 'ETH' ? 'WETH' : 'WBTC'].feed
    const healthOf = async (keys: readonly string[]): Promise<readonly bigint[]> => {
      const questions = keys.map((key) => ({ account: key as Address, feeds: {} }))
      return (await askPool(anvil, market, questions)).map((health) => health ?? -1n)
    }
    return {
      config: sparkConfig(market, [anvil.url]),
      debtors: [...borrowers, ...stable, ...shared],
      drivers: ['ETH', 'BTC'],
      health: healthOf,
      liquidatable: async (keys) => (await healthOf(keys)).map((health) => health < WAD),
      liquidatableAt: async (driver, questions) => {
        const asked = questions.map(({ key, answer }) => ({
          account: key as Address,
          feeds: { [feedOf(driver)]: answer },
        }))
        return (await askPool(anvil, market, asked)).map((health) => (health === null ? null : health < WAD))
      },
      setPrice: async (driver, answer) => {
        await anvil.rpc('anvil_setBlockTimestampInterval', [0])
        await act.setFeedPrice(anvil, market, driver === 'ETH' ? 'WETH' : 'WBTC', answer)
      },
      stop: anvil.stop,
    }
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

conformance(spark as AnyAdapter, 'the contracts it was forked from, v3.0.2', populate)

test('half of one asset’s debt, all of it at a health factor of 0.95', () => {
  expect(spark.liquidationRule?.(pureMarket({ revision: 1, reserves: [] }))).toBe(AAVE_BEFORE_33)
})
