import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, parseAbi, toHex } from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import type { Populated } from '../adapters/conformance.ts'
import { mine } from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  type DssArtifacts,
  type DssMarket,
  deployDss,
  GEMS,
  gemsOn,
  osmPrice,
  osmWord,
  passHour,
  word,
} from '../chain/sky.ts'
import { type OpenedVault, openVaults, planVaults } from '../chain/sky-positions.ts'

/** The configuration of one local Maker, as a user would write it; `prices` are the market's, by hand. */
export const skyConfig = (
  market: DssMarket,
  url: string,
  prices: Readonly<Record<Address, number | string>> = { [GEMS.WETH]: 'ETH', [GEMS.WBTC]: 'BTC' },
): Config => {
  const { vat, spotter, dog, jug, registry, manager, engine, fromBlock, feeds } = market
  const { WETH, WBTC, wstETH, DAI } = GEMS
  return parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: [url], block: 'latest', usd: { prices } } },
      sources: [
        {
          key: 'sky/local/test',
          deployment: {
            ...{ vat, spotter, dog, jug, registry, manager, engines: [engine], dai: DAI },
            fromBlock: Number(fromBlock),
          },
        },
      ],
      drivers: {
        ETH: { chains: { local: { feeds: [feeds.ETH], assets: { [WETH]: 1, [wstETH]: 1 } } } },
        BTC: { chains: { local: { feeds: [feeds.BTC], assets: { [WBTC]: 1 } } } },
      },
    },
    {},
    '/',
  )
}

const abi = parseAbi(['function bark(bytes32 ilk, address urn) returns (string)'])

export type BarkQuestion = {
  readonly key: string
  /** The price of the OSMs that stand on this feed during the call: what they count, and what comes next. */
  readonly at?: { readonly feed: string; readonly answer: bigint }
}

/** Calls in one request. */
const TOGETHER = 250

/** What the Dog says to a keeper who does all that anyone may do before; empty where it takes the vault. */
export const askDog = async (
  { url }: Pick<Anvil, 'url'>,
  { keeper, admin, osms }: DssMarket,
  questions: readonly BarkQuestion[],
): Promise<readonly string[]> => {
  const replies: string[] = []
  for (let start = 0; start < questions.length; start += TOGETHER) {
    const body = questions.slice(start, start + TOGETHER).map(({ key, at }, id) => {
      const [ilk = '', urn = ''] = key.split(':')
      const data = encodeFunctionData({ abi, functionName: 'bark', args: [word(ilk), urn as Address] })
      const priced = at === undefined ? [] : gemsOn(at.feed)
      const overrides = Object.fromEntries(
        priced.map((gem) => {
          const held = osmWord(osmPrice(gem, at?.answer ?? 0n))
          const slots = [3n, 4n].map((slot) => [toHex(slot, { size: 32 }), held])
          return [osms[gem], { stateDiff: Object.fromEntries(slots) }]
        }),
      )
      const params = [{ from: admin, to: keeper, data }, 'latest', overrides]
      return { jsonrpc: '2.0', id, method: 'eth_call', params }
    })
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answers = (await response.json()) as readonly { readonly id: number; readonly result?: Hex }[]
    for (const { result } of answers.toSorted((a, b) => a.id - b.id)) {
      if (result === undefined) throw new Error('the keeper itself was refused')
      replies.push(decodeFunctionResult({ abi, functionName: 'bark', data: result }))
    }
  }
  return replies
}

const SAFE = 'Dog/not-unsafe'

/** 600 vaults of five collateral types, 60 days of fees that nobody booked, then a fall of ETH that the OSM has seen. */
export const populateSky = async (real?: DssArtifacts): Promise<Populated> => {
  const anvil = await startAnvil()
  const market = await deployDss(anvil, real && { real })
  const { deployer, feeds, osms, vat, vow, admin } = market
  const plans = planVaults({
    count: 600,
    seed: 20261125,
    ilks: ['ETH-A', 'ETH-B', 'WSTETH-A', 'WBTC-A', 'ETH-A', 'WBTC-A'],
  })
  const opened: OpenedVault[] = [...(await openVaults(anvil, market, plans))]
  opened.push(...(await openVaults(anvil, market, planVaults({ count: 12, seed: 7, ilks: ['LSEV2-SKY-A'] }))))
  // what an auction may leave: debt without collateral
  const bare = opened.find(({ ilk, art }) => ilk === 'WBTC-A' && art > 0n)
  if (bare)
    await deployer.send('VatStandIn', vat, 'grab', [word(bare.ilk), bare.urn, admin, vow, -bare.ink, 0n])
  await mine(anvil, 1, 60 * 86_400)
  await deployer.send('SettableFeed', feeds.ETH, 'set', [2200_00000000n])
  await deployer.send('SettableFeed', feeds.BTC, 'set', [52_300_12345678n])
  await passHour(anvil, market)
  await passHour(anvil, market)
  const store = (address: Address, slot: bigint, value: Hex) =>
    anvil.rpc('anvil_setStorageAt', [address, toHex(slot, { size: 32 }), value])
  return {
    config: skyConfig(market, anvil.url, {
      ...{ [GEMS.WETH]: 'ETH', [GEMS.WBTC]: 'BTC', [GEMS.wstETH]: 2640, [GEMS.SKY]: 0.07 },
    }),
    debtors: opened.filter(({ art }) => art > 0n).map(({ key }) => key),
    drivers: ['ETH', 'BTC'],
    outcomes: ['below', 'already', 'never', 'insolvent'],
    liquidatable: async (keys) => {
      const replies = await askDog(
        anvil,
        market,
        keys.map((key) => ({ key })),
      )
      return replies.map((reply) => reply !== SAFE)
    },
    liquidatableAt: async (driver, questions) => {
      const asked = questions.map(({ key, answer }) => ({ key, at: { feed: driver, answer } }))
      return (await askDog(anvil, market, asked)).map((reply) => reply !== SAFE)
    },
    // a transaction would be a block, and a block is interest here
    setPrice: async (driver, answer) => {
      await store(feeds[driver as 'ETH' | 'BTC'], 0n, toHex(answer, { size: 32 }))
      for (const gem of gemsOn(driver))
        for (const slot of [3n, 4n]) await store(osms[gem], slot, osmWord(osmPrice(gem, answer)))
    },
    stop: anvil.stop,
  }
}
