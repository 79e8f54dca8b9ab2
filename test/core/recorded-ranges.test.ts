import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { soldCents } from '../../src/core/ranges.ts'

/** Columns as numbers; the fixtures' README names the source. */
const rowsOf = (name: string): readonly Readonly<Record<string, number>>[] =>
  parse(readFileSync(new URL(`../fixtures/positions/${name}.csv`, import.meta.url)), {
    columns: true,
    cast: (value, { header }) => (header ? value : Number(value)),
  })

test('spread over their ranges, the recorded loans fill the bands that Curve itself recorded', () => {
  const loans = rowsOf('crvusd-weth-2024-01-30').map((row) => ({
    source: 'crvusd',
    side: 'below' as const,
    low: row.price_down ?? 0,
    high: row.price_up ?? 0,
    // a cent stands for a millionth of a WETH: the amounts are tokens here
    collateralUsd: (row.collateral_amount ?? 0) * 1e4,
  }))
  const spot = 2368.790966
  const sold = (price: number): number =>
    loans.reduce((sum, loan) => sum + soldCents(loan, { spot, price }) / 1e6, 0)
  const bands = rowsOf('crvusd-weth-bands').map((row) => ({
    recorded: row.collateral ?? 0,
    ours: sold(row.price_down ?? 0) - sold(row.price_up ?? 0),
  }))
  const held = bands.filter(({ recorded, ours }) => Math.max(recorded, ours) > 1)
  const same = held.filter(({ recorded, ours }) => Math.abs(recorded - ours) < 0.001 * recorded)
  const apart = bands.reduce((sum, { recorded, ours }) => sum + Math.abs(recorded - ours), 0)
  // 20 hours lie between the two records: the loans that moved in between are the difference
  expect(held).toHaveLength(150)
  expect(same.length).toBeGreaterThanOrEqual(113)
  expect(apart / sold(1)).toBeLessThan(0.035)
})
