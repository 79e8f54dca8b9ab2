import { type Address, getAddress, parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compoundV3 } from '../../src/adapters/compound-v3.ts'
import { decodeLens } from '../../src/adapters/compound-v3-accounts.ts'
import type { CompoundV3Markets } from '../../src/adapters/compound-v3-markets.ts'
import { ruleOf } from '../../src/core/cascade/rules.ts'
import { WAD } from '../../src/core/units.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type CometMarket, cometActions, deployComet } from '../chain/compound-v3.ts'
import { openPlans, planPositions } from '../chain/compound-v3-positions.ts'
import { USDC_SPEC } from '../chain/compound-v3-spec.ts'
import { askAbsorb, cometConfig } from '../helpers/comet.ts'
import { pureComet, tokenOf } from '../helpers/comet-pure.ts'
import { refuseOverrides, startGateway, stripErrorData } from '../helpers/gateway.ts'
import { placeMulticall3 } from '../helpers/multicall3.ts'
import { type Scanned, scanAfresh, sorted } from '../helpers/scanning.ts'

let next = 0xdead00
const newAccount = (): Address => getAddress(`0x${(++next).toString(16).padStart(40, '0')}`)
const ether = (amount: string) => parseUnits(amount, 18)
const usdc = (amount: string) => parseUnits(amount, 6)

const marketsOf = (scanned: Scanned) => scanned.markets as CompoundV3Markets

describe('traps of Comet, a stand-in of cUSDCv3', () => {
  let anvil: Anvil
  let market: CometMarket
  let act: ReturnType<typeof cometActions>

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployComet(anvil, USDC_SPEC)
    act = cometActions(anvil, market)
    await placeMulticall3(anvil, market)
  })
  afterAll(() => anvil?.stop())

  const scanNow = (): Promise<Scanned> => scanAfresh(cometConfig(market, { url: anvil.url }))

  const open = async (collateral: Readonly<Record<string, bigint>>, borrowed: bigint): Promise<Address> => {
    const account = newAccount()
    for (const [symbol, amount] of Object.entries(collateral)) await act.supply(account, symbol, amount)
    await act.withdraw(account, 'USDC', borrowed)
    return account
  }

  const positionIn = ({ markets, accounts }: Scanned, account: Address) =>
    compoundV3.position(markets as CompoundV3Markets, account, accounts.get(account) as never)

  const rowOf = (scanned: Scanned, account: Address, driver = 'ETH') => {
    const row = scanned.book(driver).rows.find(({ id }) => id === account)
    if (!row) throw new Error(`no row of ${account}`)
    return row
  }

  const absorbable = async (account: Address): Promise<boolean | null> => {
    const [verdict = null] = await askAbsorb(anvil, market, [{ account, answers: {} }])
    return verdict
  }

  test('assets 16 to 23 are flagged in _reserved, not in assetsIn', async () => {
    const held = { WETH: ether('1'), T15: 500n * 10n ** 17n, weETH: ether('2'), T23: 777_00000000n }
    const account = await open(held, usdc('300'))
    const { collateral } = positionIn(await scanNow(), account)
    expect(Object.fromEntries(collateral.map(({ symbol, amount }) => [symbol, amount]))).toEqual(held)
  })

  test('the same accounts where no program of ours runs: by the public getters', async () => {
    const plans = planPositions(market, {
      count: 60,
      seed: 9,
      loan: [150, 9000],
      groups: [Object.keys(market.collateral)],
      basePrice: 1,
    })
    await openPlans(anvil, market, plans)
    const gateway = await startGateway(anvil.url, [refuseOverrides, stripErrorData])
    try {
      const poor = await scanAfresh(cometConfig(market, { url: gateway.url }))
      const rich = await scanNow()
      expect(poor.accounts.size).toBeGreaterThan(60)
      expect(sorted(poor.accounts)).toEqual(sorted(rich.accounts))
      expect(poor.markets).toEqual(rich.markets)
      expect(poor.coverage.debtCovered).toBe(1)
    } finally {
      await gateway.stop()
    }
  })

  test('interest that nobody has booked counts: isLiquidatable alone would say no', async () => {
    const account = await open({ USDe: ether('1000') }, usdc('690'))
    // 749.025 back 690: 5 % a year for 23 months
    await act.mine(1, 700 * 86_400)
    const scanned = await scanNow()
    const stored = await anvil.rpc<string>('eth_call', [
      { to: market.comet, data: compoundV3.verdict(marketsOf(scanned), account, () => 0n).data },
      'latest',
    ])
    expect(BigInt(stored)).toBe(0n)
    expect(await absorbable(account)).toBe(true)
    expect(positionIn(scanned, account).liquidatable).toBe(true)
  })

  test('liquidateCollateralFactor decides, not the factor that limits new loans', async () => {
    const account = await open({ COMP: ether('100') }, usdc('3200'))
    await act.setPrice('COMP', 47_00000000n)
    const scanned = await scanNow()
    // 3,055 is all that could be borrowed now; 3,290 backs the loan
    expect(await absorbable(account)).toBe(false)
    const position = positionIn(scanned, account)
    expect(position.liquidatable).toBe(false)
    expect(position.collateral[0]?.threshold).toBe((WAD * 7n) / 10n)
    await act.setPrice('COMP', 45_00000000n)
    expect(await absorbable(account)).toBe(true)
    expect(positionIn(await scanNow(), account).liquidatable).toBe(true)
    await act.setPrice('COMP', 50_00000000n)
  })

  test('absorb is all or nothing: every asset and the whole debt', async () => {
    const account = await open({ COMP: ether('30'), DAI: ether('100') }, usdc('1040'))
    await act.setPrice('COMP', 45_00000000n)
    await act.absorb(account)
    await act.setPrice('COMP', 50_00000000n)
    expect((await scanNow()).accounts.get(account)).toEqual({ debt: 0n, collateral: {} })
    expect(ruleOf('compound-v3/ethereum/usdc')).toMatchObject({ closeFactor: 1, takesAll: true })
  })

  test('absorb paused: priced as ever, with the reason why nobody can act', async () => {
    const account = await open({ WETH: ether('1') }, usdc('1500'))
    const before = rowOf(await scanNow(), account)
    await act.pauseAbsorb(true)
    const scanned = await scanNow()
    await act.pauseAbsorb(false)
    const row = rowOf(scanned, account)
    expect(row.outcome).toBe('below')
    expect(Number(row.price) / Number(before.price)).toBeCloseTo(1, 5)
    expect(row.reason).toBe('blocked: absorb is paused')
    expect(scanned.coverage.notes).toContain('absorb is paused: nobody can be liquidated now')
    expect(scanned.coverage.status).toBe('complete')
  })

  test('a delisted asset may count for nothing, and is still there to be seized', async () => {
    const account = await open({ T7: 10_000n * 10n ** 9n, WETH: ether('1') }, usdc('1500'))
    const before = Number(rowOf(await scanNow(), account).price)
    await act.setLiquidateFactor('T7', 0)
    const scanned = await scanNow()
    const { collateral } = positionIn(scanned, account)
    expect(collateral.find(({ symbol }) => symbol === 'T7')).toMatchObject({ threshold: 0n })
    const row = rowOf(scanned, account)
    expect(Number(row.price)).toBeGreaterThan(before)
    const verdicts = await askAbsorb(
      anvil,
      market,
      [0n, 1n].map((more) => ({
        account,
        answers: { [market.feeds.ETH]: BigInt(row.priceRaw ?? 0) + more },
      })),
    )
    expect(verdicts).toEqual([true, false])
    await act.setLiquidateFactor('T7', 0.55)
  })

  test('a feed that breaks or answers 0: unpriced, never healthy and never worthless; the others stay', async () => {
    const poor = await open({ T8: 10_000n * 10n ** 10n, WETH: ether('1') }, usdc('200'))
    const other = await open({ WETH: ether('1') }, usdc('200'))
    for (const [spoil, mend] of [
      [() => act.breakFeed('T8', true), () => act.breakFeed('T8', false)],
      [() => act.setPrice('T8', 0n), () => act.setPrice('T8', 4_19000000n)],
    ] as const) {
      await spoil()
      const scanned = await scanNow()
      await mend()
      expect(rowOf(scanned, poor)).toMatchObject({
        outcome: 'unpriced',
        price: null,
        healthFactor: null,
        reason: 'the feed refuses to price T8',
      })
      expect(rowOf(scanned, other).outcome).toBe('below')
      expect(scanned.coverage.status).toBe('partial')
      expect(scanned.coverage.error).toContain('the feed refuses to price T8')
      // what is owed is known all the same
      expect(scanned.coverage.debtCovered).toBe(1)
    }
  })

  test('of the feeds below an adapter only the one that states the token itself in USD', async () => {
    const prices = new Map(compoundV3.prices(marketsOf(await scanNow())).map((p) => [p.symbol, p]))
    const { ETH, BTC } = market.feeds
    const feedOf = (symbol: string) => market.collateral[symbol]?.feed
    expect(prices.get('WETH')?.feeds).toEqual([feedOf('WETH'), ETH])
    expect(prices.get('WBTC')?.feeds).toEqual([BTC])
    // its ratio feed is no price of it
    expect(prices.get('wstETH')?.feeds).toEqual([feedOf('wstETH'), ETH])
    expect(prices.get('COMP')?.feeds).toEqual([feedOf('COMP')])
  })

  test('what Comet says that is borrowed is held against the interest as computed here', () => {
    const told = { totalBorrowBase: 1_000_000n, borrowIndex: 11n * 10n ** 14n }
    expect(compoundV3.remarks(pureComet({ ...told, totalBorrow: 1_100_000n })).gaps).toEqual([])
    expect(compoundV3.remarks(pureComet({ ...told, totalBorrow: 1_100_001n })).gaps).toEqual([
      'Comet says that 1.100001 BASE are borrowed, interest by its own rate makes it 1.1: debts are read wrongly, report this',
    ])
  })

  test('an answer of the lens that is cut short or too long is no state of anybody', () => {
    const debtor = `${'00'.repeat(12)}07${'01'}${'17'}${'00'.repeat(15)}05`
    expect(decodeLens(`0x${debtor}`, 1)).toEqual([{ debt: 7n, collateral: { 23: 5n } }])
    for (const [answer, count] of [
      [debtor, 2],
      [debtor.slice(0, -2), 1],
      [`${debtor}00`, 1],
      ['', 1],
    ] as const)
      expect(() => decodeLens(`0x${answer}`, count)).toThrow(/the lens answered/)
  })

  test('a token whose price fell to nothing at some answer makes absorb impossible, not certain', () => {
    const markets = pureComet({ assets: { 0: {}, 1: {} } })
    const rule = compoundV3.isLiquidatable(markets, {
      debt: usdc('100'),
      collateral: { 0: ether('1'), 1: ether('1') },
    })
    const at = (price: bigint) => rule((asset) => (asset === tokenOf(1) ? price : 10n ** 8n))
    expect([at(1n), at(0n)]).toEqual([true, false])
  })
})
