import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { type Address, getAddress, type Hex, zeroAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type MorphoBlueAccount, morphoBlue } from '../../src/adapters/morpho-blue.ts'
import type { MorphoBlueMarkets } from '../../src/adapters/morpho-blue-markets.ts'
import {
  borrowedAssets,
  interestOf,
  isUnhealthy,
  liquidationBonus,
  maxBorrow,
} from '../../src/adapters/morpho-blue-rules.ts'
import { morphoBonus } from '../../src/core/cascade/rules.ts'

const WAD = 10n ** 18n
const integer = z.string().transform(BigInt)
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'))

const MARKET: Hex = `0x${'ab'.repeat(32)}`
const [OWNER, LOAN, COLLATERAL] = ['1', '2', '3'].map((digit) => getAddress(`0x${digit.repeat(40)}`)) as [
  Address,
  Address,
  Address,
]

/** One market as if it had been read: WETH against dollars of 6 decimals unless told. */
const pureMarkets = (given: {
  readonly assets: bigint
  readonly shares: bigint
  readonly lltv: bigint
  readonly price: bigint
}): MorphoBlueMarkets => ({
  morpho: OWNER,
  preLiquidationFactory: null,
  idle: [],
  markets: {
    [MARKET]: {
      params: {
        loanToken: LOAN,
        collateralToken: COLLATERAL,
        oracle: OWNER,
        irm: zeroAddress,
        lltv: given.lltv,
      },
      borrowed: { assets: given.assets, shares: given.shares },
      stuck: false,
      price: given.price,
      feeds: { base: [], quote: [], rate: false },
    },
  },
  tokens: { [LOAN]: { symbol: 'USDC', decimals: 6 }, [COLLATERAL]: { symbol: 'WETH', decimals: 18 } },
  usd: { [LOAN]: { price: 10n ** 8n, decimals: 8, ask: null, feeds: [] } },
})

const account = (borrowShares: bigint, collateral: bigint): MorphoBlueAccount => ({
  market: MARKET,
  borrowShares,
  collateral,
  tokens: { loan: LOAN, collateral: COLLATERAL },
})

test('golden vector G4: the largest price that liquidates, one unit apart', () => {
  const { vectors } = fixture('golden') as { vectors: readonly { id: string }[] }
  const { input, expected } = z
    .object({
      input: z.object({
        collateral: integer,
        borrowShares: integer,
        totalBorrowAssets: integer,
        totalBorrowShares: integer,
        lltv: integer,
      }),
      expected: z.object({ borrowAssets: integer, edgePrice: integer }),
    })
    .parse(vectors.find(({ id }) => id === 'G4'))
  const markets = pureMarkets({
    assets: input.totalBorrowAssets,
    shares: input.totalBorrowShares,
    lltv: input.lltv,
    price: expected.edgePrice + 1n,
  })
  const loan = account(input.borrowShares, input.collateral)
  const rule = morphoBlue.isLiquidatable(markets, loan)
  expect([rule(() => expected.edgePrice), rule(() => expected.edgePrice + 1n)]).toEqual([true, false])
  const position = morphoBlue.position(markets, `${MARKET}:${OWNER}`, loan)
  expect(position.debt.map(({ amount }) => amount)).toEqual([expected.borrowAssets])
  expect(position).toMatchObject({ liquidatable: false, unpriced: null, owner: OWNER })
})

const sdkSchema = z.object({
  vectors: z.array(
    z.object({
      input: z.partialRecord(
        z.enum([
          'collateral',
          'borrowShares',
          'supplyShares',
          'totalBorrowAssets',
          'totalBorrowShares',
          'totalSupplyAssets',
          'totalSupplyShares',
          'oraclePrice',
          'lltv',
          'preLltv',
          'preLCF1',
          'preLCF2',
          'preLIF1',
          'preLIF2',
        ]),
        integer,
      ),
      expected: z.record(z.string(), z.union([z.string(), z.boolean(), z.null()])),
      derived: z.record(z.string(), z.string()).optional(),
    }),
  ),
})

describe('the published tests of Morpho’s own SDK', () => {
  const { vectors } = sdkSchema.parse(fixture('morpho-blue-sdk'))
  const whole = vectors.filter(
    ({ input }) => input.oraclePrice !== undefined && input.totalBorrowAssets && input.preLltv === undefined,
  )

  test.each(whole)('$input.collateral against $input.borrowShares shares', ({ input, expected, derived }) => {
    const {
      collateral = 0n,
      borrowShares = 0n,
      totalBorrowAssets: assets = 0n,
      totalBorrowShares: shares = 0n,
      oraclePrice: price = 0n,
      lltv = 0n,
    } = input
    const owed = borrowedAssets(borrowShares, { assets, shares })
    const carried = maxBorrow(collateral, price, lltv)
    expect(String(owed)).toBe(derived?.borrowAssets ?? expected.borrowAssets)
    expect(String(carried)).toBe(derived?.maxBorrowAssets ?? expected.maxBorrowAssets)
    const markets = pureMarkets({ assets, shares, lltv, price })
    const position = morphoBlue.position(markets, `${MARKET}:${OWNER}`, account(borrowShares, collateral))
    expect(position.liquidatable).toBe(expected.isHealthy === false)
    if (expected.healthFactor !== undefined) expect(String(position.healthFactor)).toBe(expected.healthFactor)
  })

  test('they are three, and the incentive of 86% is a fourth', () => {
    expect(whole.length).toBe(3)
    const incentive = vectors.find(({ expected }) => 'liquidationIncentiveFactor' in expected)
    expect(String(WAD + liquidationBonus(incentive?.input.lltv ?? 0n))).toBe(
      incentive?.expected.liquidationIncentiveFactor,
    )
  })
})

describe('three recorded positions under water, as Morpho’s API told them', () => {
  const { positions } = z
    .object({
      positions: z.array(
        z.object({
          lltv: integer,
          state: z.object({ collateral: integer, borrowAssets: integer }),
          expected: z.object({ healthFactor: z.number() }),
          derived: z.object({
            oraclePrice: integer,
            maxBorrow: integer,
            largestLiquidatableOraclePrice: integer,
            healthFactorFromUsdPricesWrong: z.number(),
          }),
        }),
      ),
    })
    .parse(fixture('morpho-api-positions'))

  test.each(positions)('lltv $lltv', ({ lltv, state, expected, derived }) => {
    // a market in which one share is one asset: the debt is given in assets
    const totals = { assets: 10n ** 15n - 1n, shares: 10n ** 15n - 10n ** 6n }
    const loan = account(state.borrowAssets, state.collateral)
    expect(borrowedAssets(loan.borrowShares, totals)).toBe(state.borrowAssets)
    const markets = pureMarkets({ ...totals, lltv, price: derived.oraclePrice })
    const { healthFactor, liquidatable } = morphoBlue.position(markets, `${MARKET}:${OWNER}`, loan)
    expect(liquidatable).toBe(true)
    expect(maxBorrow(loan.collateral, derived.oraclePrice, lltv)).toBe(derived.maxBorrow)
    // by the market's own oracle, which is what liquidates, and not by the market's USD prices
    expect(Number(healthFactor) / 1e18).toBeCloseTo(expected.healthFactor, 6)
    expect(Number(healthFactor) / 1e18).not.toBeCloseTo(derived.healthFactorFromUsdPricesWrong, 3)
    const rule = morphoBlue.isLiquidatable(markets, loan)
    const edge = derived.largestLiquidatableOraclePrice
    expect([rule(() => edge), rule(() => edge + 1n)]).toEqual([true, false])
  })

  test('there are three', () => expect(positions.length).toBe(3))
})

describe('the rules for any numbers', () => {
  const amount = (bits: number) => fc.bigInt({ min: 1n, max: 2n ** BigInt(bits) })
  const lltv = fc.bigInt({ min: 385n, max: 980n }).map((permille) => permille * 10n ** 15n)

  test('the closed form ceil(ceil(B·1e18/lltv)·1e36/collateral) is the lowest healthy price', () => {
    fc.assert(
      fc.property(
        amount(90),
        amount(90),
        amount(90),
        lltv,
        fc.bigInt({ min: 1n, max: 100n }),
        (b, c, a, l, part) => {
          const totals = { assets: a, shares: a * 10n ** 6n }
          const loan = { borrowShares: (b * part) / 100n + 1n, collateral: c }
          const owed = borrowedAssets(loan.borrowShares, totals)
          const up = (x: bigint, y: bigint) => (x + y - 1n) / y
          const lowest = up(up(owed * WAD, l) * 10n ** 36n, c)
          const at = (price: bigint) => isUnhealthy(loan, { totals, lltv: l, price })
          expect([at(lowest - 1n), at(lowest)]).toEqual([true, false])
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('unhealthy exactly where the health factor is below 1', () => {
    fc.assert(
      fc.property(amount(60), amount(80), amount(120), lltv, (shares, collateral, price, l) => {
        const markets = pureMarkets({ assets: 10n ** 12n, shares: 10n ** 18n, lltv: l, price })
        const position = morphoBlue.position(markets, `${MARKET}:${OWNER}`, account(shares, collateral))
        expect(position.liquidatable).toBe((position.healthFactor ?? 0n) < WAD)
      }),
    )
  })

  test('interest is what compounding gives, from below and within its fourth term', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60_000_000 }),
        fc.bigInt({ min: 0n, max: 30n * 10n ** 9n }),
        (seconds, rate) => {
          const found = Number(interestOf(10n ** 30n, rate, BigInt(seconds))) / 1e30
          const x = (Number(rate) / 1e18) * seconds
          const exact = Math.expm1(x)
          expect(found).toBeLessThanOrEqual(exact + 1e-12 * (1 + exact))
          expect(found).toBeGreaterThanOrEqual(exact - (x ** 4 / 24) * Math.exp(x) - 1e-12)
        },
      ),
    )
  })

  test('a liquidator’s bonus is the cascade’s, floored to a WAD unit', () => {
    for (const percent of [0, 38.5, 62.5, 77, 86, 91.5, 94.5, 96.5, 98]) {
      const bonus = Number(liquidationBonus(BigInt(percent * 10) * 10n ** 15n)) / 1e18
      expect(bonus).toBeCloseTo(morphoBonus(percent / 100), 12)
    }
  })
})

test.each([
  ['a token that does not tell its decimals', null],
  ['a token with more decimals than any price has', 255],
])('%s leaves its market unpriced', (_, decimals) => {
  const markets = pureMarkets({ assets: 10n ** 12n, shares: 10n ** 18n, lltv: WAD / 2n, price: 10n ** 36n })
  const odd = { ...markets, tokens: { ...markets.tokens, [COLLATERAL]: { symbol: 'ODD', decimals } } }
  const position = morphoBlue.position(odd, `${MARKET}:${OWNER}`, account(10n ** 12n, 1n))
  const unpriced = 'a token of ODD/USDC 50% tells no usable decimals'
  expect(position).toMatchObject({ unpriced, liquidatable: false })
  expect(morphoBlue.prices(odd).find(({ asset }) => asset === MARKET)?.price).toBe(null)
})
