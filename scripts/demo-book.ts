import { readFileSync, writeFileSync } from 'node:fs'
import { type Address, getAddress } from 'viem'
import { z } from 'zod'
import { openLoan } from '../test/chain/actions.ts'
import type { Anvil } from '../test/chain/anvil.ts'
import type { AaveMarket } from '../test/chain/market.ts'
import { type PositionPlan, roundAmount } from '../test/chain/position-word.ts'
import { openPlans, openPositions } from '../test/chain/positions.ts'
import { createRandom } from '../test/chain/random.ts'

const publishedSchema = z.object({
  liquidationThreshold: z.number(),
  wallets: z.array(
    z.object({ address: z.string(), collateralEth: z.number(), statedLiquidationPriceUsd: z.number() }),
  ),
  total: z.object({ collateralEth: z.number(), bandUsd: z.tuple([z.number(), z.number()]) }),
})

/** A wallet of the demo: whole ETH, and the price at which it is to be liquidated. */
export type DemoWallet = {
  readonly address: Address
  readonly eth: number
  readonly price: number
  readonly published: boolean
}

/** Addresses that stand in for the two wallets whose addresses and prices were never published. */
const STAND_INS = [
  getAddress('0x00000000000000000000000000000000000de701'),
  getAddress('0x00000000000000000000000000000000000de702'),
] as const

/** The price chosen for the first of them; the second stands at the upper edge of the published band. */
const CHOSEN_PRICE = 1835

/**
 * The six wallets of data/trend-research-2026-02.json. Four are published with amount and price (the lowest, stated as
 * 1,781, is the band's lower edge, 1,781.09). The two others share what is left of the published total.
 */
const sixWallets = (): { readonly wallets: readonly DemoWallet[]; readonly threshold: number } => {
  const file = new URL('../data/trend-research-2026-02.json', import.meta.url)
  const published = publishedSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const [low, high] = published.total.bandUsd
  const four = published.wallets.map(({ address, collateralEth, statedLiquidationPriceUsd }) => ({
    address: getAddress(address),
    eth: collateralEth,
    price: statedLiquidationPriceUsd === Math.floor(low) ? low : statedLiquidationPriceUsd,
    published: true,
  }))
  const rest = published.total.collateralEth - four.reduce((sum, { eth }) => sum + eth, 0)
  const two = STAND_INS.map((address, i) => ({
    address,
    eth: Math.round((rest / 2) * 100) / 100,
    price: i === 0 ? CHOSEN_PRICE : high,
    published: false,
  }))
  return { wallets: [...four, ...two], threshold: published.liquidationThreshold }
}

const ETH = 10n ** 18n

/** Debt in USDC at which `eth` of collateral is liquidated at `price`: the largest below it by less than a unit. */
const debtFor = (eth: bigint, price: number, threshold: number): bigint =>
  (eth * BigInt(Math.round(price * 1e8)) * BigInt(Math.round(threshold * 1e4))) /
  ((ETH * 10n ** 8n * 10n ** 4n) / 10n ** 6n)

/** Opens the six wallets as themselves, by impersonation. */
export const openSixWallets = async (anvil: Anvil, market: AaveMarket): Promise<readonly DemoWallet[]> => {
  const { wallets, threshold } = sixWallets()
  for (const { address, eth, price } of wallets) {
    const collateral = BigInt(Math.round(eth * 100)) * (ETH / 100n)
    await openLoan(anvil, market, {
      account: address,
      collateral: [['WETH', collateral]],
      debt: [['USDC', debtFor(collateral, price, threshold)]],
    })
  }
  return wallets
}

/** Many independent holders between two prices: what a crowd band looks like. */
const crowd = ({
  holders,
  low,
  high,
  seed,
}: {
  readonly holders: number
  readonly low: number
  readonly high: number
  readonly seed: number
}): readonly PositionPlan[] => {
  const random = createRandom(seed)
  return Array.from({ length: holders }, () => {
    const eth = BigInt(Math.round(30 * (1 - random()) ** -0.8 * 1e4)) * 10n ** 14n
    const price = low + (high - low) * random()
    return {
      eMode: 0,
      collateral: [['WETH', eth]],
      debt: [['USDC', roundAmount(debtFor(eth, price, 0.83))]],
      switchedOff: [],
    }
  })
}

/** The rest of the book: seeded positions of every kind, and one crowd. */
export const openOthers = async (anvil: Anvil, market: AaveMarket): Promise<number> => {
  const { borrowers } = await openPositions(anvil, market, { count: 1500, seed: 20260202, maxUsd: 3e6 })
  const plans = crowd({ holders: 240, low: 1538, high: 1604, seed: 7 })
  const others = await openPlans(anvil, market, plans)
  return borrowers.length + others.length
}

/** The configuration under which the command line scans the demo's chain, and the labels beside it. */
export const writeDemoConfig = (
  folder: URL,
  name: string,
  {
    url,
    market,
    wallets,
  }: { readonly url: string; readonly market: AaveMarket; readonly wallets: readonly DemoWallet[] },
): void => {
  const { WETH, WBTC } = market.reserves
  const config = {
    chains: { local: { chainId: 31337, rpc: [url], block: 'latest' } },
    sources: [
      {
        key: 'aave-v3/local/demo',
        deployment: {
          poolAddressesProvider: market.addressesProvider,
          fromBlock: Number(market.fromBlock),
        },
      },
    ],
    drivers: {
      ETH: { chains: { local: { feeds: [WETH.feed] } } },
      BTC: { chains: { local: { feeds: [WBTC.feed] } } },
    },
    entities: 'demo-entities.json',
    levels: { ETH: [2000, 1800, 1600] },
  }
  const addresses = wallets.map(({ address }) => address)
  const source = 'four published addresses and two stand-ins: scripts/demo-book.ts'
  const entities = { entities: [{ name: 'Trend Research', addresses, source }] }
  writeFileSync(new URL(name, folder), `${JSON.stringify(config, null, 2)}\n`)
  writeFileSync(new URL('demo-entities.json', folder), `${JSON.stringify(entities, null, 2)}\n`)
}
