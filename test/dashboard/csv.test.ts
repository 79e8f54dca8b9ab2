import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import type { Report } from '../../src/core/report.ts'
import { barsCsv } from '../../src/dashboard/csv.ts'
import { rangedAbove } from './ranged-above.ts'
import { empty, ranged } from './reports.ts'

const rowsOf = (report: Report): Readonly<Record<string, string>>[] =>
  parse(barsCsv(report), { columns: true })
const sumOf = (rows: Readonly<Record<string, string>>[], column: string): number =>
  rows.reduce((sum, row) => sum + Number(row[column]), 0)

test('the bars as a table hold everything of both sides, ranges in columns of their own', () => {
  const rows = rowsOf(ranged)
  const { totals, histogram, histogramAbove } = ranged
  const below = rows.filter(({ side }) => side === 'below')
  expect(sumOf(below, 'collateral_usd')).toBeCloseTo(totals.below.collateralUsd, 0)
  expect(sumOf(below, 'range_usd')).toBeCloseTo(totals.range.collateralUsd, 0)
  expect(sumOf(below, 'range_usd curve-llamalend/ethereum/mint')).toBeCloseTo(totals.range.collateralUsd, 0)
  expect(sumOf(rows, 'collateral_usd aave-v3/ethereum/core')).toBeCloseTo(sumOf(rows, 'collateral_usd'), 0)
  expect(rows).toHaveLength(histogram.bars.length + 1 + histogramAbove.bars.length)
  expect(below[0]).toMatchObject({ low_usd: '', high_usd: '500' })
})

test('what a rise sells over ranges is on the rows above spot', () => {
  const rows = rowsOf(rangedAbove)
  const above = rows.filter(({ side }) => side === 'above')
  expect(sumOf(above, 'range_usd curve-llamalend/ethereum/lend')).toBe(5e6)
  expect(sumOf(rows, 'range_usd')).toBe(rangedAbove.totals.range.collateralUsd)
})

test('without a position it is a header', () => {
  expect(barsCsv(empty)).toBe('side,low_usd,high_usd,collateral_usd,debt_usd,positions,range_usd\n')
})
