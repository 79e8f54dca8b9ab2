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
import { createRandom } from '../chain/random.ts'

export const FLUID_SOURCE = 'fluid/local/test'

/** The configuration of a local factory as a user would write it. */
export const fluidConfig = (
  { anvil, factory, feeds, tokens }: FluidChain,
  usd: Readonly<Record<Address, number | string>> = {
    [tokens.USDC]: 1,
    [tokens.WETH]: 'ETH',
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

const USD = { WETH: 3000, native: 3000, wstETH: 3600, WBTC: 60_000, USDC: 1 } as const
const DECIMALS = { WETH: 18, native: 18, wstETH: 18, WBTC: 8, USDC: 6 } as const

/** The tick of a raw ratio of debt to collateral, about. */
export const tickOf = (ratio: number): number => Math.floor(Math.log(ratio) / Math.log(1.0015))

/** The tick at which a vault of this kind begins to liquidate at the prices of deployment, about. */
export const limitOf = ({ supply, borrow, threshold, exchangePrices: [s, b] }: VaultSpec): number => {
  const price = (USD[supply] / USD[borrow]) * 10 ** (DECIMALS[borrow] - DECIMALS[supply])
  return tickOf((((price * Number(s)) / Number(b)) * threshold) / 1000)
}

export const ownerOf = (n: number): Address => getAddress(toHex(0xf10d_0000n + BigInt(n), { size: 20 }))

/** Seeded positions, most under the limit, some far above it, and one in twelve that only supplies. */
const planFluid = (spec: VaultSpec, count: number, seed: number): readonly FluidPlan[] => {
  const random = createRandom(seed)
  const unit = 10 ** DECIMALS[spec.supply]
  return Array.from({ length: count }, (_, i) => {
    const supply = BigInt(Math.round((30_000 / USD[spec.supply]) * unit * 10 ** (random() * 3 - 1)))
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
    count: 200,
  },
  {
    supply: 'USDC',
    borrow: 'native',
    threshold: 880,
    penalty: 200,
    exchangePrices: [1_012_345_678_901n, 1_000_000_000_001n],
    count: 110,
  },
  {
    supply: 'wstETH',
    borrow: 'WETH',
    threshold: 950,
    penalty: 10,
    exchangePrices: [1_000_000_000_000n, 1_023_456_789_012n],
    count: 60,
  },
  {
    supply: 'WBTC',
    borrow: 'USDC',
    threshold: 850,
    penalty: 400,
    exchangePrices: [1_000_111_222_333n, 1_099_887_766_554n],
    count: 160,
  },
  {
    supply: 'WBTC',
    borrow: 'WETH',
    threshold: 830,
    penalty: 400,
    exchangePrices: [1_000_000_000_000n, 1_000_000_000_000n],
    count: 60,
  },
]

/** 590 positions in five vaults, some of them liquidated before; then ETH fell and BTC rose a little. */
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
