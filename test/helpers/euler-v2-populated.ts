import type { Address } from 'viem'
import { WAD } from '../../src/core/units.ts'
import type { Populated } from '../adapters/conformance.ts'
import { startAnvil } from '../chain/anvil.ts'
import {
  deployEuler,
  type EulerFeed,
  type EulerPlan,
  eulerKey,
  mineEuler,
  openEulerPositions,
  type PlaceEuler,
  setEulerFeed,
  vaultOf,
} from '../chain/euler-v2.ts'
import { createRandom } from '../chain/random.ts'
import { askLiquidation, askLiquidity, eulerConfig } from './euler-v2.ts'

type Kind = {
  readonly vault: string
  readonly collateral: Readonly<Record<string, number>>
  readonly count: number
}

/** Every kind of account: long, staked, looped, mixed, short, saving, in units of WETH and of WBTC. */
const KINDS: readonly Kind[] = [
  { vault: 'eUSDC', collateral: { eWETH: 0.85 }, count: 110 },
  { vault: 'eUSDC', collateral: { ewstETH: 0.825 }, count: 60 },
  { vault: 'eUSDC', collateral: { eWETH: 0.85, eWBTC: 0.82, eDAI: 0.95 }, count: 60 },
  { vault: 'eUSDC', collateral: { eSDAI: 0.92 }, count: 30 },
  { vault: 'eDAI', collateral: { eWETH: 0.83, eUSDC: 0.94 }, count: 40 },
  { vault: 'eDAI', collateral: { eWBTC: 0.8 }, count: 70 },
  { vault: 'eWETH', collateral: { eUSDC: 0.81 }, count: 70 },
  { vault: 'eWETH', collateral: { ewstETH: 0.94 }, count: 40 },
  { vault: 'eWETH', collateral: { eWBTC: 0.78, eUSDC: 0.81 }, count: 40 },
  { vault: 'ethWETH', collateral: { ewstETH: 0.95 }, count: 30 },
  { vault: 'ethWETH', collateral: { eUSDC: 0.83 }, count: 50 },
  { vault: 'ethWETH', collateral: { eWBTC: 0.8, eUSDC: 0.83 }, count: 40 },
  { vault: 'ethUSDC', collateral: { eWETH: 0.86 }, count: 50 },
  { vault: 'btcWBTC', collateral: { eWETH: 0.77 }, count: 50 },
  { vault: 'btcWBTC', collateral: { eUSDC: 0.79, eWETH: 0.77 }, count: 40 },
]

type Asset = { readonly usd: number; readonly decimals: number }
const ASSETS: Readonly<Record<string, Asset>> = {
  WETH: { usd: 3000, decimals: 18 },
  wstETH: { usd: 3562.96, decimals: 18 },
  WBTC: { usd: 60_000, decimals: 8 },
  USDC: { usd: 1, decimals: 6 },
  DAI: { usd: 1, decimals: 18 },
  SDAI: { usd: 1.137, decimals: 18 },
}

const raw = (usd: number, vault: string): bigint => {
  const { usd: price, decimals } = ASSETS[vault.replace(/^(e|eth|btc)(?=[A-Zw])/, '')] ?? {
    usd: 1,
    decimals: 18,
  }
  return (BigInt(Math.round((usd / price) * 1e6)) * 10n ** BigInt(decimals)) / 10n ** 6n
}

/** 780 accounts of every kind, eight to an owner, a month of interest, and prices that leave some of them under water. */
export const populateEuler = async (place?: PlaceEuler): Promise<Populated> => {
  const anvil = await startAnvil()
  try {
    const chain = await deployEuler(anvil, place)
    const random = createRandom(20261125)
    const plans = KINDS.flatMap(({ vault, collateral, count }) =>
      Array.from({ length: count }, (): EulerPlan => {
        const usd = 10 ** (2 + 4 * random())
        const names = Object.keys(collateral)
        const parts = names.map((name) => [name, usd * (0.2 + random())] as const)
        const power = parts.reduce((sum, [name, worth]) => sum + worth * (collateral[name] ?? 0), 0)
        // most near their limit, some far from it; new loans have a lower one
        const share = random() < 0.7 ? 0.8 + 0.145 * random() : 0.2 + 0.5 * random()
        return {
          vault,
          collateral: Object.fromEntries(parts.map(([name, worth]) => [name, raw(worth, name)])),
          borrow: raw(power * share, vault),
        }
      }),
    )
    const accounts = await openEulerPositions(chain, plans)
    await mineEuler(chain, 1, 30 * 86_400)
    await setEulerFeed(chain, 'ETH', 2710_12345678n)
    await setEulerFeed(chain, 'BTC', 57_123_45678901n)
    await setEulerFeed(chain, 'USDC', 99_990_123n)
    await setEulerFeed(chain, 'DAI', 83_612_345n)
    const keys = plans.map(({ vault }, i) => eulerKey(chain, vault, accounts[i] ?? '0x'))
    const seizable = new Map(
      keys.map((key, i) => [key, vaultOf(chain, Object.keys(plans[i]?.collateral ?? {})[0] ?? '')]),
    )
    const question = (key: string) => {
      const [vault, account] = key.split(':') as [Address, Address]
      return { vault, account, collateral: seizable.get(key) ?? vault }
    }
    return {
      config: eulerConfig(chain),
      debtors: keys,
      drivers: ['ETH', 'BTC'],
      liquidatable: async (asked) =>
        (await askLiquidation(chain, asked.map(question))).map((verdict) => verdict === true),
      liquidatableAt: (driver, questions) =>
        askLiquidation(
          chain,
          questions.map(({ key, answer }) => ({ ...question(key), answers: { [driver]: answer } })),
        ),
      health: async (asked) =>
        (await askLiquidity(chain, asked.map(question))).map((values) =>
          values === null ? -1n : (values[0] * WAD) / values[1],
        ),
      setPrice: async (driver, answer) => {
        await anvil.rpc('anvil_setBlockTimestampInterval', [0])
        await setEulerFeed(chain, driver as EulerFeed, answer)
      },
      stop: anvil.stop,
    }
  } catch (error) {
    await anvil.stop()
    throw error
  }
}
