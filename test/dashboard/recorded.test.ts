import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../src/core/report.ts'
import { renderSvg } from '../../src/dashboard/picture/svg.ts'
import { renderText } from '../../src/dashboard/text.ts'
import { importFile } from '../../src/import-file.ts'
import { buildReport, loadBook } from '../../src/report.ts'
import { type Db, openDatabase } from '../../src/store/open.ts'
import { reportSchema } from '../helpers/report-schema.ts'

/** The recorded books that the README shows, as it imports them. */
const FILES = ['maker-ethb-2023-01-13', 'crvusd-weth-2024-01-30', 'crvusd-wsteth-2024-01-30'] as const
const PICTURE = new URL('../../data/crvusd-wsteth-2024-01-30.svg', import.meta.url)

let folder: string
let db: Db
const reports: Partial<Record<(typeof FILES)[number], Report>> = {}
const reportOf = (name: (typeof FILES)[number]): Report => reports[name] as Report
const cents = (usd: number): number => Math.round(usd * 100)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'liqbands-recorded-'))
  db = openDatabase(join(folder, 'recorded.db'), { readonly: false })
  for (const name of FILES) {
    const { scanId } = importFile({
      db,
      file: fileURLToPath(new URL(`../fixtures/positions/${name}.csv`, import.meta.url)),
      spots: name.includes('wsteth') ? { ETH: 2368.79 } : {},
      entitiesFile: null,
      minUsd: 100,
      drivers: ['ETH', 'BTC'],
      name: undefined,
    })
    reports[name] = buildReport(loadBook(db, scanId, 'ETH'), { entities: new Map(), minUsd: 100, levels: [] })
  }
})

afterAll(() => {
  db?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('recorded books', () => {
  test('the picture of the README is byte for byte what the scanner draws today', () => {
    const svg = renderSvg(reportOf('crvusd-wsteth-2024-01-30'))
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(PICTURE, svg)
    expect(svg).toBe(readFileSync(PICTURE, 'utf8'))
  })

  test.each(FILES)('%s: every cent of every position is in one bar, or beyond them', (name) => {
    const report = reportOf(name)
    const { bars, underflow, overflow } = report.histogram
    const all = [...bars, underflow, overflow]
    const { rows } = loadBook(db, report.scan.id, 'ETH')
    const sumOf = (outcome: string): number =>
      rows
        .filter((row) => row.outcome === outcome)
        .reduce((sum, { collateralUsd }) => sum + cents(collateralUsd), 0)
    expect(all.reduce((sum, bucket) => sum + cents(bucket.collateralUsd), 0)).toBe(sumOf('below'))
    expect(all.reduce((sum, bucket) => sum + cents(bucket.rangeUsd), 0)).toBe(sumOf('range'))
    expect(reportSchema.safeParse(report).error).toBeUndefined()
  })

  test('Maker: 90 vaults have a price each, 42,875 ETH between 600 and 700, and no band', () => {
    const { totals, bands, whales, driver } = reportOf('maker-ethb-2023-01-13')
    const rows = loadBook(db, 1, 'ETH').rows.filter(
      ({ price }) => price !== null && price >= 600 && price < 700,
    )
    expect(totals.below.positions).toBe(90)
    expect(rows).toHaveLength(19)
    expect(rows.reduce((sum, row) => sum + row.driverAmount, 0)).toBeCloseTo(42_875.28, 1)
    expect(driver.spotUsd).toBe(1417.134909)
    expect(bands).toEqual([])
    expect(whales).toHaveLength(16)
  })

  test('crvUSD: the ranges are in the picture, in the falls, and nowhere a price or a band', () => {
    const report = reportOf('crvusd-weth-2024-01-30')
    const { totals, bands, drops, histogram } = report
    expect(totals.range.positions).toBe(249)
    expect(bands).toEqual([])
    expect(histogram.bars.every(({ positions }) => positions === 0)).toBe(true)
    const fall = drops.find(({ pct }) => pct === -40)
    expect(fall).toMatchObject({ collateralUsd: 0, positions: 0 })
    expect(fall?.rangeUsd).toBeGreaterThan(0.75 * totals.range.collateralUsd)
    const text = renderText(report, { width: 80, color: false, unicode: true })
    expect(text).toContain('▒ sold bit by bit over ranges')
    expect(text).toContain('and over ranges')
  })
})
