import { describe, expect, test } from 'vitest'
import type { AaveV3Account } from '../../src/adapters/aave-v3-accounts.ts'
import { spark } from '../../src/adapters/spark.ts'
import { AAVE, AAVE_BEFORE_33 } from '../../src/core/cascade/rules.ts'
import { WAD } from '../../src/core/units.ts'
import { ACCOUNT, pureMarket } from '../helpers/pure-market.ts'

const DOLLAR = 10n ** 8n

/** Half in ETH at 83 %, half in wstETH at 81 %, an odd unit over, so that the average is no whole basis point. */
const mixed: AaveV3Account = {
  eMode: 0,
  collateral: { 0: WAD, 1: WAD + 7n * 10n ** 17n },
  debt: { 2: 3000n * WAD },
}
const reserves = [
  { price: 2000n * DOLLAR, liquidationThreshold: 8300n },
  { price: 2400n * DOLLAR, liquidationThreshold: 8100n },
  {},
]

describe('SparkLend is read at its own revision', () => {
  const healthAt = (revision: number) =>
    spark.position(pureMarket({ revision, reserves }), ACCOUNT, mixed).healthFactor

  test('up to 3.4 the average threshold is cut to whole basis points, from 3.5 on it is not', () => {
    // (2,000 · 0.83 + 4,080 · 0.81) / 6,080 = 81.657… %, cut to 81.65 %
    expect(healthAt(1)).toBe((6080n * 8165n * WAD) / (3000n * 10_000n))
    expect(healthAt(9)).toBe((2000n * 8300n * WAD + 4080n * 8100n * WAD) / (3000n * 10_000n))
  })

  test('the size of a liquidation follows the revision too', () => {
    const ruleAt = (revision: number) => spark.liquidationRule?.(pureMarket({ revision, reserves }))
    expect([ruleAt(1), ruleAt(7)]).toEqual([AAVE_BEFORE_33, AAVE])
  })

  test('a revision newer than any known is said', () => {
    expect(spark.remarks(pureMarket({ revision: 99, reserves })).notes).toEqual([
      'Pool revision 99 is newer than 11, the newest one known here: read by the rules of 11',
    ])
  })
})

describe('debt at a stable rate', () => {
  const stableReserves = reserves.map((reserve, id) => ({
    ...reserve,
    stableDebtToken: ACCOUNT,
    stableDebtTotal: id === 2 ? 5000n * WAD : 0n,
  }))
  const since = 1_700_000_000 - 31_536_000
  const borrower: AaveV3Account = {
    ...mixed,
    debt: { 2: 0n },
    stable: { 2: { principal: 1000n * WAD, rate: 10n ** 26n, since } },
  }

  test('alone it is debt, with the flag over no variable debt at all', () => {
    const markets = pureMarket({ revision: 1, reserves: stableReserves })
    expect(spark.hasDebt(borrower)).toBe(true)
    const { debt } = spark.position(markets, ACCOUNT, borrower)
    // 1,000 at 10 % for a year, three terms: 1 + 0.1 + 0.005 + 0.00016…
    expect(debt.map(({ amount }) => Number(amount) / 1e18)).toEqual([expect.closeTo(1105.16, 1)])
  })

  test('its total is the protocol’s own estimate, and counted beside the variable one', () => {
    const markets = pureMarket({ revision: 1, reserves: stableReserves })
    const totals = spark.totals(markets)
    expect(totals.map(({ symbol }) => symbol)).toEqual(['R0', 'R1', 'R2', 'R2 at stable rates'])
    expect(totals[3]).toMatchObject({ asset: ACCOUNT, total: 5000n * WAD, tolerance: 251n * WAD })
    expect(spark.debts(markets, borrower)[ACCOUNT]).toBe(
      spark.position(markets, ACCOUNT, borrower).debt[0]?.amount,
    )
  })

  test('from 3.2 on there is none: the contract does not count it, and neither do we', () => {
    const markets = pureMarket({
      revision: 5,
      reserves: stableReserves.map((r) => ({ ...r, stableDebtToken: null })),
    })
    expect(spark.position(markets, ACCOUNT, borrower).debt).toEqual([])
    expect(spark.totals(markets).length).toBe(3)
    expect(spark.debts(markets, borrower)).toEqual({ [markets.reserves[2]?.asset ?? '']: 0n })
  })

  test('inside an e-mode with a price of its own it is valued at that, as variable debt is', () => {
    const markets = pureMarket({
      revision: 1,
      reserves: stableReserves.map((reserve, id) => ({ ...reserve, eModeCategory: id === 2 ? 1 : 0 })),
      eModes: {
        1: {
          liquidationThreshold: 9700n,
          collateralBitmap: 0n,
          priceSource: '0x00000000000000000000000000000000000057A6',
          price: 2n * DOLLAR,
        },
      },
    })
    const inMode = spark.position(markets, ACCOUNT, { ...borrower, eMode: 1 })
    const outside = spark.position(markets, ACCOUNT, borrower)
    expect(inMode.debt[0]?.usd).toBe(2n * (outside.debt[0]?.usd ?? 0n))
    expect(inMode.debt[0]?.pricedAs).toBe('0x00000000000000000000000000000000000057A6')
  })
})
