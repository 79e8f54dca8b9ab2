import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DiffDocument, DiffMover } from '../src/core/diff/document.ts'
import { UsageError } from '../src/core/errors.ts'
import { OUTCOMES } from '../src/core/position.ts'
import { diffLines } from '../src/dashboard/diff.ts'
import { buildDiff, scanBefore } from '../src/diff.ts'
import { scan } from '../src/scan.ts'
import { A, B, entities, expectSum, playScenario, type Scenario, UNPRICED } from './helpers/diff-scenario.ts'
import { memoryDatabase } from './helpers/scanning.ts'

let scenario: Scenario

beforeAll(async () => {
  scenario = await playScenario()
}, 180_000)
afterAll(() => scenario?.anvil.stop())

const moverOf = (who: Address, { movers }: DiffDocument): DiffMover | undefined =>
  movers.find(({ owner }) => owner === who)

describe('what is no movement', () => {
  test('a source that failed in one of the scans is left out, not read as departures', () => {
    const half = scenario.diffOf(2, 3)
    expect(half.sources.compared).toEqual([A])
    expect(half.sources.leftOut).toMatchObject([
      { source: B, reason: expect.stringMatching(/^failed in scan 3: /) },
    ])
    expect(half.movers).toEqual([])
    expect(half.total.parts).toEqual([])
    expect(half.total.before.positions).toBe(scenario.diffOf(1, 2).total.after.positions - 1)
    const lines = diffLines(half, { width: 80, color: false, unicode: true })
    expect(lines[0]).toMatch(/^!! LEFT OUT aave-v3\/other\/b: failed in scan 3/)
    expect(lines.at(-1)).toMatch(/^Nothing moved: \d+ positions as before\.$/)
  })

  test('two scans of the same state differ in nothing', () => {
    const still = scenario.diffOf(2, 4)
    expect(still.total.parts).toEqual([])
    expect(still.moversTotal).toBe(0)
    expect(still.bands.matched.every(({ moved }) => !moved)).toBe(true)
  })

  test('a price that nobody knows for a while is no fall of it', () => {
    for (const [from, to, outcome] of [
      [4, 5, { from: 'never', to: 'unpriced' }],
      [5, 6, { from: 'unpriced', to: 'never' }],
    ] as const) {
      const blind = scenario.diffOf(from, to)
      expect(moverOf(UNPRICED, blind)).toMatchObject({ outcome, causes: expect.arrayContaining(['outcome']) })
      expect(moverOf(UNPRICED, blind)?.causes).not.toContain('price')
      expect(blind.total.parts.find((one) => one.part === 'price')).toBe(undefined)
      expect(Math.abs(blind.total.change.collateralUsd)).toBeGreaterThan(10_000)
      expect(blind.sources.notes.join()).toMatch(/aave-v3\/local\/a was partial in scan 5 \(.*WBTC/)
      expectSum(blind.total)
      for (const name of OUTCOMES) expectSum(blind.outcomes[name])
    }
  })

  test('scans without a common source are refused', async () => {
    const apart = memoryDatabase()
    await scan({ config: scenario.configOf(scenario.anvil.url), db: apart, only: [A] })
    await scan({ config: scenario.configOf(scenario.anvil.url), db: apart, only: [B] })
    const options = { driver: 'ETH', from: 1, to: 2, entities, minUsd: 100, limit: 5 }
    expect(() => buildDiff(apart, options)).toThrow(UsageError)
    expect(() => buildDiff(apart, options)).toThrow(/no source in common: aave-v3\/local\/a not in scan 2; /)
  })

  test('the scan before another', () => {
    expect(scanBefore(scenario.db, 3)).toBe(2)
    expect(() => scanBefore(scenario.db, 1)).toThrow(/there is no scan before 1/)
  })
})
