import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCascadeBook } from '../src/core/cascade/book.ts'
import { AAVE, ABSORB, WHOLE_POSITION } from '../src/core/cascade/rules.ts'
import { cascadeTable, DEFAULT_DEPTHS } from '../src/core/cascade/table.ts'
import type { Report } from '../src/core/report.ts'
import { importFile } from '../src/import-file.ts'
import { buildReport, loadBook, type ScanBook } from '../src/report.ts'
import { cascadePositions, loadRules, simulateScan } from '../src/simulate.ts'
import type { Db } from '../src/store/open.ts'
import { deployAaveV36 } from './chain/aave-v3-6.ts'
import { type Anvil, startAnvil } from './chain/anvil.ts'
import { openPositions } from './chain/positions.ts'
import { localConfig, memoryDatabase, SOURCE, scanLocal } from './helpers/scanning.ts'

const fixture = fileURLToPath(new URL('fixtures/positions/maker-ethb-2023-01-13.csv', import.meta.url))
const entities = new Map<string, string>()

let anvil: Anvil
let db: Db
let book: ScanBook
let report: Report

beforeAll(async () => {
  anvil = await startAnvil()
  const market = await deployAaveV36(anvil)
  await openPositions(anvil, market, { count: 400, seed: 11 })
  db = memoryDatabase()
  book = (await scanLocal(localConfig(market, { urls: [anvil.url] }), db)).book('ETH')
  report = buildReport(book, { entities, minUsd: 100, levels: [] })
})
afterAll(() => anvil?.stop())

const positionsOf = (from: ScanBook) => cascadePositions(from, loadRules(db, from.scan))

describe('positions of a scan as the cascade takes them', () => {
  test('are those below spot, by the rule of the revision, with a bonus read from the chain', () => {
    const positions = positionsOf(book)
    expect(positions).toHaveLength(report.totals.below.positions)
    expect(positions.length).toBeGreaterThan(100)
    expect(positions.filter(({ source, rule }) => source !== SOURCE || rule !== AAVE)).toEqual([])
    const bonuses = positions.map(({ bonus }) => bonus ?? -1)
    expect(Math.min(...bonuses)).toBeGreaterThan(0.0099)
    expect(Math.max(...bonuses)).toBeLessThan(0.0601)
    expect(positions.filter(({ threshold }) => !(threshold > 0.7 && threshold <= 0.9501))).toEqual([])
  })

  test('have a health factor of 1 at their own price: exposed collateral and the rest carry the debt there', () => {
    const exposureOf = (pricedAs: string) =>
      Number(book.scan.drivers.find(({ symbol }) => symbol === 'ETH')?.responses[pricedAs]?.exposure ?? 0n) /
      1e18
    const rows = new Map(book.rows.map((row) => [row.id, row]))
    for (const { id, price, driverAmount, threshold, debtUsd } of positionsOf(book)) {
      const fixed = (rows.get(id)?.collateral ?? []).reduce(
        (sum, leg) => sum + (leg.usd ?? 0) * (1 - exposureOf(leg.pricedAs)) * leg.threshold,
        0,
      )
      const health = (driverAmount * price * threshold + fixed) / debtUsd
      // debts of a few token units are rounded by the contract by more than that
      if (debtUsd > 1) expect(Math.abs(health - 1), id).toBeLessThan(1e-7)
    }
  })

  test('owe less at their price where they owe what falls with the driver', () => {
    const moving = positionsOf(book).filter(({ id, debtUsd }) => {
      const row = book.rows.find((r) => r.id === id)
      return debtUsd < (row?.debtUsd ?? 0) * 0.999
    })
    expect(moving.length).toBeGreaterThan(0)
  })
})

describe('without impact', () => {
  const pcts = [-5, -10, -15, -20, -30]
  const alone = (positions: ReturnType<typeof positionsOf>, spot: number) => {
    const table = cascadeTable(createCascadeBook(positions, { spot }), {
      symbol: 'ETH',
      pcts,
      impacts: [{ kind: 'none' }],
    })
    return table.rows[0]?.results ?? []
  }
  /** The report values collateral at the block's price, each position to the cent. */
  const expectCents = (usd: number, drop: Report['drops'][number] | undefined) =>
    expect(Math.abs(usd - (drop?.collateralUsd ?? -1))).toBeLessThanOrEqual(
      0.005 * (drop?.positions ?? 0) + 1e-3,
    )
  const dropAt = (of: Report, pct: number) => of.drops.find((drop) => drop.pct === pct)

  test('it sells what the drops of the report count, where a liquidation takes everything', () => {
    const whole = positionsOf(book).map((position) => ({ ...position, rule: ABSORB }))
    for (const { pct, amount, positions, rounds } of alone(whole, book.driver.spotUsd)) {
      const drop = dropAt(report, pct)
      expect(positions).toBe(drop?.positions)
      expectCents(amount * book.driver.spotUsd, drop)
      expect(rounds).toBeLessThanOrEqual(1)
    }
  })

  test('by its own rule it brings down the same positions and sells less of them', () => {
    for (const { pct, amount, positions } of alone(positionsOf(book), book.driver.spotUsd)) {
      const drop = dropAt(report, pct)
      expect(positions).toBe(drop?.positions)
      const sold = (amount * book.driver.spotUsd) / Math.max(1, drop?.collateralUsd ?? 0)
      expect(sold).toBeLessThan(0.999)
      if (positions > 0) expect(sold).toBeGreaterThan(0.3)
    }
  })

  test('the same of an imported file, closed whole, without a bonus of its own', () => {
    const other = memoryDatabase()
    importFile({ db: other, file: fixture, spots: {}, entitiesFile: null, minUsd: 100, drivers: ['ETH'] })
    const imported = loadBook(other, 'latest', 'ETH')
    const positions = cascadePositions(imported, loadRules(other, imported.scan))
    expect(positions.filter(({ bonus, rule }) => bonus !== null || rule !== WHOLE_POSITION)).toEqual([])
    const drops = buildReport(imported, { entities, minUsd: 100, levels: [] })
    const whole = positions.map((position) => ({ ...position, rule: ABSORB }))
    for (const { pct, amount, positions: count } of alone(whole, imported.driver.spotUsd)) {
      expect(count).toBe(dropAt(drops, pct)?.positions)
      expectCents(amount * imported.driver.spotUsd, dropAt(drops, pct))
    }
  })
})

describe('the document', () => {
  const options = { pcts: [-10, -30], impacts: DEFAULT_DEPTHS, entities, minUsd: 100 }
  const document = () => simulateScan(book, loadRules(db, book.scan), options)

  test('names the scan, the bands below spot by the report’s ranks, and what was left out', () => {
    const model = document()
    expect(model).toMatchObject({ kind: 'model', scan: report.scan, blocks: report.blocks })
    const below = report.bands.filter(({ side }) => side === 'below')
    for (const row of model.rows)
      expect(row.bands.map(({ rank, low, high }) => ({ rank, low, high }))).toEqual(
        below.map(({ rank, low, high }) => ({ rank, low, high })),
      )
    expect(model.assumptions.join('\n')).toContain(`${SOURCE}: liquidations by the rule "Aave v3.3+"`)
    expect(JSON.parse(JSON.stringify(model))).toEqual(model)
  })

  test('of a scan stored before bonuses were read takes the typical one and says so, recomputed or not', () => {
    const legs = (column: string) =>
      `UPDATE position_legs SET ${column} = (SELECT json_group_array(json_remove(value, '$.bonus')) FROM json_each(${column}))`
    db.exec('SAVEPOINT old')
    db.exec(`${legs('collateral')}; ${legs('debt')}`)
    db.exec(
      `UPDATE market_state SET state = (SELECT json_group_object(key, CASE WHEN key IN ('reserves', 'eModes')
         THEN (SELECT json_group_object(key, json_remove(value, '$.liquidationBonus')) FROM json_each(market_state.state, '$.' || outside.key))
         ELSE CASE WHEN type IN ('object', 'array') THEN json(value) ELSE value END END)
       FROM json_each(state) AS outside)`,
    )
    const stored = loadBook(db, book.scan.id, 'ETH')
    db.exec('DELETE FROM position')
    const recomputed = loadBook(db, book.scan.id, 'ETH')
    const rules = loadRules(db, book.scan)
    db.exec('ROLLBACK TO old; RELEASE old')
    expect(recomputed.rows).toEqual(stored.rows)
    const legsOfAll = stored.rows.flatMap(({ collateral, debt }) => [...collateral, ...debt])
    expect(legsOfAll.filter(({ bonus }) => bonus !== null)).toEqual([])
    expect(rules.get(SOURCE)).toBe(AAVE)
    const model = simulateScan(stored, rules, options)
    const count = model.positions
    expect(model.assumptions).toContain(`${count} of ${count} positions use their protocol's typical bonus`)
  })
})
