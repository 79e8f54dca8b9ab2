import { type Address, getAddress, parseUnits } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { compoundV3 } from '../../src/adapters/compound-v3.ts'
import type { CompoundV3Markets } from '../../src/adapters/compound-v3-markets.ts'
import { verify } from '../../src/verify.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type CometMarket, cometActions, deployComet } from '../chain/compound-v3.ts'
import { openPlans, planPositions } from '../chain/compound-v3-positions.ts'
import { type CometSpec, WETH_SPEC } from '../chain/compound-v3-spec.ts'
import { askAbsorb, cometConfig } from '../helpers/comet.ts'
import { memoryDatabase, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const account = (n: number): Address => getAddress(`0x${(0xe7000 + n).toString(16).padStart(40, '0')}`)
const ether = (amount: string) => parseUnits(amount, 18)

/** A Comet whose prices are in ETH, by feeds none of which moves with ETH / USD. */
const LEAVES: CometSpec = {
  ...WETH_SPEC,
  borrowMin: 1n,
  collateral: WETH_SPEC.collateral.map((one) =>
    one.feed.kind === 'in ETH'
      ? { ...one, feed: { kind: 'own', price: one.symbol === 'USDC' ? 1 / 3000 : 20 } }
      : one,
  ),
}

describe('a Comet that counts in its own base token, a stand-in of cWETHv3', () => {
  let anvil: Anvil
  let market: CometMarket
  let act: ReturnType<typeof cometActions>

  beforeEach(async () => {
    anvil = await startAnvil()
    market = await deployComet(anvil, LEAVES)
    act = cometActions(anvil, market)
  })
  afterEach(() => anvil?.stop())

  const configOf = (usd: Readonly<Record<Address, number | string>>) =>
    cometConfig(market, {
      url: anvil.url,
      usd,
      ethLike: ['wstETH', 'rETH'].flatMap((symbol) => market.collateral[symbol]?.asset ?? []),
    })

  test('amounts are valued in USD through the price of the base token', async () => {
    const borrower = account(1)
    await act.supply(borrower, 'wstETH', ether('10'))
    await act.withdraw(borrower, 'WETH', ether('4'))
    const scanned = await scanAfresh(configOf({ [market.base.asset]: 'ETH' }))
    const [row] = scanned.book('ETH').rows
    expect(row?.collateral[0]?.usd).toBeCloseTo(10 * 1.17654321 * 3000, 6)
    expect(row?.debtUsd).toBeCloseTo(4 * 3000, 1)
    expect(scanned.coverage.protocolDebtUsd).toBeCloseTo(4 * 3000, 1)
    // both sides are ETH: no price of it takes them apart
    expect(row).toMatchObject({ outcome: 'never', reason: 'collateral and debt move together' })
  })

  test('nobody knows what the base token is worth: unpriced, and what to write is said', async () => {
    const borrower = account(2)
    await act.supply(borrower, 'wstETH', ether('10'))
    await act.withdraw(borrower, 'WETH', ether('4'))
    const scanned = await scanAfresh(configOf({}))
    expect(scanned.book('BTC').rows[0]).toMatchObject({ outcome: 'unpriced', price: null })
    expect(scanned.coverage.status).toBe('partial')
    expect(scanned.coverage.error).toContain('prices are in WETH, which nobody prices in USD')
    expect(scanned.coverage.error).toContain('chains.<chain>.usd.prices')
  })

  test('feeds in ETH that do not move with ETH / USD: the price is put on Comet’s own feeds, and Comet agrees', async () => {
    const plans = planPositions(market, {
      count: 120,
      seed: 31,
      loan: [0.2, 90],
      groups: [['USDC'], ['WBTC', 'USDC'], ['wstETH', 'USDC']],
      basePrice: 1,
    })
    await openPlans(anvil, market, plans)
    const config = configOf({ [market.base.asset]: 'ETH' })
    const db = memoryDatabase()
    const scanned = await scanLocal(config, db)
    const book = scanned.book('ETH')
    const rows = book.rows.filter(({ outcome }) => outcome === 'above')
    expect(rows.length).toBeGreaterThan(60)
    const verification = await verify({ config, db, book, sample: null })
    expect(verification.disagreed).toEqual([])
    expect(verification.agreed).toBeGreaterThan(60)

    // the same by hand: a dollar in ETH is 1 / P, cut to the feed's 8 decimals
    const feedOf = (symbol: string): Address => market.collateral[symbol]?.feed ?? '0x'
    const spot = 3000_00000000n
    const answersAt = (price: bigint) => ({
      [feedOf('USDC')]: (33_333n * spot) / price,
      [feedOf('WBTC')]: (20_00000000n * spot) / price,
    })
    const questions = rows.flatMap(({ id, priceRaw }) => {
      const edge = BigInt(priceRaw ?? 0)
      return [edge, edge - 1n].map((price) => ({ account: id as Address, answers: answersAt(price) }))
    })
    const verdicts = await askAbsorb(anvil, market, questions)
    expect(verdicts.filter((verdict, i) => verdict !== (i % 2 === 0))).toEqual([])
  })

  test('dust without collateral, opened without a log that names it, does not make the scan partial', async () => {
    const [borrower, ghost] = [account(3), account(4)]
    await act.supply(borrower, 'wstETH', ether('10'))
    await act.withdraw(borrower, 'WETH', ether('4'))
    await act.transfer(ghost, market.admin, 9_999_999_999n)
    const scanned = await scanAfresh(configOf({ [market.base.asset]: 'ETH' }))
    expect(scanned.coverage).toMatchObject({ status: 'complete', error: null })
    expect(scanned.book('ETH').rows.map(({ id }) => id)).toEqual([borrower])
    const [total] = compoundV3.totals(scanned.markets as CompoundV3Markets)
    // a thousand such ghosts together owe less than a hundred thousandth of a token
    expect(total?.tolerance).toBeGreaterThan(9_999_999_999n)
    expect(total?.tolerance).toBeLessThanOrEqual(10n ** 13n)
    // one unit more needs collateral
    await expect(act.transfer(account(5), market.admin, 10n ** 10n)).rejects.toThrow()
  })
})

describe('a Comet whose feeds divide by ETH / USD', () => {
  let anvil: Anvil
  let market: CometMarket
  let markets: CompoundV3Markets

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployComet(anvil, WETH_SPEC)
    const config = cometConfig(market, { url: anvil.url, usd: { [market.base.asset]: 3000 } })
    markets = (await scanAfresh(config)).markets as CompoundV3Markets
  })
  afterAll(() => anvil?.stop())

  test('the price by which a feed divides is none of the token’s own', () => {
    const prices = new Map(compoundV3.prices(markets).map((price) => [price.symbol, price]))
    expect(prices.get('WBTC')?.feeds).toEqual([market.collateral.WBTC?.feed, market.feeds.BTC])
    expect(prices.get('USDC')?.feeds).not.toContain(market.feeds.ETH)
  })

  test('every price is stated in the base token, and that one in USD', () => {
    const [quote, ...others] = compoundV3.prices(markets).filter((price) => price.quote === undefined)
    expect(others).toEqual([])
    expect(quote).toMatchObject({ token: market.base.asset, price: 3000_00000000n, decimals: 8 })
    for (const { asset, quote: key } of compoundV3.prices(markets))
      if (asset !== quote?.asset) expect(key).toBe(quote?.asset)
  })

  test('where the smallest loan is worth something, the sum of the debts is exact', () => {
    expect(compoundV3.totals(markets)[0]).not.toHaveProperty('tolerance')
  })
})
