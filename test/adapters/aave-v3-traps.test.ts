import {
  type Address,
  encodeFunctionData,
  getAddress,
  type Hex,
  maxUint256,
  parseUnits,
  stringToHex,
} from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aaveV3 } from '../../src/adapters/aave-v3.ts'
import type { AaveV3Account } from '../../src/adapters/aave-v3-accounts.ts'
import type { AaveV3Markets } from '../../src/adapters/aave-v3-markets.ts'
import type { PositionRow } from '../../src/store/rows.ts'
import { deployAaveV302 } from '../chain/aave-v3-0-2.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type AaveMarket, ETH_EMODE, poolAbi, type ReserveSymbol } from '../chain/market.ts'
import { createReader } from '../chain/reader.ts'
import { askPool, constantAnswer } from '../helpers/contract.ts'
import { createCaller } from '../helpers/pool-calls.ts'
import { ACCOUNT, priceAlone, pureMarket } from '../helpers/pure-market.ts'
import { localConfig, type Scanned, scanAfresh } from '../helpers/scanning.ts'

const NAMES = [
  'several collaterals',
  'two ETH assets',
  'loop',
  'short',
  'one collateral',
  'switched off',
  'e-mode',
  'same asset',
  'bitcoin',
  'dai',
] as const
type Name = (typeof NAMES)[number]

const accountOf = (name: Name): Address =>
  getAddress(`0x${(0x7a9000 + NAMES.indexOf(name)).toString(16).padStart(40, '0')}`)

const wad = (amount: number) => parseUnits(String(amount), 18)
const usdc = (amount: number) => parseUnits(String(amount), 6)

const LOANS: Readonly<Record<Name, Omit<act.Loan, 'account'>>> = {
  // peers.md, wrong answers 1, 2, 3, 4 and 6, at ETH 2,000 and wstETH 2,400
  'several collaterals': {
    collateral: [
      ['WETH', wad(1000)],
      ['USDC', usdc(1_000_000)],
    ],
    debt: [['DAI', wad(2_000_000)]],
  },
  'two ETH assets': {
    collateral: [
      ['WETH', wad(1000)],
      ['wstETH', wad(1000)],
    ],
    debt: [['DAI', wad(3_000_000)]],
  },
  loop: { collateral: [['wstETH', wad(1000)]], debt: [['WETH', wad(900)]] },
  short: { collateral: [['USDC', usdc(1_000_000)]], debt: [['WETH', wad(300)]] },
  'one collateral': { collateral: [['WETH', wad(175_800)]], debt: [['USDC', usdc(274_000_000)]] },
  'switched off': {
    collateral: [
      ['WETH', wad(10)],
      ['WBTC', parseUnits('1', 8)],
    ],
    debt: [['USDC', usdc(10_000)]],
  },
  // 12 ETH at 95% and 1,000 USDC at 78% against 11.5 ETH
  'e-mode': {
    collateral: [
      ['wstETH', wad(10)],
      ['USDC', usdc(1000)],
    ],
    debt: [['WETH', wad(11.5)]],
    eMode: ETH_EMODE.id,
  },
  'same asset': { collateral: [['WETH', wad(10)]], debt: [['WETH', wad(7)]] },
  bitcoin: { collateral: [['WBTC', parseUnits('1', 8)]], debt: [['USDC', usdc(30_000)]] },
  dai: { collateral: [['WETH', wad(1)]], debt: [['DAI', wad(1000)]] },
}

describe('positions that others price wrongly, on Aave V3.6', () => {
  let anvil: Anvil
  let market: AaveMarket
  let scanned: Scanned

  const scanNow = () => scanAfresh(localConfig(market, { urls: [anvil.url] }))
  const rowIn = (of: Scanned, name: Name, driver = 'ETH'): PositionRow => {
    const row = of.book(driver).rows.find(({ id }) => id === accountOf(name))
    if (!row) throw new Error(`no position ${name}`)
    return row
  }
  const row = (name: Name, driver = 'ETH') => rowIn(scanned, name, driver)
  const positionOf = (name: Name) => {
    const account = scanned.accounts.get(accountOf(name)) as AaveV3Account
    return aaveV3.position(scanned.markets as AaveV3Markets, accountOf(name), account)
  }

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployAaveV36(anvil, { ethUsd: 2000 })
    for (const name of NAMES) await act.openLoan(anvil, market, { account: accountOf(name), ...LOANS[name] })
    const off = { account: accountOf('switched off'), symbol: 'WBTC', use: false } as const
    await act.setUseAsCollateral(anvil, market, off)
    scanned = await scanNow()
  })
  afterAll(() => anvil?.stop())

  /** Liquidatable at any of these ETH prices, by the contract's own word? */
  const contractSays = async (name: Name, prices: readonly number[]) => {
    const questions = prices.map((usd) => ({
      account: accountOf(name),
      feeds: { [market.reserves.WETH.feed]: BigInt(Math.round(usd * 1e8)) },
    }))
    return (await askPool(anvil, market, questions)).map((health) => health !== null && health < 10n ** 18n)
  }
  const EVERYWHERE = [1, 100, 1000, 1900, 2100, 2222, 5000, 100_000, 1e9]

  test('several collaterals are solved jointly: 1,470, not 1,093', async () => {
    expect(row('several collaterals').outcome).toBe('below')
    expect(row('several collaterals').price).toBeCloseTo(1469.88, 1)
    expect(await contractSays('several collaterals', [1469, 1471])).toEqual([true, false])
  })

  test('two assets that follow ETH have one ETH price: 1,665, not 1,272', async () => {
    expect(row('two ETH assets').outcome).toBe('below')
    expect(row('two ETH assets').price).toBeCloseTo(1664.82, 1)
    expect(row('two ETH assets').driverAmount).toBeCloseTo(2200, 2)
    expect(await contractSays('two ETH assets', [1664, 1666])).toEqual([true, false])
  })

  test('a wstETH/WETH loop never has an ETH price', async () => {
    expect(row('loop')).toMatchObject({
      outcome: 'never',
      price: null,
      reason: 'collateral and debt move together',
    })
    expect(await contractSays('loop', EVERYWHERE)).toEqual(EVERYWHERE.map(() => false))
  })

  test('who owes ETH against dollars is liquidated above spot: 2,600', async () => {
    expect(row('short').outcome).toBe('above')
    expect(row('short').price).toBeCloseTo(2600, 1)
    expect(row('short').driverAmount).toBeCloseTo(300, 2)
    expect(row('short').collateralUsd).toBeCloseTo(1_000_000, -1)
    expect(await contractSays('short', [2599, 2601])).toEqual([false, true])
  })

  test('the threshold is in the price: 1,878, not 1,558', () => {
    expect(row('one collateral').outcome).toBe('below')
    expect(row('one collateral').price).toBeCloseTo(274e6 / (175_800 * 0.83), 1)
    expect(Math.round(row('one collateral').price ?? 0)).toBe(1878)
  })

  test('collateral that is switched off does not count', () => {
    expect(positionOf('switched off').collateral.map(({ symbol }) => symbol)).toEqual(['WETH'])
    expect(row('switched off').price).toBeCloseTo(10_000 / 8.3, 1)
    expect(row('switched off', 'BTC').outcome).toBe('never')
  })

  test('the e-mode’s threshold holds for its members only, and only for whoever is in it', async () => {
    const thresholds = (name: Name) =>
      Object.fromEntries(positionOf(name).collateral.map(({ symbol, threshold }) => [symbol, threshold]))
    expect(thresholds('e-mode')).toEqual({ wstETH: wad(0.95), USDC: wad(0.78) })
    expect(thresholds('two ETH assets')).toEqual({ WETH: wad(0.83), wstETH: wad(0.81) })
    // 11.4·P + 780 against 11.5·P: by the reserve's own 81% it would be liquidatable today
    expect(row('e-mode').outcome).toBe('above')
    expect(Math.abs((row('e-mode').price ?? 0) - 7800)).toBeLessThan(10)
    expect(await contractSays('e-mode', [7700, 7900])).toEqual([false, true])
  })

  test('the same asset on both sides never has a price', async () => {
    expect(row('same asset')).toMatchObject({ outcome: 'never', reason: 'collateral and debt move together' })
    expect(await contractSays('same asset', EVERYWHERE)).toEqual(EVERYWHERE.map(() => false))
  })

  test('what does not follow the driver has no price of it', () => {
    expect(row('bitcoin')).toMatchObject({ outcome: 'never', reason: 'no exposure to the driver' })
    expect(row('bitcoin', 'BTC').outcome).toBe('below')
    expect(row('bitcoin', 'BTC').price).toBeCloseTo(30_000 / 0.78, 0)
  })

  /** Whether a liquidation call itself goes through, the price being low enough. */
  const liquidationRuns = async (name: Name, collateral: ReserveSymbol, debt: ReserveSymbol) => {
    const { admin, pool, reserves } = market
    const args = [
      reserves[collateral].asset,
      reserves[debt].asset,
      accountOf(name),
      maxUint256,
      false,
    ] as const
    const data = encodeFunctionData({ abi: poolAbi, functionName: 'liquidationCall', args })
    const code = { code: constantAnswer(1000_00000000n) }
    return anvil
      .rpc<Hex>('eth_call', [{ from: admin, to: pool, data }, 'latest', { [reserves.WETH.feed]: code }])
      .then(() => true)
      .catch(() => false)
  }

  test('a paused reserve keeps its price and is marked blocked, unless another one can be seized', async () => {
    await createCaller(anvil, market).fund(market.admin, 'DAI', wad(1_000_000))
    expect(await liquidationRuns('dai', 'WETH', 'DAI')).toBe(true)
    await act.pauseReserve(anvil, market, 'WETH')
    const paused = await scanNow()
    expect(rowIn(paused, 'dai')).toMatchObject({
      outcome: 'below',
      priceRaw: rowIn(paused, 'dai').priceRaw,
      reason: 'blocked: WETH is paused',
    })
    expect(rowIn(paused, 'dai').price).toBeCloseTo(row('dai').price ?? 0, 1)
    expect(await liquidationRuns('dai', 'WETH', 'DAI')).toBe(false)
    expect(rowIn(paused, 'several collaterals').reason).toBe(null)

    await act.pauseReserve(anvil, market, 'WETH', { paused: false, graceSeconds: 3600 })
    expect(rowIn(await scanNow(), 'dai').reason).toBe('blocked: WETH is in its grace period')
    expect(await liquidationRuns('dai', 'WETH', 'DAI')).toBe(false)
    await act.mine(anvil, 1, 3601)
    expect(rowIn(await scanNow(), 'dai').reason).toBe(null)
    expect(await liquidationRuns('dai', 'WETH', 'DAI')).toBe(true)
  })

  test('an oracle that reverts: its positions are unpriced, the others priced, the coverage partial', async () => {
    await act.breakFeed(anvil, market, 'wstETH')
    const broken = await scanNow()
    const hit: readonly Name[] = ['two ETH assets', 'loop', 'e-mode']
    for (const name of hit)
      expect(rowIn(broken, name)).toMatchObject({
        outcome: 'unpriced',
        price: null,
        reason: 'the oracle refuses to price wstETH',
      })
    // unknown, not worthless
    const legs = hit.flatMap((name) => [...rowIn(broken, name).collateral, ...rowIn(broken, name).debt])
    for (const { symbol, usd } of legs)
      expect({ symbol, known: usd !== null }).toEqual({ symbol, known: symbol !== 'wstETH' })
    for (const name of NAMES.filter((name) => !hit.includes(name)))
      expect(rowIn(broken, name).outcome).toBe(row(name).outcome)
    expect(broken.coverage).toMatchObject({
      status: 'partial',
      unpriced: 3,
      error: '3 positions cannot be priced: the oracle refuses to price wstETH',
    })
    // the contract cannot value them either
    expect(await contractSays('loop', [2000])).toEqual([false])
    await expect(createReader(anvil, market).account(accountOf('loop'))).rejects.toThrow('feed is broken')
    await act.breakFeed(anvil, market, 'wstETH', false)
  })

  test('a driver’s own feed that reverts: the other driver is priced, and the gap says which feed', async () => {
    await act.breakFeed(anvil, market, 'WETH')
    const broken = await scanNow()
    expect(rowIn(broken, 'bitcoin', 'BTC').price).toBeCloseTo(row('bitcoin', 'BTC').price ?? 0, 0)
    expect(rowIn(broken, 'dai', 'BTC').outcome).toBe('unpriced')
    expect(broken.coverage.status).toBe('partial')
    expect(broken.coverage.error).toContain(
      `the ETH feed ${market.reserves.WETH.feed} gives no price on local: check drivers.ETH.chains.local.feeds`,
    )
    await act.breakFeed(anvil, market, 'WETH', false)
  })

  test('a token whose symbol is no string (MKR) is read all the same', async () => {
    const { asset } = market.reserves.DAI
    const code = await anvil.rpc<Hex>('eth_getCode', [asset, 'latest'])
    await anvil.rpc('anvil_setCode', [asset, constantAnswer(BigInt(stringToHex('MKR', { size: 32 })))])
    const odd = await scanNow()
    expect(odd.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    expect(rowIn(odd, 'dai').debt[0]?.symbol).toBe('MKR')
    await anvil.rpc('anvil_setCode', [asset, '0x'])
    expect(rowIn(await scanNow(), 'dai').debt[0]?.symbol).toBe(`${asset.slice(0, 8)}…`)
    await anvil.rpc('anvil_setCode', [asset, code])
  })
})

describe('e-mode categories of Aave V3.0.2', () => {
  let anvil: Anvil
  let market: AaveMarket
  const [MEMBER, OUTSIDER, PRICED] = [0xe1, 0xe2, 0xe3].map((n) =>
    getAddress(`0x${n.toString(16).padStart(40, '0')}`),
  ) as [Address, Address, Address]
  const STABLE_EMODE = 2

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployAaveV302(anvil, { ethUsd: 2000 })
    await act.openLoan(anvil, market, { account: MEMBER, ...LOANS['e-mode'] })
    await act.openLoan(anvil, market, {
      account: OUTSIDER,
      collateral: [['wstETH', wad(10)]],
      debt: [['WETH', wad(5)]],
    })
    const { setCategory } = createCaller(anvil, market)
    await setCategory(STABLE_EMODE, {
      threshold: 9700,
      priceSource: market.reserves.USDC.asset,
      members: ['USDC', 'DAI'],
    })
    await act.openLoan(anvil, market, {
      account: PRICED,
      collateral: [
        ['USDC', usdc(1000)],
        ['WETH', wad(1)],
      ],
      debt: [['DAI', wad(2000)]],
      eMode: STABLE_EMODE,
    })
  })
  afterAll(() => anvil?.stop())

  const scanNow = () => scanAfresh(localConfig(market, { urls: [anvil.url] }))
  const positionIn = ({ accounts, markets }: Scanned, account: Address) =>
    aaveV3.position(markets as AaveV3Markets, account, accounts.get(account) as AaveV3Account)
  const health = async (account: Address) => (await createReader(anvil, market).account(account)).healthFactor

  test('the category’s threshold holds where the asset’s own category is the user’s', async () => {
    const scanned = await scanNow()
    const thresholds = (account: Address) =>
      positionIn(scanned, account).collateral.map(({ symbol, threshold }) => [symbol, threshold])
    expect(thresholds(MEMBER)).toEqual([
      ['wstETH', wad(0.95)],
      ['USDC', wad(0.78)],
    ])
    expect(thresholds(OUTSIDER)).toEqual([['wstETH', wad(0.81)]])
    for (const account of [MEMBER, OUTSIDER])
      expect(positionIn(scanned, account).healthFactor).toBe(await health(account))
  })

  test('a category with a price source prices its members by it, and no one else', async () => {
    await act.setFeedPrice(anvil, market, 'DAI', 1_10000000n)
    await act.setFeedPrice(anvil, market, 'USDC', 99000000n)
    const scanned = await scanNow()
    const position = positionIn(scanned, PRICED)
    const { USDC, WETH } = market.reserves
    expect(position.debt.map(({ pricedAs }) => pricedAs)).toEqual([USDC.asset])
    expect(position.collateral.map(({ pricedAs }) => pricedAs).toSorted()).toEqual(
      [USDC.asset, WETH.asset].toSorted(),
    )
    expect(position.healthFactor).toBe(await health(PRICED))
    const row = scanned.book('ETH').rows.find(({ id }) => id === PRICED)
    const feeds = (answer: bigint) => ({ account: PRICED, feeds: { [WETH.feed]: answer } })
    const edge = BigInt(row?.priceRaw ?? 0)
    const [at = null, beyond = null] = await askPool(anvil, market, [feeds(edge), feeds(edge + 1n)])
    expect(row?.outcome).toBe('below')
    expect([at !== null && at < wad(1), beyond !== null && beyond >= wad(1)]).toEqual([true, true])
  })

  test('a price source that reverts leaves the whole category unpriced, as the contract does', async () => {
    await act.breakFeed(anvil, market, 'USDC')
    const scanned = await scanNow()
    expect(positionIn(scanned, PRICED).unpriced).toBe('the oracle refuses to price e-mode 2')
    expect(positionIn(scanned, OUTSIDER).unpriced).toBe(null)
    await expect(health(PRICED)).rejects.toThrow('feed is broken')
    await act.breakFeed(anvil, market, 'USDC', false)
  })
})

describe('what the revision decides, without a chain', () => {
  const debtor: AaveV3Account = { eMode: 0, collateral: { 0: wad(1) }, debt: { 1: wad(1000) } }
  const spot = 2000_00000000n
  const reserves = [{ price: spot }, {}]

  test('a revision newer than any known is said, and read by the newest rules', () => {
    const [known, unknown] = [11, 99].map((revision) => pureMarket({ revision, reserves }))
    if (!known || !unknown) throw new Error('unreachable')
    expect(aaveV3.remarks(known).notes).toEqual([])
    expect(aaveV3.remarks(unknown).notes).toEqual([
      'Pool revision 99 is newer than 11, the newest one known here: read by the rules of 11',
    ])
    const follow = { spot, followers: [0] }
    expect(priceAlone(unknown, debtor, follow)).toEqual(priceAlone(known, debtor, follow))
    expect(priceAlone(unknown, debtor, follow)).toMatchObject({ outcome: 'below', priceRaw: '124999999999' })
  })

  test('up to 3.5 a reserve with threshold 0 counts for nothing in an e-mode that covers it; from 3.6 it counts', () => {
    const eModes = {
      1: { liquidationThreshold: 9000n, collateralBitmap: 1n, priceSource: null, price: null },
    }
    const inMode = { ...debtor, eMode: 1 }
    const at = (revision: number) =>
      aaveV3.position(
        pureMarket({ revision, reserves: [{ price: spot, liquidationThreshold: 0n }, {}], eModes }),
        ACCOUNT,
        inMode,
      )
    expect(at(9).collateral).toEqual([])
    expect(at(9).liquidatable).toBe(true)
    expect(at(10).collateral.map(({ threshold }) => threshold)).toEqual([wad(0.9)])
    expect(at(10).healthFactor).toBe(wad(1.8))
  })

  test('a reserve that the account only flags, with an oracle that reverts, leaves it unpriced', () => {
    const markets = pureMarket({
      revision: 9,
      reserves: [...reserves, { price: null, liquidationThreshold: 0n }],
    })
    const flagged = { ...debtor, collateral: { ...debtor.collateral, 2: 1n } }
    expect(aaveV3.position(markets, ACCOUNT, debtor).unpriced).toBe(null)
    expect(aaveV3.position(markets, ACCOUNT, flagged).unpriced).toBe('the oracle refuses to price R2')
  })

  test('debt without any collateral is liquidatable and under water, at any price', () => {
    const markets = pureMarket({ revision: 10, reserves })
    const bare = { eMode: 0, collateral: {}, debt: { 1: 1n } }
    expect(priceAlone(markets, bare, { spot, followers: [0] })).toMatchObject({
      outcome: 'insolvent',
      price: null,
      healthFactor: 0,
    })
  })
})
