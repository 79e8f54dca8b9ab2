import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/core/bands/random.ts'
import { fallenAt, finalPriceAt, finalPrices } from '../../../src/core/cascade/all-shocks.ts'
import type { Impact } from '../../../src/core/cascade/impact.ts'
import type { CascadePosition } from '../../../src/core/cascade/ladder.ts'
import { playRounds } from '../../../src/core/cascade/rounds.ts'
import { simulate } from '../../../src/core/cascade/simulate.ts'
import { cascadeTable } from '../../../src/core/cascade/table.ts'
import { drops } from '../../../src/core/drops.ts'
import { shuffled } from '../../helpers/books.ts'
import {
  anySeed,
  bookOf,
  IMPACTS,
  POOL,
  positionOf,
  randomPools,
  randomPositions,
  SPOT,
  sale,
  salesAt,
  shocksOf,
} from './books.ts'

const RUNS = { numRuns: 40, seed: 1 }
const FALLS = Array.from({ length: 120 }, (_, i) => -0.5 * i)

describe('the answer for all shocks', () => {
  test('is what iteration finds, in 100,000 random cases', () => {
    const random = createRandom(1)
    let cases = 0
    let cascades = 0
    let mismatches = 0
    for (let seed = 1; cases < 100_000; seed++) {
      const path = seed % 2 === 0 ? 'jump' : 'continuous'
      const book = bookOf(randomPositions(seed, 1 + Math.floor(40 * random())), { path })
      for (const impact of [...IMPACTS, randomPools(random), randomPools(random)]) {
        const shocks = shocksOf(book, impact)
        for (let i = 0; i < 100; i++) {
          const outside = SPOT * (0.3 + 0.7 * random())
          const { fired, finalPrice, rounds } = playRounds(book, shocks.market, outside)
          const apart = Math.abs(finalPriceAt(shocks, outside) - finalPrice)
          if (fallenAt(shocks, outside) !== fired || apart > 1e-9 * SPOT) mismatches++
          if (rounds > 2) cascades++
          cases++
        }
      }
    }
    expect(mismatches).toBe(0)
    expect(cascades).toBeGreaterThan(10_000)
  })

  test('is the running minimum of the outside prices that each rung needs', () => {
    const check = (seed: number): void => {
      for (const impact of IMPACTS) {
        const { book, market, critical } = shocksOf(bookOf(randomPositions(seed, 60)), impact)
        let lowest = Number.POSITIVE_INFINITY
        book.rungs.price.forEach((price, i) => {
          lowest = Math.min(lowest, market.outsideFor(price, book.soldUpTo[i] ?? 0))
          expect((critical[i] ?? 0) / lowest).toBeCloseTo(1, 12)
        })
      }
    }
    fc.assert(fc.property(anySeed, check), { ...RUNS, numRuns: 10 })
  })

  test('is nothing without a shock', () => {
    for (const impact of IMPACTS) {
      const result = simulate(shocksOf(bookOf(randomPositions(1, 50)), impact), 0)
      expect(result).toMatchObject({ rungs: 0, usd: 0, rounds: 0, finalPrice: SPOT, amplification: null })
    }
  })

  test('without impact is the cumulative histogram, to the cent and in one round', () => {
    const check = (seed: number): void => {
      const book = bookOf(randomPositions(seed, 60), { lagSecondsOf: { 'maker/ethereum/main': 0 } })
      const shocks = shocksOf({ ...book, lagSeconds: book.sources.map(() => 0) }, { kind: 'none' })
      const entries = Array.from(book.rungs.price, (price, i) => ({
        source: '',
        id: `${i}`,
        owner: '',
        entity: null,
        price,
        collateralUsd: (book.rungs.sold[i] ?? 0) * price,
        debtUsd: 0,
        driverAmount: book.rungs.sold[i] ?? 0,
      }))
      const pcts = [-5, -10, -20, -43, -60]
      for (const { pct, price, collateralUsd, positions } of drops(entries, { spot: SPOT, pcts })) {
        const result = simulate(shocks, pct)
        expect(result.usd).toBe(collateralUsd)
        expect(result.firstRoundUsd).toBe(collateralUsd)
        expect(result.rungs).toBe(positions)
        expect(result.finalPrice).toBe(price)
        expect(result.rounds).toBeLessThanOrEqual(1)
      }
    }
    fc.assert(fc.property(anySeed, check), RUNS)
  })

  test('does not depend on the order of the positions', () => {
    const check = (seed: number): void => {
      const positions = randomPositions(seed, 60).map((position, i) => ({
        ...position,
        price: i % 3 === 0 ? 1700 : position.price,
      }))
      for (const impact of IMPACTS) {
        const [a, b] = [positions, shuffled(positions, seed)].map((list) => shocksOf(bookOf(list), impact))
        if (!a || !b) throw new Error('two responses')
        expect(b.critical).toEqual(a.critical)
        expect(simulate(b, -20)).toEqual(simulate(a, -20))
      }
    }
    fc.assert(fc.property(anySeed, check), RUNS)
  })

  test('does not depend on how a sale is split', () => {
    const one = salesAt([
      [1900, 3000],
      [1850, 9000],
    ])
    const split = salesAt([
      [1900, 1000],
      [1900, 2000],
      ...Array.from({ length: 9 }, () => [1850, 1000] as const),
    ])
    for (const impact of IMPACTS)
      finalPrices(shocksOf(bookOf(split), impact), FALLS).forEach((price, i) => {
        expect(price).toBeCloseTo(finalPrices(shocksOf(bookOf(one), impact), FALLS)[i] ?? 0, 6)
      })
  })
})

describe('the final price', () => {
  const finals = (positions: readonly CascadePosition[], impact: Impact, phi = 1): readonly number[] =>
    finalPrices(shocksOf(bookOf(positions, { phi }), impact), FALLS)
  const neverAbove = (lower: readonly number[], upper: readonly number[]): void => {
    expect(lower.filter((price, i) => price > (upper[i] ?? Number.POSITIVE_INFINITY) * (1 + 1e-12))).toEqual(
      [],
    )
  }

  test('never rises with the shock, and never lies above the shocked price', () => {
    const check = (seed: number): void => {
      for (const impact of IMPACTS) {
        const prices = finals(randomPositions(seed, 60), impact)
        neverAbove(prices.slice(1), prices.slice(0, -1))
        neverAbove(
          prices,
          FALLS.map((pct) => (SPOT * (100 + pct)) / 100),
        )
      }
    }
    fc.assert(fc.property(anySeed, check), RUNS)
  })

  test('never rises with the share that is sold', () => {
    const check = (seed: number): void => {
      const positions = randomPositions(seed, 60)
      for (const impact of IMPACTS) neverAbove(finals(positions, impact, 0.8), finals(positions, impact, 0.4))
    }
    fc.assert(fc.property(anySeed, check), RUNS)
  })

  test('never falls with the depth', () => {
    const check = (seed: number): void => {
      const positions = randomPositions(seed, 60)
      const at = (usd: number): readonly number[] => finals(positions, { kind: 'depth', usd })
      neverAbove(at(20e6), at(30e6))
    }
    fc.assert(fc.property(anySeed, check), RUNS)
  })

  test('never rises with one more sale, nor with a larger one', () => {
    const check = (seed: number): void => {
      const random = createRandom(seed)
      const positions = salesAt(
        Array.from({ length: 60 }, () => [1000 + 999 * random(), 1000 * random()] as const),
      )
      const more = [...positions, sale(1000 + 999 * random(), 5000 * random(), 'more')]
      const larger = positions.map((position, i) =>
        i === seed % 60 ? { ...position, driverAmount: 3 * position.driverAmount } : position,
      )
      for (const impact of IMPACTS) {
        neverAbove(finals(more, impact), finals(positions, impact))
        neverAbove(finals(larger, impact), finals(positions, impact))
      }
    }
    fc.assert(fc.property(anySeed, check), RUNS)
  })
})

describe('a cascade', () => {
  test('never sells more than the collateral of those it takes, nor repays more than their debt', () => {
    const check = (seed: number): void => {
      const positions = randomPositions(seed, 60)
      for (const impact of [...IMPACTS, randomPools(createRandom(seed))]) {
        const { bySource } = simulate(shocksOf(bookOf(positions), impact), -30)
        for (const { source, amount, repaidUsd } of bySource) {
          const mine = positions.filter((position) => position.source === source)
          const sum = (of: (position: CascadePosition) => number) => mine.reduce((s, p) => s + of(p), 0)
          expect(amount).toBeLessThanOrEqual(sum(({ driverAmount }) => driverAmount) * (1 + 1e-12))
          expect(repaidUsd).toBeLessThanOrEqual(sum(({ debtUsd }) => debtUsd) * (1 + 1e-12))
        }
      }
    }
    fc.assert(fc.property(anySeed, check), RUNS)
  })

  test('in a constant product is the one in a Uniswap v3 pool of one infinite range', () => {
    const reserve = 3e4
    const liquidity = BigInt(Math.round(reserve * Math.sqrt(SPOT) * 1e6)) * 10n ** 6n
    const pool = { ...POOL, liquidity, ticks: [] }
    const check = (seed: number, outside: number): void => {
      const book = bookOf(randomPositions(seed, 60))
      // the shock moves along the pool's curve, so that it holds more of the driver once it is there
      const there = reserve * Math.sqrt(SPOT / outside)
      const product = shocksOf(book, { kind: 'constant-product', reserveUsd: there * SPOT })
      const ticks = shocksOf(book, { kind: 'uniswap-v3', pools: [pool] })
      expect(fallenAt(ticks, outside)).toBe(playRounds(book, product.market, outside).fired)
      expect(finalPriceAt(ticks, outside) / finalPriceAt(product, outside)).toBeCloseTo(1, 9)
    }
    const falls = fc.double({ min: 0.5 * SPOT, max: SPOT, noNaN: true })
    fc.assert(fc.property(anySeed, falls, check), RUNS)
  })

  test('warns of a position whose liquidation lowers its own health factor, and ends', () => {
    const check = (seed: number, threshold: number, bonus: number): void => {
      const toxic = positionOf({ id: 'toxic', threshold, bonus: Math.max(bonus, 1.001 / threshold - 1) })
      const book = bookOf([...randomPositions(seed, 20).filter(isHealthy), toxic])
      const table = cascadeTable(book, { symbol: 'ETH', pcts: [-60], impacts: IMPACTS })
      expect(table.toxic).toBe(1)
      expect(table.assumptions).toContain('1 position is toxic: taken whole at its trigger')
    }
    const share = (min: number, max: number) => fc.double({ min, max, noNaN: true })
    fc.assert(fc.property(anySeed, share(0.85, 1), share(0, 0.15), check), RUNS)
  })
})

const isHealthy = ({ threshold, bonus }: CascadePosition): boolean => threshold * (1 + (bonus ?? 0)) < 0.999

describe('the amount sold', () => {
  const amounts = (positions: readonly CascadePosition[], impact: Impact, phi = 1): readonly number[] => {
    const shocks = shocksOf(bookOf(positions, { phi }), impact)
    return FALLS.map((pct) => shocks.book.soldUpTo[fallenAt(shocks, (SPOT * (100 + pct)) / 100)] ?? 0)
  }
  const neverBelow = (larger: readonly number[], smaller: readonly number[]): void => {
    expect(larger.filter((amount, i) => amount < (smaller[i] ?? 0))).toEqual([])
  }

  test('never falls with the shock, the share that is sold, one more position or a thinner market', () => {
    const check = (seed: number): void => {
      const positions = randomPositions(seed, 60)
      for (const impact of IMPACTS) {
        const sold = amounts(positions, impact)
        neverBelow(sold.slice(1), sold.slice(0, -1))
        neverBelow(sold, amounts(positions, impact, 0.5))
        const [first, ...rest] = positions
        if (first) neverBelow(sold, amounts(rest, impact))
      }
      neverBelow(
        amounts(positions, { kind: 'depth', usd: 2e7 }),
        amounts(positions, { kind: 'depth', usd: 3e7 }),
      )
    }
    fc.assert(fc.property(anySeed, check), RUNS)
  })
})
