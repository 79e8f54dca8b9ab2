import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toCents } from '../../../src/core/bands/cents.ts'
import { compareBooks } from '../../../src/core/diff/build.ts'
import { ACTIONS, PARTS, type Part, sumParts } from '../../../src/core/diff/parts.ts'
import type { DiffPosition, Untouched } from '../../../src/core/diff/position.ts'
import { movementsOf, moversOf, type Waterfall, waterfallsOf } from '../../../src/core/diff/sums.ts'
import { OUTCOMES } from '../../../src/core/position.ts'
import { bookTwice, type TwoBooks, twoBooks, twoBooksAtOnce } from './books.ts'

const RUNS = { numRuns: 300, seed: 1 }

const movementsIn = ({ before, after, untouched }: TwoBooks) => movementsOf(before, after, untouched)

const expectSum = ({ before, after, parts }: Waterfall): void => {
  for (const field of ['collateral', 'debt'] as const)
    expect(PARTS.reduce((sum, part) => sum + parts[part][field], before[field])).toBe(after[field])
}

const cents = (positions: readonly DiffPosition[], field: 'collateralUsd' | 'debtUsd'): number =>
  positions.reduce((sum, position) => sum + toCents(position[field]), 0)

describe('the parts', () => {
  test('sum to the difference of the totals, in whole cents, in each outcome and over all', () => {
    const check = (books: TwoBooks): void => {
      const { all, byOutcome } = waterfallsOf(movementsIn(books))
      for (const waterfall of [all, ...OUTCOMES.map((outcome) => byOutcome[outcome])]) {
        expectSum(waterfall)
        for (const part of PARTS) expect(Number.isInteger(waterfall.parts[part].collateral)).toBe(true)
      }
      for (const [side, positions] of [
        ['before', books.before],
        ['after', books.after],
      ] as const) {
        expect(all[side].positions).toBe(positions.length)
        expect(all[side].collateral).toBe(cents(positions, 'collateralUsd'))
        expect(all[side].debt).toBe(cents(positions, 'debtUsd'))
        for (const outcome of OUTCOMES) {
          const mine = positions.filter((position) => position.outcome === outcome)
          expect(byOutcome[outcome][side].positions).toBe(mine.length)
          expect(byOutcome[outcome][side].debt).toBe(cents(mine, 'debtUsd'))
        }
      }
    }
    fc.assert(fc.property(twoBooks, check), RUNS)
  })

  test('of each position sum to its own difference, and only named causes are worth anything', () => {
    const check = (books: TwoBooks): void => {
      for (const { collateral, debt, causes } of movementsIn(books))
        for (const { before, after, parts } of [collateral, debt]) {
          expect(sumParts(parts)).toBe(after - before)
          expect(PARTS.filter((part) => (parts[part] ?? 0) !== 0 && !causes.includes(part))).toEqual([])
        }
    }
    fc.assert(fc.property(twoBooks, check), RUNS)
  })

  test('are price and interest alone where nobody did anything', () => {
    const check = (books: TwoBooks): void => {
      const later = new Map(books.after.map((position) => [`${position.source} ${position.id}`, position]))
      for (const movement of movementsIn(books)) {
        const key = `${movement.source} ${movement.id}`
        const [held, is] = [books.untouched.get(key)?.accrued, later.get(key)]
        if (!held || !is || movement.outcome.from !== movement.outcome.to) continue
        const same = (['collateral', 'debt'] as const).every(
          (side) => JSON.stringify(held[side], bigints) === JSON.stringify(is[side], bigints),
        )
        if (same) expect(movement.causes.filter((part) => ACTIONS.includes(part))).toEqual([])
      }
    }
    fc.assert(fc.property(twoBooks, check), RUNS)
  })

  test('of a book with itself are none', () => {
    const check = (books: TwoBooks): void => {
      const sides = [books.before, books.after].map((positions) => ({ positions, bands: [] })) as [
        { positions: readonly DiffPosition[]; bands: [] },
        { positions: readonly DiffPosition[]; bands: [] },
      ]
      const diff = compareBooks(...sides, { untouched: books.untouched, limit: 5 })
      expect(diff.total.parts).toEqual([])
      expect(diff.moversTotal).toBe(0)
      expect(diff.owners).toMatchObject({ arrived: 0, left: 0 })
      for (const outcome of OUTCOMES) expect(diff.outcomes[outcome].parts).toEqual([])
    }
    fc.assert(fc.property(bookTwice, check), RUNS)
  })

  test('seen from the other end the difference changes sign', () => {
    const check = ({ before, after, untouched, backwards }: TwoBooks): void => {
      const there = waterfallsOf(movementsOf(before, after, untouched)).all
      const back = waterfallsOf(movementsOf(after, before, backwards)).all
      expect(back.before).toEqual(there.after)
      expect(back.after).toEqual(there.before)
      expectSum(back)
    }
    fc.assert(fc.property(twoBooks, check), RUNS)
  })

  test('at the same prices every deed is undone by its opposite', () => {
    const OPPOSITE: readonly (readonly [Part, Part])[] = [
      ['arrived', 'left'],
      ['left', 'arrived'],
    ]
    const check = ({ before, after, untouched, backwards }: TwoBooks): void => {
      const there = waterfallsOf(movementsOf(before, after, untouched)).all
      const back = waterfallsOf(movementsOf(after, before, backwards)).all
      for (const [deed, undone] of OPPOSITE) {
        expect(back.parts[undone].positions).toBe(there.parts[deed].positions)
        expect(back.parts[undone].debt + there.parts[deed].debt).toBe(0)
        expect(back.parts[undone].collateral + there.parts[deed].collateral).toBe(0)
      }
      const fell = (all: Waterfall) =>
        ['repaid', 'liquidated', 'reduced'].reduce((sum, part) => sum + all.parts[part as Part].debt, 0)
      expect(back.parts.borrowed.debt + fell(there) + there.parts.borrowed.debt + fell(back)).toBe(0)
    }
    fc.assert(fc.property(twoBooksAtOnce, check), RUNS)
  })

  test('do not depend on the order of the positions', () => {
    const check = (books: TwoBooks): void => {
      const turned = movementsOf(books.before.toReversed(), books.after.toReversed(), books.untouched)
      const straight = movementsIn(books)
      expect(waterfallsOf(turned)).toEqual(waterfallsOf(straight))
      expect(moversOf(turned)).toEqual(moversOf(straight))
    }
    fc.assert(fc.property(twoBooks, check), RUNS)
  })
})

const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)

/** A position of 10 ETH that owes 10,000 USDC, but for what is told. */
const position = (
  over: Partial<DiffPosition> & { eth?: number; usdc?: number; at?: number } = {},
): DiffPosition => {
  const { eth = 10, usdc = 10_000, at = 2000, ...rest } = over
  const leg = (symbol: string, units: number, price: number, exposure: number) =>
    units === 0
      ? []
      : [{ asset: symbol, symbol, amount: BigInt(Math.round(units * 1e6)), usd: units * price, exposure }]
  return {
    source: 's',
    id: 'p',
    owner: 'o',
    entity: null,
    outcome: 'below',
    counts: 'exposed',
    price: 1200,
    collateralUsd: eth * at,
    debtUsd: usdc,
    collateral: leg('ETH', eth, at, 1),
    debt: leg('USDC', usdc, 1, 0),
    ...rest,
  }
}

const untouchedAt = (at: number, over: Partial<Untouched> = {}): Untouched => {
  const { collateral, debt } = position({ at })
  const legs = { collateral, debt }
  return { repriced: legs, accrued: legs, liquidatable: false, enforced: true, ...over }
}

const causesFrom = (after: DiffPosition, untouched: Untouched, before = position()) =>
  movementsOf([before], [after], new Map([['s p', untouched]])).flatMap(({ causes, inference }) => [
    ...causes,
    ...(inference === null ? [] : [inference.includes('likely') ? 'likely' : 'proved']),
  ])

describe('causes', () => {
  test.each([
    ['price alone', position({ at: 1800 }), untouchedAt(1800), ['price']],
    ['both fell, out of reach', position({ eth: 9, usdc: 9000 }), untouchedAt(2000), ['withdrew', 'repaid']],
    [
      'both fell, and the price had crossed',
      position({ eth: 9, usdc: 9000, at: 1100 }),
      untouchedAt(1100, { liquidatable: true }),
      ['price', 'reduced', 'likely'],
    ],
    [
      'only debt fell, and the price had crossed',
      position({ usdc: 9000 }),
      untouchedAt(2000, { liquidatable: true }),
      ['repaid'],
    ],
    [
      'no collateral is left, and debt remains',
      position({ eth: 0, usdc: 900 }),
      untouchedAt(2000),
      ['liquidated', 'proved'],
    ],
    [
      'the same in a file, which proves nothing',
      position({ eth: 0, usdc: 900 }),
      untouchedAt(2000, { enforced: false }),
      ['withdrew', 'repaid'],
    ],
    ['one unit more', position({ usdc: 10_000.000001 }), untouchedAt(2000), ['borrowed']],
  ] as const)('%s', (_, after, untouched, causes) => {
    expect(causesFrom(after, untouched)).toEqual(causes)
  })

  test('a row that was rounded otherwise than its legs moved by no price', () => {
    const row = position({ collateralUsd: 20_000.0149, debtUsd: 10_000.0149 })
    expect(causesFrom(row, untouchedAt(2000), row)).toEqual([])
    const [departed] = movementsOf([row], [], new Map([['s p', untouchedAt(2000)]]))
    expect(departed).toMatchObject({ causes: ['left'], collateral: { parts: { left: -2_000_001 } } })
  })

  test('one that was liquidatable before needs no price for it', () => {
    const before = position({ outcome: 'already' })
    const after = position({ outcome: 'already', eth: 9, usdc: 9000 })
    expect(causesFrom(after, untouchedAt(2000), before)).toEqual(['reduced', 'likely'])
  })
})
