import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sellInto } from '../../src/core/cascade/pool-sale.ts'
import { sqrtRatioAtTick, TICK_FACTORS } from '../../src/core/cascade/sqrt-price.ts'
import { amountTo, createTickCurve, priceAt, type TickPool } from '../../src/core/cascade/tick-curve.ts'
import { readPoolFacts, readPoolState, readToken } from '../../src/engine/read-pool.ts'
import { createReader } from '../../src/sources/batch.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { connect } from '../../src/sources/rpc.ts'
import { type Anvil, startAnvil } from './anvil.ts'
import { createRandom } from './random.ts'
import {
  deployPair,
  deployUniswapV3,
  openPool,
  type PoolPlan,
  type Quote,
  quoteSale,
  type Range,
  type UniswapV3,
} from './uniswap-v3.ts'

/** Overlapping ranges around 2,000, one of them below the price with a gap above it, and one over everything. */
const RANGES: readonly Range[] = [
  { low: 1e-3, high: 1e7, usd: 2e5 },
  { low: 1800, high: 2200, usd: 3e6 },
  { low: 1500, high: 2050, usd: 1e6 },
  { low: 1000, high: 1300, usd: 5e5 },
]
/** Nothing over everything: the pool runs dry on the way, and again between two ranges. */
const WITH_A_GAP: readonly Range[] = [
  { low: 1800, high: 2200, usd: 3e6 },
  { low: 1000, high: 1300, usd: 5e5 },
]

const CASES = [
  ['token0', [18, 6], 500, RANGES],
  ['token1', [18, 6], 500, RANGES],
  ['token0', [8, 18], 3000, RANGES],
  ['token1', [8, 18], 3000, RANGES],
  ['token0', [18, 6], 100, RANGES],
  ['token1', [18, 18], 10_000, WITH_A_GAP],
  ['token0', [18, 6], 10_000, WITH_A_GAP],
] as const

let anvil: Anvil
let uniswap: UniswapV3
beforeAll(async () => {
  anvil = await startAnvil()
  uniswap = await deployUniswapV3(anvil)
})
afterAll(() => anvil?.stop())

/** The pool as our own reader finds it. */
const readBack = async (plan: PoolPlan, address: `0x${string}`): Promise<TickPool> => {
  const meter = newMeter()
  const rpc = await connect({ chain: 'local', chainId: 31337, urls: [anvil.url], block: 'latest' }, meter)
  const reader = createReader(rpc, meter)
  const facts = await readPoolFacts(reader, address)
  const driver = facts.token0 === plan.driver.address ? 'token0' : 'token1'
  const [state, base, quote] = await Promise.all([
    readPoolState(reader, facts, driver),
    readToken(reader, plan.driver.address),
    readToken(reader, plan.dollar.address),
  ])
  if (state === null) throw new Error('the pool has no price')
  const decimals = { driverDecimals: base.decimals, quoteDecimals: quote.decimals }
  return { ...state, ...decimals, driver, fee: facts.fee, tickSpacing: facts.tickSpacing, quoteUsd: 1 }
}

const usdOf = ({ driver, driverDecimals, quoteDecimals }: TickPool, sqrtPriceX96: bigint): number => {
  const price = (Number(sqrtPriceX96) / 2 ** 96) ** 2
  return (driver === 'token0' ? price : 1 / price) * 10 ** (driverDecimals - quoteDecimals)
}

describe.each(CASES)(
  'a pool whose driver is %s, of %j decimals, at a fee of %d',
  (driverIs, decimals, fee, ranges) => {
    let pool: TickPool
    let quotes: readonly (Quote & { readonly amount: bigint })[]

    beforeAll(async () => {
      const pair = await deployPair(uniswap, { driverIs, decimals })
      const plan: PoolPlan = { ...pair, fee, price: 2000, ranges }
      pool = await readBack(plan, await openPool(uniswap, plan))
      // from single units to ten times what all ranges hold
      const random = createRandom(fee + decimals[0])
      const sizes = Array.from({ length: 60 }, (_, i) =>
        BigInt(Math.floor(10 ** (((i + random()) / 60) * (decimals[0] + 4.5)))),
      )
      const asked = []
      for (const amount of sizes) asked.push({ amount, ...(await quoteSale(uniswap, plan, amount)) })
      quotes = asked
    })

    test('is read as it is: the driver’s side, its fee and the ranges’ ticks below the price', () => {
      expect(pool).toMatchObject({
        driver: driverIs,
        fee,
        driverDecimals: decimals[0],
        quoteDecimals: decimals[1],
      })
      const prices = pool.ticks.map(({ tick }) => usdOf(pool, sqrtRatioAtTick(tick))).sort((a, b) => b - a)
      const expected = ranges
        .flatMap(({ low, high }) => [low, high].filter((price) => price < 2000))
        .sort((a, b) => b - a)
      expect(prices).toHaveLength(expected.length)
      prices.forEach((price, i) => {
        expect(Math.abs(price / (expected[i] ?? 0) - 1)).toBeLessThan(0.011)
      })
    })

    test('pays and ends as QuoterV2 says, to the unit, for every size', () => {
      for (const { amount, amountOut, sqrtPriceX96 } of quotes) {
        const sale = sellInto(pool, { amount })
        expect({ amount, out: sale.amountOut, root: sale.sqrtPriceX96 }).toEqual({
          amount,
          out: amountOut,
          root: sqrtPriceX96,
        })
      }
      expect(new Set(quotes.map(({ sqrtPriceX96 }) => sqrtPriceX96)).size).toBeGreaterThan(40)
    })

    test('moves along the curve of the cascade to the same price, within 1e-9, and back to the same amount', () => {
      const curve = createTickCurve([pool])
      const unit = 10 ** decimals[0]
      let compared = 0
      for (const { amount, sqrtPriceX96 } of quotes) {
        const { amountIn } = sellInto(pool, { amount })
        const price = usdOf(pool, sqrtPriceX96)
        if (amountIn < amount) {
          expect(priceAt(curve, Number(amount) / unit)).toBe(0)
          continue
        }
        expect(Math.abs(priceAt(curve, Number(amount) / unit) / price - 1)).toBeLessThan(1e-9)
        // of a few units, rounding is a large part
        if (amount > 10n ** BigInt(decimals[0])) {
          expect(Math.abs((amountTo(curve, price) * unit) / Number(amount) - 1)).toBeLessThan(1e-8)
          compared++
        }
      }
      expect(compared).toBeGreaterThan(5)
    })
  },
)

test('the powers of 1.0001 are the constants of TickMath, and the ends of the scale its two limits', () => {
  const require = createRequire(import.meta.url)
  const source = readFileSync(require.resolve('@uniswap/v3-core/contracts/libraries/TickMath.sol'), 'utf8')
  const body = source.slice(
    source.indexOf('function getSqrtRatioAtTick'),
    source.indexOf('function getTickAtSqrtRatio'),
  )
  const constants = [...body.matchAll(/0x[0-9a-f]{20,}/g)].map(([text]) => BigInt(text))
  expect(constants.filter((constant) => constant !== 2n ** 128n)).toEqual(TICK_FACTORS)
  const limit = (name: string) => BigInt(new RegExp(`${name} = (\\d+);`).exec(source)?.[1] ?? 0)
  expect(sqrtRatioAtTick(-887272)).toBe(limit('MIN_SQRT_RATIO'))
  expect(sqrtRatioAtTick(887272)).toBe(limit('MAX_SQRT_RATIO'))
})
