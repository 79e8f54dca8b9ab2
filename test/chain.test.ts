import { type Address, getAbiItem, maxUint256, parseUnits, toFunctionSelector } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deployAaveV302 } from './chain/aave-v3-0-2.ts'
import { deployAaveV36 } from './chain/aave-v3-6.ts'
import * as act from './chain/actions.ts'
import { type Anvil, startAnvil } from './chain/anvil.ts'
import { type AaveMarket, ETH_EMODE, poolAbi, RESERVE_SYMBOLS, type ReserveSymbol } from './chain/market.ts'
import { type KindPlan, POSITION_KINDS, type PositionKind } from './chain/plan-positions.ts'
import { openPlans, openPositions } from './chain/positions.ts'
import { createReader, type Reader } from './chain/reader.ts'

const WAD = 10n ** 18n
const ALICE: Address = '0x00000000000000000000000000000000000A11cE'
const BOB: Address = '0x0000000000000000000000000000000000000B0b'

const borrowEvent = getAbiItem({ abi: poolAbi, name: 'Borrow' })

/** Aave's bitmap: bit 2·id is debt, bit 2·id + 1 is collateral. */
const expectedConfiguration = ({ collateral, debt, switchedOff }: KindPlan): bigint => {
  const bit = (symbol: ReserveSymbol, offset: number): bigint =>
    1n << BigInt(2 * RESERVE_SYMBOLS.indexOf(symbol) + offset)
  const on = collateral.filter(([symbol]) => !switchedOff.includes(symbol)).map(([symbol]) => bit(symbol, 1))
  return [...on, ...debt.map(([symbol]) => bit(symbol, 0))].reduce((sum, part) => sum | part, 0n)
}

describe.each([
  ['3.6', 10n, deployAaveV36],
  ['3.0.2', 1n, deployAaveV302],
] as const)('Aave V%s', (version, revision, deploy) => {
  let anvil: Anvil
  let market: AaveMarket
  let borrowers: readonly Address[]
  let plans: readonly KindPlan[]
  let read: Reader

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deploy(anvil)
    read = createReader(anvil, market)
    const opened = await openPositions(anvil, market, { count: 300, seed: 7 })
    borrowers = opened.borrowers
    plans = opened.plans
  })

  afterAll(() => anvil?.stop())

  let snapshot: string
  beforeEach(async () => {
    snapshot = await anvil.rpc('evm_snapshot')
  })
  afterEach(() => anvil.rpc('evm_revert', [snapshot]))

  /** How the two versions say no: a custom error, and a numbered reason. */
  const refusal = (error: string, code: number): string =>
    version === '3.6' ? toFunctionSelector(`${error}()`) : `reverted: ${code} `

  const firstOf = (kind: PositionKind): Address => {
    const borrower = borrowers[plans.findIndex((plan) => plan.kind === kind)]
    if (borrower === undefined) throw new Error(`no position of kind ${kind}`)
    return borrower
  }

  test('the market is the version it says, with its reserves in order', async () => {
    expect(market.version).toBe(version)
    expect(await read.revision()).toBe(revision)
    expect(await read.reserves()).toEqual(RESERVE_SYMBOLS.map((symbol) => market.reserves[symbol].asset))
    const codeAt = (blockNumber: bigint) =>
      read.client.getCode({ address: market.addressesProvider, blockNumber })
    expect(await codeAt(market.fromBlock)).toMatch(/^0x60/)
    expect(await codeAt(market.fromBlock - 1n)).toBe(undefined)
  })

  test('positions of every kind are healthy, indebted, and what their plan says', async () => {
    expect(new Set(borrowers).size).toBe(300)
    expect(new Set(plans.map(({ kind }) => kind))).toEqual(new Set(POSITION_KINDS))
    const accounts = await Promise.all(borrowers.map((borrower) => read.account(borrower)))
    expect(accounts.filter(({ debt }) => debt === 0n)).toEqual([])
    expect(accounts.filter(({ healthFactor }) => healthFactor <= WAD)).toEqual([])
    expect(await Promise.all(borrowers.map(read.configuration))).toEqual(plans.map(expectedConfiguration))
    expect(await Promise.all(borrowers.map(read.eMode))).toEqual(plans.map(({ eMode }) => BigInt(eMode)))
    const factors = accounts.map(({ healthFactor }) => Number(healthFactor) / 1e18)
    expect(factors.filter((factor) => factor < 1.2).length).toBeGreaterThan(20)
    expect(factors.filter((factor) => factor > 2).length).toBeGreaterThan(20)
  })

  test('the amounts on chain are those of the plan', async () => {
    for (const kind of POSITION_KINDS) {
      const { collateral, debt } = plans.find((plan) => plan.kind === kind) as KindPlan
      for (const [symbol, amount] of collateral) {
        const balance = await read.balance(market.reserves[symbol].aToken, firstOf(kind))
        expect(Number(balance) / Number(amount)).toBeCloseTo(1, 5)
      }
      for (const [symbol, amount] of debt) {
        const balance = await read.balance(market.reserves[symbol].variableDebtToken, firstOf(kind))
        expect(balance).toBeGreaterThanOrEqual(amount)
        expect(Number(balance - amount)).toBeLessThanOrEqual(Math.max(1, Number(amount) / 1e5))
      }
    }
  })

  test('a plan of one’s own is carried out to the unit', async () => {
    const collateral = [
      ['DAI', 123_456789012345000n * 1000n],
      ['WBTC', 2n],
    ] as const
    const plan = { eMode: 0, collateral, debt: [['USDC', 3n]], switchedOff: ['WBTC'] } as const
    const [borrower = BOB] = await openPlans(anvil, market, [plan])
    const { DAI, WBTC, USDC } = market.reserves
    const difference = async (token: Address, amount: bigint) =>
      (await read.balance(token, borrower)) - amount
    expect([-1n, 0n]).toContain(await difference(DAI.aToken, collateral[0][1]))
    expect([-1n, 0n]).toContain(await difference(WBTC.aToken, 2n))
    expect([0n, 1n]).toContain(await difference(USDC.variableDebtToken, 3n))
    expect(await read.configuration(borrower)).toBe(0b10_01_00_00_00n)
  })

  test('the same seed opens the same positions on another chain, another seed does not', async () => {
    const other = await startAnvil()
    try {
      const twin = await deploy(other)
      const again = await openPositions(other, twin, { count: 20, seed: 7 })
      expect(again.borrowers).toEqual(borrowers.slice(0, 20))
      expect(again.plans).toEqual(plans.slice(0, 20))
      const different = await openPositions(other, twin, { count: 20, seed: 8, maxUsd: 1000 })
      expect(different.plans.map(({ collateral }) => collateral)).not.toEqual(
        plans.slice(0, 20).map(({ collateral }) => collateral),
      )
      const twinReader = createReader(other, twin)
      const accounts = await Promise.all(different.borrowers.map((borrower) => twinReader.account(borrower)))
      expect(Math.max(...accounts.map(({ collateral }) => Number(collateral) / 1e8))).toBeLessThan(1001)
    } finally {
      await other.stop()
    }
  })

  test('every borrower has left a Borrow event', async () => {
    const logs = await read.client.getLogs({
      address: market.pool,
      event: borrowEvent,
      fromBlock: market.fromBlock,
    })
    expect(new Set(logs.map(({ args }) => args.onBehalfOf))).toEqual(new Set(borrowers))
    expect(logs.length).toBe(plans.reduce((sum, { debt }) => sum + debt.length, 0))
  })

  test('a fall of ETH hurts who holds it, helps who owes it, and leaves loops alone', async () => {
    const pure = plans.findIndex(({ eMode, collateral }) => eMode !== 0 && collateral.length === 1)
    const factors = async () => ({
      long: (await read.account(firstOf('single-eth'))).healthFactor,
      short: (await read.account(firstOf('short-eth'))).healthFactor,
      loop: (await read.account(borrowers[pure] as Address)).healthFactor,
    })
    const before = await factors()
    await act.setFeedPrice(anvil, market, 'WETH', 2499_99999999n)
    expect(await read.price('WETH')).toBe(2499_99999999n)
    expect(await read.price('wstETH')).toBe(2999_99999998n) // 1.2 × the answer, rounded down
    const after = await factors()
    expect(Number(after.long) / Number(before.long)).toBeCloseTo(2.5 / 3, 4)
    expect(Number(after.short) / Number(before.short)).toBeCloseTo(3 / 2.5, 4)
    expect(Number(after.loop) / Number(before.loop)).toBeCloseTo(1, 4)
    await act.setRatio(anvil, market, 11n * 10n ** 17n)
    expect(await read.price('wstETH')).toBe(2749_99999998n)
  })

  test('one account can be led through a life', async () => {
    await act.openLoan(anvil, market, {
      account: ALICE,
      collateral: [
        ['WETH', parseUnits('10', 18)],
        ['WBTC', parseUnits('0.1', 8)],
      ],
      debt: [['USDC', parseUnits('20000', 6)]],
    })
    const { aToken } = market.reserves.WETH
    const { variableDebtToken } = market.reserves.USDC
    expect(Number((await read.account(ALICE)).collateral) / 1e8).toBeCloseTo(36_000, 2)

    await act.setUseAsCollateral(anvil, market, { account: ALICE, symbol: 'WBTC', use: false })
    expect(Number((await read.account(ALICE)).collateral) / 1e8).toBeCloseTo(30_000, 2)
    await act.borrow(anvil, market, { account: ALICE, symbol: 'USDC', amount: parseUnits('1000', 6) })
    await act.withdraw(anvil, market, { account: ALICE, symbol: 'WBTC', amount: maxUint256 })
    await act.transferAToken(anvil, market, { account: ALICE, symbol: 'WETH', amount: WAD / 2n, to: BOB })
    expect(await read.balance(aToken, BOB)).toBe(WAD / 2n)
    await act.supply(anvil, market, { account: ALICE, symbol: 'WETH', amount: WAD / 4n })
    expect(Number(await read.balance(aToken, ALICE)) / 1e18).toBeCloseTo(9.75, 6)

    const liquidation = { borrower: ALICE, collateral: 'WETH', debt: 'USDC' } as const
    await expect(act.liquidate(anvil, market, liquidation)).rejects.toThrow(
      refusal('HealthFactorNotBelowThreshold', 45),
    )
    await act.setFeedPrice(anvil, market, 'WETH', 2550_00000000n)
    await act.pauseReserve(anvil, market, 'WETH')
    await expect(act.liquidate(anvil, market, liquidation)).rejects.toThrow(refusal('ReservePaused', 29))
    await act.pauseReserve(anvil, market, 'WETH', { paused: false })
    const owed = await read.balance(variableDebtToken, ALICE)
    await act.liquidate(anvil, market, { ...liquidation, amount: parseUnits('5000', 6) })
    expect(Number(owed - (await read.balance(variableDebtToken, ALICE))) / 5e9).toBeCloseTo(1, 4)

    await act.repay(anvil, market, { account: ALICE, symbol: 'USDC', amount: maxUint256 })
    expect(await read.balance(variableDebtToken, ALICE)).toBe(0n)
  })

  test('an account can use the e-mode up to its own limit', async () => {
    const account: Address = '0x00000000000000000000000000000000000ca401'
    await act.openLoan(anvil, market, {
      account,
      collateral: [['wstETH', parseUnits('10', 18)]],
      debt: [['WETH', parseUnits('11.1', 18)]],
      eMode: ETH_EMODE.id,
    })
    expect(Number((await read.account(account)).healthFactor) / 1e18).toBeCloseTo((12 * 0.95) / 11.1, 4)
    await expect(act.setEMode(anvil, market, { account, eMode: 0 })).rejects.toThrow(
      refusal('HealthFactorLowerThanLiquidationThreshold', 35),
    )
  })

  test('a broken feed breaks whoever depends on it, a frozen reserve only new loans', async () => {
    await act.breakFeed(anvil, market, 'WETH')
    await expect(read.price('WETH')).rejects.toThrow('feed is broken')
    await expect(read.account(firstOf('single-wsteth'))).rejects.toThrow('feed is broken')
    expect((await read.account(firstOf('single-btc'))).debt).toBeGreaterThan(0n)
    await act.breakFeed(anvil, market, 'WETH', false)

    const more = { account: firstOf('single-eth'), symbol: 'USDC', amount: 1n } as const
    await act.freezeReserve(anvil, market, 'USDC')
    await expect(act.borrow(anvil, market, more)).rejects.toThrow(refusal('ReserveFrozen', 28))
    await act.freezeReserve(anvil, market, 'USDC', false)
    await act.borrow(anvil, market, more)
  })

  test('time passes only when mined, interest accrues, and the past stays readable', async () => {
    const borrower = firstOf('single-eth')
    const then = await read.client.getBlock()
    const before = await read.account(borrower)
    await act.mine(anvil, 3, 30 * 86_400)
    await act.mine(anvil, 1)
    const now = await read.client.getBlock()
    expect(now.number - then.number).toBe(4n)
    expect(now.timestamp - then.timestamp).toBe(3n * 30n * 86_400n + 1n)
    const after = await read.account(borrower)
    expect(Number(after.debt) / Number(before.debt)).toBeCloseTo(Math.exp((0.02 * 90) / 365), 4)
    expect(await read.account(borrower, then.number)).toEqual(before)
  })
})
