import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { solveAllShocks } from '../../../src/core/cascade/all-shocks.ts'
import type { CascadeBook } from '../../../src/core/cascade/book.ts'
import { createMarket, type Impact, type Market } from '../../../src/core/cascade/impact.ts'
import type { CascadePosition } from '../../../src/core/cascade/ladder.ts'
import { playRounds } from '../../../src/core/cascade/rounds.ts'
import { ABSORB, MAKER } from '../../../src/core/cascade/rules.ts'
import { type CascadeResult, simulate } from '../../../src/core/cascade/simulate.ts'
import { anySeed, bookOf, IMPACTS, positionOf, RULES, randomPositions, SPOT } from './books.ts'

const run = (
  positions: readonly CascadePosition[],
  pct: number,
  impact: Impact = { kind: 'none' },
  lagSecondsOf: Readonly<Record<string, number>> = {},
): CascadeResult =>
  simulate(solveAllShocks(bookOf(positions, { lagSecondsOf }), createMarket(impact, SPOT)), pct)

const fractions = (min: number, max: number) => fc.double({ min, max, noNaN: true })

describe('bad debt after a jump', () => {
  test('begins at D* = max(1 − 1/H, 1 − (1+b)·LT/H), for every rule that pays the liquidator', () => {
    const check = (health: number, threshold: number, bonus: number): void => {
      for (const rule of RULES.filter((rule) => rule !== MAKER)) {
        const position = positionOf({ price: SPOT / health, driverAmount: 1e5, threshold, bonus, rule })
        const frontier = Math.max(1 - 1 / health, 1 - ((1 + bonus) * threshold) / health)
        const lost = (fall: number): number => run([position], -100 * fall).badDebt.jumpUsd
        expect(lost(frontier - 1e-6)).toBe(0)
        expect(lost(frontier + 1e-3)).toBeGreaterThan(0)
      }
    }
    const args = [fractions(1.01, 2.5), fractions(0.5, 0.97), fractions(0, 0.15)] as const
    fc.assert(fc.property(...args, check), { seed: 1 })
  })

  test('is the debt less what the collateral repays', () => {
    const check = (health: number, beyond: number): void => {
      for (const rule of RULES.filter((rule) => rule !== MAKER)) {
        const position = positionOf({ price: SPOT / health, driverAmount: 1e4, rule })
        const frontier = 1 - (1.05 * 0.83) / health
        const fall = frontier + beyond * (1 - frontier)
        const expected = position.debtUsd - (1e4 * SPOT * (1 - fall)) / 1.05
        expect(run([position], -100 * fall).badDebt.jumpUsd).toBeCloseTo(expected, 1)
      }
    }
    fc.assert(fc.property(fractions(1.01, 2.5), fractions(0.01, 0.9), check), { seed: 1 })
  })

  test('of a Maker vault does not count the penalty', () => {
    const vault = positionOf({ price: 1500, rule: MAKER, threshold: 1 / 1.45, bonus: 0.13 })
    expect(run([vault], -100 * (1 - 1035 / SPOT)).badDebt.jumpUsd).toBe(0)
    expect(run([vault], -100 * (1 - 1030 / SPOT)).badDebt.jumpUsd).toBeCloseTo(vault.debtUsd - 103_000, 1)
  })

  test('of an absorbed account is what its collateral does not fetch', () => {
    const account = positionOf({ rule: ABSORB })
    expect(run([account], -40).badDebt.jumpUsd).toBeCloseTo(124_500 - 120_000 / 1.05, 1)
  })

  test('is borne by other collateral first', () => {
    const position = positionOf({ backedUsd: 50_000 })
    const alone = run([positionOf()], -50).badDebt.jumpUsd
    expect(run([position], -50).badDebt.jumpUsd).toBeLessThanOrEqual(alone + 0.01)
  })
})

describe('bad debt on a continuous path', () => {
  test('is nothing unless a position is toxic', () => {
    const check = (seed: number): void => {
      const healthy = randomPositions(seed, 40).filter(
        ({ threshold, bonus }) => threshold * (1 + (bonus ?? 0)) < 1,
      )
      expect(run(healthy, -60).badDebt.continuousUsd).toBe(0)
    }
    fc.assert(fc.property(anySeed, check), { numRuns: 40, seed: 1 })
    expect(run([positionOf({ threshold: 0.95, bonus: 0.1 })], -60).badDebt.continuousUsd).toBeGreaterThan(0)
  })

  test('never exceeds that of a jump', () => {
    const check = (seed: number): void => {
      for (const impact of IMPACTS) {
        const { badDebt, usd, repaidUsd } = run(randomPositions(seed, 40), -30, impact)
        expect(badDebt.continuousUsd).toBeLessThanOrEqual(badDebt.jumpUsd + 1)
        expect(Number.isFinite(usd + repaidUsd)).toBe(true)
      }
    }
    fc.assert(fc.property(anySeed, check), { numRuns: 40, seed: 1 })
  })
})

/** The same cascade, the slow way: every minute all rungs are asked whether their oracle shows their price. */
const byTheMinute = (book: CascadeBook, market: Market, outside: number) => {
  const executedAt: number[] = Array.from(book.rungs.price, () => Number.NaN)
  const shown: number[] = []
  const moments: number[] = []
  let now = outside
  let sold = 0
  for (let minute = 0, quiet = 0; quiet <= 60; minute++, quiet++)
    for (;;) {
      const at = now
      const firing = executedAt.flatMap((done, rung) => {
        const lag = (book.lagSeconds[book.rungs.source[rung] ?? 0] ?? 0) / 60
        const sees = lag === 0 ? at : minute < lag ? book.spot : (shown[minute - lag] ?? 0)
        return Number.isNaN(done) && (book.rungs.price[rung] ?? 0) >= sees ? [rung] : []
      })
      shown[minute] = now
      if (firing.length === 0) break
      for (const rung of firing) {
        executedAt[rung] = at
        sold += book.rungs.sold[rung] ?? 0
      }
      now = Math.min(now, market.priceAfter(outside, sold))
      if (moments.at(-1) !== minute * 60) moments.push(minute * 60)
      quiet = 0
    }
  return { executedAt, moments }
}

describe('an oracle that lags', () => {
  const source = 'maker/ethereum/main'
  const positions = [
    positionOf({ price: 1850, driverAmount: 2e4 }),
    positionOf({ source, id: 'vault', price: 1880, driverAmount: 2e4, threshold: 1 / 1.45, rule: MAKER }),
  ]
  const depth: Impact = { kind: 'depth', usd: 20e6 }

  test('makes a later wave', () => {
    const late = run(positions, -8, depth)
    // the loan is sold at once, and again further down; the vault an hour later, and then the loan again
    expect(late.phases.map(({ seconds }) => seconds)).toEqual([0, 3600])
    expect(late.waves[0]).toMatchObject({ round: 1, seconds: 0, rungs: 1 })
    expect(late.waves.find(({ seconds }) => seconds > 0)).toMatchObject({ seconds: 3600, rungs: 1 })
    expect(late.laterUsd).toBeCloseTo(late.phases[1]?.usd ?? 0, 2)
    expect(late.bySource.map((sale) => [sale.source, sale.lagSeconds])).toEqual([
      ['aave-v3/ethereum/core', 0],
      [source, 3600],
    ])
    const prompt = run(positions, -8, depth, { [source]: 0 })
    expect(prompt.waves[0]?.rungs).toBe(2)
    expect(prompt).toMatchObject({ laterUsd: 0 })
    expect(prompt.phases.map(({ seconds }) => seconds)).toEqual([0])
  })

  test('changes the path, not the final set, whatever the impact and however many oracles lag', () => {
    const sources = [source, 'aave-v3/ethereum/core', 'morpho/ethereum/main']
    let later = 0
    const check = (seed: number, lags: readonly number[], pct: number): void => {
      const book = randomPositions(seed, 40)
      const lagsOf = (seconds: readonly number[]) =>
        Object.fromEntries(sources.map((name, i) => [name, seconds[i] ?? 0]))
      for (const impact of IMPACTS) {
        const prompt = run(book, pct, impact, lagsOf([]))
        const late = run(book, pct, impact, lagsOf(lags))
        expect(late.finalPrice).toBe(prompt.finalPrice)
        expect(late.bySource.map(({ lagSeconds, ...sale }) => sale)).toEqual(
          prompt.bySource.map(({ lagSeconds, ...sale }) => sale),
        )
        const shocks = solveAllShocks(
          bookOf(book, { lagSecondsOf: lagsOf(lags) }),
          createMarket(impact, SPOT),
        )
        const path = playRounds(shocks.book, shocks.market, late.shockedPrice)
        expect(path.fired).toBe(late.rungs)
        expect(path.finalPrice / late.finalPrice).toBeCloseTo(1, 12)
        expect(path.phases.reduce((sum, { rungs }) => sum + rungs, 0)).toBe(late.rungs)
        const moments = path.phases.map(({ seconds }) => seconds)
        expect(moments).toEqual([...new Set(moments)].sort((a, b) => a - b))
        if (moments.length > 2) later++
      }
    }
    const lags = fc.array(fc.constantFrom(0, 60, 900, 3600), { minLength: 3, maxLength: 3 })
    fc.assert(fc.property(anySeed, lags, fc.integer({ min: -50, max: -5 }), check), { numRuns: 100, seed: 1 })
    expect(later).toBeGreaterThan(50)
  })

  test('fires on the price of that many seconds ago, as a clock that ticks every minute finds it', () => {
    const check = (seed: number, lags: readonly number[]): void => {
      const book = bookOf(randomPositions(seed, 20))
      const lagged = { ...book, lagSeconds: book.sources.map((_, i) => lags[i] ?? 0) }
      const market = createMarket(depth, SPOT)
      const { executedAt, phases } = playRounds(lagged, market, 0.85 * SPOT)
      const expected = byTheMinute(lagged, market, 0.85 * SPOT)
      expect(phases.map(({ seconds }) => seconds)).toEqual(expected.moments)
      const written = (prices: Iterable<number>) => Array.from(prices, (price) => price.toFixed(4))
      expect(written(executedAt)).toEqual(written(expected.executedAt))
    }
    const lags = fc.array(fc.constantFrom(0, 60, 900, 3600), { minLength: 3, maxLength: 3 })
    fc.assert(fc.property(anySeed, lags, check), { numRuns: 60, seed: 1 })
  })

  test('sells its vaults into a market that others have already pushed down, for more bad debt', () => {
    const [prompt, late] = [0, 3].map((lag) => run(positions, -40, depth, { [source]: lag }).badDebt.jumpUsd)
    expect(late).toBeGreaterThan(prompt ?? Number.POSITIVE_INFINITY)
  })
})
