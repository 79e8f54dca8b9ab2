import { type Address, getAddress, parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aaveV4 } from '../../src/adapters/aave-v4.ts'
import type { AaveV4Account } from '../../src/adapters/aave-v4-accounts.ts'
import type { AaveV4Markets } from '../../src/adapters/aave-v4-markets.ts'
import { parseConfig } from '../../src/config.ts'
import type { Position } from '../../src/core/position.ts'
import { WAD } from '../../src/core/units.ts'
import { scan } from '../../src/scan.ts'
import { loadScan, loadStates } from '../../src/store/load.ts'
import { verify } from '../../src/verify.ts'
import {
  deploySpoke,
  GHO,
  LINK,
  PRIME_USDC,
  PRIME_WETH,
  type SpokeMarket,
  spokeActions,
  USDC,
  WBTC,
  WETH,
  WSTETH,
} from '../chain/aave-v4.ts'
import { openPlans, planPositions, type SpokeAmount } from '../chain/aave-v4-positions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { askHealth, askLiquidation, spokeConfig } from '../helpers/aave-v4.ts'
import { refuseOverrides, startGateway, stripErrorData } from '../helpers/gateway.ts'
import { placeMulticall3 } from '../helpers/multicall3.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

const ether = (amount: string) => parseUnits(amount, 18)
const usdc = (amount: string) => parseUnits(amount, 6)
const btc = (amount: string) => parseUnits(amount, 8)

describe('traps of Aave V4, a stand-in of a spoke', () => {
  let anvil: Anvil
  let market: SpokeMarket
  let act: ReturnType<typeof spokeActions>

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deploySpoke(anvil)
    act = spokeActions(anvil, market)
    for (const { id } of market.reserves) await act.fund(market.admin, id, 10n ** 36n)
  })
  afterAll(() => anvil?.stop())

  const open = async (
    collateral: readonly SpokeAmount[],
    debt: readonly SpokeAmount[],
    idle: readonly SpokeAmount[] = [],
  ): Promise<Address> => {
    const [account] = await openPlans(anvil, market, [{ collateral, debt, idle }])
    if (!account) throw new Error('nothing was opened')
    return account
  }
  const scanNow = () => scanAfresh(spokeConfig(market, anvil.url))
  const marketsOf = ({ markets }: Scanned) => markets as AaveV4Markets
  const stateOf = ({ accounts }: Scanned, account: Address) => accounts.get(account) as AaveV4Account
  const positionIn = (scanned: Scanned, account: Address): Position =>
    aaveV4.position(marketsOf(scanned), account, stateOf(scanned, account))
  const rowOf = (scanned: Scanned, account: Address, driver = 'ETH') =>
    scanned.book(driver).rows.find(({ id }) => id === account)
  const own = async (account: Address): Promise<bigint | null> =>
    (await askHealth(anvil, market, [account]))[0] ?? null
  const liquidatable = async (account: Address, pair: readonly [number, number]) =>
    (await askLiquidation(anvil, market, [{ account, pair, answers: {} }]))[0]

  test('the account’s own key decides, not the reserve’s latest parameters', async () => {
    const early = await open([[WETH, ether('10')]], [[USDC, usdc('20000')]])
    await act.addConfig(WETH, { factor: 0.6, bonus: 0.1 })
    const late = await open([[WETH, ether('10')]], [[USDC, usdc('15000')]])
    const scanned = await scanNow()
    expect(stateOf(scanned, early).collateral[WETH]?.configKey).toBe(0)
    expect(stateOf(scanned, late).collateral[WETH]?.configKey).toBe(1)
    // by the latest parameters it would be liquidatable: 18,000 USD carry 20,000
    expect(positionIn(scanned, early)).toMatchObject({ liquidatable: false, healthFactor: await own(early) })
    expect(positionIn(scanned, early).collateral[0]).toMatchObject({ threshold: (83n * WAD) / 100n })
    expect(positionIn(scanned, late).collateral[0]).toMatchObject({ threshold: (60n * WAD) / 100n })
    expect(await liquidatable(early, [WETH, USDC])).toBe(false)

    await act.changeConfig(WETH, 0, { factor: 0.62, bonus: 0.1 })
    const changed = await scanNow()
    expect(stateOf(changed, early)).toEqual(stateOf(scanned, early))
    expect(positionIn(changed, early)).toMatchObject({ liquidatable: true, healthFactor: await own(early) })
    expect(await liquidatable(early, [WETH, USDC])).toBe(true)
    await act.changeConfig(WETH, 0, { factor: 0.83, bonus: 0.055 })
  })

  test('a collateral without a factor under the account’s key carries nothing, though it is flagged', async () => {
    const account = await open(
      [
        [WBTC, btc('1')],
        [LINK, ether('100')],
      ],
      [[GHO, ether('20000')]],
    )
    await act.addConfig(LINK, { factor: 0, bonus: 0 })
    await act.refreshConfig(account)
    const scanned = await scanNow()
    expect(Object.keys(stateOf(scanned, account).collateral)).toEqual([String(WBTC), String(LINK)])
    const { collateral, healthFactor } = positionIn(scanned, account)
    expect(collateral.map(({ symbol }) => symbol)).toEqual(['WBTC'])
    expect(healthFactor).toBe(await own(account))
    await act.addConfig(LINK, { factor: 0.66, bonus: 0.1 })
  })

  test('the premium is owed and counted, apart from what was drawn', async () => {
    const account = await open([[LINK, ether('10000')]], [[USDC, usdc('100000')]])
    await act.mine(1, 360 * 86_400)
    const scanned = await scanNow()
    const stored = stateOf(scanned, account).debt[USDC]
    if (!stored) throw new Error('no debt')
    const { drawnIndex = 0n, premiumRay } = marketsOf(scanned).reserves[USDC] ?? {}
    const drawn = (stored.drawnShares * drawnIndex) / 10n ** 27n
    const [leg] = positionIn(scanned, account).debt
    // 40 % more interest than the 6 % of the token
    expect(Number((leg?.amount ?? 0n) - drawn) / Number(drawn - usdc('100000'))).toBeCloseTo(0.4, 3)
    expect(positionIn(scanned, account).healthFactor).toBe(await own(account))
    const total = aaveV4
      .totals(marketsOf(scanned))
      .find(({ symbol }) => symbol.endsWith('USDC (reserve 2) premium'))
    expect(total).toMatchObject({ total: premiumRay })
    expect(premiumRay).toBeGreaterThan(0n)
    expect(scanned.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
  })

  test('one token of two hubs is two reserves, each with its own price and its own shares', async () => {
    const account = await open(
      [
        [USDC, usdc('50000')],
        [PRIME_USDC, usdc('50000')],
      ],
      [[GHO, ether('74000')]],
    )
    const before = await scanNow()
    await act.setPrice(PRIME_USDC, 90000000n)
    const scanned = await scanNow()
    const { collateral, healthFactor, liquidatable: verdict } = positionIn(scanned, account)
    expect(collateral.map(({ asset }) => asset)).toEqual([
      market.reserves[USDC]?.token,
      market.reserves[USDC]?.token,
    ])
    expect(collateral.map(({ pricedAs }) => pricedAs)).toEqual(['reserve 2', 'reserve 7'])
    expect(collateral[0]?.usd).toBe(positionIn(before, account).collateral[0]?.usd)
    expect(Number(collateral[1]?.usd) / Number(collateral[0]?.usd)).toBeCloseTo(0.9, 3)
    expect(healthFactor).toBe(await own(account))
    expect(verdict).toBe(true)
    const names = aaveV4.prices(marketsOf(scanned)).map(({ symbol }) => symbol)
    expect(names.filter((name) => name.startsWith('USDC'))).toEqual(['USDC (reserve 2)', 'USDC (reserve 7)'])
    expect(names).toContain('WBTC')
    await act.setPrice(PRIME_USDC, 100050000n)
  })

  test('WETH of two hubs moves with the driver in both', async () => {
    const account = await open(
      [
        [WETH, ether('5')],
        [PRIME_WETH, ether('5')],
      ],
      [[USDC, usdc('15000')]],
    )
    const row = rowOf(await scanNow(), account)
    expect(row?.outcome).toBe('below')
    const answer = BigInt(row?.priceRaw ?? 0)
    const ask = [answer, answer + 1n].map((at) => ({
      account,
      pair: [PRIME_WETH, USDC] as const,
      answers: { [market.feeds.ETH]: at },
    }))
    expect(await askLiquidation(anvil, market, ask)).toEqual([true, false])
  })

  test('what is supplied and not used carries nothing, and who only supplies has no position', async () => {
    const account = await open([[WBTC, btc('1')]], [[USDC, usdc('30000')]], [[WETH, ether('100')]])
    const lender = await open([[WBTC, btc('1')]], [], [[WETH, ether('100')]])
    const scanned = await scanNow()
    expect(positionIn(scanned, account).collateral.map(({ symbol }) => symbol)).toEqual(['WBTC'])
    expect(positionIn(scanned, account).healthFactor).toBe(await own(account))
    expect(rowOf(scanned, account)?.outcome).toBe('never')
    expect(scanned.accounts.has(lender)).toBe(false)
    expect(scanned.accounts.has(market.admin)).toBe(false)
  })

  test('a price that the oracle refuses leaves the whole account unpriced, even over an empty collateral', async () => {
    const account = await open([[WBTC, btc('1')]], [[USDC, usdc('30000')]])
    await act.use(account, LINK)
    const other = await open([[WBTC, btc('1')]], [[USDC, usdc('30000')]])
    for (const refuse of [
      () => act.breakFeed(LINK),
      () => act.setPrice(LINK, 0n),
      () => act.setPrice(LINK, -1n),
    ]) {
      await refuse()
      const scanned = await scanNow()
      expect(await own(account)).toBeNull()
      expect(positionIn(scanned, account)).toMatchObject({
        unpriced: 'the oracle of the spoke refuses to price LINK',
        healthFactor: null,
        liquidatable: false,
      })
      expect(rowOf(scanned, account)?.outcome).toBe('unpriced')
      expect(scanned.coverage.status).toBe('partial')
      expect(scanned.coverage.error).toContain('the oracle of the spoke refuses to price LINK')
      expect(positionIn(scanned, other).healthFactor).toBe(await own(other))
      await act.breakFeed(LINK, false)
      await act.setPrice(LINK, 20_00000000n)
    }
    expect(rowOf(await scanNow(), account, 'BTC')?.outcome).toBe('below')
  })

  test('paused: counts in health, and nobody can be liquidated through it; frozen: everybody still can', async () => {
    const account = await open([[WSTETH, ether('10')]], [[GHO, ether('29000')]])
    await act.setDriver('ETH', 2900_00000000n)
    expect(positionIn(await scanNow(), account)).toMatchObject({ liquidatable: true, blocked: null })
    await act.configure(WSTETH, { paused: true })
    const paused = positionIn(await scanNow(), account)
    expect(paused).toMatchObject({
      liquidatable: true,
      blocked: 'wstETH is paused',
      healthFactor: await own(account),
    })
    expect(await liquidatable(account, [WSTETH, GHO])).toBeNull()
    await act.configure(WSTETH, { frozen: true })
    expect(positionIn(await scanNow(), account).blocked).toBeNull()
    await act.configure(WSTETH, {})
    await act.configure(GHO, { paused: true })
    expect(positionIn(await scanNow(), account).blocked).toBe('GHO is paused')
    await act.configure(GHO, {})
    await act.setDriver('ETH', 3000_00000000n)
  })

  test('a hub that has halted or closed its line to the spoke stops liquidations', async () => {
    const account = await open([[WBTC, btc('1')]], [[GHO, ether('45000')]])
    await act.setDriver('BTC', 55_000_00000000n)
    expect(await liquidatable(account, [WBTC, GHO])).toBe(true)
    await act.setLine(GHO, { halted: true })
    expect(await liquidatable(account, [WBTC, GHO])).toBeNull()
    expect(positionIn(await scanNow(), account).blocked).toBe('the hub has halted GHO for this spoke')
    await act.setLine(GHO, { active: false })
    expect(positionIn(await scanNow(), account).blocked).toBe('the hub has closed GHO to this spoke')
    await act.setLine(GHO, {})
    // halted collateral still changes hands as shares
    await act.setLine(WBTC, { halted: true })
    expect(await liquidatable(account, [WBTC, GHO])).toBe(true)
    expect(positionIn(await scanNow(), account).blocked).toBeNull()
    await act.configure(WBTC, { frozen: true })
    expect(positionIn(await scanNow(), account).blocked).toBe('the hub has halted WBTC for this spoke')
    await act.configure(WBTC, {})
    await act.setLine(WBTC, {})
    await act.setDriver('BTC', 60_000_00000000n)
  })

  test('the debt is not rounded: a loan of one unit after a year, to the last digit', async () => {
    const account = await open([[WETH, 10n ** 9n]], [[USDC, 1n]])
    await act.mine(1, 365 * 86_400)
    const scanned = await scanNow()
    expect(positionIn(scanned, account).healthFactor).toBe(await own(account))
    expect(positionIn(scanned, account).debt.map(({ amount }) => amount)).toEqual([2n])
  })

  test('the same token on both sides: no price of it decides, interest does', async () => {
    const account = await open([[WETH, ether('10')]], [[WETH, ether('5')]])
    const scanned = await scanNow()
    expect(rowOf(scanned, account)).toMatchObject({
      outcome: 'never',
      reason: 'collateral and debt move together',
    })
    expect(positionIn(scanned, account).healthFactor).toBe(await own(account))
  })

  test('the bonus is the first one while the account is safe, and grows with what is missing', async () => {
    const account = await open([[PRIME_WETH, ether('10')]], [[GHO, ether('20000')]])
    const bonusAt = async (usd: bigint) => {
      await act.setDriver('ETH', usd * 10n ** 8n)
      return positionIn(await scanNow(), account).collateral[0]?.bonus
    }
    expect(await bonusAt(3000n)).toBe(25n * 10n ** 15n)
    const under = await bonusAt(2350n)
    expect(under).toBeGreaterThan(25n * 10n ** 15n)
    expect(under).toBeLessThan(50n * 10n ** 15n)
    expect(await bonusAt(1500n)).toBe(50n * 10n ** 15n)
    await act.setDriver('ETH', 3000_00000000n)
  })

  test('a shock is sized by the spoke’s own target', async () => {
    const { markets } = await scanNow()
    const rule = aaveV4.liquidationRule?.(markets as AaveV4Markets)
    expect(rule).toMatchObject({ name: 'Aave v4', targetHealthFactor: 1.04, wholeBelowUsd: 1000 })
  })

  test('a token that follows a driver by hand: verify puts its price on the spoke’s own oracle', async () => {
    const account = await open([[LINK, ether('1000')]], [[USDC, usdc('9000')]])
    const { token = '0x' } = market.reserves[LINK] ?? {}
    const config = spokeConfig(market, anvil.url, { [token]: 1 })
    const db = memoryDatabase()
    const book = (await scanLocal(config, db)).book('ETH')
    const row = book.rows.find(({ id }) => id === account)
    expect(row).toMatchObject({ outcome: 'below', collateral: [{ symbol: 'LINK' }] })
    const verification = await verify({ config, db, book, sample: null })
    expect(verification.disagreed).toEqual([])
    expect(verification.agreed).toBeGreaterThan(3)
    expect(verification.agreed).toBe(verification.sampled)
  })

  test('every spoke has an oracle of its own: two spokes, two prices of BTC', async () => {
    const second = await deploySpoke(anvil)
    const there = spokeActions(anvil, second)
    const borrow = { collateral: [[WBTC, btc('1')]], debt: [[USDC, usdc('40000')]], idle: [] } as const
    const [here] = await openPlans(anvil, market, [borrow])
    const [away] = await openPlans(anvil, second, [borrow])
    await there.setDriver('BTC', 50_000_00000000n)
    const deployment = (one: SpokeMarket) => ({ spoke: one.spoke, fromBlock: Number(one.fromBlock) })
    const config = parseConfig(
      {
        chains: { local: { chainId: 31337, rpc: [anvil.url], block: 'latest' } },
        sources: [
          { key: 'aave-v4/local/first', deployment: deployment(market) },
          { key: 'aave-v4/local/second', deployment: deployment(second) },
        ],
        drivers: { BTC: { chains: { local: { feeds: [market.feeds.BTC] } } } },
      },
      {},
      '/',
    )
    const db = memoryDatabase()
    const { scanId } = await scan({ config, db })
    const states = loadStates(db, loadScan(db, scanId))
    const health = (key: string, account: Address | undefined) => {
      const { markets, accounts } = states.find(({ source }) => source === key) ?? {}
      return aaveV4.position(
        markets as AaveV4Markets,
        account ?? '',
        accounts?.get(account ?? '') as AaveV4Account,
      )
    }
    expect(health('aave-v4/local/first', here)).toMatchObject({ liquidatable: false })
    expect(health('aave-v4/local/second', away)).toMatchObject({ liquidatable: true })
    const [own] = await askHealth(anvil, second, [getAddress(away ?? '0x')])
    expect(health('aave-v4/local/second', away).healthFactor).toBe(own)
  })

  test('the same accounts where no program of ours runs: by the public getters', async () => {
    await placeMulticall3(anvil, market)
    await openPlans(
      anvil,
      market,
      planPositions(market.reserves, { count: 40, seed: 3, factors: { [WETH]: 0.6 } }),
    )
    const gateway = await startGateway(anvil.url, [refuseOverrides, stripErrorData])
    try {
      const poor = await scanAfresh(spokeConfig(market, gateway.url))
      const rich = await scanNow()
      expect(poor.accounts.size).toBeGreaterThan(40)
      expect(sorted(poor.accounts)).toEqual(sorted(rich.accounts))
      expect(poor.markets).toEqual(rich.markets)
      expect(poor.coverage.debtCovered).toBe(1)
    } finally {
      await gateway.stop()
    }
  })
})
