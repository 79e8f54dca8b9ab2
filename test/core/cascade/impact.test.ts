import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/core/bands/random.ts'
import { createMarket, describeImpact, usdToMove } from '../../../src/core/cascade/impact.ts'
import { sellInto } from '../../../src/core/cascade/pool-sale.ts'
import { amountTo, createTickCurve, priceAt } from '../../../src/core/cascade/tick-curve.ts'
import { anySeed, IMPACTS, POOL, randomPool, SPOT } from './books.ts'

const amounts = fc.double({ min: 0, max: 2e6, noNaN: true })
const prices = fc.double({ min: 100, max: SPOT, noNaN: true })

/** One pool with one infinite range: liquidity √(x·y) with `reserve` WETH at spot. */
const fullRange = (reserve: number) => ({
  ...POOL,
  liquidity: BigInt(Math.round(reserve * Math.sqrt(SPOT) * 1e6)) * 10n ** 6n,
  ticks: [],
})

/** SqrtPriceMath.getAmount0Delta in integers, rounded down. */
const amount0 = (low: bigint, high: bigint, liquidity: bigint): bigint =>
  ((liquidity << 96n) * (high - low)) / high / low

const rootX96 = (tick: number): bigint => BigInt(Math.round(1.0001 ** (tick / 2) * 2 ** 80)) * 2n ** 16n

describe('every impact', () => {
  test('is 1 for no sale and never rises with it', () => {
    for (const impact of IMPACTS) {
      const market = createMarket(impact, SPOT)
      const check = (outside: number, a: number, b: number): void => {
        expect(market.priceAfter(outside, 0)).toBe(outside)
        expect(market.priceAfter(outside, a + b)).toBeLessThanOrEqual(
          market.priceAfter(outside, a) * (1 + 1e-12),
        )
      }
      fc.assert(fc.property(prices, amounts, amounts, check), { seed: 1 })
    }
  })

  test('says what moves the price 2 %: for exponential depth the figure itself', () => {
    for (const impact of IMPACTS) {
      const market = createMarket(impact, SPOT)
      const usd = usdToMove(market, SPOT)
      if (impact.kind === 'none') expect(usd).toBeNull()
      else expect(Math.log(SPOT / market.priceAfter(SPOT, (usd ?? 0) / SPOT))).toBeCloseTo(0.02, 9)
      if (impact.kind === 'depth') expect(usd).toBeCloseTo(impact.usd, 4)
    }
  })

  test('has the outside price as its inverse', () => {
    for (const impact of IMPACTS) {
      const market = createMarket(impact, SPOT)
      const check = (price: number, sold: number): void => {
        const outside = market.outsideFor(price, sold)
        if (outside > 2 * SPOT) return
        expect(market.priceAfter(outside * (1 - 1e-9), sold)).toBeLessThanOrEqual(price)
        expect(market.priceAfter(outside * (1 + 1e-9), sold)).toBeGreaterThanOrEqual(price * (1 - 1e-12))
      }
      fc.assert(fc.property(prices, amounts, check), { seed: 1 })
    }
  })

  test('says in words what it assumes', () => {
    expect(IMPACTS.map(describeImpact)).toEqual([
      'no impact',
      '$40,000,000 moves the price 2 %',
      'square-root law, σ 4 % and $400,000,000 a day, Y 1',
      'constant-product pool of $600,000,000 on each side',
      '1 Uniswap v3 pool, tick by tick',
    ])
    const twice = { kind: 'uniswap-v3', pools: [POOL, POOL], multiple: 2 } as const
    expect(describeImpact(twice)).toBe('2 times 2 Uniswap v3 pools, tick by tick')
  })
})

describe('depth', () => {
  test('moves the price 2 % for the amount quoted', () => {
    const market = createMarket({ kind: 'depth', usd: 40e6 }, SPOT)
    expect(market.priceAfter(SPOT, 40e6 / SPOT) / SPOT).toBeCloseTo(Math.exp(-0.02), 12)
  })
})

describe('the square-root law', () => {
  test('moves the price Y·σ for one day of volume', () => {
    const market = createMarket({ kind: 'sqrt', sigma: 0.04, volumeUsd: 1e9, y: 0.5 }, SPOT)
    expect(market.priceAfter(SPOT, 1e9 / SPOT) / SPOT).toBeCloseTo(Math.exp(-0.02), 12)
  })
})

describe('Uniswap v3', () => {
  test('with one infinite range is the constant product', () => {
    const reserve = 3e5
    const product = createMarket({ kind: 'constant-product', reserveUsd: reserve * SPOT }, SPOT)
    const ticks = createMarket({ kind: 'uniswap-v3', pools: [fullRange(reserve)] }, SPOT)
    const check = (sold: number): void => {
      const expected = product.priceAfter(SPOT, sold)
      expect(Math.abs(ticks.priceAfter(SPOT, sold) / expected - 1)).toBeLessThan(1e-9)
    }
    fc.assert(fc.property(amounts, check), { seed: 1 })
  })

  test('absorbs between two ticks what the contract computes in integers', () => {
    const curve = createTickCurve([POOL])
    const bounds = [POOL.sqrtPriceX96, rootX96(-201000), rootX96(-202000), rootX96(-204000)]
    // Going down, each tick takes its net liquidity away: 6 − 4 below −201000, 2 + 1 below −202000.
    const liquidity = [6n, 2n, 3n].map((units) => units * 10n ** 18n)
    let sold = 0
    liquidity.forEach((range, i) => {
      sold += Number(amount0(bounds[i + 1] ?? 1n, bounds[i] ?? 1n, range)) / 1e18
      const price = (Number(bounds[i + 1]) / 2 ** 96) ** 2 * 1e12
      expect(amountTo(curve, price) / sold).toBeCloseTo(1, 9)
      expect(priceAt(curve, sold) / price).toBeCloseTo(1, 9)
    })
  })

  test('is the same pool seen from the other token', () => {
    const swapped = {
      ...POOL,
      sqrtPriceX96: 2n ** 192n / POOL.sqrtPriceX96,
      tick: -POOL.tick - 1,
      ticks: POOL.ticks.map(({ tick, liquidityNet }) => ({ tick: -tick, liquidityNet: -liquidityNet })),
      driver: 'token1' as const,
    }
    const [a, b] = [createTickCurve([POOL]), createTickCurve([swapped])]
    const check = (sold: number): void => {
      expect(priceAt(b, sold) / priceAt(a, sold)).toBeCloseTo(1, 9)
    }
    fc.assert(fc.property(fc.double({ min: 0, max: 1e5, noNaN: true }), check), { seed: 1 })
  })

  test('adds up over pools, each from its own price down', () => {
    const single = createTickCurve([POOL])
    const double = createTickCurve([POOL, POOL])
    const check = (price: number): void => {
      expect(amountTo(double, price)).toBeCloseTo(2 * amountTo(single, price), 6)
    }
    fc.assert(fc.property(prices, check), { seed: 1 })
  })

  test('ends where the contract’s own integers end, for any pool, token order, decimals and fee', () => {
    const check = (seed: number, size: number): void => {
      const pool = randomPool(createRandom(seed))
      const unit = 10 ** pool.driverDecimals
      const amount = BigInt(Math.round(size * unit))
      const { amountIn, sqrtPriceX96 } = sellInto(pool, { amount })
      const root = Number(sqrtPriceX96) / 2 ** 96
      const raw = pool.driver === 'token0' ? root ** 2 : root ** -2
      const usd = raw * 10 ** (pool.driverDecimals - pool.quoteDecimals) * pool.quoteUsd
      const end = priceAt(createTickCurve([pool]), Number(amount) / unit)
      if (amountIn < amount) expect(end).toBe(0)
      else expect(Math.abs(end / usd - 1)).toBeLessThan(1e-8)
      // twice the liquidity takes twice the sale
      expect(priceAt(createTickCurve([pool], 2), (2 * Number(amount)) / unit) / (end || 1)).toBeCloseTo(
        end === 0 ? 0 : 1,
        9,
      )
    }
    const sizes = fc.double({ min: -2, max: 6, noNaN: true }).map((digits) => 10 ** digits)
    fc.assert(fc.property(anySeed, sizes, check), { seed: 1, numRuns: 500 })
  })

  test('falls through a gap without liquidity, and to nothing once exhausted', () => {
    const gap = {
      ...POOL,
      liquidity: 6n * 10n ** 18n,
      ticks: [
        { tick: -210000, liquidityNet: 10n ** 18n },
        { tick: -205000, liquidityNet: -(10n ** 18n) },
        { tick: -201000, liquidityNet: 6n * 10n ** 18n },
      ],
    }
    const curve = createTickCurve([gap])
    const [upper, lower, end] = [-201000, -205000, -210000].map((tick) => 1.0001 ** tick * 1e12)
    const before = amountTo(curve, upper ?? 0)
    expect(priceAt(curve, before)).toBeCloseTo(upper ?? 0, 6)
    expect(priceAt(curve, before * (1 + 1e-9))).toBeCloseTo(lower ?? 0, 3)
    expect(priceAt(curve, amountTo(curve, end ?? 0) * (1 + 1e-9))).toBe(0)
  })

  test('refuses no pool at all, and ticks that do not belong to the pool', () => {
    expect(() => createTickCurve([])).toThrow('at least one pool')
    expect(() => createTickCurve([{ ...POOL, liquidity: 1n }])).toThrow('ticks do not fit the pool')
  })
})
