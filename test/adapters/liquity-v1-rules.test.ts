import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isRecovering,
  isTaken,
  pendingShare,
  recoveryPrice,
  type System,
  standingOf,
} from '../../src/adapters/liquity-v1-rules.ts'
import { WAD } from '../../src/core/units.ts'

const ether = (amount: number): bigint => BigInt(Math.round(amount * 1e6)) * 10n ** 12n
const system = (overrides: Partial<System>): System => ({
  collateral: ether(210),
  debt: ether(242_000),
  troves: 3n,
  minimumRatio: ether(1.1),
  criticalRatio: ether(1.5),
  pool: ether(50_000),
  ...overrides,
})
const amount = fc.bigInt(10n ** 15n, 10n ** 26n)

describe('the integer rules of Liquity V1', () => {
  /*
   * By hand. A: 10 ETH, 12,000 LUSD; B: 100 ETH, 100,000; C: 100 ETH, 130,000. The Stability Pool holds 50,000.
   *   system: 210 ETH, 242,000 LUSD; recovery mode below 1.5 · 242,000 / 210 = 1,728.571428… USD
   *   LUSD per ETH: A 1,200, B 1,000, C 1,300, system 1,152.38: A and C are below the system's ratio, B above
   *   A, 12,000 ≤ 50,000: taken from 1,728.571428… down, at a ratio of 144 %, though its own minimum is at
   *     1.1 · 12,000 / 10 = 1,320 USD
   *   C, 130,000 > 50,000: only from its own minimum down, 1.1 · 130,000 / 100 = 1,430 USD
   *   B: 1.1 · 100,000 / 100 = 1,100 USD
   *   A then loses 110 % of 12,000, 13,200 USD, which is 7.636 ETH; 2.364 ETH stay its owner's
   */
  describe('recovery mode, a worked example', () => {
    const [A, B, C] = [
      { collateral: ether(10), debt: ether(12_000) },
      { collateral: ether(100), debt: ether(100_000) },
      { collateral: ether(100), debt: ether(130_000) },
    ] as const
    const edge = 1_728_571_428_571_428_571_428n

    test('the system enters it below 1,728.571428…', () => {
      expect(recoveryPrice(system({}))).toBe(edge)
      expect([isRecovering(system({}), edge), isRecovering(system({}), edge + 1n)]).toEqual([true, false])
    })

    test('it takes A at once, C at 1,430 and B at 1,100', () => {
      const largest = (trove: { collateral: bigint; debt: bigint }, price: bigint) => [
        isTaken(trove, system({}), price),
        isTaken(trove, system({}), price + 1n),
      ]
      expect(largest(A, edge)).toEqual([true, false])
      expect(largest(C, ether(1430) - 1n)).toEqual([true, false])
      expect(largest(B, ether(1100) - 1n)).toEqual([true, false])
    })

    test('its collateral carries the debt to 69.4 % of its value there, and its health is the system’s', () => {
      const { health, threshold } = standingOf(A, system({}), ether(2000))
      // 12,000 / (10 · 1,728.571428…)
      expect(Number(threshold) / 1e18).toBeCloseTo(0.694_215, 6)
      // 210 · 2,000 / 242,000 / 1.5
      expect(Number(health) / 1e18).toBeCloseTo(1.157_025, 6)
      expect(standingOf(C, system({}), ether(2000)).threshold).toBe((WAD * WAD) / ether(1.1))
    })

    test('without enough in the pool it takes nobody above the minimum', () => {
      expect(isTaken(A, system({ pool: ether(12_000) }), edge)).toBe(true)
      expect(isTaken(A, system({ pool: ether(12_000) - 1n }), edge)).toBe(false)
      expect(isTaken(A, system({ pool: 0n }), ether(1320) - 1n)).toBe(true)
    })
  })

  test('the last trove is never taken, however low its price', () => {
    const trove = { collateral: ether(10), debt: ether(12_000) }
    const alone = system({ ...trove, troves: 1n })
    expect([1n, ether(500), ether(1320) - 1n].map((price) => isTaken(trove, alone, price))).toEqual([
      false,
      false,
      false,
    ])
    expect(isTaken(trove, { ...alone, troves: 2n }, ether(1320) - 1n)).toBe(true)
  })

  test('a trove at exactly the system’s ratio, or at exactly the minimum, is safe', () => {
    const average = { collateral: ether(21), debt: ether(24_200) }
    expect(isTaken(average, system({}), ether(1728))).toBe(false)
    const other = { collateral: ether(11), debt: ether(10_000) }
    expect(isTaken(other, system({ pool: 0n }), ether(1000))).toBe(false)
    expect(isTaken(other, system({ pool: 0n }), ether(1000) - 1n)).toBe(true)
  })

  test('what is taken at a price is taken at every lower one, but for ratios that only a cut digit parts', () => {
    fc.assert(
      fc.property(amount, amount, amount, amount, amount, (collateral, debt, more, owed, pool) => {
        const trove = { collateral, debt }
        const whole = system({ collateral: collateral + more, debt: debt + owed, pool })
        const entry = recoveryPrice(whole) ?? 0n
        const prices = [entry * 3n, entry + 1n, entry, (entry * 9n) / 10n, entry / 2n, entry / 10n]
        const taken = prices.map((price) => isTaken(trove, whole, price))
        // once taken, always taken
        expect(taken.lastIndexOf(false) < taken.indexOf(true) || !taken.includes(true)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('health is below 1 exactly where the trove is taken', () => {
    fc.assert(
      fc.property(amount, amount, amount, amount, amount, amount, (collateral, debt, more, owed, pool, p) => {
        const trove = { collateral, debt }
        const whole = system({ collateral: collateral + more, debt: debt + owed, pool })
        const price = 1n + ((recoveryPrice(whole) ?? 0n) * (p % 300n)) / 100n
        const { health, threshold } = standingOf(trove, whole, price)
        expect(health !== null && health < WAD).toBe(isTaken(trove, whole, price))
        expect(threshold > 0n && threshold <= WAD).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('a share of a redistribution is by stake, cut down', () => {
    // 3 per unit of stake since the snapshot of 2
    expect(pendingShare(7n, 5n * WAD, 2n * WAD)).toBe(21n)
    expect(pendingShare(7n, WAD / 2n, 0n)).toBe(3n)
  })
})
