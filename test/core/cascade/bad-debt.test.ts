import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { solveAllShocks } from '../../../src/core/cascade/all-shocks.ts'
import { createMarket, type Impact } from '../../../src/core/cascade/impact.ts'
import type { CascadePosition } from '../../../src/core/cascade/ladder.ts'
import { ABSORB, MAKER } from '../../../src/core/cascade/rules.ts'
import { type CascadeResult, simulate } from '../../../src/core/cascade/simulate.ts'
import { anySeed, bookOf, IMPACTS, positionOf, RULES, randomPositions, SPOT } from './books.ts'

const run = (
  positions: readonly CascadePosition[],
  pct: number,
  impact: Impact = { kind: 'none' },
  lagRoundsOf: Readonly<Record<string, number>> = {},
): CascadeResult =>
  simulate(solveAllShocks(bookOf(positions, { lagRoundsOf }), createMarket(impact, SPOT)), pct)

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

describe('an oracle that lags', () => {
  const source = 'maker/ethereum/main'
  const positions = [
    positionOf({ price: 1850, driverAmount: 2e4 }),
    positionOf({ source, id: 'vault', price: 1880, driverAmount: 2e4, threshold: 1 / 1.45, rule: MAKER }),
  ]
  const depth: Impact = { kind: 'depth', usd: 20e6 }

  test('makes a later wave', () => {
    expect(run(positions, -8, depth).waves.map(({ round, rungs }) => [round, rungs])[0]).toEqual([1, 1])
    expect(run(positions, -8, depth, { [source]: 0 }).waves[0]?.rungs).toBe(2)
    const late = run(positions, -8, depth, { [source]: 5 })
    expect(late.waves.some(({ round }) => round === 6)).toBe(true)
    expect(late.rounds).toBeGreaterThanOrEqual(6)
  })

  test('changes the path, not the final set', () => {
    const check = (seed: number): void => {
      const book = randomPositions(seed, 40)
      const [prompt, late] = [0, 3].map((lag) => run(book, -25, depth, { [source]: lag }))
      expect(late?.finalPrice).toBe(prompt?.finalPrice)
      expect(late?.bySource).toEqual(prompt?.bySource)
      expect(late?.waves.reduce((sum, { rungs }) => sum + rungs, 0)).toBe(late?.rungs)
    }
    fc.assert(fc.property(anySeed, check), { numRuns: 40, seed: 1 })
  })

  test('sells its vaults into a market that others have already pushed down, for more bad debt', () => {
    const [prompt, late] = [0, 3].map((lag) => run(positions, -40, depth, { [source]: lag }).badDebt.jumpUsd)
    expect(late).toBeGreaterThan(prompt ?? Number.POSITIVE_INFINITY)
  })
})
