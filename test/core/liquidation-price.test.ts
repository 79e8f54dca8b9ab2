import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  crossing,
  largestLiquidatable,
  liquidationPrice,
  type Phase,
  smallestLiquidatable,
} from '../../src/core/liquidation-price.ts'
import { type Leg, OUTCOMES, type Position } from '../../src/core/position.ts'
import { type Account, averageThreshold, type Balance, isLiquidatable, positionAt } from './aave-half-up.ts'

const WAD = 10n ** 18n
const RAY = 10n ** 27n
const E14 = 10n ** 14n

const onlyMoving = (asset: string): bigint => (asset === 'moving' ? WAD : 0n)

describe('closed form', () => {
  /** Shares in 1/10,000, so that the table's own products are exact. */
  const legs = fc.array(
    fc.record({
      usd: fc.oneof(fc.bigInt(0n, 10n ** 30n), fc.bigInt(0n, 3n)),
      threshold: fc.integer({ min: 0, max: 10_000 }),
      weight: fc.oneof(fc.constantFrom(0, 10_000), fc.integer({ min: 0, max: 10_000 })),
    }),
    { maxLength: 3 },
  )
  type Legs = readonly { readonly usd: bigint; readonly threshold: number; readonly weight: number }[]

  const positionOf = (collateral: Legs, debt: Legs): Position => {
    const leg = ({ usd, threshold, weight }: Legs[number]): Leg => ({
      asset: String(weight),
      pricedAs: String(weight),
      symbol: '',
      decimals: 18,
      amount: 1n,
      usd,
      threshold: BigInt(threshold) * E14,
      bonus: null,
    })
    return {
      id: '1',
      owner: null,
      collateral: collateral.map(leg),
      debt: debt.map(leg),
      healthFactor: null,
      liquidatable: false,
      range: null,
      unpriced: null,
      blocked: null,
    }
  }
  /** HF(x) < 1 at x = p / q, leg by leg, as the sum itself. */
  const isBelowOne = (collateral: Legs, debt: Legs, p: bigint, q: bigint): boolean => {
    const worth = (all: Legs) =>
      all.reduce(
        (sum, { usd, threshold, weight }) =>
          sum + usd * BigInt(threshold) * (BigInt(weight) * p + BigInt(10_000 - weight) * q),
        0n,
      )
    return worth(collateral) < worth(debt)
  }

  test('20,000 random positions agree with evaluating the health factor itself, strict at equality', () => {
    const fine = 10n ** 12n
    const kinds = new Set<string>()
    fc.assert(
      fc.property(legs, legs, (collateral, owed) => {
        const debt = owed.map((leg) => ({ ...leg, threshold: 10_000 }))
        const at = crossing(positionOf(collateral, debt), (weight) => BigInt(weight) * E14)
        const liquidatable = (p: bigint, q: bigint) => isBelowOne(collateral, debt, p, q)
        kinds.add(at.kind)
        if (at.kind === 'below' || at.kind === 'above') {
          const [p, q] = [at.numerator, at.denominator].map((n) => (n < 0n ? -n : n)) as [bigint, bigint]
          expect(liquidatable(p, q)).toBe(false)
          expect(liquidatable(p * fine - 1n, q * fine)).toBe(at.kind === 'below')
          expect(liquidatable(p * fine + 1n, q * fine)).toBe(at.kind === 'above')
          expect(liquidatable(1n, fine * 10n ** 40n)).toBe(at.kind === 'below')
          expect(liquidatable(fine * 10n ** 40n, 1n)).toBe(at.kind === 'above')
        } else
          for (const [p, q] of [
            [1n, fine],
            [1n, 1n],
            [fine, 1n],
          ] as const)
            expect(liquidatable(p, q)).toBe(at.kind === 'always')
      }),
      { numRuns: 20_000 },
    )
    expect([...kinds].toSorted()).toEqual(['above', 'always', 'below', 'never'])
  })
})

describe('integer search', () => {
  const brute = (from: bigint, to: bigint, rule: (answer: bigint) => boolean) => {
    const all: bigint[] = []
    for (let answer = from; answer <= to; answer++) if (rule(answer)) all.push(answer)
    return { largest: all.at(-1) ?? null, smallest: all[0] ?? null }
  }
  const ends = fc.record({
    from: fc.bigInt(1n, 50n),
    length: fc.bigInt(0n, 300n),
    edge: fc.bigInt(-10n, 400n),
    seed: fc.bigInt(-1_000n, 1_000n),
  })

  test('a monotone rule: the largest and the smallest, from whatever seed', () => {
    fc.assert(
      fc.property(ends, ({ from, length, edge, seed }) => {
        const to = from + length
        const down = (answer: bigint) => answer <= edge
        const up = (answer: bigint) => answer >= edge
        expect(largestLiquidatable({ seed, from, to }, down)).toBe(brute(from, to, down).largest)
        expect(smallestLiquidatable({ seed, from, to }, up)).toBe(brute(from, to, up).smallest)
      }),
      { numRuns: 5_000 },
    )
  })

  test('a rule that flickers around its crossing: still the extreme', () => {
    fc.assert(
      fc.property(
        ends,
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        ({ from, length, edge, seed }, bits) => {
          const to = from + length
          const noisy = (answer: bigint, plain: boolean) =>
            answer > edge - 20n && answer <= edge + 20n ? bits[Number(answer - edge + 19n)] === true : plain
          const down = (answer: bigint) => noisy(answer, answer <= edge)
          const up = (answer: bigint) => noisy(answer, answer > edge)
          // no answer far from the noise may be liquidatable at an end of the interval that the noise covers
          fc.pre(from < edge - 20n && to > edge + 20n)
          expect(largestLiquidatable({ seed, from, to, flicker: 40n }, down)).toBe(
            brute(from, to, down).largest,
          )
          expect(smallestLiquidatable({ seed, from, to, flicker: 40n }, up)).toBe(
            brute(from, to, up).smallest,
          )
        },
      ),
      { numRuns: 5_000 },
    )
  })

  test('a saw: health that falls back at every jump of the phase', () => {
    fc.assert(
      fc.property(
        fc.record({
          tooth: fc.bigInt(1n, 40n),
          rise: fc.bigInt(1n, 9n),
          drop: fc.bigInt(0n, 300n),
          start: fc.bigInt(-3_000n, 0n),
          seed: fc.bigInt(1n, 1_000n),
        }),
        ({ tooth, rise, drop, start, seed }) => {
          fc.pre(rise * tooth > drop)
          const to = 1_000n
          const phaseOf: Phase = (answer) => answer / tooth
          const rule = (answer: bigint) => start + rise * answer - drop * phaseOf(answer) < 0n
          // far enough from the crossing every answer is liquidatable, as with any position that has one
          fc.pre(rule(1n))
          expect(largestLiquidatable({ seed, from: 1n, to, phaseOf }, rule)).toBe(brute(1n, to, rule).largest)
          const mirrored = (answer: bigint) => rule(to + 1n - answer)
          const mirroredPhase: Phase = (answer) => phaseOf(to + 1n - answer)
          expect(smallestLiquidatable({ seed, from: 1n, to, phaseOf: mirroredPhase }, mirrored)).toBe(
            brute(1n, to, mirrored).smallest,
          )
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

/** Balances worth some hundred to some million USD at a spot of 1,000 to 4,000 USD with `decimals` digits. */
const accounts = (decimals: number, loadOf: fc.Arbitrary<number>) =>
  fc
    .record({
      spotUsd: fc.integer({ min: 1_000, max: 4_000 }),
      coins: fc.array(
        fc.record({
          exponent: fc.double({ min: 2, max: 6, noNaN: true }),
          ratio: fc.bigInt(1_000n, 1_300n),
          thresholdBps: fc.bigInt(5_000n, 9_500n),
        }),
        { minLength: 1, maxLength: 2 },
      ),
      stables: fc.array(
        fc.record({
          exponent: fc.double({ min: 2, max: 6, noNaN: true }),
          thresholdBps: fc.bigInt(5_000n, 9_500n),
        }),
        { maxLength: 2 },
      ),
      load: loadOf,
      borrowed: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
    })
    .map(({ spotUsd, coins, stables, load, borrowed }) => {
      const unit = 10n ** BigInt(decimals)
      const spot = BigInt(spotUsd) * unit
      const worth = (usd: number, price: bigint, tokenDecimals: number) =>
        (BigInt(Math.round(usd * 10)) * unit * 10n ** BigInt(tokenDecimals)) / (10n * price)
      const stable = (usd: number, thresholdBps: bigint): Balance => ({
        amount: worth(usd, unit, 6),
        decimals: 6,
        thresholdBps,
        price: { fixed: unit },
      })
      const coin = (usd: number, ratio: bigint, thresholdBps: bigint): Balance => ({
        amount: worth(usd, (spot * ratio) / 1000n, 18),
        decimals: 18,
        thresholdBps,
        price: { ratio },
      })
      const usdOf = ({ exponent }: { readonly exponent: number }) => 10 ** exponent
      const weighted = [...coins, ...stables].reduce(
        (sum, asset) => sum + (usdOf(asset) * Number(asset.thresholdBps)) / 10_000,
        0,
      )
      const account: Account = {
        collateral: [
          ...coins.map((asset) => coin(usdOf(asset), asset.ratio, asset.thresholdBps)),
          ...stables.map((asset) => stable(usdOf(asset), asset.thresholdBps)),
        ],
        debt: [
          stable(weighted * load * (1 - borrowed), 0n),
          ...(borrowed > 0 ? [coin(weighted * load * borrowed, 1_000n, 0n)] : []),
        ],
      }
      return { account, spot, decimals }
    })

type Book = { readonly account: Account; readonly spot: bigint; readonly decimals: number }

const price = ({ account, spot, decimals }: Book) => {
  const position = positionAt(account, spot, decimals)
  const rule = (answer: bigint) => isLiquidatable(account, answer)
  const phaseOf = (answer: bigint) => averageThreshold(account, answer)
  const priced = liquidationPrice(position, { spot, decimals, exposureOf: onlyMoving }, rule, phaseOf)
  return { position, rule, priced }
}

describe("Aave's average threshold cut to whole basis points", () => {
  test('the price is the first liquidatable answer on the way from spot: every answer between was tried', () => {
    const tried = { below: 0, above: 0 }
    fc.assert(
      fc.property(accounts(1, fc.double({ min: 0.93, max: 1.0002, noNaN: true })), (book) => {
        const { position, rule, priced } = price(book)
        const at = crossing(position, onlyMoving)
        fc.pre(!position.liquidatable && (at.kind === 'below' || at.kind === 'above'))
        if (at.kind !== 'below' && at.kind !== 'above') return
        // within the 512 answers that are looked at past a crossing: all but a net exposure of some ten USD
        const net = at.denominator < 0n ? -at.denominator : at.denominator
        const moving = [...position.collateral, ...position.debt]
          .filter(({ pricedAs }) => onlyMoving(pricedAs) > 0n)
          .reduce((sum, { usd, threshold }) => sum + usd * threshold, 0n)
        fc.pre((moving + book.spot * 8n * 10n ** 35n) / net < 512n)
        const step = at.kind === 'below' ? -1n : 1n
        let answer = book.spot
        while (answer > 0n && answer < book.spot * 2n && !rule(answer)) answer += step
        fc.pre(answer > 0n && answer < book.spot * 2n)
        tried[at.kind]++
        expect(priced).toMatchObject({ outcome: at.kind, price: answer })
      }),
      { numRuns: 500 },
    )
    expect(tried.below).toBeGreaterThan(30)
    expect(tried.above).toBeGreaterThan(2)
  })

  test('at full precision: liquidatable at the price, safe one unit before it', () => {
    fc.assert(
      fc.property(accounts(8, fc.double({ min: 0.01, max: 1.01, noNaN: true })), (book) => {
        const { rule, priced } = price(book)
        if (priced.price === null) return
        const rising = priced.outcome === 'above' || (priced.outcome === 'already' && !rule(1n))
        expect(rule(priced.price)).toBe(true)
        expect(rule(priced.price + (rising ? -1n : 1n))).toBe(false)
        if (priced.outcome === 'below') expect(priced.price).toBeLessThan(book.spot)
        if (priced.outcome === 'above') expect(priced.price).toBeGreaterThan(book.spot)
      }),
      { numRuns: 4_000 },
    )
  })

  const accrued = (scaled: bigint, index: bigint) => (scaled * index + RAY / 2n) / RAY
  const i1 = 1037123456789012345678901234n
  const i2 = 1085987654321098765432109876n
  const weth = (scaled: bigint, index: bigint, thresholdBps: bigint): Balance => ({
    amount: accrued(scaled, index),
    decimals: 18,
    thresholdBps,
    price: { ratio: 1_000n },
  })
  const usd = (scaled: bigint, index: bigint, thresholdBps: bigint): Balance => ({
    amount: accrued(scaled, index),
    decimals: 6,
    thresholdBps,
    price: { fixed: 10n ** 8n },
  })

  test.each([
    [
      'G1b',
      { collateral: [weth(5n * WAD * 2n, i1, 8300n)], debt: [usd(20_000_000_000n, i2, 0n)] },
      252316896708n,
    ],
    [
      'G3b',
      {
        collateral: [weth(5n * WAD, i1, 8300n), usd(10_000_000_000n, i1, 7800n)],
        debt: [usd(12_000_000_000n, i2, 0n), weth(WAD, i2, 0n)],
      },
      153589676545n,
    ],
  ] as const)('golden vector %s', (_, account, expected) => {
    const { priced } = price({ account, spot: 300_000_000_000n, decimals: 8 })
    expect(priced).toEqual({ outcome: 'below', price: expected, reason: null })
  })
})

describe('outcomes', () => {
  const spot = 200_000_000_000n
  /** USD at spot; the rule is exact: Σ collateral · threshold < Σ debt. */
  type Simple = {
    readonly eth?: number
    readonly usdc?: number
    readonly ethDebt?: number
    readonly debt?: number
  }
  const outcomeOf = (amounts: Simple, at = spot, changes: Partial<Position> = {}) => {
    const legs = (asset: string, amount: number | undefined, threshold: bigint): Leg[] =>
      amount === undefined
        ? []
        : [
            {
              asset,
              pricedAs: asset,
              symbol: asset,
              decimals: 18,
              amount: 1n,
              usd: BigInt(Math.round(amount * 1e6)) * 10n ** 12n,
              threshold,
              bonus: null,
            },
          ]
    const share = (8n * WAD) / 10n
    const collateral = [...legs('moving', amounts.eth, share), ...legs('fixed', amounts.usdc, share)]
    const owed = [...legs('moving', amounts.ethDebt, WAD), ...legs('fixed', amounts.debt, WAD)]
    const rule = (answer: bigint) => {
      const value = (all: readonly Leg[]) =>
        all.reduce(
          (sum, { asset, usd, threshold }) => sum + usd * threshold * (asset === 'moving' ? answer : at),
          0n,
        )
      return value(collateral) < value(owed)
    }
    const position: Position = {
      id: '1',
      owner: null,
      collateral,
      debt: owed,
      healthFactor: null,
      liquidatable: rule(at),
      range: null,
      unpriced: null,
      blocked: null,
      ...changes,
    }
    const priced = liquidationPrice(position, { spot: at, decimals: 8, exposureOf: onlyMoving }, rule)
    return { ...priced, rule }
  }

  test('falling: equality is still safe, so the price is one unit below it', () => {
    // 10 ETH at 80% against 8,000: exactly 1 at 1,000 USD
    expect(outcomeOf({ eth: 20_000, debt: 8_000 })).toMatchObject({
      outcome: 'below',
      price: 99_999_999_999n,
    })
  })
  test('rising: the price is one unit above equality', () => {
    // 10,000 USDC at 80% against 2 ETH: exactly 1 at 4,000 USD
    expect(outcomeOf({ usdc: 10_000, ethDebt: 4_000 })).toMatchObject({
      outcome: 'above',
      price: 400_000_000_001n,
    })
  })
  test('already: the price is the one that would cure it', () => {
    expect(outcomeOf({ eth: 20_000, debt: 17_000 })).toMatchObject({
      outcome: 'already',
      price: 212_499_999_999n,
    })
    expect(outcomeOf({ usdc: 10_000, ethDebt: 9_000 })).toMatchObject({
      outcome: 'already',
      price: 177_777_777_778n,
    })
  })
  test.each([
    [
      'other collateral carries the debt alone',
      { eth: 5_000, usdc: 20_000, debt: 10_000 },
      /no price of the driver/,
    ],
    ['nothing is exposed', { usdc: 20_000, debt: 10_000 }, 'no exposure to the driver'],
    ['a loop in one asset', { eth: 20_000, ethDebt: 15_000 }, 'collateral and debt move together'],
    ['no debt value at all', { eth: 20_000, debt: 0 }, /no price of the driver/],
    ['nothing at all', {}, 'no exposure to the driver'],
    ['a seed below one oracle unit', { eth: 20_000, debt: 0.000_000_05 }, /no price of the driver/],
    [
      'a price beyond a thousand million times spot',
      { usdc: 2e6, ethDebt: 0.000_001 },
      /no price of the driver/,
    ],
  ] as const)('never: %s', (_, legs, reason) => {
    const { outcome, price, reason: why } = outcomeOf(legs)
    expect({ outcome, price }).toEqual({ outcome: 'never', price: null })
    expect(why).toMatch(reason)
  })
  test('insolvent: liquidatable with collateral below the debt, or none', () => {
    for (const legs of [{ debt: 1 }, { ethDebt: 1 }, { eth: 100, debt: 101 }])
      expect(outcomeOf(legs)).toMatchObject({ outcome: 'insolvent', price: null })
  })
  test('unpriced keeps its reason, before anything else', () => {
    expect(outcomeOf({ debt: 1 }, spot, { unpriced: 'the oracle refuses' })).toMatchObject({
      outcome: 'unpriced',
      price: null,
      reason: 'the oracle refuses',
    })
  })
  test('range: only where its asset follows the driver', () => {
    const range = { low: WAD, high: 2n * WAD }
    expect(outcomeOf({ eth: 10 }, spot, { range: { ...range, asset: 'moving' } }).outcome).toBe('range')
    expect(outcomeOf({ eth: 10 }, spot, { range: { ...range, asset: 'fixed' } })).toMatchObject({
      outcome: 'never',
      reason: 'no exposure to the driver',
    })
  })
  test('prices of one unit and of forty digits', () => {
    expect(outcomeOf({ eth: 20_000, debt: 8_000 }, 4n)).toMatchObject({ outcome: 'below', price: 1n })
    const huge = 10n ** 40n
    expect(outcomeOf({ eth: 20_000, debt: 8_000 }, huge)).toMatchObject({
      outcome: 'below',
      price: huge / 2n - 1n,
    })
  })

  test('any position, however empty or odd: an outcome, and a price exactly where there is one', () => {
    const amount = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e9, noNaN: true }), fc.constant(1e-6))
    fc.assert(
      fc.property(
        fc.record({ eth: amount, usdc: amount, ethDebt: amount, debt: amount }),
        fc.bigInt(1n, 10n ** 20n),
        (legs, at) => {
          const { outcome, price, reason, rule } = outcomeOf(legs, at)
          expect(OUTCOMES).toContain(outcome)
          if (outcome === 'below' || outcome === 'above') {
            const answer = price ?? -1n
            expect(rule(answer)).toBe(true)
            expect(rule(answer + (outcome === 'below' ? 1n : -1n))).toBe(false)
          } else if (outcome !== 'already') expect(price).toBeNull()
          expect(reason === null).toBe(outcome === 'below' || outcome === 'above')
        },
      ),
      { numRuns: 10_000 },
    )
  })
})
