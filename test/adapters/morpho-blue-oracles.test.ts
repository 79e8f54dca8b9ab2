import { type Address, getAddress, type Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { morphoBlue } from '../../src/adapters/morpho-blue.ts'
import type { MorphoBlueMarkets } from '../../src/adapters/morpho-blue-markets.ts'
import { parseConfig } from '../../src/config.ts'
import { rootFeeds } from '../../src/engine/root-feeds.ts'
import { knownAssets } from '../../src/known.ts'
import { verify } from '../../src/verify.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  lltvOf,
  type MorphoChain,
  openMorphoPositions,
} from '../chain/morpho-blue.ts'
import { createMorphoBook, type MorphoBook, morphoConfig, morphoKey } from '../helpers/morpho-blue.ts'
import { memoryDatabase, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const wad = (amount: number): bigint => BigInt(Math.round(amount * 1e6)) * 10n ** 12n
const usdc = (amount: number): bigint => BigInt(Math.round(amount * 1e6))

describe('oracles of every kind, on Morpho Blue 1.0.0', () => {
  let anvil: Anvil
  let chain: MorphoChain
  let book: MorphoBook

  const open: MorphoBook['open'] = (name, wish) => book.open(name, wish)
  const at: MorphoBook['at'] = (name) => book.at(name)
  const rowIn: MorphoBook['rowIn'] = (scanned, name, driver) => book.rowIn(scanned, name, driver)
  const scanNow = (more = {}) => scanAfresh(morphoConfig(chain, more))

  /** An oracle that answers this, until it is told otherwise. */
  const odd = async (value: bigint): Promise<Address> => {
    const oracle = await chain.deployer.deploy('MorphoBlueOddOracle')
    await chain.deployer.send('MorphoBlueOddOracle', oracle, 'set', [value, 0n])
    return oracle
  }

  beforeAll(async () => {
    anvil = await startAnvil()
    chain = await deployMorphoBlue(anvil)
    book = createMorphoBook(chain)
    const oracle = await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' })
    await open('long', { collateral: 'WETH', loan: 'USDC', oracle, has: wad(1758), owes: usdc(2_740_000) })
  })
  afterAll(() => anvil?.stop())

  test('a price of zero makes every debt liquidatable, and worth nothing', async () => {
    const oracle = await odd(10n ** 24n)
    await open('worthless', { collateral: 'DAI', loan: 'USDC', oracle, has: wad(1000), owes: usdc(500) })
    await chain.deployer.send('MorphoBlueOddOracle', oracle, 'set', [0n, 0n])
    const config = morphoConfig(chain)
    const db = memoryDatabase()
    const scanned = await scanLocal(config, db)
    expect(rowIn(scanned, 'worthless')).toMatchObject({ outcome: 'insolvent', healthFactor: 0 })
    expect(scanned.coverage.status).toBe('complete')
    await chain.deployer.send('MorphoBlueOddOracle', oracle, 'set', [10n ** 36n, 0n])
  })

  test('an oracle that stands still is believed, unless the configuration knows better; then verify moves it', async () => {
    const oracle = await odd(3000n * 10n ** 24n)
    await open('still', { collateral: 'WETH', loan: 'USDC', oracle, has: wad(1), owes: usdc(2000) })
    expect(rowIn(await scanNow(), 'still')).toMatchObject({ outcome: 'never' })
    const config = morphoConfig(chain, { assets: { ETH: { [chain.tokens.WETH]: 1 } } })
    const db = memoryDatabase()
    const scanned = await scanLocal(config, db)
    const row = rowIn(scanned, 'still')
    expect(row.outcome).toBe('below')
    expect(row.price).toBeCloseTo(2000 / 0.86, 2)
    const verification = await verify({ config, db, book: scanned.book('ETH'), sample: null })
    expect(verification.disagreed).toEqual([])
    expect(verification.agreed).toBe(verification.sampled)
    expect(verification.sampled).toBe(2)
  })

  /** A position whose market breaks afterwards. */
  const breakOracle = async (name: string, mode: bigint) => {
    const oracle = await odd(10n ** 24n)
    await open(name, { collateral: 'DAI', loan: 'USDC', oracle, has: wad(1000), owes: usdc(500) })
    await chain.deployer.send('MorphoBlueOddOracle', oracle, 'set', [0n, mode])
  }

  test.each([
    ['an oracle that refuses', 1n],
    ['an oracle that burns all gas', 2n],
  ] as const)('%s: that market is unpriced with the reason, all others are as before', async (name, mode) => {
    const before = await scanNow()
    await breakOracle(name, mode)
    const scanned = await scanNow()
    expect(rowIn(scanned, name)).toMatchObject({
      outcome: 'unpriced',
      price: null,
      reason: 'the oracle of DAI/USDC 86% refuses to price it',
      collateral: [{ symbol: 'DAI', usd: null }],
      debt: [{ symbol: 'USDC', usd: 500 }],
    })
    // anyone can open such a market: it is counted and noted, and leaves the scan complete
    expect(scanned.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    expect(scanned.coverage.unpriced).toBeGreaterThan(0)
    expect(scanned.coverage.notes.join('\n')).toContain('DAI/USDC 86%')
    for (const driver of ['ETH', 'BTC']) {
      const others = scanned.book(driver).rows.filter(({ id }) => id !== at(name).key)
      expect(others.map(({ id, outcome }) => [id, outcome]).toSorted()).toEqual(
        before
          .book(driver)
          .rows.map(({ id, outcome }) => [id, outcome])
          .toSorted(),
      )
    }
    await chain.deployer.send('MorphoBlueOddOracle', at(name).oracle, 'set', [10n ** 24n, 0n])
  })

  test('an interest model that refuses leaves its market unpriced, since nothing can happen there', async () => {
    const irm = await chain.deployer.deploy('MorphoBlueOddIrm')
    await chain.deployer.send('Morpho', chain.morpho, 'enableIrm', [irm])
    const oracle = await odd(10n ** 24n)
    await open('stuck', {
      collateral: 'DAI',
      loan: 'USDC',
      oracle,
      irm,
      has: wad(1000),
      owes: usdc(900 / 1.1),
    })
    await chain.deployer.send('MorphoBlueOddIrm', irm, 'setBroken', [true])
    const row = rowIn(await scanNow(), 'stuck')
    expect(row).toMatchObject({
      outcome: 'unpriced',
      reason: 'the interest model of DAI/USDC 86% refuses to answer',
    })
    await chain.deployer.send('MorphoBlueOddIrm', irm, 'setBroken', [false])
  })

  test('dollars against ETH by feeds that say nothing and that no driver moves: the position is short ETH', async () => {
    const [dollar, ether] = [
      await chain.deployer.deploy('SettableFeed', [10n ** 8n]),
      await chain.deployer.deploy('SettableFeed', [3000n * 10n ** 8n]),
    ]
    const oracle = await deployFeedOracle(chain, 'USDC', 'WETH', { base: dollar, quote: ether })
    const wish = { collateral: 'USDC', loan: 'WETH', oracle, has: usdc(1_000_000), owes: wad(200) } as const
    await open('feeds of another kind', wish)
    const config = morphoConfig(chain)
    const db = memoryDatabase()
    const scanned = await scanLocal(config, db)
    const row = rowIn(scanned, 'feeds of another kind')
    expect(row.outcome).toBe('above')
    expect(Math.abs((row.price ?? 0) - 4300)).toBeLessThan(1)
    const verification = await verify({ config, db, book: scanned.book('ETH'), sample: null })
    expect(verification.disagreed).toEqual([])
  })

  test('the dollar feeds of oracles are roots of the driver that their token follows, rates are not', async () => {
    const staked = await chain.deployer.deploy('MorphoBlueNamedFeed', [2990n * 10n ** 8n, 'stETH / USD'])
    const oracle = await deployFeedOracle(chain, 'wstETH', 'WETH', { base: staked, quote: 'ETH' })
    await open('a loop of two dollar feeds', {
      collateral: 'wstETH',
      loan: 'WETH',
      lltv: 94.5,
      oracle,
      has: wad(10),
      owes: wad(9),
    })
    const { markets } = await scanNow()
    const prices = morphoBlue.prices(markets as MorphoBlueMarkets)
    const { WETH, wstETH, DAI } = chain.tokens
    const root = await chain.deployer.deploy('SettableFeed', [3000n * 10n ** 8n])
    const driver = { symbol: 'ETH', feeds: [root], byHand: {}, reference: null }
    const of = (token: Address) => rootFeeds({ ...driver, known: { [token]: 1 } }, prices)
    expect(of(WETH)).toEqual([root, chain.feeds.ETH])
    expect(of(wstETH)).toEqual([root, staked])
    expect(of(DAI)).toEqual([root])
  })

  test('a loop of two dollar feeds never has an ETH price, where data/assets.json knows its token', async () => {
    const known = knownAssets().chains.ethereum ?? {}
    const listed = (symbol: string) =>
      getAddress(Object.entries(known).find(([, asset]) => asset.symbol === symbol)?.[0] ?? '')
    const tokens = { ...chain.tokens, WETH: listed('WETH'), wstETH: listed('wstETH') }
    for (const symbol of ['WETH', 'wstETH'] as const) {
      const code = await anvil.rpc<Hex>('eth_getCode', [chain.tokens[symbol], 'latest'])
      await anvil.rpc('anvil_setCode', [tokens[symbol], code])
    }
    const staked = await chain.deployer.deploy('MorphoBlueNamedFeed', [3600n * 10n ** 8n, 'wstETH / USD'])
    const oracle = await deployFeedOracle(chain, 'wstETH', 'WETH', { base: staked, quote: 'ETH' })
    const params = {
      loanToken: tokens.WETH,
      collateralToken: tokens.wstETH,
      oracle,
      lltv: lltvOf(94.5),
    }
    const market = await createMarket(chain, params, wad(1000))
    const [owner = ''] = await openMorphoPositions(chain, [{ market, collateral: wad(10), borrow: wad(11) }])
    const feeds = (feed: Address) => ({ chains: { ethereum: { feeds: [feed] } } })
    const usd = {
      prices: { [tokens.WETH]: 'ETH', [tokens.USDC]: 1, [tokens.DAI]: 1, [chain.tokens.WETH]: 'ETH' },
    }
    const config = parseConfig(
      {
        chains: { ethereum: { chainId: 31337, rpc: [anvil.url], block: 'latest', usd } },
        sources: [{ key: 'morpho-blue/ethereum/test', deployment: { morpho: chain.morpho, fromBlock: 0 } }],
        drivers: { ETH: feeds(chain.feeds.ETH), BTC: feeds(chain.feeds.BTC) },
      },
      {},
      '/',
    )
    const row = (await scanAfresh(config)).book('ETH').rows.find(({ id }) => id === morphoKey(market, owner))
    expect(row).toMatchObject({ outcome: 'never', reason: 'collateral and debt move together' })
    expect(row?.collateral[0]?.usd).toBeCloseTo(36_000, 0)
  })
})
