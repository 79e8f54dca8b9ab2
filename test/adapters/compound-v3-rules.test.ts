import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  accruedIndex,
  healthOf,
  isAbsorbable,
  presentDebt,
  principalWithin,
  storeFrontBonus,
  type Valued,
  type Weighted,
} from '../../src/adapters/compound-v3-rules.ts'
import { WAD } from '../../src/core/units.ts'

const unit = fc.integer({ min: 0, max: 18 }).map((decimals) => 10n ** BigInt(decimals))
const debt: fc.Arbitrary<Valued> = fc.record({
  amount: fc.bigInt({ min: 1n, max: 10n ** 24n }),
  price: fc.bigInt({ min: 1n, max: 10n ** 13n }),
  unit,
})
const asset: fc.Arbitrary<Weighted> = fc.record({
  amount: fc.bigInt({ min: 0n, max: 10n ** 26n }),
  price: fc.bigInt({ min: 1n, max: 10n ** 13n }),
  unit,
  factor: fc.integer({ min: 0, max: 10_000 }).map((bps) => BigInt(bps) * 10n ** 14n),
})
const collateral = fc.array(asset, { maxLength: 6 })

/** Comet's own loop, in its signed arithmetic and with its early exit. */
const loop = ({ amount, price, unit }: Valued, assets: readonly Weighted[]): boolean => {
  let liquidity = (-amount * price) / unit
  for (const one of assets) {
    if (liquidity >= 0n) return false
    liquidity += (((one.amount * one.price) / one.unit) * one.factor) / WAD
  }
  return liquidity < 0n
}

/** A debt and what nearly carries it: the interesting side of every rounding. */
const close = fc.tuple(debt, asset).chain(([owed, one]) => {
  const value = (owed.amount * owed.price) / owed.unit
  const factor = one.factor === 0n ? WAD : one.factor
  const amount = (((value * WAD) / factor) * one.unit) / one.price
  return fc
    .bigInt({ min: -2n, max: 2n })
    .map((off) => ({ owed, held: { ...one, factor, amount: amount + off < 0n ? 0n : amount + off } }))
})

describe('the rule of isLiquidatable', () => {
  test('it is Comet’s loop, whatever the amounts', () => {
    fc.assert(
      fc.property(debt, collateral, (owed, assets) => {
        expect(isAbsorbable(owed, assets)).toBe(loop(owed, assets))
      }),
      { numRuns: 2000 },
    )
  })

  test('and where backing and debt differ by a unit or not at all', () => {
    const seen = new Set<boolean>()
    fc.assert(
      fc.property(close, ({ owed, held }) => {
        const verdict = isAbsorbable(owed, [held])
        seen.add(verdict)
        expect(verdict).toBe(loop(owed, [held]))
      }),
      { numRuns: 2000 },
    )
    expect(seen).toEqual(new Set([true, false]))
  })

  test('the debt is cut toward zero: a fraction of a unit is not owed', () => {
    const owed = { amount: 19n, price: 10n ** 8n, unit: 10n ** 9n }
    const carried = { amount: 1n, price: 1n, unit: 1n, factor: WAD }
    expect(isAbsorbable(owed, [carried])).toBe(false)
    expect(isAbsorbable({ ...owed, amount: 20n }, [carried])).toBe(true)
  })

  test('the collateral is cut twice for each asset, not once for all', () => {
    const half = { amount: 1n, price: 3n, unit: 2n, factor: WAD / 2n }
    // 1.5 is cut to 1, half of that to 0; together they would be 1.5
    expect(isAbsorbable({ amount: 1n, price: 1n, unit: 1n }, [half, half])).toBe(true)
  })

  test('backing that equals the debt is enough', () => {
    const owed = { amount: 100n, price: 1n, unit: 1n }
    const carried = { amount: 125n, price: 1n, unit: 1n, factor: (WAD * 8n) / 10n }
    expect(isAbsorbable(owed, [carried])).toBe(false)
    expect(isAbsorbable({ ...owed, amount: 101n }, [carried])).toBe(true)
  })

  test('a price of 0 makes Comet revert: nobody is taken', () => {
    const owed = { amount: 100n, price: 1n, unit: 1n }
    const worthless = { amount: 5n, price: 0n, unit: 1n, factor: WAD }
    expect(isAbsorbable(owed, [worthless])).toBe(false)
    expect(isAbsorbable(owed, [])).toBe(true)
    expect(isAbsorbable({ ...owed, price: 0n }, [])).toBe(false)
  })

  test('its health factor is below 1 exactly where it holds', () => {
    fc.assert(
      fc.property(close, collateral, ({ owed, held }, more) => {
        const health = healthOf(owed, [held, ...more])
        if (health === null) expect(isAbsorbable(owed, [held, ...more])).toBe(false)
        else expect(health < WAD).toBe(isAbsorbable(owed, [held, ...more]))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('indices', () => {
  const index = fc.bigInt({ min: 10n ** 15n, max: 10n ** 17n })

  test('interest is simple in time, and none in no time', () => {
    fc.assert(
      fc.property(index, fc.bigInt({ min: 0n, max: 10n ** 11n }), (stored, rate) => {
        expect(accruedIndex(stored, rate, 0n)).toBe(stored)
        const [once, twice] = [accruedIndex(stored, rate, 86_400n), accruedIndex(stored, rate, 172_800n)]
        expect(twice - stored - 2n * (once - stored)).toBeGreaterThanOrEqual(0n)
        expect(twice - stored - 2n * (once - stored)).toBeLessThanOrEqual(1n)
      }),
    )
  })

  test('the largest principal within an amount: one more is worth more', () => {
    fc.assert(
      fc.property(index, fc.bigInt({ min: 0n, max: 10n ** 24n }), (stored, amount) => {
        const principal = principalWithin(amount, stored)
        expect(presentDebt(principal, stored)).toBeLessThanOrEqual(amount)
        expect(presentDebt(principal + 1n, stored)).toBeGreaterThan(amount)
      }),
    )
  })
})

test('what a buyer of seized collateral earns: half of a 5 % penalty as a discount', () => {
  expect(storeFrontBonus(WAD / 2n, (WAD * 95n) / 100n)).toBe(25641025641025641n)
  expect(storeFrontBonus(0n, (WAD * 95n) / 100n)).toBe(0n)
  expect(storeFrontBonus(WAD, 0n)).toBe(0n)
})
