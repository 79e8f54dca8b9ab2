import { type Address, getAddress, toHex } from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import type { Populated } from '../adapters/conformance.ts'
import { startAnvil } from '../chain/anvil.ts'
import {
  askTakes,
  deployFluid,
  type FluidChain,
  type FluidFeed,
  type FluidPlan,
  fluidActions,
  openFluid,
  type VaultSpec,
} from '../chain/fluid.ts'
import { isShare, SHARES } from '../chain/fluid-shares.ts'
import { createRandom } from '../chain/random.ts'

export const FLUID_SOURCE = 'fluid/local/test'

/** The configuration of a local factory as a user would write it. */
export const fluidConfig = (
  { anvil, factory, feeds, tokens }: FluidChain,
  usd: Readonly<Record<Address, number | string>> = {
    [tokens.USDC]: 1,
    [tokens.USDT]: 1,
    [tokens.WETH]: 'ETH',
    [tokens.wstETH]: 3444,
    [tokens.WBTC]: 'BTC',
  },
): Config =>
  parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: [anvil.url], block: 'latest', usd: { prices: usd } } },
      sources: [{ key: FLUID_SOURCE, deployment: { factory, native: tokens.WETH } }],
      drivers: {
        ETH: { chains: { local: { feeds: [feeds.ETH], assets: { [tokens.wstETH]: 1 } } } },
        BTC: { chains: { local: { feeds: [feeds.BTC] } } },
      },
    },
    {},
    '/',
  )

const USD = { WETH: 3000, native: 3000, wstETH: 3600, WBTC: 60_000, USDC: 1, USDT: 1 } as const
const DECIMALS = { WETH: 18, native: 18, wstETH: 18, WBTC: 8, USDC: 6, USDT: 6 } as const

/** A whole unit of a side in USD at deployment, and its decimals. */
const sideOf = (side: VaultSpec['supply']): { readonly usd: number; readonly decimals: number } =>
  isShare(side)
    ? {
        usd: SHARES[side].tokens.reduce(
          (sum, token, i) => sum + USD[token] * (SHARES[side].amounts[i] ?? 0),
          0,
        ),
        decimals: 18,
      }
    : { usd: USD[side], decimals: DECIMALS[side] }

/** The tick of a raw ratio of debt to collateral, about. */
export const tickOf = (ratio: number): number => Math.floor(Math.log(ratio) / Math.log(1.0015))

/** The tick at which a vault of this kind begins to liquidate at the prices of deployment, about. */
export const limitOf = ({ supply, borrow, threshold, exchangePrices: [s, b] }: VaultSpec): number => {
  const [held, lent] = [sideOf(supply), sideOf(borrow)]
  const price = (held.usd / lent.usd) * 10 ** (lent.decimals - held.decimals)
  return tickOf((((price * Number(s)) / Number(b)) * threshold) / 1000)
}

export const ownerOf = (n: number): Address => getAddress(toHex(0xf10d_0000n + BigInt(n), { size: 20 }))

/** Seeded positions, most under the limit, some far above it, and one in twelve that only supplies. */
const planFluid = (spec: VaultSpec, count: number, seed: number): readonly FluidPlan[] => {
  const random = createRandom(seed)
  const { usd, decimals } = sideOf(spec.supply)
  return Array.from({ length: count }, (_, i) => {
    const supply = BigInt(Math.round((30_000 / usd) * 10 ** decimals * 10 ** (random() * 3 - 1)))
    const under = Math.floor(random() * (i % 3 === 0 ? 600 : 90))
    const tick = limitOf(spec) + (i % 15 === 7 ? 40 + under : -under)
    const dust = random() < 0.5 ? 0n : BigInt(Math.floor(random() * 1000))
    return { owner: ownerOf(i % 97), tick: i % 12 === 11 ? null : tick, supply, dust }
  })
}

const SPECS: readonly (VaultSpec & { readonly count: number })[] = [
  {
    supply: 'native',
    borrow: 'USDC',
    threshold: 870,
    penalty: 300,
    exchangePrices: [1_034_567_890_123n, 1_087_654_321_098n],
    count: 110,
  },
  {
    supply: 'USDC',
    borrow: 'native',
    threshold: 880,
    penalty: 200,
    exchangePrices: [1_012_345_678_901n, 1_000_000_000_001n],
    count: 70,
  },
  {
    supply: 'wstETH',
    borrow: 'WETH',
    threshold: 950,
    penalty: 10,
    exchangePrices: [1_000_000_000_000n, 1_023_456_789_012n],
    count: 40,
  },
  {
    supply: 'WBTC',
    borrow: 'USDC',
    threshold: 850,
    penalty: 400,
    exchangePrices: [1_000_111_222_333n, 1_099_887_766_554n],
    count: 100,
  },
  {
    supply: 'WBTC',
    borrow: 'WETH',
    threshold: 830,
    penalty: 400,
    exchangePrices: [1_000_000_000_000n, 1_000_000_000_000n],
    count: 40,
  },
  // shares of pegged tokens: the oracle is in plain proportion to a feed, or stands still
  {
    supply: 'wstETH-WETH',
    borrow: 'USDC',
    shape: { over: 'ETH', moving: 1.2, debtStill: 1 },
    threshold: 880,
    penalty: 300,
    exchangePrices: [999_888_777_666n, 1_050_000_000_000n],
    count: 40,
  },
  {
    supply: 'WBTC',
    borrow: 'USDC-USDT',
    shape: { over: 'BTC', moving: 1, debtStill: 1 },
    threshold: 850,
    penalty: 400,
    exchangePrices: [1_000_222_333_444n, 1_012_345_678_901n],
    count: 40,
  },
  {
    supply: 'wstETH-WETH',
    borrow: 'wstETH-WETH',
    shape: { over: 'ETH', moving: 1.2, debtMoving: 1.2 },
    threshold: 950,
    penalty: 10,
    exchangePrices: [1_000_000_000_000n, 1_001_002_003_004n],
    count: 30,
  },
  // shares of tokens that move apart: the oracle follows a feed in no plain proportion, and against shares it falls
  // whichever way that goes
  {
    supply: 'WETH-USDC',
    borrow: 'USDC',
    shape: { over: 'ETH', product: 3000, debtStill: 1 },
    threshold: 870,
    penalty: 300,
    exchangePrices: [1_000_000_000_000n, 1_044_444_555_555n],
    count: 30,
  },
  {
    supply: 'native',
    borrow: 'WETH-USDC',
    shape: { over: 'ETH', moving: 1, debtMoving: 1, debtStill: 3000 },
    threshold: 850,
    penalty: 300,
    exchangePrices: [1_033_333_222_222n, 1_000_500_000_000n],
    count: 30,
  },
  {
    supply: 'WETH-USDC',
    borrow: 'WETH-USDC',
    shape: { over: 'ETH', product: 3000, debtMoving: 1, debtStill: 3000 },
    threshold: 900,
    penalty: 200,
    exchangePrices: [1_000_000_000_000n, 1_002_000_000_000n],
    count: 30,
  },
  {
    supply: 'WBTC-WETH',
    borrow: 'WBTC-WETH',
    shape: { over: 'BTC', under: 'ETH', product: 0.05, debtMoving: 0.05, debtStill: 1 },
    threshold: 900,
    penalty: 200,
    exchangePrices: [1_010_000_000_000n, 1_000_000_000_000n],
    count: 30,
  },
]

/** Positions in vaults of every type, some of them liquidated before; then ETH fell and BTC rose a little. */
export const populateFluid = async (): Promise<Populated> => {
  const chain = await deployFluid(await startAnvil(), SPECS)
  const vaultOf = new Map<string, Address>()
  const debtors: string[] = []
  let id = 0
  for (const [i, vault] of chain.vaults.entries()) {
    const { count = 0 } = SPECS[i] ?? {}
    const plans = planFluid(vault.spec, count, 20261201 + i)
    await openFluid(chain, vault, plans)
    for (const plan of plans) {
      id += 1
      vaultOf.set(String(id), vault.vault)
      if (plan.tick !== null) debtors.push(String(id))
    }
    // what stood closest to the limit was liquidated once: its positions stand on another tick, in parts
    const [highest = 0, second = 0] = [...new Set(plans.flatMap(({ tick }) => tick ?? []))].sort(
      (a, b) => b - a,
    )
    const act = fluidActions(chain, vault)
    await act.liquidateTick(highest, highest - 40, 0.6, 2n ** 29n)
    await act.liquidateTick(second, second - 60, 0.5, 1n)
  }
  const [vault] = chain.vaults
  if (!vault) throw new Error('no vault was deployed')
  const act = fluidActions(chain, vault)
  await act.setFeed('ETH', 2_870_12345678n)
  await act.setFeed('BTC', 57_300_87654321n)
  const questions = (keys: readonly string[]) =>
    keys.map((key) => ({ vault: vaultOf.get(key) ?? '0x', id: BigInt(key), answers: {} }) as const)
  return {
    config: fluidConfig(chain),
    debtors,
    drivers: ['ETH', 'BTC'],
    liquidatable: async (keys) => (await askTakes(chain, questions(keys))).map((verdict) => verdict === true),
    liquidatableAt: (driver, asked) =>
      askTakes(
        chain,
        asked.map(({ key, answer }) => ({
          vault: vaultOf.get(key) ?? '0x',
          id: BigInt(key),
          answers: { [chain.feeds[driver as FluidFeed]]: answer },
        })),
      ),
    setPrice: (driver, answer) => act.setFeed(driver as FluidFeed, answer),
    stop: chain.anvil.stop,
  }
}
