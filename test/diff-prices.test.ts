import { afterAll, beforeAll, expect, test } from 'vitest'
import { countsOf } from '../src/core/diff/position.ts'
import { buildDiff } from '../src/diff.ts'
import { stateOf } from '../src/engine/untouched.ts'
import { loadBook } from '../src/report.ts'
import type { Db } from '../src/store/open.ts'
import { deployAaveV36 } from './chain/aave-v3-6.ts'
import { setFeedPrice } from './chain/actions.ts'
import { type Anvil, startAnvil } from './chain/anvil.ts'
import { openPositions } from './chain/positions.ts'
import { localConfig, memoryDatabase, scanLocal } from './helpers/scanning.ts'

/** Positions of every kind on a real market, of which nobody touches one while ETH falls, and then rises far. */
const SPOTS = [2000, 1500, 2900]

let anvil: Anvil
let db: Db

beforeAll(async () => {
  anvil = await startAnvil()
  const market = await deployAaveV36(anvil, { ethUsd: 2000 })
  await openPositions(anvil, market, { count: 400, seed: 11 })
  db = memoryDatabase()
  for (const spot of SPOTS) {
    await setFeedPrice(anvil, market, 'WETH', BigInt(spot) * 10n ** 8n)
    await scanLocal(localConfig(market, { urls: [anvil.url] }), db)
  }
})
afterAll(() => anvil?.stop())

test('the legs that count sum to the collateral of every row, liquidatable ones of both sides among them', () => {
  const seen = new Set<string>()
  for (const id of [1, 2, 3]) {
    const { scan, driver, rows } = loadBook(db, id, 'ETH')
    for (const row of rows) {
      const state = stateOf(scan, row.source, driver.symbol)
      const counts = countsOf(row, state?.spot ?? 0n)
      seen.add(`${row.outcome} ${counts}`)
      const usd = row.collateral.reduce((sum, leg) => {
        const exposure = Number(state?.responses[leg.pricedAs]?.exposure ?? 0n) / 1e18
        return sum + (leg.usd ?? 0) * (counts === 'all' ? 1 : exposure)
      }, 0)
      expect(Math.abs(usd - row.collateralUsd)).toBeLessThan(0.001)
    }
  }
  for (const kind of ['below exposed', 'above all', 'already exposed', 'already all', 'never all'])
    expect(seen).toContain(kind)
})

test.each([
  [1, 2],
  [2, 3],
  [3, 1],
])('from scan %i to %i prices explain everything', (from, to) => {
  const diff = buildDiff(db, { driver: 'ETH', from, to, entities: new Map(), minUsd: 100, limit: 1000 })
  for (const { parts } of [diff.total, ...Object.values(diff.outcomes)])
    for (const { part } of parts) expect(['price', 'interest', 'outcome']).toContain(part)
  const price = diff.total.parts.find(({ part }) => part === 'price')
  expect(Math.sign(price?.collateralUsd ?? 0)).toBe(Math.sign((SPOTS[to - 1] ?? 0) - (SPOTS[from - 1] ?? 0)))
  for (const { causes, inference } of diff.movers) {
    expect(causes).toContain('outcome')
    expect(inference).toBe(null)
  }
  expect(diff.owners).toMatchObject({ arrived: 0, left: 0 })
})
