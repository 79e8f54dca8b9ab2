import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, parseUnits, toHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compoundV2 } from '../../src/adapters/compound-v2.ts'
import type { CompoundAccount } from '../../src/adapters/compound-v2-accounts.ts'
import type { CompoundMarkets } from '../../src/adapters/compound-v2-markets.ts'
import type { PositionRow } from '../../src/store/rows.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  type CompoundMarket,
  type CompoundSymbol,
  compoundArtifacts,
  deployCompoundV2,
  ETH_POOL,
  STRICT_POOL,
} from '../chain/compound-v2.ts'
import { askComptroller, compoundConfig, verdictOf } from '../chain/compound-v2-asks.ts'
import { type CompoundPlan, openCompound } from '../chain/compound-v2-positions.ts'
import { type Scanned, scanAfresh } from '../helpers/scanning.ts'

const wad = (amount: number) => parseUnits(String(amount), 18)
const usdc = (amount: number) => parseUnits(String(amount), 6)
const btc = (amount: number) => parseUnits(String(amount), 8)

const PLANS = {
  long: { supplied: [['WETH', wad(10)]], borrowed: [['USDC', usdc(20_000)]] },
  short: { supplied: [['USDC', usdc(100_000)]], borrowed: [['WETH', wad(20)]] },
  'not entered': {
    supplied: [
      ['WETH', wad(10)],
      ['WBTC', btc(1)],
    ],
    entered: ['WETH'],
    borrowed: [['USDC', usdc(20_000)]],
  },
  'every market': {
    supplied: [
      ['WETH', wad(10)],
      ['wstETH', wad(1)],
      ['WBTC', btc(0.1)],
      ['USDC', usdc(1000)],
      ['DAI', wad(1000)],
    ],
    borrowed: [
      ['USDC', usdc(15_000)],
      ['WETH', wad(1)],
    ],
  },
  'same asset': { supplied: [['WETH', wad(10)]], borrowed: [['WETH', wad(7)]] },
  'empty market': {
    supplied: [['WETH', wad(10)]],
    entered: ['WETH', 'WBTC'],
    borrowed: [['USDC', usdc(20_000)]],
  },
  dust: { supplied: [['WETH', 10n ** 12n]], borrowed: [['USDC', 3n]] },
  edge: { supplied: [['WETH', wad(10)]], borrowed: [['USDC', usdc(23_999.9)]] },
} as const satisfies Readonly<Record<string, CompoundPlan>>

const VENUS_PLANS = {
  ...PLANS,
  'VAI only': { supplied: [['WETH', wad(10)]], borrowed: [], vai: wad(20_000) },
  'ETH pool': { supplied: [['wstETH', wad(10)]], borrowed: [['WETH', wad(10)]], pool: ETH_POOL.id },
  'strict pool': {
    supplied: [
      ['WBTC', btc(1)],
      ['WETH', wad(10)],
    ],
    borrowed: [['USDC', usdc(30_000)]],
    pool: STRICT_POOL.id,
  },
  'forced alone': { supplied: [['WETH', wad(10)]], borrowed: [['DAI', wad(1000)]] },
  'forced with its market': { supplied: [['WETH', wad(10)]], borrowed: [['WBTC', btc(0.1)]] },
} as const satisfies Readonly<Record<string, CompoundPlan>>

type Name = keyof typeof VENUS_PLANS

/** A market with one account a name, and what can be asked of it. */
const open = async (version: CompoundMarket['version']) => {
  const anvil: Anvil = await startAnvil()
  const market = await deployCompoundV2(anvil, version)
  const plans = version === '10.3.0' ? VENUS_PLANS : PLANS
  const accounts = await openCompound(anvil, market, Object.values(plans))
  const accountOf = (name: Name): Address => {
    const account = accounts[Object.keys(plans).indexOf(name)]
    if (!account) throw new Error(`no account ${name}`)
    return account
  }
  const scanNow = () => scanAfresh(compoundConfig(market, [anvil.url]))
  const rowIn = (scanned: Scanned, name: Name, driver = 'ETH'): PositionRow => {
    const row = scanned.book(driver).rows.find(({ id }) => id === accountOf(name))
    if (!row) throw new Error(`no position ${name}`)
    return row
  }
  const positionIn = (scanned: Scanned, name: Name) =>
    compoundV2.position(
      scanned.markets as CompoundMarkets,
      accountOf(name),
      scanned.accounts.get(accountOf(name)) as CompoundAccount,
    )
  /** Would the comptroller let anyone liquidate it at these ETH prices? */
  const fallsAt = async (name: Name, usd: readonly number[]) => {
    const account = accountOf(name)
    const asked = usd.map((price) => ({
      account,
      feed: market.markets.WETH.feed,
      answer: BigInt(Math.round(price * 1e8)),
    }))
    return (await askComptroller(anvil, market, asked)).map(verdictOf)
  }
  const set = (functionName: string, args: readonly unknown[]) =>
    market.deployer.send('Comptroller', market.comptroller, functionName, args)
  /** Gives the liquidator what it will repay. */
  const fund = async (symbol: CompoundSymbol, amount: bigint) => {
    const { asset, cToken } = market.markets[symbol]
    await market.deployer.send('FaucetToken', asset, 'allocateTo', [market.admin, amount])
    await market.deployer.send('FaucetToken', asset, 'approve', [cToken, amount])
  }
  /** What a real liquidation answers with ETH at a price: 0, or an error code of the protocol; its refusal as text. */
  const liquidate = async (
    name: Name,
    {
      debt,
      collateral,
      amount,
      answer,
    }: { debt: CompoundSymbol; collateral: CompoundSymbol; amount: bigint; answer: bigint },
  ): Promise<bigint | string> => {
    const { cToken } = market.markets[debt]
    const { abi } = compoundArtifacts(version)('VBep20Immutable')
    const args = [accountOf(name), amount, market.markets[collateral].cToken]
    const data = encodeFunctionData({ abi, functionName: 'liquidateBorrow', args })
    const slot = { [toHex(0n, { size: 32 })]: toHex(answer, { size: 32 }) }
    return anvil
      .rpc<Hex>('eth_call', [
        { from: market.admin, to: cToken, data, gas: toHex(30_000_000n) },
        'latest',
        { [market.markets.WETH.feed]: { stateDiff: slot } },
      ])
      .then(
        (result) => decodeFunctionResult({ abi, functionName: 'liquidateBorrow', data: result }) as bigint,
      )
      .catch((error: Error) => error.message)
  }
  return { anvil, market, accountOf, scanNow, rowIn, positionIn, fallsAt, set, fund, liquidate }
}

type Opened = Awaited<ReturnType<typeof open>>

const SHORTFALL_MISSING = 3n

describe.each(['0.7.0', '10.3.0'] as const)('positions that others price wrongly, on %s', (version) => {
  const factor = version === '10.3.0' ? 0.83 : 0.8
  let it: Opened
  let scanned: Scanned
  beforeAll(async () => {
    it = await open(version)
    scanned = await it.scanNow()
  })
  afterAll(() => it?.anvil.stop())

  test('the price is that of the liquidation threshold where the protocol has one, else of the collateral factor', async () => {
    expect(it.rowIn(scanned, 'long')).toMatchObject({ outcome: 'below' })
    expect(it.rowIn(scanned, 'long').price).toBeCloseTo(20_000 / (10 * factor), 1)
    const edge = 20_000 / (10 * factor)
    expect(await it.fallsAt('long', [edge - 1, edge + 1])).toEqual([true, false])
  })

  test('who owes ETH against dollars is liquidated above spot', async () => {
    const edge = (100_000 * (version === '10.3.0' ? 0.85 : 0.82)) / 20
    expect(it.rowIn(scanned, 'short')).toMatchObject({ outcome: 'above' })
    expect(Math.abs((it.rowIn(scanned, 'short').price ?? 0) - edge)).toBeLessThan(1)
    expect(await it.fallsAt('short', [edge - 5, edge + 5])).toEqual([false, true])
  })

  test('collateral in a market that is not entered does not count', () => {
    expect(it.positionIn(scanned, 'not entered').collateral.map(({ symbol }) => symbol)).toEqual(['WETH'])
    expect(it.rowIn(scanned, 'not entered').price).toBe(it.rowIn(scanned, 'long').price)
    expect(it.rowIn(scanned, 'not entered', 'BTC')).toMatchObject({
      outcome: 'never',
      reason: 'no exposure to the driver',
    })
  })

  test('an account in every market has one price, and it is exact', async () => {
    const row = it.rowIn(scanned, 'every market')
    expect(row.collateral).toHaveLength(5)
    expect(row.debt.map(({ symbol }) => symbol).toSorted()).toEqual(['USDC', 'WETH'])
    expect(row.outcome).toBe('below')
    const answer = BigInt(row.priceRaw ?? 0)
    const account = it.accountOf('every market')
    const feed = it.market.markets.WETH.feed
    const asked = [answer, answer + 1n].map((price) => ({ account, feed, answer: price }))
    expect((await askComptroller(it.anvil, it.market, asked)).map(verdictOf)).toEqual([true, false])
  })

  test('the same asset on both sides never has a price', async () => {
    expect(it.rowIn(scanned, 'same asset')).toMatchObject({ outcome: 'never', price: null })
    const prices = [1, 100, 2900, 3100, 100_000]
    expect(await it.fallsAt('same asset', prices)).toEqual(prices.map(() => false))
  })

  test('a debt of three units is priced to the unit', async () => {
    const row = it.rowIn(scanned, 'dust')
    const account = it.accountOf('dust')
    const feed = it.market.markets.WETH.feed
    const answer = BigInt(row.priceRaw ?? 0)
    const asked = [answer, answer + 1n].map((price) => ({ account, feed, answer: price }))
    expect((await askComptroller(it.anvil, it.market, asked)).map(verdictOf)).toEqual([true, false])
  })

  test('a real liquidation goes through at the price, and is refused one unit above it', async () => {
    const call = { debt: 'USDC', collateral: 'WETH', amount: usdc(100) } as const
    await it.fund('USDC', usdc(100))
    const edge = BigInt(it.rowIn(await it.scanNow(), 'long').priceRaw ?? 0)
    expect(await it.liquidate('long', { ...call, answer: edge })).toBe(0n)
    expect(await it.liquidate('long', { ...call, answer: edge + 1n })).toBe(SHORTFALL_MISSING)
  })

  test('what is stored lags behind: interest that anyone may book makes it liquidatable', async () => {
    const { feed } = it.market.markets.WETH
    const edge = BigInt(it.rowIn(await it.scanNow(), 'long').priceRaw ?? 0)
    await it.market.own.send('SettableFeed', feed, 'set', [edge + 2_000_000n])
    expect(it.positionIn(await it.scanNow(), 'long').liquidatable).toBe(false)
    await act.mine(it.anvil, 60, 1)
    const after = await it.scanNow()
    const args = [it.accountOf('long')]
    const { deployer, comptroller } = it.market
    const stored = await deployer.read<readonly bigint[]>(
      'Comptroller',
      comptroller,
      'getAccountLiquidity',
      args,
    )
    expect(stored[2]).toBe(0n)
    expect(it.positionIn(after, 'long').liquidatable).toBe(true)
    expect(it.rowIn(after, 'long').outcome).toBe('already')
    const [booked] = await askComptroller(it.anvil, it.market, [{ account: it.accountOf('long') }])
    expect(verdictOf(booked ?? null)).toBe(true)
    await it.market.own.send('SettableFeed', feed, 'set', [3000n * 10n ** 8n])
  })

  test('a price of 0 is no price; in an empty entered market it stops the whole account, but on Venus', async () => {
    const zero = (price: bigint) =>
      it.market.deployer.send('VenusChainlinkOracle', it.market.oracle, 'setMaxStalePeriod', [price])
    const { feed } = it.market.markets.WBTC
    await it.market.own.send('SettableFeed', feed, 'set', [60_000n * 10n ** 8n])
    await it.market.own.send('SettableFeed', it.market.markets.WETH.feed, 'set', [3000n * 10n ** 8n])
    await it.market.own.send('SettableFeed', it.market.markets.USDC.feed, 'set', [10n ** 8n])
    await act.mine(it.anvil, 1, 5000)
    for (const symbol of ['WETH', 'USDC', 'DAI'] as const)
      await it.market.own.send('SettableFeed', it.market.markets[symbol].feed, 'set', [
        (symbol === 'WETH' ? 3000n : 1n) * 10n ** 8n,
      ])
    await zero(4000n)
    const stale = await it.scanNow()
    const refused = { outcome: 'unpriced', price: null, reason: 'the oracle refuses to price WBTC' }
    expect(it.rowIn(stale, 'every market')).toMatchObject(refused)
    expect(it.rowIn(stale, 'empty market')).toMatchObject(
      version === '10.3.0' ? { outcome: 'below' } : refused,
    )
    expect(it.rowIn(stale, 'long').outcome).toBe('below')
    expect(stale.coverage.status).toBe('partial')
    const answers = await askComptroller(
      it.anvil,
      it.market,
      (['every market', 'empty market'] as const).map((name) => ({ account: it.accountOf(name) })),
    )
    expect(answers.map(verdictOf)).toEqual([null, version === '10.3.0' ? false : null])
    await zero(10n ** 9n)
    expect(it.rowIn(await it.scanNow(), 'every market').outcome).toBe('below')
  })

  test('an oracle that reverts: its positions are unpriced, the others priced', async () => {
    await it.market.own.send('SettableFeed', it.market.markets.WBTC.feed, 'setBroken', [true])
    const broken = await it.scanNow()
    expect(it.rowIn(broken, 'every market')).toMatchObject({
      outcome: 'unpriced',
      reason: 'the oracle refuses to price WBTC',
    })
    expect(it.rowIn(broken, 'long').outcome).toBe('below')
    expect(await it.fallsAt('every market', [1])).toEqual([null])
    await it.market.own.send('SettableFeed', it.market.markets.WBTC.feed, 'setBroken', [false])
  })
})

describe('Venus 10.3.0 alone', () => {
  let it: Opened
  let scanned: Scanned
  beforeAll(async () => {
    it = await open('10.3.0')
    scanned = await it.scanNow()
  })
  afterAll(() => it?.anvil.stop())

  test('borrowing power may be gone while the threshold still holds', async () => {
    const { WETH } = it.market.markets
    await it.market.own.send('SettableFeed', WETH.feed, 'set', [2950n * 10n ** 8n])
    const power = await it.market.deployer.read<readonly bigint[]>(
      'Comptroller',
      it.market.comptroller,
      'getBorrowingPower',
      [it.accountOf('edge')],
    )
    expect(power[2]).toBeGreaterThan(0n)
    const now = await it.scanNow()
    expect(it.positionIn(now, 'edge').liquidatable).toBe(false)
    expect(it.rowIn(now, 'edge').price).toBeCloseTo(23_999.9 / 8.3, 1)
    await it.market.own.send('SettableFeed', WETH.feed, 'set', [3000n * 10n ** 8n])
  })

  test('who owes VAI alone is found, and owes one dollar for each', async () => {
    const row = it.rowIn(await it.scanNow(), 'VAI only')
    expect(row.debt.map(({ symbol, usd }) => [symbol, Math.round(usd ?? 0)])).toEqual([['VAI', 20_000]])
    expect(row.outcome).toBe('below')
    const answer = BigInt(row.priceRaw ?? 0)
    const account = it.accountOf('VAI only')
    const feed = it.market.markets.WETH.feed
    const asked = [answer, answer + 1n].map((price) => ({ account, feed, answer: price }))
    expect((await askComptroller(it.anvil, it.market, asked)).map(verdictOf)).toEqual([true, false])
    expect(scanned.coverage.notes).toContain('the protocol reports no total of VAI debt to compare with')
  })

  test('the pool that an account has chosen gives its thresholds and bonuses', async () => {
    const [leg] = it.positionIn(scanned, 'ETH pool').collateral
    expect(leg).toMatchObject({ symbol: 'wstETH', threshold: ETH_POOL.threshold, bonus: 4n * 10n ** 16n })
    expect(it.positionIn(scanned, 'long').collateral[0]?.bonus).toBe(10n ** 17n)
    // what a strict pool does not list is worth nothing there, though it can be seized
    const strict = it.positionIn(scanned, 'strict pool').collateral
    expect(Object.fromEntries(strict.map(({ symbol, threshold }) => [symbol, threshold]))).toEqual({
      WBTC: STRICT_POOL.threshold,
      WETH: 0n,
    })
    const own = await it.market.deployer.read<bigint>(
      'Comptroller',
      it.market.comptroller,
      'getEffectiveLtvFactor',
      [...[it.accountOf('strict pool'), it.market.markets.WETH.cToken, 1]],
    )
    expect(own).toBe(0n)
    expect(it.rowIn(scanned, 'strict pool').outcome).toBe('never')
  })

  test('an inactive pool leaves its accounts the terms of the core pool', async () => {
    await it.set('setPoolActive', [STRICT_POOL.id, false])
    const now = await it.scanNow()
    expect(it.positionIn(now, 'strict pool').collateral.map(({ threshold }) => threshold)).toEqual(
      (['WBTC', 'WETH'] as const).map((symbol) => (symbol === 'WBTC' ? 75n : 83n) * 10n ** 16n),
    )
    await it.set('setPoolActive', [STRICT_POOL.id, true])
  })

  test('a pool without fallback takes away what it does not list', async () => {
    await it.set('setAllowCorePoolFallback', [STRICT_POOL.id, true])
    const now = await it.scanNow()
    expect(it.positionIn(now, 'strict pool').collateral[1]?.threshold).toBe(83n * 10n ** 16n)
    await it.set('setAllowCorePoolFallback', [STRICT_POOL.id, false])
  })

  test('forced liquidation: any price, for one account or for a whole market', async () => {
    const { DAI, WBTC } = it.market.markets
    await it.set('_setForcedLiquidationForUser', [it.accountOf('forced alone'), DAI.cToken, true])
    await it.set('_setForcedLiquidation', [WBTC.cToken, true])
    const now = await it.scanNow()
    for (const name of ['forced alone', 'forced with its market'] as const) {
      expect(it.positionIn(now, name).liquidatable).toBe(true)
      expect(it.rowIn(now, name)).toMatchObject({ outcome: 'already', price: null })
    }
    expect(it.positionIn(now, 'long').liquidatable).toBe(false)
    expect(now.coverage.notes.some((note) => note.includes('forced liquidation'))).toBe(true)
    const call = { debt: 'DAI', collateral: 'WETH', amount: wad(1000), answer: 3000n * 10n ** 8n } as const
    await it.fund('DAI', wad(1000))
    await it.fund('USDC', usdc(100))
    expect(await it.liquidate('forced alone', call)).toBe(0n)
    expect(await it.liquidate('long', { ...call, debt: 'USDC', amount: usdc(100) })).toBe(SHORTFALL_MISSING)
    await it.set('_setForcedLiquidationForUser', [it.accountOf('forced alone'), DAI.cToken, false])
    await it.set('_setForcedLiquidation', [WBTC.cToken, false])
  })

  test('a paused liquidation keeps its price and is marked blocked', async () => {
    const { USDC, WETH } = it.market.markets
    for (const [market, action, reason] of [
      [USDC, 5, 'liquidation of USDC debt is paused'],
      [WETH, 4, 'seizing WETH is paused'],
    ] as const) {
      await it.set('setActionsPaused', [[market.cToken], [action], true])
      const now = await it.scanNow()
      expect(it.rowIn(now, 'long')).toMatchObject({ outcome: 'below', reason: `blocked: ${reason}` })
      expect(it.rowIn(now, 'every market').reason).toBe(null)
      const call = { debt: 'USDC', collateral: 'WETH', amount: usdc(100), answer: 1000n * 10n ** 8n } as const
      expect(await it.liquidate('long', call)).toContain('action is paused')
      await it.set('setActionsPaused', [[market.cToken], [action], false])
    }
    await it.set('_setProtocolPaused', [true])
    expect(it.rowIn(await it.scanNow(), 'long').reason).toBe('blocked: the protocol is paused')
    await it.set('_setProtocolPaused', [false])
  })
})
