import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Config, SourceConfig } from '../src/config.ts'
import { loadBook } from '../src/report.ts'
import { scan } from '../src/scan.ts'
import { verify } from '../src/verify.ts'
import { deployAaveV2, openV2Plans, V2_PRICES } from './chain/aave-v2.ts'
import { deployAaveV36 } from './chain/aave-v3-6.ts'
import { type Anvil, startAnvil } from './chain/anvil.ts'
import { deployCompoundV2 } from './chain/compound-v2.ts'
import { compoundConfig } from './chain/compound-v2-asks.ts'
import { openCompound, planCompound } from './chain/compound-v2-positions.ts'
import {
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  lltvOf,
  type MorphoChain,
  openMorphoPositions,
} from './chain/morpho-blue.ts'
import { openPositions } from './chain/positions.ts'
import { createRandom } from './chain/random.ts'
import { planV2, v2Config } from './helpers/aave-v2-market.ts'
import { morphoConfig } from './helpers/morpho-blue.ts'
import { localConfig, memoryDatabase } from './helpers/scanning.ts'

const EACH = 500

/** Long ETH, short ETH and a loop of the two, on Morpho's real contracts. */
const openMorpho = async (chain: MorphoChain): Promise<void> => {
  const random = createRandom(7)
  const open = async (
    [collateral, loan]: readonly ['WETH' | 'USDC' | 'wstETH', 'WETH' | 'USDC'],
    oracle: `0x${string}`,
    [count, worth, lent]: readonly [number, (usd: number) => readonly [bigint, bigint], bigint],
  ): Promise<void> => {
    const params = {
      loanToken: chain.tokens[loan],
      collateralToken: chain.tokens[collateral],
      oracle,
      lltv: lltvOf(86),
    }
    const market = await createMarket(chain, params, lent)
    const plans = Array.from({ length: count }, () => {
      const [has, owes] = worth(10 ** (2 + 3 * random()))
      return { market, collateral: has, borrow: owes }
    })
    await openMorphoPositions(chain, plans)
  }
  const share = () => 0.4 + 0.4 * random()
  const ether = (usd: number): bigint => BigInt(Math.round((usd / 3000) * 1e9)) * 10n ** 9n
  const dollars = (usd: number): bigint => BigInt(Math.round(usd * 1e6))
  const [long, short, loop] = [
    await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' }),
    await deployFeedOracle(chain, 'USDC', 'WETH', { base: 'USDC', quote: 'ETH' }),
    await deployFeedOracle(chain, 'wstETH', 'WETH', { ratio: 1_200_000_000n }),
  ]
  const lentDollars = dollars(1e9)
  const lentEther = ether(1e9)
  await open(['WETH', 'USDC'], long, [300, (usd) => [ether(usd), dollars(usd * share())], lentDollars])
  await open(['USDC', 'WETH'], short, [150, (usd) => [dollars(usd), ether(usd * share())], lentEther])
  await open(['wstETH', 'WETH'], loop, [50, (usd) => [ether(usd), ether(usd * share())], lentEther])
}

/** The sources of several configurations of one chain, as one. */
const merge = (configs: readonly Config[]): Config => {
  const [first] = configs
  const local = first?.chains.local
  if (!first || !local) throw new Error('nothing to merge')
  const driver = (symbol: string) => ({
    local: {
      feeds: [...new Set(configs.flatMap(({ drivers }) => drivers[symbol]?.local?.feeds ?? []))],
      byHand: Object.assign({}, ...configs.map(({ drivers }) => drivers[symbol]?.local?.byHand)),
      pools: [],
    },
  })
  const prices = Object.assign({}, ...configs.map(({ chains }) => chains.local?.usd.prices))
  return {
    ...first,
    chains: { local: { ...local, usd: { oracle: null, prices } } },
    sources: configs.flatMap(({ sources }) => sources),
    drivers: { ETH: driver('ETH'), BTC: driver('BTC') },
  }
}

let anvil: Anvil
let config: Config

beforeAll(async () => {
  anvil = await startAnvil()
  const aaveV3 = await deployAaveV36(anvil)
  await openPositions(anvil, aaveV3, { count: EACH, seed: 1 })
  const aaveV2 = await deployAaveV2(anvil, { base: 'ETH' })
  await openV2Plans(anvil, aaveV2, planV2({ count: EACH, seed: 2 }, V2_PRICES))
  const venus = await deployCompoundV2(anvil, '10.3.0')
  await openCompound(anvil, venus, planCompound('10.3.0', { count: EACH, seed: 3 }))
  const morpho = await deployMorphoBlue(anvil)
  await openMorpho(morpho)
  const urls = [anvil.url]
  config = merge([
    localConfig(aaveV3, { urls }),
    v2Config(aaveV2, { urls }),
    compoundConfig(venus, urls),
    morphoConfig(morpho),
  ])
}, 300_000)
afterAll(() => anvil?.stop())

const keys = ['aave-v3', 'aave-v2', 'compound-v2', 'morpho-blue'].map((name) => `${name}/local/test`)

test('four protocols on one chain: one scan prices all, all debt is found, and every contract agrees', async () => {
  const db = memoryDatabase()
  const { scanId, status, coverage } = await scan({ config, db })
  expect(status).toBe('complete')
  expect(coverage.map(({ source }) => source)).toEqual(keys)
  for (const source of coverage)
    expect(source).toMatchObject({
      status: 'complete',
      positions: EACH,
      unpriced: 0,
      debtCovered: 1,
      error: null,
    })
  for (const driver of ['ETH', 'BTC']) {
    const book = loadBook(db, scanId, driver)
    const priced = book.rows.filter(({ priceRaw }) => priceRaw !== null)
    expect(new Set(book.rows.map(({ source }) => source))).toEqual(new Set(keys))
    expect(priced.length).toBeGreaterThan(driver === 'ETH' ? 800 : 100)
    const result = await verify({ config, db, book, sample: null })
    expect(result.disagreed).toEqual([])
    expect(result).toMatchObject({ sampled: priced.length, agreed: priced.length })
  }
})

test('an ETH loop is in no ETH price, and short positions lie above spot, in every protocol', async () => {
  const db = memoryDatabase()
  const { scanId } = await scan({ config, db })
  const { rows } = loadBook(db, scanId, 'ETH')
  const ether = new Set(['WETH', 'wstETH'])
  const all = (legs: (typeof rows)[number]['debt']) => legs.every(({ symbol }) => ether.has(symbol))
  const none = (legs: (typeof rows)[number]['debt']) => !legs.some(({ symbol }) => ether.has(symbol))
  for (const key of keys) {
    const mine = rows.filter(({ source }) => source === key)
    const loops = mine.filter(({ collateral, debt }) => all(collateral) && all(debt))
    expect(loops.length, key).toBeGreaterThan(0)
    expect(new Set(loops.map(({ priceRaw }) => priceRaw))).toEqual(new Set([null]))
    const shorts = mine.filter(({ collateral, debt }) => none(collateral) && all(debt))
    expect(shorts.length, key).toBeGreaterThan(0)
    expect(shorts.filter(({ outcome }) => !['above', 'already', 'insolvent'].includes(outcome))).toEqual([])
  }
})

test('one protocol that fails leaves the others whole, and is named', async () => {
  const db = memoryDatabase()
  const broken: SourceConfig = {
    key: 'aave-v3/local/gone',
    protocol: 'aave-v3',
    chain: 'local',
    deployment: 'gone',
    inline: { poolAddressesProvider: '0x00000000000000000000000000000000000A11cE', fromBlock: 0 },
  }
  const { status, coverage } = await scan({ config: { ...config, sources: [broken, ...config.sources] }, db })
  expect(status).toBe('partial')
  const [failed, ...others] = coverage
  expect(failed).toMatchObject({ source: broken.key, status: 'failed', debtCovered: null })
  expect(failed?.error).toContain('getPool')
  expect(others.map((source) => [source.status, source.debtCovered])).toEqual(keys.map(() => ['complete', 1]))
})
