import { type Address, getAddress, parseAbi, parseEventLogs, parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aaveV3 } from '../../src/adapters/aave-v3.ts'
import type { AaveV3Account } from '../../src/adapters/aave-v3-accounts.ts'
import type { AaveV3Markets } from '../../src/adapters/aave-v3-markets.ts'
import { AAVE, AAVE_BEFORE_33 } from '../../src/core/cascade/rules.ts'
import type { Leg } from '../../src/core/position.ts'
import { deployAaveV302 } from '../chain/aave-v3-0-2.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type AaveMarket, ETH_EMODE, poolAbi, type ReserveSymbol } from '../chain/market.ts'
import { createReader } from '../chain/reader.ts'
import { pureMarket } from '../helpers/pure-market.ts'
import { localConfig, type Scanned, scanAfresh } from '../helpers/scanning.ts'

const eModeAbi = parseAbi([
  'function getEModeCategoryCollateralConfig(uint8 id) view returns ((uint16 ltv, uint16 threshold, uint16 bonus))',
  'function getEModeCategoryData(uint8 id) view returns ((uint16 ltv, uint16 threshold, uint16 bonus, address priceSource, string label))',
])
const dataProviderAbi = parseAbi([
  'function getReserveConfigurationData(address asset) view returns (uint256 decimals, uint256 ltv, uint256 threshold, uint256 bonus, uint256 reserveFactor, bool collateral, bool borrowing, bool stable, bool active, bool frozen)',
])

const wad = (amount: number) => parseUnits(String(amount), 18)
const usdc = (amount: number) => parseUnits(String(amount), 6)

const PLAIN = getAddress('0x00000000000000000000000000000000000b0001')
const EFFICIENT = getAddress('0x00000000000000000000000000000000000b0002')

/** WAD over 100 %, of the contract's basis points with the 100 %. */
const over = (bps: bigint | number) => (BigInt(bps) - 10_000n) * 10n ** 14n

describe.each([
  ['3.6', deployAaveV36, AAVE],
  ['3.0.2', deployAaveV302, AAVE_BEFORE_33],
] as const)('the liquidation bonus on Aave V%s', (version, deploy, rule) => {
  let anvil: Anvil
  let market: AaveMarket
  let scanned: Scanned

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deploy(anvil, { ethUsd: 2000 })
    await act.openLoan(anvil, market, {
      account: PLAIN,
      collateral: [
        ['WETH', wad(100)],
        ['wstETH', wad(10)],
        ['USDC', usdc(5000)],
      ],
      debt: [['DAI', wad(150_000)]],
    })
    await act.openLoan(anvil, market, {
      account: EFFICIENT,
      collateral: [
        ['wstETH', wad(100)],
        ['USDC', usdc(10_000)],
      ],
      debt: [['WETH', wad(110)]],
      eMode: ETH_EMODE.id,
    })
    scanned = await scanAfresh(localConfig(market, { urls: [anvil.url] }))
  })
  afterAll(() => anvil?.stop())

  const legOf = (account: Address, symbol: ReserveSymbol): Leg => {
    const state = scanned.accounts.get(account) as AaveV3Account
    const { collateral } = aaveV3.position(scanned.markets as AaveV3Markets, account, state)
    const leg = collateral.find(({ asset }) => asset === market.reserves[symbol].asset)
    if (!leg) throw new Error(`no collateral ${symbol}`)
    return leg
  }

  test('is the reserve’s own as the contract tells it, and in an e-mode the category’s for its members only', async () => {
    const { client } = createReader(anvil, market)
    const own = async (symbol: ReserveSymbol) => {
      const [, , , bonus] = await client.readContract({
        address: market.dataProvider,
        abi: dataProviderAbi,
        functionName: 'getReserveConfigurationData',
        args: [market.reserves[symbol].asset],
      })
      return over(bonus)
    }
    const { bonus } = await client.readContract({
      address: market.pool,
      abi: eModeAbi,
      functionName: version === '3.6' ? 'getEModeCategoryCollateralConfig' : 'getEModeCategoryData',
      args: [ETH_EMODE.id],
    })
    for (const symbol of ['WETH', 'wstETH', 'USDC'] as const)
      expect(legOf(PLAIN, symbol).bonus).toBe(await own(symbol))
    expect(legOf(EFFICIENT, 'USDC').bonus).toBe(await own('USDC'))
    expect(legOf(EFFICIENT, 'wstETH').bonus).toBe(over(bonus))
    expect(over(bonus)).not.toBe(await own('wstETH'))
  })

  test('reaches the rows as a share, of collateral alone', () => {
    const row = scanned.book('ETH').rows.find(({ id }) => id === PLAIN)
    expect(row?.collateral.map(({ symbol, bonus }) => [symbol, bonus])).toEqual([
      ['WETH', 0.05],
      ['wstETH', 0.06],
      ['USDC', 0.045],
    ])
    expect(row?.debt.map(({ bonus }) => bonus)).toEqual([null])
  })

  test('the revision decides how much one liquidation takes', () => {
    expect(aaveV3.liquidationRule?.(scanned.markets as AaveV3Markets)).toBe(rule)
  })

  /** What a real liquidation seizes, and debt · Pd/Pc · (1 + bonus). */
  const seize = async (
    borrower: Address,
    { collateral, debt, amount }: { collateral: ReserveSymbol; debt: ReserveSymbol; amount: bigint },
  ) => {
    const { client, price } = createReader(anvil, market)
    const { transactionHash: hash } = await act.liquidate(anvil, market, {
      borrower,
      collateral,
      debt,
      amount,
    })
    const { logs } = await client.getTransactionReceipt({ hash })
    const [event] = parseEventLogs({ abi: poolAbi, logs, eventName: 'LiquidationCall' })
    const { debtToCover = 0n, liquidatedCollateralAmount = 0n } = event?.args ?? {}
    const unit = (symbol: ReserveSymbol) => 10n ** BigInt(market.reserves[symbol].decimals)
    const worth = debtToCover * (await price(debt)) * unit(collateral)
    const plain = worth / ((await price(collateral)) * unit(debt))
    const bonus = legOf(borrower, collateral).bonus ?? 0n
    return {
      repaid: debtToCover,
      seized: liquidatedCollateralAmount,
      expected: (plain * (10n ** 18n + bonus)) / 10n ** 18n,
    }
  }

  test.each([
    ['outside', PLAIN, 'WETH', 'DAI', 20_000],
    ['outside, another collateral', PLAIN, 'wstETH', 'DAI', 5_000],
    ['inside an e-mode', EFFICIENT, 'wstETH', 'WETH', 5],
    ['inside, of what the e-mode does not cover', EFFICIENT, 'USDC', 'WETH', 0.1],
  ] as const)(
    'a real liquidation seizes what it repays and the bonus: %s',
    async (_, account, collateral, debt, units) => {
      // just under a health factor of 1: WETH for dollars, the staking ratio for the loop
      if (account === PLAIN) await act.setFeedPrice(anvil, market, 'WETH', 1500_00000000n)
      else await act.setRatio(anvil, market, 109n * 10n ** 16n)
      const amount = wad(units)
      const { repaid, seized, expected } = await seize(account, { collateral, debt, amount })
      expect(repaid).toBe(amount)
      expect(seized).toBeGreaterThan(0n)
      const difference = seized > expected ? seized - expected : expected - seized
      expect(difference).toBeLessThanOrEqual(1n)
    },
  )
})

test('a state stored before bonuses were read has none, and its rule all the same', () => {
  const markets = pureMarket({
    revision: 7,
    reserves: [{}],
    eModes: { 1: { liquidationThreshold: 9000n, collateralBitmap: 1n, priceSource: null, price: null } },
  })
  for (const eMode of [0, 1]) {
    const account = { eMode, collateral: { 0: 10n ** 20n }, debt: { 0: 10n ** 19n } }
    expect(aaveV3.position(markets, '1', account).collateral).toMatchObject([{ bonus: null }])
  }
  const rules = [1, 6, 7, 11].map((revision) => aaveV3.liquidationRule?.({ ...markets, revision }))
  expect(rules).toEqual([AAVE_BEFORE_33, AAVE_BEFORE_33, AAVE, AAVE])
})
