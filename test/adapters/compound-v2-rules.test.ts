import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  borrowBalance,
  type LiquidityLeg,
  liquidityOf,
  underlyingOf,
  vaiBalance,
} from '../../src/adapters/compound-v2-rules.ts'

const WAD = 10n ** 18n

type Vector = readonly [
  tokens: bigint,
  principal: bigint,
  index: bigint,
  factor: bigint,
  price: bigint,
  borrowIndex: bigint,
  exchangeRate: bigint,
]

/**
 * The shortfall that the protocols' own public sources answered for these states, compiled and run once on a local
 * chain: Comptroller.getAccountLiquidity right after accrueInterest of every market. Of moonwell-contracts-v2@45866f4
 * (solc 0.8.19) and compound-protocol@a3214f6 (solc 0.8.24).
 */
const ANSWERED: readonly (readonly [name: string, shortfall: bigint, legs: readonly Vector[]])[] = [
  [
    'Moonwell, two collaterals',
    10475402312517783319640n,
    [
      [
        164653704885n,
        0n,
        0n,
        780000000000000000n,
        2658913580237600000000n,
        1000017123375310065n,
        200000000001117832805352492n,
      ],
      [
        205753420222690n,
        0n,
        0n,
        750000000000000000n,
        1000000000000000000n,
        1000011977816020745n,
        200000017471490131271941837n,
      ],
      [
        0n,
        37934048649000000000n,
        1000008561653086272n,
        800000000000000000n,
        2890123456780000000000n,
        1000018867444385684n,
        200000000003183979482314950n,
      ],
    ],
  ],
  [
    'Moonwell, two debts',
    6107079993923850138656n,
    [
      [
        81095113565n,
        0n,
        0n,
        780000000000000000n,
        2658913580237600000000n,
        1000017123375310065n,
        200000000001117832805352492n,
      ],
      [
        0n,
        2806974060000000000n,
        1000008561653086272n,
        800000000000000000n,
        2890123456780000000000n,
        1000018867444385684n,
        200000000003183979482314950n,
      ],
      [
        0n,
        31631650294626000000000n,
        1000001585490001384n,
        750000000000000000n,
        1000000000000000000n,
        1000011977816020745n,
        200000017471490131271941837n,
      ],
    ],
  ],
  [
    'Compound, two collaterals',
    10491182659184339739717n,
    [
      [
        164653704885n,
        0n,
        0n,
        780000000000000000n,
        2658913580237600000000n,
        1000237838444492260n,
        200000000016767519033139423n,
      ],
      [
        205753420222690n,
        0n,
        0n,
        750000000000000000n,
        1000000000000000000n,
        1000174914568904964n,
        200000262073432923696982187n,
      ],
      [
        0n,
        37934048649000000000n,
        1000104643603114147n,
        800000000000000000n,
        2890123456780000000000n,
        1000259246323315847n,
        200000000047759840737855446n,
      ],
    ],
  ],
]

const legOf = ([
  tokens,
  principal,
  index,
  factor,
  price,
  borrowIndex,
  exchangeRate,
]: Vector): LiquidityLeg => ({
  tokens,
  borrowed: borrowBalance({ principal, index }, borrowIndex),
  factor,
  exchangeRate,
  price,
})

describe('the integer rule', () => {
  test.each(ANSWERED)('%s: the shortfall that the contract answered', (_, shortfall, vectors) => {
    const { collateral, debt } = liquidityOf(vectors.map(legOf), 0n)
    expect(debt - collateral).toBe(shortfall)
  })

  test('VAI is owed at one dollar each', () => {
    const legs = ANSWERED[0]?.[2].map(legOf) ?? []
    expect(liquidityOf(legs, 5n * WAD).debt).toBe(liquidityOf(legs, 0n).debt + 5n * WAD)
  })

  const leg = fc.record({
    tokens: fc.bigInt(0n, 10n ** 18n),
    borrowed: fc.bigInt(0n, 10n ** 26n),
    factor: fc.bigInt(0n, WAD),
    exchangeRate: fc.bigInt(10n ** 14n, 10n ** 29n),
    price: fc.bigInt(1n, 10n ** 34n),
  })

  test('it never exceeds the exact sums, and every cut costs less than its own unit', () => {
    fc.assert(
      fc.property(fc.array(leg, { maxLength: 6 }), (legs) => {
        const { collateral, debt } = liquidityOf(legs, 0n)
        // in units of 1e-54: nothing is cut
        const exactCollateral = legs.reduce(
          (sum, l) => sum + l.factor * l.exchangeRate * l.price * l.tokens,
          0n,
        )
        const exactDebt = legs.reduce((sum, l) => sum + l.price * l.borrowed, 0n)
        const slack = legs.reduce(
          (sum, l) => sum + (l.price * l.tokens) / WAD ** 2n + l.tokens / WAD + 3n,
          0n,
        )
        expect(collateral * WAD ** 3n).toBeLessThanOrEqual(exactCollateral)
        expect(exactCollateral - collateral * WAD ** 3n).toBeLessThanOrEqual(slack * WAD ** 3n)
        expect(debt * WAD).toBeLessThanOrEqual(exactDebt)
        expect(exactDebt - debt * WAD).toBeLessThan(BigInt(legs.length + 1) * WAD)
      }),
      { numRuns: 300 },
    )
  })

  test('a higher price never lowers either sum', () => {
    fc.assert(
      fc.property(leg, fc.bigInt(0n, 10n ** 30n), (l, more) => {
        const before = liquidityOf([l], 0n)
        const after = liquidityOf([{ ...l, price: l.price + more }], 0n)
        expect(after.collateral).toBeGreaterThanOrEqual(before.collateral)
        expect(after.debt).toBeGreaterThanOrEqual(before.debt)
      }),
      { numRuns: 300 },
    )
  })
})

describe('balances', () => {
  test('a debt grows with the index in exact proportion, rounded down; none is none whatever the index', () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 30n),
        fc.bigInt(WAD, 10n ** 20n),
        fc.bigInt(0n, 10n ** 20n),
        (principal, index, growth) => {
          const balance = borrowBalance({ principal, index }, index + growth)
          expect(balance * index).toBeLessThanOrEqual(principal * (index + growth))
          expect((balance + 1n) * index).toBeGreaterThan(principal * (index + growth))
        },
      ),
    )
    expect(borrowBalance({ principal: 0n, index: 0n }, WAD)).toBe(0n)
  })

  test('VAI: earlier interest bears none, and a mint owes itself at its own index', () => {
    expect(vaiBalance({ minted: 110n * WAD, past: 10n * WAD, index: WAD }, (WAD * 11n) / 10n)).toBe(
      120n * WAD,
    )
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 30n), fc.bigInt(WAD, 10n ** 20n), (minted, index) => {
        expect(vaiBalance({ minted, past: 0n, index }, index)).toBe(minted)
      }),
    )
  })

  test('cTokens are worth their exchange rate, rounded down', () => {
    expect(underlyingOf(5_000_000_000n, 2n * 10n ** 16n)).toBe(100_000_000n)
    expect(underlyingOf(1n, WAD - 1n)).toBe(0n)
  })
})
