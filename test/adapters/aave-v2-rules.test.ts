import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { aaveV2 } from '../../src/adapters/aave-v2.ts'
import type { AaveV3Markets } from '../../src/adapters/aave-v3-markets.ts'
import { AAVE_V2_RULES, balanceOf, healthFactor, stableBalance } from '../../src/adapters/aave-v3-rules.ts'
import { mulHalfUp, RAY, WAD } from '../../src/core/units.ts'
import { ACCOUNT, pureMarket } from '../helpers/pure-market.ts'

const YEAR = 31_536_000

/**
 * Inputs and outputs of Aave's own unit tests: github.com/aave/aave-utilities@d4c93961, packages/math-utils/src,
 * pool-math.test.ts (MIT).
 */
describe('what Aave’s own tests publish', () => {
  test('three terms of compound interest', () => {
    const debt = { principal: RAY, rate: 500000000000000000n, since: 1629942200 }
    expect(stableBalance('cut per second', debt, 1729942300)).toBe(1000000001585491184589599100n)
  })

  test('a balance on Aave V2: YFI at block 11581421, its index grown by 1918 seconds of linear interest', () => {
    const [index, rate, seconds] = [1001723339432542553527150680n, 22461916953455574582370088n, 1918n]
    const income = mulHalfUp(RAY + (rate * seconds) / BigInt(YEAR), index, RAY)
    expect(balanceOf(AAVE_V2_RULES, 161316503206059870n, income, 'collateral')).toBe(161594727054623229n)
  })

  test.each([
    [50000000000000000n, 1_000000000000000000n],
    [30000000000000000n, 1_666666666666666667n],
  ])('the health factor of 0.1 at a threshold of 50 %% against %i', (amount, expected) => {
    const leg = { price: WAD, unit: WAD }
    const collateral = { ...leg, amount: 100000000000000000n, threshold: 5000n }
    expect(healthFactor(AAVE_V2_RULES, [collateral], [{ ...leg, amount, threshold: 10_000n }])).toBe(expected)
  })
})

const legSchema = z.object({
  asset: z.string(),
  scaled: z.coerce.bigint(),
  decimals: z.number(),
  price: z.string(),
  liquidationThresholdBps: z.coerce.bigint().optional(),
})
const vectorsSchema = z.array(
  z.object({
    id: z.string(),
    input: z.object({ collateral: z.array(legSchema), debt: z.array(legSchema) }),
    expected: z.object({ edgePrice: z.coerce.bigint() }),
  }),
)

describe('golden vectors of the rule that V2 shares with V3 up to 3.4', () => {
  const golden = JSON.parse(readFileSync(new URL('../fixtures/golden.json', import.meta.url), 'utf8'))
  const vectors = vectorsSchema.parse(golden.vectors.filter(({ rule }: { rule: string }) => rule === 'aave8'))

  test.each(vectors.map((vector) => [vector.id, vector] as const))('%s', (_, { input, expected }) => {
    const legs = [...input.collateral, ...input.debt]
    const symbols = [...new Set(legs.map(({ asset }) => asset))]
    const markets: AaveV3Markets = {
      ...pureMarket({
        revision: 2,
        reserves: symbols.map((symbol) => {
          const mine = legs.filter(({ asset }) => asset === symbol)
          return {
            symbol,
            decimals: mine[0]?.decimals ?? 0,
            price: mine[0]?.price === 'factor' ? 0n : BigInt(mine[0]?.price ?? 0),
            liquidationThreshold:
              mine.find((leg) => leg.liquidationThresholdBps)?.liquidationThresholdBps ?? 0n,
            incomeIndex: BigInt(golden.constants.i1),
            debtIndex: BigInt(golden.constants.i2),
          }
        }),
      }),
      family: 'v2',
    }
    const scaled = (side: typeof legs) =>
      Object.fromEntries(side.map(({ asset, scaled }) => [symbols.indexOf(asset), scaled]))
    const account = { eMode: 0, collateral: scaled(input.collateral), debt: scaled(input.debt) }
    const rule = aaveV2.isLiquidatable(markets, account)
    const at = (answer: bigint) =>
      rule((key) => {
        const reserve = Object.values(markets.reserves).find(({ asset }) => asset === key)
        return reserve?.symbol === 'WETH' ? answer : (reserve?.price ?? 0n)
      })
    expect([at(expected.edgePrice), at(expected.edgePrice + 1n)]).toEqual([true, false])
  })

  test('are more than one', () => {
    expect(vectors.map(({ id }) => id)).toEqual(['G1b', 'G3b'])
  })
})

/**
 * Checked once by hand, outside the project: the real AStETH (lidofinance/aave-asteth-deployment@4a4af1d, solc 0.6.12) as
 * an aToken of the real pool; 60 accounts through four rebases, 240 health factors of 240 equal to the integer. These are
 * the figures of one of its accounts.
 */
test('shares of stETH are cut to a balance as its real aToken cuts them', () => {
  const market = pureMarket({
    revision: 2,
    reserves: [{ rebasingIndex: 1143456789019124241513161928n }, {}],
  })
  const account = { eMode: 0, collateral: { 0: 893941827594119756n }, debt: { 1: WAD } }
  const { collateral } = aaveV2.position({ ...market, family: 'v2' }, ACCOUNT, account)
  expect(collateral.map(({ amount }) => amount)).toEqual([1022183851750659730n])
})

describe('debt at a user’s own rate', () => {
  const loan = fc.record({
    principal: fc.bigInt({ min: 10n ** 6n, max: 10n ** 30n }),
    // up to 100 % a year
    rate: fc.bigInt({ min: 0n, max: RAY }),
    since: fc.integer({ min: 0, max: 10 ** 9 }),
  })
  const seconds = fc.integer({ min: 0, max: 2 * YEAR })
  /** Half a unit of the cubed rate, over all the seconds of two years: seconds³ / 6 / 2 / RAY, and something over. */
  const CUT = 3e-5
  const ways = ['cut per second', 'cut per year'] as const

  test.each(ways)('%s: lies between simple interest and continuous growth, and never shrinks', (way) => {
    fc.assert(
      fc.property(loan, seconds, fc.integer({ min: 0, max: YEAR }), (debt, passed, more) => {
        const owed = Number(stableBalance(way, debt, debt.since + passed))
        const years = (passed / YEAR) * (Number(debt.rate) / 1e27)
        const relative = owed / Number(debt.principal)
        expect(relative).toBeGreaterThanOrEqual(1 + years - CUT)
        expect(relative).toBeLessThanOrEqual(Math.exp(years) + CUT)
        expect(stableBalance(way, debt, debt.since + passed + more)).toBeGreaterThanOrEqual(
          stableBalance(way, debt, debt.since + passed),
        )
      }),
    )
  })

  test('nothing passed, nothing owed on top', () => {
    fc.assert(
      fc.property(loan, fc.constantFrom(...ways), (debt, way) => {
        expect(stableBalance(way, debt, debt.since)).toBe(debt.principal)
      }),
    )
  })

  test('the two versions of the protocol cut in other places: the last digits part', () => {
    const debt = { principal: 10n ** 27n, rate: 7n * 10n ** 25n + 1234567n, since: 0 }
    expect(stableBalance('cut per second', debt, YEAR)).not.toBe(stableBalance('cut per year', debt, YEAR))
  })
})
