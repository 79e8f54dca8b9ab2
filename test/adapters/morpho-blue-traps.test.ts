import { type Address, type Hex, parseEventLogs, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MorphoBlueAccount, morphoBlue } from '../../src/adapters/morpho-blue.ts'
import type { MorphoBlueMarkets } from '../../src/adapters/morpho-blue-markets.ts'
import { mine } from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  askMorpho,
  asMorphoUser,
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  giveMorphoTokens,
  type MorphoChain,
  type MorphoToken,
  openMorphoPositions,
  readParams,
  VAULT_SAMPLE,
} from '../chain/morpho-blue.ts'
import { createMorphoBook, type MorphoBook, morphoConfig, morphoKey } from '../helpers/morpho-blue.ts'
import { scanAfresh } from '../helpers/scanning.ts'

const wad = (amount: number): bigint => BigInt(Math.round(amount * 1e6)) * 10n ** 12n
const usdc = (amount: number): bigint => BigInt(Math.round(amount * 1e6))

const DOLLARS_IN_ETH = 333_333_333_333_333n

describe('positions that are easily priced wrongly, on Morpho Blue 1.0.0', () => {
  let anvil: Anvil
  let chain: MorphoChain
  let book: MorphoBook

  const open: MorphoBook['open'] = (name, wish) => book.open(name, wish)
  const at: MorphoBook['at'] = (name) => book.at(name)
  const rowIn: MorphoBook['rowIn'] = (scanned, name, driver) => book.rowIn(scanned, name, driver)
  const scanNow = (more = {}) => scanAfresh(morphoConfig(chain, more))

  beforeAll(async () => {
    anvil = await startAnvil()
    chain = await deployMorphoBlue(anvil)
    book = createMorphoBook(chain)
    const feeds = (collateral: MorphoToken, loan: MorphoToken, of: Parameters<typeof deployFeedOracle>[3]) =>
      deployFeedOracle(chain, collateral, loan, of)
    await open('long', {
      collateral: 'WETH',
      loan: 'USDC',
      oracle: await feeds('WETH', 'USDC', { base: 'ETH' }),
      has: wad(1758),
      owes: usdc(2_740_000),
    })
    await open('short', {
      collateral: 'USDC',
      loan: 'WETH',
      oracle: await feeds('USDC', 'WETH', { base: 'USDC', quote: 'ETH' }),
      has: usdc(1_000_000),
      owes: wad(200),
    })
    await open('loop', {
      collateral: 'wstETH',
      loan: 'WETH',
      lltv: 94.5,
      oracle: await feeds('wstETH', 'WETH', { ratio: (VAULT_SAMPLE * 12n) / 10n }),
      has: wad(1000),
      owes: wad(1100),
    })
    await open('same asset', {
      collateral: 'WETH',
      loan: 'WETH',
      lltv: 98,
      oracle: await feeds('WETH', 'WETH', {}),
      has: wad(10),
      owes: wad(9),
    })
    const leaf = await chain.deployer.deploy('MorphoBlueNamedFeed', [
      DOLLARS_IN_ETH / 10n ** 10n,
      'USDC / ETH',
    ])
    await open('dollars by a feed in ETH', {
      collateral: 'USDC',
      loan: 'WETH',
      oracle: await feeds('USDC', 'WETH', { base: leaf }),
      has: usdc(1_000_000),
      owes: wad(200),
    })
    await open('bitcoin against ETH', {
      collateral: 'WBTC',
      loan: 'WETH',
      oracle: await feeds('WBTC', 'WETH', { base: 'BTC', quote: 'ETH' }),
      has: 10n ** 9n,
      owes: wad(100),
    })
  })
  afterAll(() => anvil?.stop())

  const EVERYWHERE = [1, 100, 1500, 2900, 3100, 6000, 100_000, 1e7]
  const contractSays = async (name: string, prices: readonly number[], feed: 'ETH' | 'BTC' = 'ETH') => {
    const { market, owner } = at(name)
    const questions = prices.map((usd) => ({
      market,
      borrower: owner,
      answer: BigInt(Math.round(usd * 1e8)),
    }))
    return askMorpho(chain, questions, feed)
  }

  test('the threshold is in the price: 1,812 at 86%, not 1,559', async () => {
    const row = rowIn(await scanNow(), 'long')
    expect(row).toMatchObject({ outcome: 'below', driverAmount: 1758 })
    expect(row.price).toBeCloseTo(2_740_000 / (1758 * 0.86), 1)
    expect(await contractSays('long', [1811, 1813])).toEqual([true, false])
  })

  test('who owes ETH against dollars is liquidated above spot: 4,300', async () => {
    const row = rowIn(await scanNow(), 'short')
    expect(row.outcome).toBe('above')
    expect(row.price).toBeCloseTo(4300, 2)
    expect(row.driverAmount).toBeCloseTo(200, 4)
    expect(row.collateralUsd).toBeCloseTo(1_000_000, 4)
    expect(await contractSays('short', [4299, 4301])).toEqual([false, true])
  })

  test('a wstETH/WETH loop never has an ETH price, though nothing is known of its token', async () => {
    const scanned = await scanNow()
    const reason = 'collateral and debt move together'
    expect(rowIn(scanned, 'loop')).toMatchObject({ outcome: 'never', price: null, reason })
    expect(rowIn(scanned, 'same asset')).toMatchObject({ outcome: 'never', price: null, reason })
    for (const name of ['loop', 'same asset'])
      expect(await contractSays(name, EVERYWHERE)).toEqual(EVERYWHERE.map(() => false))
    expect(rowIn(scanned, 'loop').collateral).toMatchObject([{ symbol: 'wstETH', usd: 3_600_000 }])
  })

  test('a feed that states dollars in ETH is no rate: the position is short ETH', async () => {
    const scanned = await scanNow()
    const row = rowIn(scanned, 'dollars by a feed in ETH')
    expect(row.outcome).toBe('above')
    expect(Math.abs((row.price ?? 0) - 4300)).toBeLessThan(1)
    expect(scanned.coverage.notes.join('\n')).toContain('USDC/WETH 86%: priced in another asset')
  })

  test('bitcoin against ETH falls with bitcoin and rises with ETH', async () => {
    const scanned = await scanNow()
    // 600,000 · 0.86 against 100 ETH
    expect(rowIn(scanned, 'bitcoin against ETH', 'ETH')).toMatchObject({ outcome: 'above' })
    expect(rowIn(scanned, 'bitcoin against ETH', 'ETH').price).toBeCloseTo(5160, 1)
    expect(rowIn(scanned, 'bitcoin against ETH', 'BTC')).toMatchObject({ outcome: 'below' })
    expect(rowIn(scanned, 'bitcoin against ETH', 'BTC').price).toBeCloseTo(300_000 / 8.6, 1)
    expect(await contractSays('bitcoin against ETH', [34_883, 34_884], 'BTC')).toEqual([true, false])
    expect(await contractSays('bitcoin against ETH', [5159, 5161])).toEqual([false, true])
  })

  test('an owner in two markets has two positions: they never net', async () => {
    const { owner } = at('long')
    const { key } = await open('elsewhere', {
      collateral: 'WETH',
      loan: 'DAI',
      oracle: await deployFeedOracle(chain, 'WETH', 'DAI', { base: 'ETH' }),
      has: wad(10),
      owes: wad(10),
    })
    const [market = '0x'] = key.split(':') as [Hex]
    const params = await readParams(chain, market)
    await giveMorphoTokens(chain, { to: owner, token: params.collateralToken, amount: wad(1) })
    await asMorphoUser(chain, owner, 'supplyCollateral', [params, wad(1), owner, '0x'])
    await asMorphoUser(chain, owner, 'borrow', [params, wad(2000), 0n, owner, owner])
    const rows = (await scanNow()).book('ETH').rows.filter((row) => row.owner === owner)
    expect(rows.map(({ id }) => id).toSorted()).toEqual([at('long').key, morphoKey(market, owner)].toSorted())
    expect(new Set(rows.map(({ price }) => Math.round(price ?? 0)))).toEqual(new Set([1812, 2326]))
  })

  test('interest is booked as the market’s own model does it: a quarter later, to the unit', async () => {
    await open('nearly all lent out', {
      collateral: 'WETH',
      loan: 'USDC',
      lltv: 77,
      oracle: await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' }),
      has: wad(10_000),
      owes: usdc(1_000_000),
      lent: usdc(1_010_000),
    })
    await mine(anvil, 1, 90 * 86_400)
    const { markets } = (await scanNow()).markets as MorphoBlueMarkets
    const before: bigint[] = []
    const after: bigint[] = []
    await anvil.rpc('anvil_setBlockTimestampInterval', [0])
    for (const name of ['long', 'short', 'loop', 'nearly all lent out']) {
      const id = at(name).market
      before.push(markets[id]?.borrowed.assets ?? 0n)
      const params = await readParams(chain, id)
      await asMorphoUser(chain, chain.admin, 'accrueInterest', [params])
      const market = await chain.deployer.read<readonly bigint[]>('Morpho', chain.morpho, 'market', [id])
      after.push(market[2] ?? 0n)
    }
    await anvil.rpc('anvil_setBlockTimestampInterval', [1])
    expect(before).toEqual(after)
    expect(before[0]).toBeGreaterThan(usdc(2_740_000))
    // a year's rate of more than 60%: the higher terms of the compounding show
    expect(before[3]).toBeGreaterThan(usdc(1_150_000))
  })

  test('a real liquidation seizes what it repays and the bonus', async () => {
    const { market, key, owner } = at('long')
    const scanned = await scanNow()
    const account = scanned.accounts.get(key) as MorphoBlueAccount
    const [leg] = morphoBlue.position(scanned.markets as MorphoBlueMarkets, key, account).collateral
    await chain.deployer.send('MorphoBlueNamedFeed', chain.feeds.ETH, 'set', [1800_00000000n])
    await giveMorphoTokens(chain, { to: chain.admin, token: chain.tokens.USDC, amount: usdc(1e9) })
    const params = await readParams(chain, market)
    const args = [params, owner, 0n, usdc(500_000) * 10n ** 6n, '0x']
    const { blockNumber } = await asMorphoUser(chain, chain.admin, 'liquidate', args)
    await chain.deployer.send('MorphoBlueNamedFeed', chain.feeds.ETH, 'set', [3000_00000000n])
    const filter = { address: chain.morpho, fromBlock: blockNumber, toBlock: blockNumber }
    const logs = await anvil.rpc<never[]>('eth_getLogs', [filter])
    const { abi } = chain.artifactOf('EventsLib')
    const [event] = parseEventLogs({ abi, logs, eventName: 'Liquidate' })
    const { repaidAssets = 0n, seizedAssets } = (event?.args ?? {}) as unknown as Record<string, bigint>
    const expected = (repaidAssets * (10n ** 18n + (leg?.bonus ?? 0n))) / 1800n / 10n ** 6n
    expect(Number(seizedAssets) / 1e18).toBeCloseTo(Number(expected) / 1e18, 6)
    expect(leg?.bonus).toBe(43_841_336_116_910_229n)
  })

  test('what is left of bad debt, one raw unit of collateral, is insolvent and in no band', async () => {
    const { market } = at('long')
    const [owner] = await openMorphoPositions(chain, [{ market, collateral: wad(1), borrow: usdc(2500) }])
    if (!owner) throw new Error('no position was opened')
    await chain.deployer.send('MorphoBlueNamedFeed', chain.feeds.ETH, 'set', [2000_00000000n])
    const params = await readParams(chain, market)
    await asMorphoUser(chain, chain.admin, 'liquidate', [params, owner, wad(1) - 1n, 0n, '0x'])
    await chain.deployer.send('MorphoBlueNamedFeed', chain.feeds.ETH, 'set', [3000_00000000n])
    const row = (await scanNow()).book('ETH').rows.find(({ id }) => id === morphoKey(market, owner))
    expect(row).toMatchObject({ outcome: 'insolvent', price: null })
    expect(row?.debtUsd).toBeGreaterThan(500)
    expect(await askMorpho(chain, [{ market, borrower: owner, answer: 1n << 60n }])).not.toEqual([false])
  })

  test('a loan token that nobody prices leaves its positions unpriced, and names it', async () => {
    const { USDC, WETH } = chain.tokens
    const scanned = await scanNow({ prices: { [USDC]: 1, [WETH]: 'ETH' } })
    expect(rowIn(scanned, 'elsewhere')).toMatchObject({
      outcome: 'unpriced',
      reason: `no USD price of DAI (${chain.tokens.DAI})`,
    })
    expect(rowIn(scanned, 'long').outcome).toBe('below')
  })

  test('an idle market, without collateral and oracle, is counted and not priced', async () => {
    const { tokens } = chain
    const idle = { loanToken: tokens.USDC, collateralToken: zeroAddress, oracle: zeroAddress }
    await createMarket(chain, { ...idle, irm: zeroAddress, lltv: 0n }, usdc(1000))
    const scanned = await scanNow()
    const markets = scanned.markets as MorphoBlueMarkets
    expect(markets.idle.length).toBe(1)
    const total = Object.keys(markets.markets).length + 1
    expect(scanned.coverage.notes).toContain(`1 of ${total} markets have no debt and are not priced`)
    const unused = morphoBlue.prices(markets).filter(({ asset }) => markets.idle.includes(asset as Hex))
    expect(unused).toEqual([])
  })

  test('pre-liquidations are said to be left out, where a chain has them', () => {
    const markets = { morpho: zeroAddress, idle: [], markets: {}, tokens: {}, usd: {} }
    const notes = (preLiquidationFactory: Address | null) =>
      morphoBlue.remarks({ ...markets, preLiquidationFactory }).notes
    expect(notes(null)).toEqual([])
    expect(notes(chain.morpho).join()).toContain('pre-liquidations')
  })
})
