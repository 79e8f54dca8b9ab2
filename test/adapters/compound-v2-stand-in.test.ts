import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, parseAbi, parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompoundAccount } from '../../src/adapters/compound-v2-accounts.ts'
import type { CompoundMarkets } from '../../src/adapters/compound-v2-markets.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { CompoundMarket, CompoundSymbol } from '../chain/compound-v2.ts'
import { compoundConfig } from '../chain/compound-v2-asks.ts'
import { type CompoundPlan, openCompound, planCompound } from '../chain/compound-v2-positions.ts'
import { deployCompoundStandIn, type StandInToken } from '../chain/compound-v2-stand-in.ts'
import { refuseOverrides, startGateway } from '../helpers/gateway.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const wad = (amount: number) => parseUnits(String(amount), 18)
const usdc = (amount: number) => parseUnits(String(amount), 6)

const LONG: CompoundPlan = { supplied: [['WETH', wad(10)]], borrowed: [['USDC', usdc(10_000)]] }
const OTHER: CompoundPlan = { supplied: [['WETH', wad(10)]], borrowed: [['DAI', wad(10_000)]] }

const TOKENS: Readonly<Record<CompoundSymbol, StandInToken>> = {
  WETH: 'BlocksCToken',
  wstETH: 'BlocksCToken',
  WBTC: 'StuckCToken',
  USDC: 'FirstCToken',
  DAI: 'OddCToken',
}

const balanceAbi = parseAbi(['function borrowBalanceCurrent(address account) view returns (uint256)'])
const allowedAbi = parseAbi([
  'function liquidateBorrowAllowed(address, address, address, address, uint256) view returns (uint256)',
])

describe('Compound V2, on our stand-in: layouts, deprecated markets, markets that are stuck', () => {
  let anvil: Anvil
  let market: CompoundMarket
  let long: Address
  let other: Address

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployCompoundStandIn(anvil, (symbol) => TOKENS[symbol])
    const accounts = await openCompound(anvil, market, [
      LONG,
      OTHER,
      ...planCompound('0.7.0', { count: 40, seed: 5 }),
    ])
    ;[long = market.admin, other = market.admin] = accounts
    await act.mine(anvil, 20, 1)
  })
  afterAll(() => anvil?.stop())

  const scanNow = () => scanAfresh(compoundConfig(market, [anvil.url]))
  const holdingIn = (scanned: Scanned, account: Address, symbol: CompoundSymbol) =>
    (scanned.accounts.get(account) as CompoundAccount).entered[market.markets[symbol].cToken]
  const rowIn = (scanned: Scanned, account: Address, driver = 'ETH') => {
    const row = scanned.book(driver).rows.find(({ id }) => id === account)
    if (!row) throw new Error(`no position of ${account}`)
    return row
  }
  const admin = (functionName: string, args: readonly unknown[]) =>
    market.own.send('StandInComptroller', market.comptroller, functionName, args)

  test('principal and index are found where the first cTokens keep them, not only where later ones do', async () => {
    const holding = holdingIn(await scanNow(), long, 'USDC')
    expect(holding?.principal).toBe(usdc(10_000))
    // interest of earlier blocks was in the index, none is in the principal
    expect(holding?.index).toBeGreaterThan(10n ** 18n)
  })

  test('where the layout is unknown, the balance of the moment stands for both, and is exact at that moment', async () => {
    const scanned = await scanNow()
    const { cToken } = market.markets.DAI
    const { borrowIndex, storedIndex = 0n } = (scanned.markets as CompoundMarkets).markets[cToken] ?? {}
    expect(borrowIndex).toBeGreaterThan(storedIndex)
    const data = encodeFunctionData({ abi: balanceAbi, args: [other] })
    const balance = BigInt(await anvil.rpc<Hex>('eth_call', [{ to: cToken, data }, 'latest']))
    expect(holdingIn(scanned, other, 'DAI')).toMatchObject({ principal: balance, index: borrowIndex })
    expect(scanned.coverage.debtCovered).toBe(1)
  })

  test('an endpoint without state overrides reads the same debts, and no account twice', async () => {
    const gateway = await startGateway(anvil.url, [refuseOverrides])
    try {
      const config = compoundConfig(market, [gateway.url])
      const db = memoryDatabase()
      const first = await scanLocal(config, db)
      const exact = await scanNow()
      const debts = (scanned: Scanned) =>
        scanned
          .book('ETH')
          .rows.map(({ id, debt }) => [id, debt.map(({ symbol, amount }) => `${amount} ${symbol}`)])
          .toSorted()
      expect(debts(first)).toEqual(debts(exact))
      expect((await scanLocal(config, db)).read).toBe(0)
    } finally {
      await gateway.stop()
    }
  })

  test('a deprecated market: its borrowers are liquidatable at any price, the others are not', async () => {
    const { USDC, WETH } = market.markets
    expect(rowIn(await scanNow(), long).outcome).toBe('below')
    await admin('setDeprecated', [USDC.cToken, true])
    const now = await scanNow()
    expect(rowIn(now, long)).toMatchObject({ outcome: 'already', price: null })
    expect(rowIn(now, other).outcome).toBe('below')
    expect(now.coverage.notes.join()).toMatch(/USDC of debt is deprecated: liquidatable at any price/)
    const allowed = async (account: Address, debt: CompoundSymbol) => {
      const args = [market.markets[debt].cToken, WETH.cToken, market.admin, account, 0n] as const
      const data = encodeFunctionData({ abi: allowedAbi, args })
      const answer = await anvil.rpc<Hex>('eth_call', [{ to: market.comptroller, data }, 'latest'])
      return decodeFunctionResult({ abi: allowedAbi, data: answer })
    }
    expect(await allowed(long, 'USDC')).toBe(0n)
    expect(await allowed(other, 'DAI')).toBe(3n)
    await admin('setDeprecated', [USDC.cToken, false])
  })

  test('seizing paused: every price is kept and marked blocked', async () => {
    await admin('setSeizePaused', [true])
    expect(rowIn(await scanNow(), long)).toMatchObject({
      outcome: 'below',
      reason: 'blocked: seizing is paused',
    })
    await admin('setSeizePaused', [false])
  })

  test('a market whose interest cannot be booked keeps its stored amounts, and blocks who has nothing else', async () => {
    const [holder = market.admin] = await openCompound(anvil, market, [
      { supplied: [['WBTC', parseUnits('1', 8)]], borrowed: [['USDC', usdc(10_000)]] },
    ])
    await market.own.send('StuckCToken', market.markets.WBTC.cToken, 'setStuck', [true])
    const now = await scanNow()
    expect(rowIn(now, holder, 'BTC').reason).toBe('blocked: the interest of WBTC cannot be booked')
    expect(rowIn(now, long).reason).toBe(null)
    expect(now.coverage.notes).toContain('the interest of WBTC cannot be booked: amounts of it are as stored')
    await market.own.send('StuckCToken', market.markets.WBTC.cToken, 'setStuck', [false])
  })
})
