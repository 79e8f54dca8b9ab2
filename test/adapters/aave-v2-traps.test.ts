import {
  type Address,
  encodeFunctionData,
  getAddress,
  parseAbi,
  parseEventLogs,
  parseUnits,
  zeroAddress,
} from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aaveV2 } from '../../src/adapters/aave-v2.ts'
import { type AaveV3Account, readAccounts } from '../../src/adapters/aave-v3-accounts.ts'
import type { AaveV3Markets } from '../../src/adapters/aave-v3-markets.ts'
import { AAVE_V2, AAVE_V2_WIND_DOWN } from '../../src/core/cascade/rules.ts'
import { WAD } from '../../src/core/units.ts'
import { createReader } from '../../src/sources/batch.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { connect } from '../../src/sources/rpc.ts'
import type { PositionRow } from '../../src/store/rows.ts'
import { type AaveV2Market, deployAaveV2 } from '../chain/aave-v2.ts'
import { mine } from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { ReserveSymbol } from '../chain/market.ts'
import { sendTransaction } from '../chain/transaction.ts'
import { createV2Caller } from '../helpers/aave-v2-calls.ts'
import { movesOf, moveTo, setFeed, setStableRate, v2Config } from '../helpers/aave-v2-market.ts'
import { askPool } from '../helpers/contract.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const account = (n: number): Address => getAddress(`0x${(0x7a92000 + n).toString(16).padStart(40, '0')}`)
const units = (symbol: ReserveSymbol, amount: number): { symbol: ReserveSymbol; amount: bigint } => {
  const decimals = { WETH: 18, wstETH: 18, WBTC: 8, USDC: 6, DAI: 18 }[symbol]
  return { symbol, amount: parseUnits(String(amount), decimals) }
}

const liquidationAbi = parseAbi([
  'event LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed user, uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken)',
  'function liquidationCall(address collateralAsset, address debtAsset, address user, uint256 debtToCover, bool receiveAToken)',
])

describe('positions that are easily priced wrongly, on Aave V2 with prices in ETH', () => {
  let anvil: Anvil
  let market: AaveV2Market
  let call: ReturnType<typeof createV2Caller>
  const [LONG, SHORT, LOOP, BTC, TWO] = [account(1), account(2), account(3), account(4), account(5)]

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployAaveV2(anvil, { ethUsd: 2000 })
    call = createV2Caller(anvil, market)
    const open = async (
      who: Address,
      collateral: readonly (readonly [ReserveSymbol, number])[],
      debt: readonly (readonly [ReserveSymbol, number, (1 | 2)?])[],
    ) => {
      for (const [symbol, amount] of collateral) await call.deposit(who, units(symbol, amount))
      for (const [symbol, amount, mode = 2] of debt) await call.borrow(who, units(symbol, amount), mode)
    }
    await open(LONG, [['WETH', 100]], [['USDC', 100_000]])
    await open(SHORT, [['USDC', 1_000_000]], [['WETH', 300]])
    await open(LOOP, [['wstETH', 1000]], [['WETH', 900]])
    await open(BTC, [['WBTC', 1]], [['DAI', 30_000]])
    await open(
      TWO,
      [
        ['WETH', 10],
        ['USDC', 5000],
      ],
      [
        ['DAI', 9000],
        ['WBTC', 0.05, 1],
      ],
    )
  })
  afterAll(() => anvil?.stop())

  const config = (usd = true) => v2Config(market, { urls: [anvil.url], usd })
  const scanNow = () => scanAfresh(config())
  const rowIn = ({ book }: Scanned, id: Address, driver = 'ETH'): PositionRow => {
    const row = book(driver).rows.find((row) => row.id === id)
    if (!row) throw new Error(`no position ${id}`)
    return row
  }
  const health = async (who: Address): Promise<bigint> =>
    (await askPool(anvil, market, [{ account: who, feeds: {} }]))[0] ?? -1n
  const healthIn = ({ accounts, markets }: Scanned, who: Address) =>
    aaveV2.position(markets as AaveV3Markets, who, accounts.get(who) as AaveV3Account).healthFactor
  const configure = (functionName: string, args: readonly unknown[]) =>
    market.deployer.send('LendingPoolConfigurator', market.configurator, functionName, args)

  test('the base is ETH: an ETH price is in USD and every value too, though the oracle knows no dollar', async () => {
    const scanned = await scanNow()
    const long = rowIn(scanned, LONG)
    expect(long).toMatchObject({ outcome: 'below' })
    expect(long.price).toBeCloseTo(1000 / 0.83, 2)
    expect(long.debtUsd).toBeCloseTo(100_000, 0)
    expect(long.collateralUsd).toBeCloseTo(200_000, 0)
    expect(long.driverAmount).toBeCloseTo(100, 4)
    expect(scanned.book('ETH').driver).toMatchObject({ spot: 2000_00000000n, decimals: 8 })
    const wbtc = rowIn(scanned, BTC, 'BTC')
    expect(wbtc).toMatchObject({ outcome: 'below' })
    expect(wbtc.price).toBeCloseTo(30_000 / 0.78, 0)
  })

  test('dollars do not follow ETH although their price in it does: no phantom price', async () => {
    const scanned = await scanNow()
    const { responses } = scanned.stored.drivers.find(({ symbol }) => symbol === 'ETH') ?? {}
    const exposure = (symbol: ReserveSymbol) => responses?.[market.reserves[symbol].asset]?.exposure
    expect([exposure('WETH'), exposure('wstETH')]).toEqual([WAD, WAD])
    expect([exposure('USDC'), exposure('DAI'), exposure('WBTC')]).toEqual([0n, 0n, 0n])
    expect(rowIn(scanned, BTC)).toMatchObject({ outcome: 'never', reason: 'no exposure to the driver' })
    expect(rowIn(scanned, LOOP)).toMatchObject({
      outcome: 'never',
      reason: 'collateral and debt move together',
    })
    expect(rowIn(scanned, SHORT)).toMatchObject({ outcome: 'above' })
    expect(rowIn(scanned, SHORT).price).toBeCloseTo((1_000_000 * 0.78) / 300, 1)
  })

  test('an LP token of ETH and dollars follows ETH by half, near enough near spot (its pool played by us)', async () => {
    const { wstETH, USDC } = market.reserves
    const who = account(10)
    await call.deposit(who, units('wstETH', 100))
    await call.borrow(who, units('USDC', 187_000), 2)
    const { drivers, ...rest } = config()
    const local = { feeds: [market.ethUsd], byHand: { [wstETH.asset]: 0.5 }, pools: [] }
    const scanned = await scanAfresh({ ...rest, drivers: { ...drivers, ETH: { local } } })
    const state = scanned.stored.drivers.find(({ symbol }) => symbol === 'ETH')
    expect(state?.responses[wstETH.asset]).toMatchObject({ exposure: WAD / 2n, exact: false })
    const row = rowIn(scanned, who)
    expect(row).toMatchObject({ outcome: 'below' })
    expect(row.price ?? 0).toBeGreaterThan(1700)
    expect(row.price ?? 0).toBeLessThan(1950)
    // at a price of ETH the pool's tokens are worth the root of its move, in dollars
    const healthAt = async (usd: number) => {
      const fall = usd / 2000
      const lp = BigInt(Math.round((1.2e18 * Math.sqrt(fall)) / fall))
      const dollar = BigInt(Math.round(5e14 / fall))
      const feeds = { [wstETH.feed]: lp, [USDC.feed]: dollar }
      return (await askPool(anvil, market, [{ account: who, feeds }]))[0] ?? 0n
    }
    expect(await healthAt((row.price ?? 0) * 0.99)).toBeLessThan(WAD)
    expect(await healthAt((row.price ?? 0) * 1.01)).toBeGreaterThan(WAD)
    await call.repay(who, units('USDC', 186_000), 2)
  })

  test('a base that nobody prices in USD: unpriced with a word on what to do, not worth nothing', async () => {
    const scanned = await scanAfresh(config(false))
    const row = rowIn(scanned, LONG)
    expect(row).toMatchObject({ outcome: 'unpriced', price: null })
    expect(row.reason).toBe(
      'prices are in WETH, and nobody prices that in USD: name chains.<chain>.usd in the configuration',
    )
    expect(row.collateral.map(({ usd }) => usd)).toEqual([null])
    expect(scanned.coverage).toMatchObject({ status: 'partial', unpriced: 6 })
    // what the protocol says of it stands all the same
    expect(healthIn(scanned, LONG)).toBe(await health(LONG))
  })

  test('a stable loan grows at its user’s own rate, not at an index of the reserve', async () => {
    const [early, late] = [account(11), account(12)]
    for (const [who, rate] of [
      [early, 200n],
      [late, 4000n],
    ] as const) {
      await setStableRate(market, market.reserves.DAI.asset, rate)
      await call.deposit(account(9), units('DAI', 1))
      await call.deposit(who, units('WETH', 20))
      await call.borrow(who, units('DAI', 10_000), 1)
    }
    await mine(anvil, 1, 365 * 86_400)
    const scanned = await scanNow()
    const debt = (who: Address) => BigInt(rowIn(scanned, who).debt[0]?.amount ?? 0)
    for (const who of [early, late]) {
      expect(debt(who)).toBe(await call.balance(market.reserves.DAI.stableDebtToken, who))
      expect(healthIn(scanned, who)).toBe(await health(who))
    }
    expect(Number(debt(late)) / Number(debt(early))).toBeGreaterThan(1.3)
    expect(rowIn(scanned, late).price ?? 0).toBeGreaterThan(1.3 * (rowIn(scanned, early).price ?? 0))
    expect(scanned.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
  })

  test('stable and variable debt of one asset are valued as one sum, in one leg', async () => {
    await call.borrow(TWO, units('DAI', 10), 1)
    const scanned = await scanNow()
    const dai = rowIn(scanned, TWO).debt.filter(({ symbol }) => symbol === 'DAI')
    expect(dai.length).toBe(1)
    const { stableDebtToken, variableDebtToken } = market.reserves.DAI
    const parts = [await call.balance(stableDebtToken, TWO), await call.balance(variableDebtToken, TWO)]
    expect(parts.every((part) => part > 0n)).toBe(true)
    expect(BigInt(dai[0]?.amount ?? 0)).toBe(parts.reduce((sum, part) => sum + part, 0n))
    expect(healthIn(scanned, TWO)).toBe(await health(TWO))
  })

  test('endpoints that run no program of ours read the same, getter by getter', async () => {
    const { accounts, markets } = await scanNow()
    const keys = [...accounts.keys()] as Address[]
    const meter = newMeter()
    const rpc = await connect({ chain: 'local', chainId: 31337, urls: [anvil.url], block: 'latest' }, meter)
    const context = { ...createReader(rpc, meter), run: async () => null }
    const byGetters = await readAccounts(context, markets as AaveV3Markets, keys)
    expect(byGetters).toEqual(keys.map((key) => accounts.get(key)))
    expect(byGetters.filter(({ stable }) => stable).length).toBeGreaterThan(1)
  })

  test('collateral with threshold 0 counts for nothing, and its price must still be known', async () => {
    const who = account(13)
    await call.deposit(who, units('WETH', 10))
    await call.deposit(who, units('WBTC', 1))
    await call.borrow(who, units('DAI', 5000), 2)
    const { WBTC } = market.reserves
    const before = await scanNow()
    const [ltv, threshold, bonus] = [1n, 1n, 10500n]
    // the configurator wants an empty reserve for 0; the smallest threshold there is shows the same
    await configure('configureReserveAsCollateral', [WBTC.asset, ltv, threshold, bonus])
    const after = await scanNow()
    expect(rowIn(before, who).collateral.length).toBe(2)
    expect(healthIn(after, who)).toBe(await health(who))
    // zero itself, as on mainnet after listings without collateral use
    const markets = after.markets as AaveV3Markets
    const zeroed = {
      ...markets,
      reserves: Object.fromEntries(
        Object.entries(markets.reserves).map(([id, reserve]) => [
          id,
          reserve.asset === WBTC.asset ? { ...reserve, liquidationThreshold: 0n, price: null } : reserve,
        ]),
      ),
    }
    const position = aaveV2.position(zeroed, who, after.accounts.get(who) as AaveV3Account)
    expect(position.collateral.map(({ symbol }) => symbol)).toEqual(['WETH'])
    expect(position.unpriced).toBe('the oracle refuses to price WBTC')
    await configure('configureReserveAsCollateral', [WBTC.asset, 7300n, 7800n, 10500n])
  })

  test('governance cuts a threshold: liquidatable without any price having moved', async () => {
    const who = account(14)
    await call.deposit(who, units('WETH', 10))
    await call.borrow(who, units('USDC', 15_500), 2)
    expect(rowIn(await scanNow(), who).outcome).toBe('below')
    const { WETH } = market.reserves
    await configure('configureReserveAsCollateral', [WETH.asset, 6000n, 7000n, 10500n])
    const cut = await scanNow()
    expect(rowIn(cut, who)).toMatchObject({ outcome: 'already' })
    expect(healthIn(cut, who)).toBe(await health(who))
    expect(await health(who)).toBeLessThan(WAD)
    await configure('configureReserveAsCollateral', [WETH.asset, 8050n, 8300n, 10500n])
  })

  /** Whether a liquidation call itself goes through, the price being low enough. */
  const liquidate = async (who: Address) => {
    const { admin, pool, reserves } = market
    await call.fund(admin, units('USDC', 10_000_000))
    const args = [reserves.WETH.asset, reserves.USDC.asset, who, 2n ** 255n, false] as const
    const data = encodeFunctionData({ abi: liquidationAbi, functionName: 'liquidationCall', args })
    return sendTransaction(anvil, { from: admin, to: pool, data })
  }

  test('the pool is paused as a whole: prices stay, every position is marked blocked, no liquidation goes through', async () => {
    const open = await scanNow()
    await configure('setPoolPause', [true])
    const paused = await scanNow()
    for (const who of [LONG, SHORT]) {
      expect(rowIn(paused, who).outcome).toBe(rowIn(open, who).outcome)
      expect(rowIn(paused, who).price).toBeCloseTo(rowIn(open, who).price ?? 0, 1)
      expect(rowIn(paused, who).reason).toBe('blocked: the pool is paused')
    }
    const moves = await movesOf(anvil, market)
    await moveTo(anvil, market, moves('ETH', 900_00000000n))
    await expect(liquidate(LONG)).rejects.toThrow('64')
    await moveTo(anvil, market, moves('ETH', 2000_00000000n))
    await configure('setPoolPause', [false])
    expect(rowIn(await scanNow(), LONG).reason).toBe(null)
  })

  test('one liquidation repays half of an asset’s debt under the manager it was built with, however far under water', async () => {
    const scanned = await scanNow()
    expect(aaveV2.liquidationRule?.(scanned.markets as AaveV3Markets)).toBe(AAVE_V2)
    const who = account(15)
    await call.deposit(who, units('WETH', 10))
    await call.borrow(who, units('USDC', 10_000), 2)
    const moves = await movesOf(anvil, market)
    await moveTo(anvil, market, moves('ETH', 1100_00000000n))
    const owed = await call.balance(market.reserves.USDC.variableDebtToken, who)
    const { transactionHash } = await liquidate(who)
    const { logs } = await anvil.rpc<{ logs: Parameters<typeof parseEventLogs>[0]['logs'] }>(
      'eth_getTransactionReceipt',
      [transactionHash],
    )
    const [event] = parseEventLogs({ abi: liquidationAbi, logs, eventName: 'LiquidationCall' })
    const { debtToCover = 0n } = event?.args ?? {}
    // interest of the one second in between
    expect(Number(debtToCover) / Number(owed)).toBeCloseTo(0.5, 6)
    await moveTo(anvil, market, moves('ETH', 2000_00000000n))
    const windDown = { ...(scanned.markets as AaveV3Markets), wholeDebt: true }
    expect(aaveV2.liquidationRule?.(windDown)).toBe(AAVE_V2_WIND_DOWN)
    expect(AAVE_V2_WIND_DOWN.closeFactor).toBe(1)
  })

  test('a grace period of the guardian blocks what it names, and nothing else (a sentinel of ours)', async () => {
    const sentinel = await market.own.deploy('GraceSentinel')
    const manager = await market.deployer.read<Address>(
      'LendingPoolAddressesProvider',
      market.addressesProvider,
      'getLendingPoolCollateralManager',
    )
    const provide = (address: Address) =>
      market.deployer.send(
        'LendingPoolAddressesProvider',
        market.addressesProvider,
        'setLendingPoolCollateralManager',
        [address],
      )
    await provide(sentinel)
    expect(rowIn(await scanNow(), LONG).reason).toBe(null)
    await market.own.send('GraceSentinel', sentinel, 'set', [market.reserves.WETH.asset, 2 ** 39])
    const graced = await scanNow()
    expect(rowIn(graced, LONG).reason).toBe('blocked: WETH is in its grace period')
    expect(rowIn(graced, BTC, 'BTC').reason).toBe(null)
    await provide(manager)
  })

  test('debt without any collateral is bad debt, in no band', async () => {
    const who = account(16)
    await call.deposit(who, units('WETH', 1))
    await call.borrow(who, units('DAI', 1000), 1)
    const moves = await movesOf(anvil, market)
    await moveTo(anvil, market, moves('ETH', 100_00000000n))
    const { admin, pool, reserves } = market
    await call.fund(admin, units('DAI', 10_000))
    const args = [reserves.WETH.asset, reserves.DAI.asset, who, 2n ** 255n, false] as const
    const data = encodeFunctionData({ abi: liquidationAbi, functionName: 'liquidationCall', args })
    await sendTransaction(anvil, { from: admin, to: pool, data })
    await moveTo(anvil, market, moves('ETH', 2000_00000000n))
    const scanned = await scanNow()
    expect(rowIn(scanned, who)).toMatchObject({ outcome: 'insolvent', price: null, healthFactor: 0 })
    expect(rowIn(scanned, who).collateral).toEqual([])
    expect(scanned.coverage.debtCovered).toBe(1)
  })

  test('a feed that gives no price: its positions are unpriced, the others priced', async () => {
    await setFeed(anvil, market, market.reserves.WBTC.feed, 0n)
    const broken = await scanNow()
    expect(rowIn(broken, BTC)).toMatchObject({
      outcome: 'unpriced',
      reason: 'the oracle refuses to price WBTC',
    })
    expect(rowIn(broken, LONG).outcome).toBe('below')
    expect(broken.coverage.status).toBe('partial')
    await setFeed(anvil, market, market.reserves.WBTC.feed, 30n * 10n ** 18n)
  })

  test('an oracle that says nothing of its base stops the source with a reason, instead of guessing', async () => {
    const provide = (oracle: Address) =>
      market.deployer.send('LendingPoolAddressesProvider', market.addressesProvider, 'setPriceOracle', [
        oracle,
      ])
    await provide(market.ethUsd)
    await expect(scanNow()).rejects.toThrow(
      `the oracle ${market.ethUsd} has neither BASE_CURRENCY() nor WETH()`,
    )
    await provide(market.oracle)
  })

  test('the aToken of stETH holds shares: a rebase changes every balance without an event, and no account is read again (stand-ins of ours)', async () => {
    const { own, deployer, addressesProvider, pool, oracle, configurator } = market
    const token = await own.deploy('RebasingToken')
    await own.send('RebasingToken', token, 'rebase', [1_123456789012345678901234567n])
    const names = ['stETH', 'stETH', zeroAddress]
    const interest = [9000n, 0n, 400n, 6000n, 0n, 0n].map((bps) => bps * 10n ** 23n)
    const send = (functionName: string, args: readonly unknown[]) =>
      deployer.send('LendingPoolConfigurator', configurator, functionName, args)
    await deployer.send('LendingRateOracle', market.rateOracle, 'setMarketBorrowRate', [token, 0n])
    await send('initReserve', [
      await own.deploy('RebasingAToken', [pool, token]),
      await deployer.deploy('StableDebtToken', [pool, token, ...names]),
      await deployer.deploy('VariableDebtToken', [pool, token, ...names]),
      18,
      await deployer.deploy('DefaultReserveInterestRateStrategy', [addressesProvider, ...interest]),
    ])
    await send('configureReserveAsCollateral', [token, 7000n, 7500n, 10700n])
    const feed = await own.deploy('SettableFeed', [99n * 10n ** 16n])
    await deployer.send('AaveOracle', oracle, 'setAssetSources', [[token], [feed]])
    const who = account(17)
    await call.send(who, pool, 'deposit', [token, parseUnits('12.345678901234567', 18), who, 0])
    await call.borrow(who, units('USDC', 10_000), 2)

    const db = memoryDatabase()
    const first = await scanLocal(config(), db)
    expect(healthIn(first, who)).toBe(await health(who))
    await own.send('RebasingToken', token, 'rebase', [1_133333333333333333333333333n])
    await mine(anvil, 1, 86_400)
    const second = await scanLocal(config(), db)
    expect(second.read).toBe(0)
    expect(healthIn(second, who)).toBe(await health(who))
    const amount = (scanned: Scanned) => BigInt(rowIn(scanned, who).collateral[0]?.amount ?? 0)
    expect(amount(second)).toBeGreaterThan(amount(first))
    expect(amount(second)).toBe(
      await call.balance((second.markets as AaveV3Markets).reserves[5]?.aToken ?? who, who),
    )
  })
})
