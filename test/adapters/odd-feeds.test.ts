import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aaveV3 } from '../../src/adapters/aave-v3.ts'
import { type PricingInput, pricePositions } from '../../src/engine/pricing.ts'
import { verify } from '../../src/verify.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { artifactIn, compileOwn } from '../chain/compile.ts'
import { createDeployer, type Deployer } from '../chain/deployer.ts'
import type { AaveMarket, ReserveSymbol } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { askPool, type Question } from '../helpers/contract.ts'
import { listFeed } from '../helpers/feeds.ts'
import { startGateway } from '../helpers/gateway.ts'
import {
  localConfig,
  memoryDatabase,
  type Scanned,
  SOURCE,
  scanAfresh,
  scanLocal,
} from '../helpers/scanning.ts'

const WAD = 10n ** 18n
const MOST = 2n ** 255n - 1n
const REFUSE = -(2n ** 255n)
const usd = (amount: number): bigint => BigInt(Math.round(amount * 1e8))

/** Where the pool is asked beside the prices: thousandths of spot, off the stops of the tracing. */
const SHARES = [
  ...[2, 7, 40, 130, 230, 330, 430, 470, 520, 570, 630, 680, 730, 770, 790, 810, 820, 830, 850, 870],
  ...[890, 900, 920, 950, 980, 996, 1004, 1020, 1050, 1100, 1130, 1180, 1230, 1350, 1600, 1900, 2200, 3000],
  ...[4500, 9000, 15_000, 40_000, 90_000],
].map(BigInt)

describe('odd feeds on a market full of positions', () => {
  let anvil: Anvil
  let market: AaveMarket
  let own: Deployer
  let base: Address

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployAaveV36(anvil)
    await openPositions(anvil, market, { count: 60, seed: 11 })
    own = createDeployer(anvil, market.admin, artifactIn(await compileOwn()))
    base = market.reserves.WETH.feed
  })
  afterAll(() => anvil?.stop())

  /** Lists other feeds for reserves, and the old ones again afterwards. */
  const withFeeds = async (
    feeds: Partial<Record<ReserveSymbol, Address>>,
    work: () => Promise<void>,
  ): Promise<void> => {
    const of = Object.entries(feeds) as [ReserveSymbol, Address][]
    for (const [symbol, feed] of of)
      await listFeed(anvil, market, { asset: market.reserves[symbol].asset, feed })
    await work()
    for (const [symbol] of of) await listFeed(anvil, market, market.reserves[symbol])
  }

  const configOf = (feed: Address, url = anvil.url) =>
    localConfig(market, { urls: [url], drivers: { ETH: { chains: { local: { feeds: [feed] } } } } })

  /**
   * Holds every row against the pool's own word: it liquidates at the price and not one unit before, nor anywhere else
   * on the way from spot; what has no price is liquidated nowhere. A refusal is no liquidation, and the row says so.
   */
  const check = async ({ book }: Scanned, feed: Address): Promise<Readonly<Record<string, number>>> => {
    const { rows, driver } = book('ETH')
    const found: Record<string, number> = {}
    const questions: Question[] = []
    const expected: string[] = []
    const told: (() => string)[] = []
    const ask = (id: string, answer: bigint, word: string, also = '') => {
      questions.push({ account: id as Address, feeds: { [feed]: answer } })
      expected.push(`${word} ${id} ${answer}`)
      told.push(() => also)
    }
    for (const { id, outcome, priceRaw, reason } of rows) {
      found[outcome] = (found[outcome] ?? 0) + 1
      const isGap = /no oracle answer is known/.test(reason ?? '')
      if (isGap) found.gap = (found.gap ?? 0) + 1
      const around = SHARES.map((share) => (driver.spot * share) / 1000n).filter((answer) => answer > 0n)
      if (outcome === 'never') for (const answer of around) ask(id, answer, 'safe', 'refused')
      if (priceRaw === null) continue
      const edge = BigInt(priceRaw)
      const falls = outcome === 'below' || (outcome === 'already' && edge >= driver.spot)
      ask(id, edge, 'liquidatable')
      ask(id, falls ? edge + 1n : edge - 1n, isGap ? 'refused' : 'safe')
      if (outcome === 'already') continue
      const [low, high] = falls ? [edge, driver.spot] : [driver.spot, edge]
      for (const answer of around) if (answer > low && answer < high) ask(id, answer, 'safe', 'refused')
    }
    const words = (await askPool(anvil, market, questions)).map((health, i) => {
      const word = health === null ? 'refused' : health < WAD ? 'liquidatable' : 'safe'
      const [, id = '', answer = ''] = expected[i]?.split(' ') ?? []
      return told[i]?.() === word ? (expected[i] ?? '') : `${word} ${id} ${answer}`
    })
    expect(words.filter((word, i) => word !== expected[i])).toEqual([])
    return found
  }

  const root = () => own.deploy('RootFeed', [base, usd(5000)])
  const gap = async (shape: Address, from: bigint, to: bigint, said: bigint) =>
    own.deploy('GapFeed', [shape, base, from, to, said])

  const CASES: readonly (readonly [string, () => Promise<Address>, RegExp, number])[] = [
    [
      'refuses above an answer',
      async () => gap(await root(), usd(3300), MOST, REFUSE),
      /above 3299.99999999/,
      0,
    ],
    [
      'refuses below an answer',
      async () => gap(await root(), 0n, usd(2001), REFUSE),
      /below 2001.00000001/,
      0,
    ],
    [
      'refuses in a window',
      async () => gap(await root(), usd(1900), usd(2500), REFUSE),
      /from 1900 to 2500/,
      1,
    ],
    [
      'refuses between two stops',
      async () => gap(await root(), usd(2110), usd(2240), REFUSE),
      /from 2110 to 2240/,
      1,
    ],
    ['says 0 in a window', async () => gap(await root(), usd(2000), usd(2300), 0n), /from 2000 to 2300/, 1],
    [
      'says less than 0 in a window',
      async () => gap(await root(), usd(2000), usd(2300), -5n),
      /from 2000 to 2300/,
      1,
    ],
    ['jumps in steps of a third of spot', () => own.deploy('StepFeed', [base, usd(1000)]), /below 1000/, 0],
    ['saturates above', () => own.deploy('CapFeed', [base, usd(3300)]), /met to the unit$/, 0],
    [
      'follows to −30 % and is flat below',
      () => own.deploy('FloorFeed', [base, usd(2100)]),
      /met to the unit$/,
      0,
    ],
    ['is flat below 2 % of spot', () => own.deploy('FloorFeed', [base, usd(60)]), /met to the unit$/, 0],
    ['is flat above fifteenfold', () => own.deploy('CapFeed', [base, usd(45_000)]), /met to the unit$/, 0],
    [
      'stands still, but refuses below an answer',
      async () => gap(await own.deploy('SettableFeed', [usd(3500)]), 0n, usd(2400), REFUSE),
      /below 2400.00000001/,
      0,
    ],
  ]

  test.each(CASES)('a feed that %s', async (_, deploy, note, gaps) => {
    await withFeeds({ wstETH: await deploy() }, async () => {
      const scanned = await scanAfresh(configOf(base))
      const found = await check(scanned, base)
      expect(scanned.coverage.notes.join('\n')).toMatch(note)
      expect((found.below ?? 0) + (found.above ?? 0)).toBeGreaterThan(10)
      expect((found.gap ?? 0) > 0).toBe(gaps > 0)
    })
  })

  test('two assets that bend at once, in collateral and in debt, and leave out answers of their own', async () => {
    const basket = await own.deploy('BasketFeed', [base, usd(3000)])
    const dollar = await own.deploy('RatioFeed', [basket, WAD / 3000n])
    const feeds = {
      wstETH: await gap(await root(), usd(2250), usd(2450), REFUSE),
      DAI: await gap(dollar, usd(1700), usd(1800), REFUSE),
    }
    await withFeeds(feeds, async () => {
      const scanned = await scanAfresh(configOf(base))
      const found = await check(scanned, base)
      expect(found.gap).toBeGreaterThan(0)
      expect(scanned.coverage.notes.join()).toMatch(
        /wstETH, DAI: no plain .*; no answer of the oracle: wstETH from 2250 to 2450; DAI from 1700 to 1800; \d+ liquidation prices? w/,
      )
    })
  })

  test('a driver of five units, whose every step is a fifth', async () => {
    const tiny = await own.deploy('SettableFeed', [5n])
    const plain = await own.deploy('RatioFeed', [tiny, 60_000_000_000n * WAD])
    const half = await own.deploy('BasketFeed', [plain, usd(3000)])
    await withFeeds({ WETH: plain, wstETH: half }, async () => {
      const scanned = await scanAfresh(configOf(tiny))
      expect(scanned.book('ETH').driver.spot).toBe(5n)
      const found = await check(scanned, tiny)
      expect((found.below ?? 0) + (found.above ?? 0)).toBeGreaterThan(20)
    })
  })

  test('a feed that refuses whatever is not today: a note says that nothing was measured', async () => {
    const low = await gap(base, 0n, usd(2999), REFUSE)
    const feed = await own.deploy('GapFeed', [low, base, usd(3001), MOST, REFUSE])
    await withFeeds({ wstETH: feed }, async () => {
      const { coverage } = await scanAfresh(configOf(base))
      expect(coverage.notes).toEqual([
        'wstETH: the oracle refuses to answer while the feeds of ETH say another price; taken to follow ETH as data/assets.json says, or to stand still',
      ])
    })
  })

  test('verify agrees with every price, at the edge of a refusal too; what is stored gives the same rows again', async () => {
    const feed = await gap(await root(), usd(2000), usd(2300), REFUSE)
    await withFeeds({ wstETH: feed }, async () => {
      const config = configOf(base)
      const db = memoryDatabase()
      const first = await scanLocal(config, db)
      const { rows } = first.book('ETH')
      expect(rows.some(({ reason }) => reason?.includes('no oracle answer is known'))).toBe(true)
      const { disagreed, sampled, agreed } = await verify({
        config,
        db,
        book: first.book('ETH'),
        sample: null,
      })
      expect(disagreed).toEqual([])
      expect([agreed, sampled > 40]).toEqual([sampled, true])
      const second = await scanLocal(config, db)
      expect(second.read).toBe(0)
      expect(second.book('ETH').rows).toEqual(rows)
      const { markets, accounts } = first
      const again = { source: SOURCE, adapter: aaveV3, markets, accounts, drivers: first.stored.drivers }
      expect(pricePositions(again as PricingInput).ETH).toEqual(rows)
      const fresh = await scanAfresh(config)
      expect(fresh.book('ETH').rows.map(({ id, priceRaw, reason }) => [id, priceRaw, reason])).toEqual(
        rows.map(({ id, priceRaw, reason }) => [id, priceRaw, reason]),
      )
    })
  })

  test('an endpoint that refuses state overrides measures nothing, and says so', async () => {
    const gateway = await startGateway(anvil.url, [
      {
        before: ({ method, params }) =>
          method === 'eth_call' && params.length > 2
            ? { error: { code: -32602, message: 'too many arguments, want at most 2' } }
            : undefined,
      },
    ])
    await withFeeds({ wstETH: await root() }, async () => {
      const { coverage, stored, book } = await scanAfresh(configOf(base, gateway.url))
      await gateway.stop()
      expect(coverage.notes.join()).toMatch(
        /ETH: the endpoint refuses state overrides, so no exposure is measured; taken to stand still: .*wstETH/,
      )
      expect(stored.drivers.flatMap(({ responses }) => Object.values(responses))).toEqual([])
      expect(book('ETH').rows.filter(({ outcome }) => outcome === 'below')).toEqual([])
    })
  })
})
