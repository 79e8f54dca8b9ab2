import { type Address, parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DriverState } from '../../src/core/price-response.ts'
import { WAD } from '../../src/core/units.ts'
import { buildReport } from '../../src/report.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { artifactIn, compileOwn } from '../chain/compile.ts'
import { createDeployer, type Deployer } from '../chain/deployer.ts'
import type { AaveMarket, ReserveSymbol } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { askPool } from '../helpers/contract.ts'
import { listFeed } from '../helpers/feeds.ts'
import { localConfig, type Scanned, scanAfresh } from '../helpers/scanning.ts'

const ALICE: Address = '0x00000000000000000000000000000000000A11cE'
const usd = (amount: number): bigint => BigInt(Math.round(amount * 1e8))

describe('how assets follow a driver', () => {
  let anvil: Anvil
  let market: AaveMarket
  let own: Deployer

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployAaveV36(anvil)
    own = createDeployer(anvil, market.admin, artifactIn(await compileOwn()))
    await act.openLoan(anvil, market, {
      account: ALICE,
      collateral: [['DAI', parseUnits('30000', 18)]],
      debt: [['USDC', parseUnits('15000', 6)]],
    })
  })
  afterAll(() => anvil?.stop())

  const scanNow = (drivers?: Readonly<Record<string, unknown>>) =>
    scanAfresh(localConfig(market, { urls: [anvil.url], ...(drivers ? { drivers } : {}) }))
  const stateOf = ({ stored }: Scanned, symbol: string): DriverState => {
    const state = stored.drivers.find((driver) => driver.symbol === symbol)
    if (!state) throw new Error(`no driver ${symbol}`)
    return state
  }
  const response = (scanned: Scanned, driver: string, symbol: ReserveSymbol) => {
    const { exposure, method, exact } =
      stateOf(scanned, driver).responses[market.reserves[symbol].asset] ?? {}
    return { exposure, method, exact }
  }
  const assumptions = (scanned: Scanned): string =>
    buildReport(scanned.book('ETH'), { entities: new Map(), minUsd: 0, levels: [] }).assumptions.join('\n')

  /** Lists another feed for a reserve, and the old one again afterwards. */
  const withFeed = async (symbol: ReserveSymbol, feed: Address, work: () => Promise<void>): Promise<void> => {
    const { asset, feed: old } = market.reserves[symbol]
    const set = (source: Address) => listFeed(anvil, market, { asset, feed: source })
    await set(feed)
    await work()
    await set(old)
  }

  const one = { exposure: WAD, method: 'measured', exact: true }
  const none = { exposure: 0n, method: 'measured', exact: true }

  test('measured: WETH and wstETH move one for one, exactly; bitcoin and dollars do not', async () => {
    const scanned = await scanNow()
    expect(response(scanned, 'ETH', 'WETH')).toEqual(one)
    expect(response(scanned, 'ETH', 'wstETH')).toEqual(one)
    for (const symbol of ['WBTC', 'USDC', 'DAI'] as const)
      expect(response(scanned, 'ETH', symbol)).toEqual(none)
    expect(response(scanned, 'BTC', 'WBTC')).toEqual(one)
    expect(response(scanned, 'BTC', 'WETH')).toEqual(none)
    expect(stateOf(scanned, 'ETH')).toMatchObject({ spot: usd(3000), decimals: 8 })
    expect(scanned.coverage.notes).toEqual([])
    expect(assumptions(scanned)).toContain(
      'exposure to ETH of 2 assets measured by overriding its feed, exact to the oracle unit',
    )
  })

  test('by hand: the configuration wins over the measure, and the report says so', async () => {
    const { WETH, WBTC } = market.reserves
    const scanned = await scanNow({
      ETH: { chains: { local: { feeds: [WETH.feed], assets: { [WBTC.asset]: 0.5 } } } },
    })
    expect(response(scanned, 'ETH', 'WBTC')).toEqual({ exposure: WAD / 2n, method: 'config', exact: false })
    expect(response(scanned, 'ETH', 'wstETH')).toEqual(one)
    expect(assumptions(scanned)).toContain('1 asset set in the configuration')
  })

  test('by hand alone, without a feed: the asset that moves in full is the driver', async () => {
    const { WETH, wstETH } = market.reserves
    const scanned = await scanNow({
      ETH: { chains: { local: { assets: { [WETH.asset]: 1, [wstETH.asset]: 1 } } } },
    })
    expect(stateOf(scanned, 'ETH').spot).toBe(usd(3000))
    expect(response(scanned, 'ETH', 'WETH')).toEqual({ exposure: WAD, method: 'config', exact: true })
    expect(response(scanned, 'ETH', 'USDC')).toEqual({})
    expect(scanned.coverage.notes).toEqual([
      'ETH: no feed is known, so no exposure is measured; taken to stand still: WBTC, USDC, DAI',
    ])
  })

  /** Lets Alice owe so much more that the question is where, and tells both sides of her price by the contract itself. */
  const edgeOf = async (owed: string) => {
    const amount = parseUnits(owed, 6)
    await act.borrow(anvil, market, { account: ALICE, symbol: 'USDC', amount })
    const scanned = await scanNow()
    const row = scanned.book('ETH').rows.find(({ id }) => id === ALICE)
    const edge = BigInt(row?.priceRaw ?? 0)
    const at = (answer: bigint) => ({ account: ALICE, feeds: { [market.reserves.WETH.feed]: answer } })
    const sides = edge === 0n ? [] : await askPool(anvil, market, [edge - 1n, edge, edge + 1n].map(at))
    await act.repay(anvil, market, { account: ALICE, symbol: 'USDC', amount })
    return { scanned, row, edge, isLiquidatable: sides.map((health) => (health ?? WAD) < WAD) }
  }

  test('a feed that bends is asked, not extrapolated, even where it equals the driver today', async () => {
    const floor = await own.deploy('FloorFeed', [market.reserves.WETH.feed, usd(1500)])
    await withFeed('DAI', floor, async () => {
      // 30,000 DAI at 1,500 carry 34.65 million
      const { scanned, row, isLiquidatable } = await edgeOf('40000000')
      expect(response(scanned, 'ETH', 'DAI')).toEqual({ exposure: WAD, method: 'measured', exact: true })
      expect(scanned.coverage.notes.join()).toMatch(
        /^DAI: no plain proportion to ETH; asked at \d+ prices, until 1 liquidation price was met to the unit$/,
      )
      expect(assumptions(scanned)).toMatch(/1 asset measured by asking its oracle at \d+ prices/)
      expect(row?.outcome).toBe('below')
      expect(isLiquidatable).toEqual([true, true, false])
    })
  })

  test('a floor that carries the debt is never crossed', async () => {
    const floor = await own.deploy('FloorFeed', [market.reserves.WETH.feed, usd(1500)])
    await withFeed('DAI', floor, async () => {
      const { row } = await edgeOf('30000000')
      expect(row).toMatchObject({ outcome: 'never', price: null })
    })
  })

  test('a feed that stands still today but would move further up is no constant', async () => {
    const floor = await own.deploy('FloorFeed', [market.reserves.WETH.feed, usd(4000)])
    await withFeed('DAI', floor, async () => {
      const scanned = await scanNow()
      expect(response(scanned, 'ETH', 'DAI')).toEqual({ exposure: 0n, method: 'measured', exact: true })
      expect(scanned.coverage.notes.length).toBe(1)
    })
  })

  test('a basket that moves in part has its share, and a price that the contract confirms to the unit', async () => {
    const basket = await own.deploy('BasketFeed', [market.reserves.WETH.feed, usd(1)])
    await withFeed('DAI', basket, async () => {
      const { scanned, row, isLiquidatable } = await edgeOf('20000000')
      // (3000 + 1) / 2: 3000/3001 of it is ETH
      expect(Number(response(scanned, 'ETH', 'DAI').exposure) / 1e18).toBeCloseTo(3000 / 3001, 6)
      expect(row?.outcome).toBe('below')
      expect(isLiquidatable).toEqual([true, true, false])
    })
  })

  test('a curve is followed to the unit', async () => {
    const root = await own.deploy('RootFeed', [market.reserves.WETH.feed, usd(100)])
    await withFeed('DAI', root, async () => {
      // √(3000 · 100) = 547: half as fast as ETH
      const { scanned, row, isLiquidatable } = await edgeOf('9000000')
      expect(Number(response(scanned, 'ETH', 'DAI').exposure) / 1e18).toBeCloseTo(0.5, 2)
      expect(row?.outcome).toBe('below')
      expect(isLiquidatable).toEqual([true, true, false])
    })
  })

  test.each([
    ['fall', 'rise', 4000],
    ['rise', 'fall', 3100],
  ] as const)(
    'of a %s and a %s that liquidate, the nearer one is the price, the other is told',
    async (near, far, peak) => {
      const feed = await own.deploy('PeakFeed', [market.reserves.WETH.feed, usd(peak)])
      await withFeed('DAI', feed, async () => {
        const { row, edge, isLiquidatable } = await edgeOf('40000000')
        expect(row?.outcome).toBe(near === 'fall' ? 'below' : 'above')
        expect(isLiquidatable).toEqual(near === 'fall' ? [true, true, false] : [false, true, true])
        // its mirror, seen from the peak
        const other = Number(2n * usd(peak) - edge) / 1e8
        expect(row?.reason).toBe(`a ${far} to ${other} liquidates it too`)
      })
    },
  )

  test('the contract agrees on both sides of every price of a market full of curves and loops', async () => {
    const crowded = await startAnvil()
    const other = await deployAaveV36(crowded)
    await openPositions(crowded, other, { count: 250, seed: 5 })
    const deployer = createDeployer(crowded, other.admin, artifactIn(await compileOwn()))
    const { WETH, wstETH } = other.reserves
    const root = await deployer.deploy('RootFeed', [WETH.feed, usd(5000)])
    await listFeed(crowded, other, { asset: wstETH.asset, feed: root })
    const { book, coverage } = await scanAfresh(localConfig(other, { urls: [crowded.url] }))
    const { rows, driver } = book('ETH')
    const [, asked = '', met = ''] = /asked at (\d+) prices, until (\d+)/.exec(coverage.notes.join()) ?? []
    const priced = rows.filter(({ priceRaw }) => priceRaw !== null)
    const questions = priced.flatMap(({ id, priceRaw, outcome }) => {
      const edge = BigInt(priceRaw ?? 0)
      const falls = outcome === 'below' || (outcome === 'already' && edge >= driver.spot)
      return [edge, falls ? edge + 1n : edge - 1n].map((answer) => ({
        account: id as Address,
        feeds: { [WETH.feed]: answer },
      }))
    })
    const sides = (await askPool(crowded, other, questions)).map((health) => (health ?? WAD) < WAD)
    await crowded.stop()
    expect(priced.length).toBeGreaterThan(150)
    expect(Number(asked) / Number(met)).toBeLessThan(11)
    expect(sides).toEqual(priced.flatMap(() => [true, false]))
  })

  test('a driver of which nothing is known leaves the scan partial, not silent', async () => {
    const scanned = await scanNow({})
    expect(scanned.stored.drivers).toEqual([])
    expect(scanned.coverage).toMatchObject({
      status: 'partial',
      positions: 1,
      error: 'no driver is known on local: name drivers.ETH.chains.local.feeds in the configuration',
    })
  })

  test('a feed address that is no feed is named, and nothing is priced by it', async () => {
    const scanned = await scanNow({ ETH: { chains: { local: { feeds: [market.reserves.WETH.asset] } } } })
    expect(scanned.stored.drivers).toEqual([])
    expect(scanned.coverage).toMatchObject({
      status: 'partial',
      error: `the ETH feed ${market.reserves.WETH.asset} gives no price on local: check drivers.ETH.chains.local.feeds`,
    })
  })
})
