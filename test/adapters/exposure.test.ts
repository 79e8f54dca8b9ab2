import { type Address, encodeFunctionData, parseAbi, parseUnits } from 'viem'
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
import { sendTransaction } from '../chain/transaction.ts'
import { askPool } from '../helpers/contract.ts'
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
    const abi = parseAbi(['function setAssetSources(address[] assets, address[] sources)'])
    const set = (source: Address) => {
      const data = encodeFunctionData({ abi, functionName: 'setAssetSources', args: [[asset], [source]] })
      return sendTransaction(anvil, { from: market.admin, to: market.oracle, data })
    }
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

  test('a feed that bends is called approximate, even where it equals the driver today', async () => {
    const floor = await own.deploy('FloorFeed', [market.reserves.WETH.feed, usd(2500)])
    await withFeed('DAI', floor, async () => {
      const scanned = await scanNow()
      expect(response(scanned, 'ETH', 'DAI')).toEqual({ exposure: WAD, method: 'measured', exact: false })
      expect(scanned.coverage.notes).toEqual([
        'DAI does not follow ETH in plain proportion: prices through it are approximate',
      ])
      expect(assumptions(scanned)).toContain('1 asset measured by overriding its feed, approximate')
    })
  })

  test('a feed that stands still today but would move further up is no constant', async () => {
    const floor = await own.deploy('FloorFeed', [market.reserves.WETH.feed, usd(4000)])
    await withFeed('DAI', floor, async () => {
      const scanned = await scanNow()
      expect(response(scanned, 'ETH', 'DAI')).toEqual({ exposure: 0n, method: 'measured', exact: false })
      expect(scanned.coverage.notes.length).toBe(1)
    })
  })

  test('a basket that moves in part has its share, and a price that the contract confirms closely', async () => {
    const basket = await own.deploy('BasketFeed', [market.reserves.WETH.feed, usd(1)])
    await withFeed('DAI', basket, async () => {
      await act.borrow(anvil, market, { account: ALICE, symbol: 'USDC', amount: parseUnits('20000000', 6) })
      const scanned = await scanNow()
      // (3000 + 1) / 2: 3000/3001 of it is ETH
      expect(Number(response(scanned, 'ETH', 'DAI').exposure) / 1e18).toBeCloseTo(3000 / 3001, 6)
      const row = scanned.book('ETH').rows.find(({ id }) => id === ALICE)
      expect(row?.outcome).toBe('below')
      const edge = BigInt(row?.priceRaw ?? 0)
      const at = (answer: bigint) => ({ account: ALICE, feeds: { [market.reserves.WETH.feed]: answer } })
      const step = edge / 1_000_000n
      const [below, above] = await askPool(anvil, market, [at(edge - step), at(edge + step)])
      expect([(below ?? WAD) < WAD, (above ?? 0n) >= WAD]).toEqual([true, true])
      await act.repay(anvil, market, { account: ALICE, symbol: 'USDC', amount: parseUnits('20000000', 6) })
    })
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
