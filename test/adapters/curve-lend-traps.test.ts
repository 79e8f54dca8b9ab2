import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DiffChange } from '../../src/core/diff/document.ts'
import { soldCents } from '../../src/core/ranges.ts'
import type { Histogram } from '../../src/core/report.ts'
import { WAD } from '../../src/core/units.ts'
import { buildDiff } from '../../src/diff.ts'
import { positionDocuments } from '../../src/positions.ts'
import { buildReport } from '../../src/report.ts'
import { startAnvil } from '../chain/anvil.ts'
import {
  type CurveChain,
  type CurveMarketOnChain,
  curveActions,
  deployCurve,
  openLoans,
  setCurveFeed,
  userOf,
} from '../chain/curve.ts'
import { curveConfig, curveKey, rangeEntryOf } from '../helpers/curve.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const rowOf = (scanned: Scanned, key: string) => {
  const row = scanned.book('ETH').rows.find(({ id }) => id === key)
  if (!row) throw new Error(`no row of ${key}`)
  return row
}

describe('traps of LlamaLend', () => {
  let chain: CurveChain
  let inverse: CurveMarketOnChain
  const key = () => curveKey(inverse.controller, userOf(1))

  beforeAll(async () => {
    chain = await deployCurve(await startAnvil(), [
      {
        collateral: 'crvUSD',
        borrowed: 'WETH',
        oracle: { feed: 'ETH', inverse: true },
        base: 1 / 3000,
      },
    ])
    inverse = chain.markets[0] as CurveMarketOnChain
    await openLoans(chain, inverse, [
      { user: userOf(1), collateral: 3000n * WAD, debt: (6n * WAD) / 10n, n1: 20, bands: 10 },
    ])
  })
  afterAll(() => chain?.anvil.stop())

  const usdOf = ({ crvUSD = '0x', WETH = '0x' }: CurveChain['tokens']) => ({ [crvUSD]: 1, [WETH]: 'ETH' })
  const scanNow = () => scanAfresh(curveConfig(chain, { kind: 'lend', usd: usdOf(chain.tokens) }))
  const reportOf = (scanned: Scanned) =>
    buildReport(scanned.book('ETH'), { entities: new Map(), minUsd: 0, levels: [], step: { usd: 10 } })
  const sumOf = ({ bars, underflow, overflow }: Histogram): number =>
    [underflow, overflow, ...bars].reduce((sum, { rangeUsd }) => sum + Math.round(rangeUsd * 100), 0) / 100

  test('a loan of WETH against crvUSD is sold while ETH rises: its range lies above, all of it is sold', async () => {
    const usd = usdOf(chain.tokens)
    for (const kind of ['lend', 'lend-v2'] as const) {
      const row = rowOf(await scanAfresh(curveConfig(chain, { kind, usd })), key())
      expect(row.outcome).toBe('range')
      expect(row.low).toBeCloseTo(3000 / 0.99 ** 20, 2)
      expect(row.high).toBeCloseTo(3000 / 0.99 ** 30, 2)
      expect(row.debtUsd).toBeCloseTo(1800, 6)
      // 3,000 crvUSD, which buy a WETH at today's price
      expect(row.collateralUsd).toBeCloseTo(3000, 6)
      expect(row.driverAmount).toBeCloseTo(1, 6)
    }
  })

  test('it is drawn above spot and counted in rises, in no fall, in no band and at no price', async () => {
    const scanned = await scanNow()
    const { low, high } = rowOf(scanned, key())
    const { histogram, histogramAbove, drops, totals, bands, assumptions } = reportOf(scanned)
    expect(sumOf(histogram)).toBe(0)
    expect(sumOf(histogramAbove)).toBe(3000)
    const holding = histogramAbove.bars.filter(({ rangeUsd }) => rangeUsd > 0)
    expect(holding[0]?.low).toBe(Math.floor((low ?? 0) / 10) * 10)
    expect(holding.at(-1)?.high).toBe(Math.ceil((high ?? 0) / 10) * 10)
    expect(holding.every(({ positions, collateralUsd }) => positions === 0 && collateralUsd === 0)).toBe(true)
    // 3,667.9 to 4,055.8: up by 20 % nothing is sold yet, by 30 % ln(3,900 / 3,667.9) / −10 ln 0.99 of it, by 50 % all
    const soldAt = (pct: number) => drops.find((drop) => drop.pct === pct)?.rangeUsd
    expect([-80, -5, 10, 20].map(soldAt)).toEqual([0, 0, 0, 0])
    const passed = Math.log(3900 / (low ?? 0)) / Math.log((high ?? 0) / (low ?? 0))
    expect(passed).toBeCloseTo(0.61, 2)
    expect(soldAt(30)).toBeCloseTo(3000 * passed, 2)
    expect(soldAt(50)).toBe(3000)
    expect(totals.range.positions).toBe(1)
    expect(totals.range.collateralUsd).toBeCloseTo(3000, 6)
    expect(bands).toEqual([])
    expect(assumptions).toContainEqual(
      expect.stringMatching(/^The range of a loan in ETH is sold while ETH rises/),
    )
  })

  test('partly sold, it sells what is left from spot on; all sold, nothing', async () => {
    const act = curveActions(chain, inverse)
    await openLoans(chain, inverse, [
      { user: userOf(2), collateral: 3000n * WAD, debt: (7n * WAD) / 10n, n1: 1, bands: 10 },
    ])
    const partly = curveKey(inverse.controller, userOf(2))
    await setCurveFeed(chain, 'ETH', 3_170_00000000n)
    await act.sellTo(5, 0.5)
    const scanned = await scanNow()
    const row = rowOf(scanned, partly)
    const left = row.collateral.find(({ symbol }) => symbol === 'crvUSD')
    expect(row.collateral.map(({ symbol }) => symbol)).toEqual(['crvUSD', 'WETH'])
    expect(Number(left?.amount) / 1e18).toBeCloseTo(1650, 0)
    expect(row.collateralUsd).toBeCloseTo(Number(left?.amount) / 1e18, 2)
    expect([row.low ?? 0, row.high ?? 0].map((end) => end > 3170)).toEqual([false, true])
    const { histogram, histogramAbove } = reportOf(scanned)
    expect(sumOf(histogram)).toBe(0)
    expect(sumOf(histogramAbove)).toBeCloseTo(3000 + row.collateralUsd, 1)
    expect(histogramAbove.bars.find(({ rangeUsd }) => rangeUsd > 0)?.low).toBe(3170)
    const entry = rangeEntryOf(row, 'above')
    expect(soldCents(entry, { spot: 3170, price: 3170 })).toBe(0)
    expect(soldCents(entry, { spot: 3170, price: row.high ?? 0 }) / 100).toBeCloseTo(row.collateralUsd, 1)

    await act.sellTo(12, 0)
    const sold = rowOf(await scanNow(), partly)
    expect(sold).toMatchObject({ outcome: 'range', collateralUsd: 0, driverAmount: 0 })
    expect(sold.collateral.map(({ symbol }) => symbol)).toEqual(['WETH'])
    await act.buyTo(0)
    await setCurveFeed(chain, 'ETH', 3_000_00000000n)
  })

  test('between two scans what the AMM sold is gone, and the price of what it bought is in no figure', async () => {
    const act = curveActions(chain, inverse)
    const [config, db] = [curveConfig(chain, { kind: 'lend', usd: usdOf(chain.tokens) }), memoryDatabase()]
    const rowNow = async () => {
      const scanned = await scanLocal(config, db)
      return { id: scanned.stored.id, row: rowOf(scanned, curveKey(inverse.controller, userOf(2))) }
    }
    const diffOf = (from: number, to: number) =>
      buildDiff(db, { driver: 'ETH', from, to, entities: new Map(), minUsd: 0, limit: 10 }).outcomes.range
    const partOf = ({ parts }: DiffChange, name: string) =>
      parts.find(({ part }) => part === name)?.collateralUsd ?? 0
    const first = await rowNow()
    await setCurveFeed(chain, 'ETH', 3_170_00000000n)
    await act.sellTo(5, 0.5)
    const second = await rowNow()
    const sold = diffOf(first.id, second.id)
    const gone = first.row.collateralUsd - second.row.collateralUsd
    expect(gone).toBeCloseTo(1350, 0)
    expect(partOf(sold, 'withdrew')).toBeCloseTo(-gone, 1)
    expect(sold.change.collateralUsd).toBeCloseTo(-gone, 1)

    // ETH rises by 1 %: the crvUSD that is left is worth what it was, the WETH beside it is not collateral to sell
    await setCurveFeed(chain, 'ETH', 3_201_70000000n)
    const third = await rowNow()
    const risen = diffOf(second.id, third.id)
    expect(Math.abs(partOf(risen, 'price'))).toBeLessThan(0.02)
    expect(risen.change.collateralUsd).toBeCloseTo(0, 1)

    // all of it sold, and bought back
    await act.sellTo(12, 0)
    const fourth = await rowNow()
    expect(fourth.row.collateralUsd).toBe(0)
    await act.buyTo(0)
    const fifth = await rowNow()
    const back = diffOf(fourth.id, fifth.id)
    expect(fifth.row.collateralUsd).toBeGreaterThan(2900)
    expect(back.parts.map(({ part }) => part)).not.toContain('outcome')
    expect(partOf(back, 'added')).toBeCloseTo(fifth.row.collateralUsd, 1)
    await setCurveFeed(chain, 'ETH', 3_000_00000000n)
  })

  test('in a list of positions the nearer end of a range above spot tells how far it is', async () => {
    // from 3,488 to 5,214: it begins before the one from 3,668 to 4,056, and ends behind it
    await openLoans(chain, inverse, [
      { user: userOf(3), collateral: 3000n * WAD, debt: (5n * WAD) / 10n, n1: 15, bands: 40 },
    ])
    const book = (await scanNow()).book('ETH')
    const listed = positionDocuments(book, new Map(), { range: null, protocol: null, owner: null })
    const wide = curveKey(inverse.controller, userOf(3))
    expect(listed.map(({ id }) => id).filter((id) => [wide, key()].includes(id))).toEqual([wide, key()])
  })

  test('where nobody prices the borrowed token, its loans are unpriced and the remedy is named', async () => {
    const scanned = await scanAfresh(curveConfig(chain, { kind: 'lend' }))
    expect(rowOf(scanned, key())).toMatchObject({
      outcome: 'unpriced',
      reason: 'nobody prices WETH in USD: name it in chains.<chain>.usd.prices',
    })
  })
})
