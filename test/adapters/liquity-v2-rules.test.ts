import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cappedPrice,
  entireDebt,
  interestPeriod,
  isBelow,
  ratioOf,
} from '../../src/adapters/liquity-v2-rules.ts'
import { WAD } from '../../src/core/units.ts'

const golden = JSON.parse(readFileSync(new URL('../fixtures/golden.json', import.meta.url), 'utf8'))

const YEAR = 365n * 86_400n
const own = { recordedDebt: 0n, interestRate: 0n, updatedAt: 0n, batchShares: 0n, redistributedDebt: 0n }
const amount = fc.bigInt(1n, 10n ** 27n)

describe('the integer rules of Liquity V2', () => {
  test('golden vector G5, computed by two other programs', () => {
    const { input, expected } = golden.vectors.find(({ id }: { id: string }) => id === 'G5')
    const trove = { collateral: BigInt(input.coll), debt: BigInt(input.debt) }
    const edge = BigInt(expected.edgePrice)
    const at = (price: bigint) => isBelow(trove, price, BigInt(input.mcr))
    expect([at(edge), at(edge + 1n)]).toEqual([true, false])
  })

  test('the largest price that liquidates is ceil(MCR·debt / collateral) − 1', () => {
    fc.assert(
      fc.property(amount, amount, fc.constantFrom(110n, 120n, 115n), (collateral, debt, percent) => {
        const minimum = percent * 10n ** 16n
        const edge = (minimum * debt + collateral - 1n) / collateral - 1n
        const trove = { collateral, debt }
        expect(isBelow(trove, edge + 1n, minimum)).toBe(false)
        if (edge >= 0n) expect(isBelow(trove, edge, minimum)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('a ratio of exactly the minimum is safe', () => {
    const trove = { collateral: 11n * WAD, debt: 10_000n * WAD }
    expect(isBelow(trove, 1000n * WAD, 110n * 10n ** 16n)).toBe(false)
    expect(isBelow(trove, 1000n * WAD - 1n, 110n * 10n ** 16n)).toBe(true)
  })

  test('a trove that owes nothing has no ratio, and nobody liquidates it at any price', () => {
    expect(ratioOf(WAD, 0n, WAD)).toBe(null)
    expect(isBelow({ collateral: 0n, debt: 0n }, 1n, 11n * 10n ** 17n)).toBe(false)
  })

  test('interest is simple, by the second, and stops at the shutdown', () => {
    const trove = { ...own, recordedDebt: 10_000n * WAD, interestRate: WAD / 20n, updatedAt: 1000n }
    const debtAt = (timestamp: bigint, shutdownTime = 0n) =>
      entireDebt(trove, null, { timestamp, shutdownTime })
    // 10,000 at 5 % for two years: 1,000, and not 1,025
    expect(debtAt(1000n + 2n * YEAR)).toBe(11_000n * WAD)
    expect(debtAt(1000n + 2n * YEAR, 1000n + YEAR)).toBe(10_500n * WAD)
    // touched after the shutdown: no interest since
    expect(interestPeriod({ timestamp: 9000n, shutdownTime: 500n }, 1000n)).toBe(0n)
  })

  test('a trove of a batch owes its share of debt, interest and fee, each part cut by itself', () => {
    const batch = {
      recordedDebt: 100n,
      interestRate: WAD / 10n,
      managementFee: WAD / 20n,
      updatedAt: 0n,
      totalShares: 300n,
    }
    // of 100 + 10 + 5 a third: 33 + 3 + 1 = 37, where a third of 115 would be 38
    const trove = { ...own, batchShares: 100n, redistributedDebt: 7n }
    expect(entireDebt(trove, batch, { timestamp: YEAR, shutdownTime: 0n })).toBe(37n + 7n)
  })

  test('what a batch was emptied of, nobody owes', () => {
    const batch = { recordedDebt: 0n, interestRate: WAD, managementFee: 0n, updatedAt: 0n, totalShares: 0n }
    expect(entireDebt(own, batch, { timestamp: YEAR, shutdownTime: 0n })).toBe(0n)
  })

  test('the troves of a batch never owe more than the batch', () => {
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 8 }), amount, (shares, recordedDebt) => {
        const totalShares = shares.reduce((sum, share) => sum + share, 0n)
        const batch = {
          recordedDebt,
          interestRate: WAD / 7n,
          managementFee: WAD / 31n,
          updatedAt: 17n,
          totalShares,
        }
        const clock = { timestamp: 1_234_567n, shutdownTime: 0n }
        const whole = entireDebt({ ...own, batchShares: totalShares }, batch, clock)
        const parts = shares.map((batchShares) => entireDebt({ ...own, batchShares }, batch, clock))
        const sum = parts.reduce((total, part) => total + part, 0n)
        expect(sum <= whole).toBe(true)
        // three cuts of less than a wei for each
        expect(whole - sum < 3n * BigInt(shares.length)).toBe(true)
      }),
    )
  })

  test('a capped price follows ETH below the cap and nothing above', () => {
    const terms = { scale: 10n ** 10n, rate: 11n * 10n ** 17n, cap: 3190n * WAD }
    // 2,900 · 1.1 = 3,190
    expect(cappedPrice(2900_00000000n, terms)).toBe(3190n * WAD)
    expect(cappedPrice(2000_00000000n, terms)).toBe(2200n * WAD)
    expect(cappedPrice(9000_00000000n, terms)).toBe(3190n * WAD)
  })
})
