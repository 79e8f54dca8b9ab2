import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { curve } from '../../src/adapters/curve.ts'
import type { CurveAccount } from '../../src/adapters/curve-accounts.ts'
import type { CurveMarkets } from '../../src/adapters/curve-markets.ts'
import { soldCents } from '../../src/core/ranges.ts'
import { WAD } from '../../src/core/units.ts'
import { verify } from '../../src/verify.ts'
import { startAnvil } from '../chain/anvil.ts'
import {
  askLiquidate,
  type CurveChain,
  type CurveMarketOnChain,
  curveActions,
  deployCurve,
  openLoans,
  setCurveFeed,
  userOf,
} from '../chain/curve.ts'
import { curveConfig, curveKey, rangeEntryOf } from '../helpers/curve.ts'
import { evenly, PURE_BORROWED, PURE_CONTROLLER, pureCurve, pureLoan } from '../helpers/curve-pure.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal } from '../helpers/scanning.ts'

let next = 700_000
const newUser = (): Address => userOf(++next)

const rowOf = (scanned: Scanned, key: string, driver = 'ETH') => {
  const row = scanned.book(driver).rows.find(({ id }) => id === key)
  if (!row) throw new Error(`no row of ${key}`)
  return row
}

describe('traps of Curve, stand-ins of mint markets', () => {
  let chain: CurveChain
  let [weth, wbtc, pools] = [] as unknown as [CurveMarketOnChain, CurveMarketOnChain, CurveMarketOnChain]

  beforeAll(async () => {
    chain = await deployCurve(await startAnvil(), [
      { collateral: 'WETH', borrowed: 'crvUSD', oracle: { feed: 'ETH' }, base: 3000 },
      {
        collateral: 'WBTC',
        borrowed: 'crvUSD',
        decimals: { collateral: 8 },
        oracle: { feed: 'BTC' },
        base: 60_000,
      },
      { collateral: 'wstETH', borrowed: 'crvUSD', oracle: 'pools', base: 3600 },
    ])
    ;[weth, wbtc, pools] = chain.markets as unknown as typeof chain.markets &
      [CurveMarketOnChain, CurveMarketOnChain, CurveMarketOnChain]
  })
  afterAll(() => chain?.anvil.stop())

  const config = () => curveConfig(chain, { assets: { ETH: [chain.tokens.wstETH ?? '0x'] } })

  const open = async (
    market: CurveMarketOnChain,
    {
      n1,
      bands = 10,
      collateral = WAD,
      debt,
    }: { n1: number; bands?: number; collateral?: bigint; debt: bigint },
  ): Promise<string> => {
    const user = newUser()
    await openLoans(chain, market, [{ user, collateral, debt: debt * WAD, n1, bands }])
    return curveKey(market.controller, user)
  }

  const positionIn = ({ markets, accounts }: Scanned, key: string) =>
    curve.position(markets as CurveMarkets, key, accounts.get(key) as CurveAccount)

  test('a range is between the edges of the first and the last band, and moves with the driver', async () => {
    const key = await open(weth, { n1: 20, debt: 2000n })
    const row = rowOf(await scanAfresh(config()), key)
    expect(row).toMatchObject({ outcome: 'range', price: null, priceRaw: null })
    expect(row.high).toBeCloseTo(3000 * 0.99 ** 20, 6)
    expect(row.low).toBeCloseTo(3000 * 0.99 ** 30, 6)
    expect(rowOf(await scanAfresh(config()), key, 'BTC').outcome).toBe('never')
  })

  test('interest moves the range up: the bands rise as the debt does', async () => {
    const key = await open(weth, { n1: 60, debt: 1000n })
    const before = rowOf(await scanAfresh(config()), key)
    await curveActions(chain, weth).setRate(3_000_000_000n)
    await curveActions(chain, weth).mine(365 * 86_400)
    await curveActions(chain, weth).setRate(0n)
    const after = rowOf(await scanAfresh(config()), key)
    const grown = after.debtUsd / before.debtUsd
    expect(grown).toBeGreaterThan(1.09)
    expect((after.high ?? 0) / (before.high ?? 1)).toBeCloseTo(grown, 6)
    expect(after.healthFactor).toBeLessThan(before.healthFactor ?? 0)
  })

  test('a market whose oracle stands on pools: its range follows the driver as the configuration says', async () => {
    const key = await open(pools, { n1: 20, debt: 2000n })
    const row = rowOf(await scanAfresh(config()), key)
    const { spot, decimals } = (await scanAfresh(config())).book('ETH').driver
    const spotUsd = Number(spot) / 10 ** decimals
    expect(row.outcome).toBe('range')
    // the oracle says 3600 for wstETH: a fifth more than the driver
    expect(row.high).toBeCloseTo((spotUsd * 3600 * 0.99 ** 20) / 3600, 6)
    expect(row.collateralUsd).toBeCloseTo(3600, 6)
  })

  test('of a loan whose price is put on an oracle of pools, verify asks there', async () => {
    const key = await open(pools, { n1: 2, debt: 3250n })
    await curveActions(chain, pools).setPoolPrice(3380)
    const db = memoryDatabase()
    const scanned = await scanLocal(config(), db)
    const row = rowOf(scanned, key)
    expect(row.outcome).toBe('already')
    expect(row.price).toBeGreaterThan(0)
    const verification = await verify({ config: config(), db, book: scanned.book('ETH'), sample: null })
    expect(verification.sampled).toBeGreaterThan(0)
    expect(verification.disagreed).toEqual([])
    // each range has a sentence of its own, which is no reason not to ask
    expect(verification.skipped.filter(({ reason }) => reason === 'range')).toHaveLength(1)
    await curveActions(chain, pools).setPoolPrice(3600)
  })

  test('under soft liquidation: both tokens, the share sold is told, what is left is sold between low and spot', async () => {
    const act = curveActions(chain, wbtc)
    const key = await open(wbtc, { n1: 1, collateral: 100_000_000n, debt: 48_000n })
    await setCurveFeed(chain, 'BTC', 57_000_00000000n)
    await act.sellTo(5, 0.5)
    const scanned = await scanAfresh(config())
    const { collateral, range, healthFactor } = positionIn(scanned, key)
    expect(collateral.map(({ symbol }) => symbol)).toEqual(['WBTC', 'crvUSD'])
    expect(range?.note).toMatch(
      /^4\d\.\d % sold for crvUSD so far; hard liquidation at a market price of \d+/,
    )
    expect(healthFactor).toBeGreaterThan(WAD)
    const row = rowOf(scanned, key, 'BTC')
    expect(row).toMatchObject({ outcome: 'range', reason: range?.note })
    // only the WBTC that is left is still to be sold
    expect(row.collateralUsd).toBeCloseTo((Number(collateral[0]?.amount) / 1e8) * 57_000, 2)
    const entry = rangeEntryOf(row)
    expect(soldCents(entry, { spot: 57_000, price: row.low ?? 0 }) / 100).toBeCloseTo(row.collateralUsd, 1)
    expect(soldCents(entry, { spot: 57_000, price: 57_000 })).toBe(0)
    await act.buyTo(0)
    await setCurveFeed(chain, 'BTC', 60_000_00000000n)
  })

  test('all sold: no collateral is left to sell, and a falling price does it nothing', async () => {
    const act = curveActions(chain, wbtc)
    const key = await open(wbtc, { n1: 1, bands: 4, collateral: 100_000_000n, debt: 40_000n })
    await setCurveFeed(chain, 'BTC', 57_000_00000000n)
    await act.sellTo(5, 0)
    await setCurveFeed(chain, 'BTC', 30_000_00000000n)
    const scanned = await scanAfresh(config())
    const { collateral, range, liquidatable } = positionIn(scanned, key)
    expect(collateral.map(({ symbol }) => symbol)).toEqual(['crvUSD'])
    expect(liquidatable).toBe(false)
    expect(range?.note).toBe('100 % sold for crvUSD so far')
    expect(rowOf(scanned, key, 'BTC')).toMatchObject({ outcome: 'range', collateralUsd: 0 })
    await setCurveFeed(chain, 'BTC', 57_000_00000000n)
    await act.buyTo(0)
    await setCurveFeed(chain, 'BTC', 60_000_00000000n)
  })

  test('liquidation asks for the full health: far above its bands a loan is safe whatever the yield', async () => {
    const debt = 2490n
    const key = await open(weth, { n1: 12, debt })
    await setCurveFeed(chain, 'ETH', 3_600_00000000n)
    const [controller = '0x', user = '0x'] = key.split(':') as Address[]
    const half = await chain.deployer.read<bigint>(
      'CurveControllerStandIn',
      controller as Address,
      'health',
      [user, false],
    )
    const scanned = await scanAfresh(config())
    if (half >= 0n) expect(positionIn(scanned, key).healthFactor).toBeGreaterThan(WAD)
    expect(positionIn(scanned, key).liquidatable).toBe(false)
    expect(await askLiquidate(chain, [{ key, answers: {} }])).toEqual([false])
    await setCurveFeed(chain, 'ETH', 3_000_00000000n)
  })

  test('the gap price is the contract’s: liquidatable there if nobody trades, and not a millionth above', async () => {
    const key = await open(weth, { n1: 30, bands: 17, debt: 1700n })
    const scanned = await scanAfresh(config())
    const { range } = positionIn(scanned, key)
    const gap = Number(/price of ([\d.]+) crvUSD/.exec(range?.note ?? '')?.[1])
    const at = (usd: number) => ({ key, answers: { [chain.feeds.ETH]: BigInt(Math.round(usd * 1e8)) } })
    expect(gap).toBeLessThan(3000 * 0.99 ** 30 * 1.2)
    // the sentence has five digits
    expect(await askLiquidate(chain, [at(gap * 0.9999), at(gap * 1.0001)])).toEqual([true, false])
  })

  test('tokens of 8 decimals: the range is exact; of a loan that is liquidatable already no price is made up', async () => {
    const key = await open(wbtc, { n1: 3, collateral: 1_000_000n, debt: 480n })
    await setCurveFeed(chain, 'BTC', 51_000_00000000n)
    const scanned = await scanAfresh(config())
    expect(positionIn(scanned, key).liquidatable).toBe(true)
    expect(await askLiquidate(chain, [{ key, answers: {} }])).toEqual([true])
    expect(rowOf(scanned, key, 'BTC')).toMatchObject({ outcome: 'already', price: null })
    await setCurveFeed(chain, 'BTC', 60_000_00000000n)
    expect(rowOf(await scanAfresh(config()), key, 'BTC').outcome).toBe('range')
  })

  test('a changed discount is one for new loans only', async () => {
    const old = await open(weth, { n1: 25, debt: 1900n })
    await curveActions(chain, weth).setDiscount(0.2)
    const young = await open(weth, { n1: 25, debt: 1900n })
    await curveActions(chain, weth).setDiscount(0.06)
    const scanned = await scanAfresh(config())
    const thresholds = [old, young].map((key) => positionIn(scanned, key).collateral[0]?.threshold)
    expect(thresholds).toEqual([(94n * WAD) / 100n, (80n * WAD) / 100n])
  })

  test('a loan of next to nothing is a loan', async () => {
    const user = newUser()
    await openLoans(chain, weth, [{ user, collateral: 10n ** 6n, debt: 1n, n1: 40, bands: 4 }])
    const key = curveKey(weth.controller, user)
    const scanned = await scanAfresh(config())
    expect(positionIn(scanned, key)).toMatchObject({ liquidatable: false, unpriced: null })
    expect(rowOf(scanned, key).outcome).toBe('range')
  })

  test('the AMM holds its price after a trade: said, and the health is the one at that price', async () => {
    const key = await open(weth, { n1: 15, debt: 2300n })
    await curveActions(chain, weth).holdPrice(2500)
    const scanned = await scanAfresh(config())
    expect(scanned.coverage.notes.join()).toContain(
      'WETH/crvUSD: the AMM holds the price at 2500 for up to two minutes after a trade; its oracle says 3000',
    )
    const [health] = [positionIn(scanned, key).healthFactor]
    expect(health).toBe(WAD + (await curveActions(chain, weth).health(key.split(':')[1] as Address)))
    await curveActions(chain, weth).holdPrice(0)
  })

  test('an oracle that refuses is no price of 0: its loans are unpriced, those of other markets are not', async () => {
    const key = await open(wbtc, { n1: 20, collateral: 100_000_000n, debt: 30_000n })
    const safe = await open(weth, { n1: 20, debt: 1000n })
    await chain.deployer.send('SettableFeed', chain.feeds.BTC, 'setBroken', [true])
    const scanned = await scanAfresh(config())
    expect(rowOf(scanned, key)).toMatchObject({
      outcome: 'unpriced',
      reason: 'the oracle of WBTC/crvUSD refuses to price it',
    })
    expect(rowOf(scanned, safe).outcome).toBe('range')
    expect(scanned.coverage.status).toBe('partial')
    await chain.deployer.send('SettableFeed', chain.feeds.BTC, 'setBroken', [false])
  })
})

describe('traps of Curve, without a chain', () => {
  const position = (loan: Partial<CurveAccount>) =>
    curve.position(pureCurve(), `${PURE_CONTROLLER}:0x01`, pureLoan(loan))

  test('a health below −1 is a health factor of 0, not a negative one', () => {
    expect(position({ health: -3n * WAD })).toMatchObject({
      healthFactor: 0n,
      liquidatable: true,
      range: null,
    })
  })

  test('hard liquidation begins below 0, not at it', () => {
    expect(position({ health: 0n }).liquidatable).toBe(false)
    expect(position({ health: -1n }).liquidatable).toBe(true)
  })

  test('a controller that does not tell the health says nothing of it', () => {
    expect(position({ health: null })).toMatchObject({
      liquidatable: false,
      healthFactor: null,
      unpriced: 'the controller of WETH/crvUSD refuses to tell the health of the loan',
    })
  })

  test('crvUSD in a mint market counts 1 USD, as its controller counts it', () => {
    const { debt, collateral } = position({ x: evenly(500n * WAD, 10), n1: 0, n2: 9 })
    expect(debt).toMatchObject([{ asset: PURE_BORROWED, usd: 1000n * WAD }])
    expect(collateral.map(({ symbol, usd }) => [symbol, usd])).toEqual([
      ['WETH', 2000n * WAD],
      ['crvUSD', 500n * WAD],
    ])
  })

  test('a liquidation takes all the collateral', () => {
    expect(curve.liquidationRule?.(pureCurve())).toMatchObject({ takesAll: true, closeFactor: 1 })
  })

  test('the loans may differ from the total by what a million roundings explain, and no more', () => {
    const [total] = curve.totals(pureCurve({ totalDebt: 1000n * WAD }))
    expect(total).toMatchObject({ total: 1000n * WAD, tolerance: 2_000_001n, usd: 1000n * WAD })
  })
})
