import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CascadePosition, ladderOf, MAX_RUNGS } from '../../../src/core/cascade/ladder.ts'
import {
  AAVE,
  AAVE_BEFORE_33,
  ABSORB,
  MAKER,
  morphoBonus,
  ruleOf,
  WHOLE_POSITION,
} from '../../../src/core/cascade/rules.ts'
import { anySeed, positionOf, randomPositions } from './books.ts'

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
const many = (check: (position: CascadePosition) => void): void =>
  fc.assert(
    fc.property(anySeed, (seed) => {
      for (const position of randomPositions(seed, 50)) check(position)
    }),
    { numRuns: 40, seed: 1 },
  )

describe('a half-closing liquidation', () => {
  test('leaves a geometric ladder: the published example, rung by rung', () => {
    const { rungs } = ladderOf(positionOf({ price: 1500, driverAmount: 1, rule: AAVE_BEFORE_33 }))
    expect(rungs).toHaveLength(MAX_RUNGS)
    const shown = rungs.slice(0, 4).map(({ price, amount }) => [Math.round(price), amount.toFixed(3)])
    expect(shown).toEqual([
      [1500, '0.436'],
      [1329, '0.246'],
      [1178, '0.139'],
      [1044, '0.078'],
    ])
  })

  test.each([
    [0.83, 0.05, 0.886],
    [0.95, 0.01, 0.961],
  ])('at threshold %d and bonus %d has ratio %d', (threshold, bonus, ratio) => {
    const { rungs, toxic } = ladderOf(positionOf({ threshold, bonus, driverAmount: 1e6 }))
    expect(toxic).toBe(false)
    rungs.slice(1).forEach(({ price }, i) => {
      expect(price / (rungs[i]?.price ?? 0)).toBeCloseTo(ratio, 3)
    })
  })

  test('at threshold 0.93 and bonus 0.09 would climb: toxic, taken whole at once', () => {
    expect(0.5 / (1 - 0.5 * 0.93 * 1.09)).toBeCloseTo(1.014, 3)
    const { rungs, toxic } = ladderOf(positionOf({ threshold: 0.93, bonus: 0.09 }))
    expect(toxic).toBe(true)
    expect(rungs).toHaveLength(1)
    expect(rungs[0]).toMatchObject({ price: 1500, amount: 100 })
    expect(rungs[0]?.repaidUsd).toBeCloseTo(150_000 / 1.09, 6)
    expect(rungs[0]?.unpaidUsd).toBeCloseTo(139_500 - 150_000 / 1.09, 6)
  })

  test('falls by less where other collateral carries a part of the debt', () => {
    const [, pure] = ladderOf(positionOf({ rule: AAVE_BEFORE_33 })).rungs
    const mixed = ladderOf(positionOf({ rule: AAVE_BEFORE_33, backedUsd: 30_000 }))
    expect(mixed.backedUsd).toBeCloseTo(30_000, 6)
    expect(mixed.rungs[1]?.price).toBeLessThan(pure?.price ?? 0)
  })

  test('stops once the rest of the debt is carried by other collateral', () => {
    const { rungs } = ladderOf(positionOf({ driverAmount: 10, backedUsd: 500_000 }))
    expect(rungs).toHaveLength(1)
    expect(rungs[0]).toMatchObject({ amount: 10, unpaidUsd: 0 })
  })
})

describe('Aave from 3.3 on', () => {
  test('closes the whole position below $2,000 of collateral or debt', () => {
    const { rungs } = ladderOf(positionOf({ price: 1500, driverAmount: 1, rule: AAVE }))
    expect(rungs).toHaveLength(1)
    expect(rungs[0]?.repaidUsd).toBeCloseTo(1245, 9)
    expect(rungs[0]?.amount).toBeCloseTo((1245 * 1.05) / 1500, 12)
  })

  test('never leaves less than $1,000 of collateral and debt', () => {
    many((position) => {
      let left = position.driverAmount
      let owed = position.debtUsd
      for (const { price, amount, repaidUsd } of ladderOf({ ...position, rule: AAVE }).rungs) {
        left -= amount
        owed -= repaidUsd
        if (left * price < 1e-6 || owed < 1e-6) break
        expect(Math.min(left * price, owed)).toBeGreaterThan(1000 - 1e-6)
      }
    })
  })

  test('closes the whole position at a health factor of 0.95 when the price jumps there', () => {
    for (const backedUsd of [0, 5_000]) {
      const position = positionOf({ backedUsd })
      const { rungs } = ladderOf(position, 'jump')
      const low = rungs[1]?.price ?? 0
      expect(rungs).toHaveLength(2)
      expect((0.83 * 100 * low + backedUsd) / position.debtUsd).toBeCloseTo(0.95, 12)
      expect(sumOf(rungs.map(({ repaidUsd }) => repaidUsd))).toBeCloseTo(position.debtUsd, 6)
    }
  })
})

describe('a whole-position liquidation', () => {
  test('repays the debt and returns what is left', () => {
    const { rungs } = ladderOf(
      positionOf({ rule: WHOLE_POSITION, threshold: 0.77, bonus: morphoBonus(0.77) }),
    )
    expect(rungs).toHaveLength(1)
    expect(rungs[0]?.repaidUsd).toBe(positionOf({ threshold: 0.77 }).debtUsd)
    expect(rungs[0]?.amount).toBeCloseTo(0.77 * 1.0741 * 100, 2)
  })

  test.each([
    [0.77, 1.0741],
    [0.86, 1.0438],
    [0.915, 1.0262],
    [0.945, 1.0168],
    [0.3, 1.15],
  ])('on Morpho at LLTV %d pays %d', (threshold, factor) => {
    expect(1 + morphoBonus(threshold)).toBeCloseTo(factor, 4)
  })

  test('on Compound v3 takes all collateral, whatever the debt', () => {
    expect(ladderOf(positionOf({ rule: ABSORB, threshold: 0.3 })).rungs).toMatchObject([
      { amount: 100, repaidUsd: 45_000, unpaidUsd: 0 },
    ])
  })

  test('of a Maker vault sells for the debt and the penalty', () => {
    const [rung] = ladderOf(positionOf({ rule: MAKER, threshold: 1 / 1.45, bonus: null })).rungs
    expect(rung?.amount).toBeCloseTo((100 * 1.13) / 1.45, 9)
  })
})

describe('the rule of a source', () => {
  test('is that of its protocol, or the whole position', () => {
    expect(ruleOf('aave-v3/ethereum/core')).toBe(AAVE)
    expect(ruleOf('spark/ethereum/main')).toBe(AAVE_BEFORE_33)
    expect(ruleOf('compound-v3/ethereum/usdc')).toBe(ABSORB)
    expect(ruleOf('maker/ethereum/main')).toBe(MAKER)
    expect(ruleOf('import')).toBe(WHOLE_POSITION)
  })
})

describe('any ladder', () => {
  test('never takes more than the collateral, nor repays more than the debt, and never climbs', () => {
    many((position) => {
      for (const path of ['continuous', 'jump'] as const) {
        const { rungs } = ladderOf(position, path)
        expect(rungs.length).toBeGreaterThan(0)
        expect(rungs.length).toBeLessThanOrEqual(MAX_RUNGS)
        expect(rungs[0]?.price).toBe(position.price)
        expect(sumOf(rungs.map(({ amount }) => amount))).toBeLessThanOrEqual(
          position.driverAmount * (1 + 1e-12),
        )
        expect(sumOf(rungs.map(({ repaidUsd }) => repaidUsd))).toBeLessThanOrEqual(
          position.debtUsd * (1 + 1e-12),
        )
        rungs.slice(1).forEach(({ price }, i) => {
          expect(price).toBeLessThanOrEqual(rungs[i]?.price ?? 0)
        })
      }
    })
  })

  test('is empty without collateral, debt or a price', () => {
    for (const nothing of [{ driverAmount: 0 }, { debtUsd: 0 }, { price: 0 }, { threshold: 0 }])
      expect(ladderOf(positionOf(nothing)).rungs).toEqual([])
  })
})
