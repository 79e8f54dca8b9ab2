import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  gapPrice,
  healthAt,
  type Loan,
  soldShare,
  squareRoot,
  yieldOf,
} from '../../src/adapters/curve-rules.ts'
import { parseUnitsDown, toNumber, WAD } from '../../src/core/units.ts'
import { evenly } from '../helpers/curve-pure.ts'

const decimal = z.string().transform((text) => parseUnitsDown(text, 18) ?? 0n)
const { loans } = z
  .object({
    loans: z.array(
      z.object({
        name: z.string(),
        A: z.string().transform(BigInt),
        liquidationDiscount: decimal,
        collateral: decimal,
        debt: decimal,
        n1: z.number(),
        n2: z.number(),
        priceUp: decimal,
        oraclePrice: decimal.nullable(),
        healthPercent: z.string().transform(Number),
        healthFullPercent: z.string().transform(Number),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/curve-llamalend.json', import.meta.url), 'utf8')))

/** A loan in even bands, of collateral alone. */
const evenLoan = (
  collateral: bigint,
  { n1, n2, priceUp }: { n1: number; n2: number; priceUp: bigint },
): Loan => ({
  bands: evenly(collateral, n2 - n1 + 1).map((y) => ({ x: 0n, y })),
  n1,
  priceUp,
})

describe('the health that Curve’s own library printed (curve-llamalend.js, README)', () => {
  test.each(loans)('$name', (printed) => {
    const loan = evenLoan(printed.collateral, printed)
    const owed = { debt: printed.debt, discount: printed.liquidationDiscount }
    const above = printed.priceUp + WAD
    const percent = (activeBand: number, price: bigint) =>
      toNumber(healthAt(loan, owed, { amplification: printed.A, activeBand }, price), 18) * 100
    // with the AMM in its first band nothing is added to the yield
    expect(percent(printed.n1, above) / printed.healthPercent).toBeCloseTo(1, 11)
    if (printed.oraclePrice !== null)
      expect(percent(printed.n1 - 1, printed.oraclePrice) / printed.healthFullPercent).toBeCloseTo(1, 11)
  })

  test('one of them was printed with the oracle’s price', () => {
    expect(loans.filter(({ oraclePrice }) => oraclePrice !== null)).toHaveLength(1)
  })
})

const wads = (from: number, to: number) =>
  fc.bigInt({ min: (BigInt(from) * WAD) / 1000n, max: (BigInt(to) * WAD) / 1000n })
const anyLoan = fc.record({
  n1: fc.integer({ min: -20, max: 60 }),
  priceUp: wads(1_000_000, 3_000_000),
  amounts: fc.array(wads(1, 50_000), { minLength: 4, maxLength: 50 }),
})
const toLoan = ({
  n1,
  priceUp,
  amounts,
}: {
  n1: number
  priceUp: bigint
  amounts: readonly bigint[]
}): Loan => ({
  bands: amounts.map((y) => ({ x: 0n, y })),
  n1,
  priceUp,
})

describe('the rules, on any loan', () => {
  test('a root is the floor of the true one', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 300n }), (value) => {
        const root = squareRoot(value)
        return root ** 2n <= value && value < (root + 1n) ** 2n
      }),
    )
  })

  test('untouched collateral yields the same at every price above it: a mean band price, sold band by band', () => {
    fc.assert(
      fc.property(anyLoan, wads(1001, 5000), (given, times) => {
        const loan = toLoan(given)
        const price = (given.priceUp * times) / WAD
        let [edge, worth] = [toNumber(given.priceUp, 18), 0]
        for (const { y } of loan.bands) {
          worth += toNumber(y, 18) * edge * Math.sqrt(0.99)
          edge *= 0.99
        }
        return Math.abs(toNumber(yieldOf(loan, 100n, price), 18) / worth - 1) < 1e-12
      }),
    )
  })

  test('below all bands it falls with the third power of the price, as long as nobody trades', () => {
    fc.assert(
      fc.property(anyLoan, wads(300, 600), (given, times) => {
        const loan = toLoan(given)
        const price = (given.priceUp * times) / WAD
        const ratio = Number(yieldOf(loan, 100n, price / 2n)) / Number(yieldOf(loan, 100n, price))
        return Math.abs(ratio * 8 - 1) < 1e-9
      }),
    )
  })

  test('in a band that is partly sold the yield is between that of its two neighbours, and without a jump', () => {
    fc.assert(
      fc.property(wads(1, 1_000_000), wads(1, 3_000_000), wads(990, 1000), (y, x, place) => {
        const priceUp = 2000n * WAD
        const loan = { bands: [{ x, y }], n1: 0, priceUp }
        const at = (price: bigint) => toNumber(yieldOf(loan, 100n, price), 18)
        const price = (priceUp * place) / WAD
        expect(at(price) / at(price + 10n ** 9n)).toBeCloseTo(1, 8)
        // at its upper edge all of it is collateral, at its lower edge all of it is sold
        expect(at(priceUp) / at(priceUp + 10n ** 9n)).toBeCloseTo(1, 8)
        expect(at((priceUp * 99n) / 100n) / at((priceUp * 99n) / 100n - 10n ** 9n)).toBeCloseTo(1, 8)
      }),
    )
  })

  test('the gap price is the first one below at which the health is negative', () => {
    fc.assert(
      fc.property(anyLoan, wads(500, 940), wads(1001, 2000), (given, use, times) => {
        const loan = toLoan(given)
        const amm = { amplification: 100n, activeBand: given.n1 - 1 }
        const price = (given.priceUp * times) / WAD
        const owed = { debt: (yieldOf(loan, 100n, price) * use) / WAD, discount: 6n * 10n ** 16n }
        const gap = gapPrice(loan, owed, amm, price)
        if (gap === null) return healthAt(loan, owed, amm, price) < 0n
        const health = (at: bigint) => healthAt(loan, owed, amm, at)
        return health(gap) < 0n && health(gap + (price >> 23n)) >= 0n && health(price) >= 0n
      }),
    )
  })

  test('nothing sold is a share of 0, everything 1', () => {
    fc.assert(
      fc.property(wads(1, 50_000), wads(1, 3_000_000), (amount, price) => {
        const loan = (x: bigint, y: bigint) => ({ bands: [{ x, y }], n1: 0, priceUp: price })
        const half = soldShare(loan((amount * price) / WAD, amount), price)
        return (
          soldShare(loan(0n, amount), price) === 0n &&
          soldShare(loan(amount, 0n), price) === WAD &&
          Math.abs(toNumber(half, 18) - 0.5) < 1e-12
        )
      }),
    )
  })
})
