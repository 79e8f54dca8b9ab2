import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeLens } from '../../src/adapters/aave-v4-accounts.ts'
import {
  debtRay,
  type HealthLeg,
  healthFactor,
  liquidationBonus,
  suppliedAssets,
} from '../../src/adapters/aave-v4-rules.ts'
import { ladderOf } from '../../src/core/cascade/ladder.ts'
import { AAVE_V4, ruleOf } from '../../src/core/cascade/rules.ts'
import { InvalidDataError } from '../../src/core/errors.ts'
import { RAY, WAD } from '../../src/core/units.ts'

const leg: fc.Arbitrary<HealthLeg> = fc.record({
  amount: fc.bigInt({ min: 0n, max: 10n ** 26n }),
  price: fc.bigInt({ min: 1n, max: 10n ** 13n }),
  scale: fc.integer({ min: 0, max: 18 }).map((digits) => 10n ** BigInt(digits)),
  factor: fc.bigInt({ min: 1n, max: 9_999n }),
})
const legs = fc.array(leg, { minLength: 1, maxLength: 5 })
const inRay = (debt: readonly HealthLeg[]) =>
  debt.map((one) => ({ ...one, amount: one.amount * RAY + one.price }))

const worth = (sides: readonly HealthLeg[], weigh: (one: HealthLeg) => bigint): bigint =>
  sides.reduce((sum, one) => sum + one.amount * one.price * one.scale * weigh(one), 0n)

describe('health', () => {
  test('below 1 exactly where what the collateral carries is less than the debt, not one ray of it rounded', () => {
    fc.assert(
      fc.property(legs, legs, (collateral, owed) => {
        const debt = inRay(owed)
        const health = healthFactor(collateral, debt)
        const carried = worth(collateral, ({ factor }) => factor) * RAY
        expect((health ?? WAD) < WAD).toBe(carried < worth(debt, () => 10_000n))
      }),
    )
  })

  test('a debt of exactly what is carried is safe, one ray more is not', () => {
    fc.assert(
      fc.property(leg, (one) => {
        const collateral = [{ ...one, amount: one.amount + 1n }]
        const carried = (collateral[0]?.amount ?? 0n) * one.factor * (RAY / 10_000n)
        expect(healthFactor(collateral, [{ ...one, amount: carried }])).toBe(WAD)
        const more = healthFactor(collateral, [{ ...one, amount: carried + 1n }])
        expect(more).toBeLessThan(WAD)
      }),
    )
  })

  test('null without debt', () => {
    expect(healthFactor([{ amount: 1n, price: 1n, scale: 1n, factor: 1n }], [])).toBeNull()
  })

  test('the debt is shares and premium at the same index; a negative offset is owed as well', () => {
    const index = 11n * 10n ** 26n
    expect(debtRay({ drawnShares: 10n, premiumShares: 2n, premiumOffsetRay: 2n * RAY }, index)).toBe(
      112n * 10n ** 26n,
    )
    expect(debtRay({ drawnShares: 0n, premiumShares: 0n, premiumOffsetRay: -5n }, index)).toBe(5n)
  })
})

describe('shares', () => {
  const totals = fc.record({
    addedAssets: fc.bigInt({ min: 0n, max: 10n ** 30n }),
    addedShares: fc.bigInt({ min: 0n, max: 10n ** 30n }),
  })

  test('the parts are worth no more than the whole, and less by no more than a unit each', () => {
    const shares = fc.bigInt({ min: 0n, max: 10n ** 30n })
    fc.assert(
      fc.property(totals, shares, shares, (supplied, one, other) => {
        const parts = suppliedAssets(one, supplied) + suppliedAssets(other, supplied)
        const whole = suppliedAssets(one + other, supplied)
        expect(whole - parts === 0n || whole - parts === 1n).toBe(true)
      }),
    )
  })

  test('an empty hub gives a token for a share', () => {
    expect(suppliedAssets(123n, { addedAssets: 0n, addedShares: 0n })).toBe(123n)
  })
})

describe('the bonus', () => {
  const config = {
    targetHealthFactor: 0n,
    healthFactorForMaxBonus: 9n * 10n ** 17n,
    liquidationBonusFactor: 4_000n,
  }

  test('is its first part at a health factor of 1, all of it from the lower one down, straight in between', () => {
    expect(liquidationBonus(config, 11_000n, WAD)).toBe(10_400n)
    expect(liquidationBonus(config, 11_000n, 95n * 10n ** 16n)).toBe(10_700n)
    expect(liquidationBonus(config, 11_000n, 9n * 10n ** 17n)).toBe(11_000n)
    expect(liquidationBonus(config, 11_000n, 0n)).toBe(11_000n)
  })

  test('never shrinks on the way down', () => {
    const health = fc.bigInt({ min: 0n, max: WAD })
    fc.assert(
      fc.property(health, health, fc.bigInt({ min: 10_000n, max: 20_000n }), (a, b, largest) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        expect(liquidationBonus(config, largest, low)).toBeGreaterThanOrEqual(
          liquidationBonus(config, largest, high),
        )
      }),
    )
  })
})

describe('how much one liquidation takes', () => {
  const position = {
    source: 'aave-v4/ethereum/main',
    id: '',
    price: 2000,
    driverAmount: 100,
    debtUsd: 160_000,
    threshold: 0.8,
    bonus: 0.05,
  }
  const rule = { ...AAVE_V4, targetHealthFactor: 1.1 }

  test('what brings the health factor to the target, at every step', () => {
    const { rungs } = ladderOf({ ...position, rule })
    let { driverAmount: amount, debtUsd } = position
    expect(rungs.length).toBeGreaterThan(3)
    for (const rung of rungs) {
      expect((amount * rung.price * 0.8) / debtUsd).toBeCloseTo(1, 9)
      amount -= rung.amount
      debtUsd -= rung.repaidUsd
      expect((amount * rung.price * 0.8) / debtUsd).toBeCloseTo(1.1, 9)
    }
  })

  test('all of it where the debt is small, or where no liquidation would help', () => {
    const small = ladderOf({ ...position, driverAmount: 0.5, debtUsd: 800, rule }).rungs
    expect(small.map(({ repaidUsd }) => repaidUsd)).toEqual([800])
    const toxic = ladderOf({ ...position, threshold: 0.97, debtUsd: 194_000, rule }).rungs
    expect(toxic.map(({ amount }) => amount)).toEqual([100])
  })

  test('a target of 1 still takes something', () => {
    const { rungs } = ladderOf({ ...position, rule: { ...AAVE_V4, targetHealthFactor: 1 } })
    expect(rungs.every(({ amount }) => amount > 0)).toBe(true)
  })

  test('where no target is known, all of it', () => {
    const { rungs } = ladderOf({ ...position, rule: ruleOf('aave-v4/ethereum/main') })
    expect(rungs.map(({ repaidUsd }) => repaidUsd)).toEqual([160_000])
  })
})

test('error: an answer of the lens that is cut short', () => {
  const whole = `0x0001${'00'.repeat(77)}0000` as const
  expect(decodeLens(whole, 2)).toHaveLength(2)
  for (const bytes of [1, 2, 40, 79, 80])
    expect(() => decodeLens(whole.slice(0, 2 + 2 * bytes) as `0x${string}`, 2)).toThrow(InvalidDataError)
})
