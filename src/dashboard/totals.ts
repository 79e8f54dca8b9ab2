import { OUTCOMES, type Outcome } from '../core/position.ts'
import type { Report } from '../core/report.ts'
import { amount, count, usd } from './format.ts'
import type { Page } from './page.ts'
import { type Column, table } from './table.ts'

const MEANING: Readonly<Record<Outcome, (symbol: string) => string>> = {
  below: (symbol) => `if ${symbol} falls`,
  above: (symbol) => `if ${symbol} rises`,
  range: () => 'over a range',
  already: () => 'now',
  never: (symbol) => `at no ${symbol} price`,
  insolvent: () => 'under water',
  unpriced: () => 'unknown',
}

/** A figure is null where a sum would mean nothing. */
type Line = {
  readonly name: string
  readonly meaning: string
  readonly positions: number
  readonly owners: number | null
  readonly collateralUsd: number | null
  readonly driverAmount: number | null
  readonly debtUsd: number
}

/** All positions; an owner may be in several rows and collateral means less in some, so those have no sum. */
const sumLine = ({ totals }: Report): Line => {
  const sum = (field: 'positions' | 'debtUsd'): number =>
    OUTCOMES.reduce((total, outcome) => total + totals[outcome][field], 0)
  return {
    name: 'all',
    meaning: '',
    positions: sum('positions'),
    owners: null,
    collateralUsd: null,
    driverAmount: null,
    debtUsd: sum('debtUsd'),
  }
}

/** Every open position counted once, by what a move of the driver does to it. */
export const totalLines = (report: Report, page: Page): readonly string[] => {
  const style = ({ positions }: Line) => (positions === 0 ? 'dim' : undefined)
  const figure = (
    header: string,
    value: (line: Line) => number | null,
    write: (n: number) => string,
  ): Column<Line> => ({
    header,
    value: (line) => {
      const n = value(line)
      return n === null ? '' : write(n)
    },
    align: 'right',
    style,
  })
  const lines: readonly Line[] = OUTCOMES.map((outcome) => ({
    name: outcome,
    meaning: MEANING[outcome](page.symbol),
    ...report.totals[outcome],
  }))
  const columns: readonly Column<Line>[] = [
    { header: 'TOTALS', value: ({ name }) => name, style },
    { header: 'liquidatable', value: ({ meaning }) => meaning, style, optional: 2 },
    figure('positions', ({ positions }) => positions, count),
    figure('owners', ({ owners }) => owners, count),
    figure('collateral', ({ collateralUsd }) => collateralUsd, usd),
    { ...figure(page.symbol, ({ driverAmount }) => driverAmount, amount), optional: 1 },
    figure('debt', ({ debtUsd }) => debtUsd, usd),
  ]
  return [...table([...lines, sumLine(report)], columns, page), '']
}
