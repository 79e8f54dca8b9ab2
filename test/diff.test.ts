import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DiffDocument, DiffMover } from '../src/core/diff/document.ts'
import type { Part } from '../src/core/diff/parts.ts'
import { OUTCOMES } from '../src/core/position.ts'
import { diffLines } from '../src/dashboard/diff.ts'
import { buildReport, loadBook } from '../src/report.ts'
import {
  BORROWED,
  CLOSED,
  CROSSED,
  DROWNED,
  entities,
  expectSum,
  FUND,
  LIQUIDATED,
  OPENED,
  PARTLY,
  playScenario,
  type Scenario,
  SUNK,
  TOPPED,
  UNTOUCHED,
  WITHDRAWN,
} from './helpers/diff-scenario.ts'

let scenario: Scenario
let diff: DiffDocument

beforeAll(async () => {
  scenario = await playScenario()
  diff = scenario.diffOf(1, 2)
}, 180_000)
afterAll(() => scenario?.anvil.stop())

const moverOf = (who: Address, from = diff): DiffMover | undefined =>
  from.movers.find(({ owner }) => owner === who)
const did = (who: Address): readonly Part[] | undefined =>
  moverOf(who)?.causes.filter((part) => part !== 'price' && part !== 'interest')
const part = (who: Address, name: Part) => moverOf(who)?.parts.find((one) => one.part === name)

describe('two scans of a real market', () => {
  test('each account has its own cause', () => {
    expect(did(UNTOUCHED)).toBe(undefined)
    expect(did(CLOSED)).toEqual(['left'])
    expect(did(PARTLY)).toEqual(['repaid'])
    expect(did(TOPPED)).toEqual(['added'])
    expect(did(WITHDRAWN)).toEqual(['withdrew'])
    expect(did(BORROWED)).toEqual(['borrowed'])
    expect(did(OPENED)).toEqual(['arrived'])
    expect(did(CROSSED)).toEqual(['outcome'])
    expect(did(FUND)).toEqual(['repaid'])
    expect(did(LIQUIDATED)?.[0]).toBe('reduced')
    expect(did(DROWNED)?.[0]).toBe('liquidated')
    expect(did(SUNK)).toEqual(['left'])
  })

  test('a liquidation says how it was told', () => {
    expect(moverOf(LIQUIDATED)?.inference).toMatch(
      /^WETH and USDC fell together, and untouched it would be liquidatable at the later prices: likely liquidated/,
    )
    expect(moverOf(DROWNED)?.inference).toMatch(/^all collateral is gone while debt remains/)
    expect(moverOf(SUNK)?.inference).toMatch(/^its debt is gone, and .*: repaid, or liquidated whole$/)
    expect(moverOf(CLOSED)?.inference).toBe(null)
  })

  test('amounts are those of the transactions, at the later prices', () => {
    const near = (value: number | undefined, expected: number) =>
      expect(Math.abs((value ?? Number.NaN) - expected)).toBeLessThanOrEqual(0.011)
    near(part(PARTLY, 'repaid')?.debtUsd, -3000)
    near(part(FUND, 'repaid')?.debtUsd, -10_000)
    near(part(BORROWED, 'borrowed')?.debtUsd, 500)
    near(part(TOPPED, 'added')?.collateralUsd, 2 * 1750)
    near(part(WITHDRAWN, 'withdrew')?.collateralUsd, -1.5 * 1750)
    near(part(OPENED, 'arrived')?.collateralUsd, 4 * 1750)
    near(part(OPENED, 'arrived')?.debtUsd, 3000)
    near(part(PARTLY, 'price')?.collateralUsd, 10 * -250)
    near(part(CLOSED, 'price')?.collateralUsd, 10 * -250)
    near(part(CLOSED, 'left')?.collateralUsd, -10 * 1750)
    const reduced = part(LIQUIDATED, 'reduced')
    expect(reduced?.debtUsd).toBeLessThan(-7000)
    // the liquidator takes 5 % more than it pays
    near(reduced?.collateralUsd, (reduced?.debtUsd ?? 0) * 1.05)
  })

  test('interest is that of the untouched account, whatever else was done', () => {
    const growth = (who: Address, debt: number) => (part(who, 'interest')?.debtUsd ?? 0) / debt
    const rate = growth(BORROWED, 6000)
    expect(rate).toBeGreaterThan(0.0001)
    for (const [who, debt] of [
      [PARTLY, 8000],
      [CLOSED, 5000],
      [TOPPED, 9000],
      [LIQUIDATED, 15000],
    ] as const)
      expect(growth(who, debt)).toBeCloseTo(rate, 5)
  })

  test('the parts sum to the difference of the totals, over all and in every class', () => {
    expectSum(diff.total)
    for (const outcome of OUTCOMES) expectSum(diff.outcomes[outcome])
    expect(diff.total.parts.map((one) => one.part)).toEqual([
      'price',
      'interest',
      'arrived',
      'left',
      'added',
      'withdrew',
      'borrowed',
      'repaid',
      'liquidated',
      'reduced',
      'outcome',
    ])
  })

  test('the totals are those of the two reports', () => {
    for (const [id, side] of [
      [1, 'before'],
      [2, 'after'],
    ] as const) {
      const report = buildReport(loadBook(scenario.db, id, 'ETH'), { entities, minUsd: 100, levels: [] })
      for (const outcome of OUTCOMES) {
        const [mine, theirs] = [diff.outcomes[outcome][side], report.totals[outcome]]
        expect(mine.positions).toBe(theirs.positions)
        expect(Math.abs(mine.collateralUsd - theirs.collateralUsd)).toBeLessThan(0.06)
        expect(Math.abs(mine.debtUsd - theirs.debtUsd)).toBeLessThan(0.06)
      }
    }
  })

  test('a position that crosses leaves its class and enters the next', () => {
    const moved = moverOf(CROSSED)
    expect(moved?.outcome).toEqual({ from: 'below', to: 'already' })
    const entered = diff.outcomes.already.parts.find((one) => one.part === 'outcome')
    expect(entered?.collateralUsd).toBe(diff.outcomes.already.after.collateralUsd)
  })

  test('the band of the fund is found again: its lower edge follows the repayment, its collateral the price', () => {
    const [band, ...others] = diff.bands.matched
    expect(others).toEqual([])
    expect(diff.bands.new).toEqual([])
    expect(diff.bands.gone).toEqual([])
    expect(band).toMatchObject({
      from: { kind: 'entity', singleEntity: 'Fund', owners: 2 },
      to: { kind: 'entity', singleEntity: 'Fund', owners: 2 },
      moved: true,
      priceUsd: 1000 * -250,
      positionsUsd: 0,
      ownersEntered: 0,
      ownersLeft: 0,
    })
    expect(band?.from.low).toBe(moverOf(FUND)?.price.from)
    expect(band?.to.low).toBe(moverOf(FUND)?.price.to)
  })

  test('there and back: the totals change sign, and each step is told the other way', () => {
    const back = scenario.diffOf(2, 1)
    expect(back.total.change.collateralUsd).toBe(-diff.total.change.collateralUsd)
    expect(back.total.change.debtUsd).toBe(-diff.total.change.debtUsd)
    expectSum(back.total)
    expect(moverOf(OPENED, back)?.causes).toContain('left')
    expect(moverOf(CLOSED, back)?.causes).toContain('arrived')
  })
})

test('positions whose rows were dropped are recomputed: the same document', () => {
  for (const table of ['position', 'position_legs'])
    scenario.db.prepare(`DELETE FROM ${table} WHERE scan_id <= 2`).run()
  expect(scenario.diffOf(1, 2)).toEqual(diff)
})

test('the text fits 80 columns, with and without unicode', () => {
  for (const unicode of [true, false]) {
    const lines = diffLines(diff, { width: 80, color: false, unicode })
    expect(lines.filter((line) => [...line].length > 80)).toEqual([])
    expect(lines.join('\n')).not.toMatch(/undefined|NaN|null/)
    if (!unicode) expect(lines.join('\n').replace(/[ -~\n]/g, '')).toBe('')
  }
})
