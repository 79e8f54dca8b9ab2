import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { curve } from '../../src/adapters/curve.ts'
import { yieldOf } from '../../src/adapters/curve-rules.ts'
import type { Position } from '../../src/core/position.ts'
import { soldCents } from '../../src/core/ranges.ts'
import { parseUnitsDown, toNumber, WAD } from '../../src/core/units.ts'
import { evenly, pureCurve, pureLoan } from '../helpers/curve-pure.ts'

const rowsOf = (name: string): readonly Readonly<Record<string, string>>[] =>
  parse(readFileSync(new URL(`../fixtures/crvusd/${name}.csv`, import.meta.url)), { columns: true })

const wad = (text: string | undefined): bigint => parseUnitsDown(text ?? '', 18) ?? 0n

/** 20 hours lie between the records of the loans and of the bands: what agrees then cannot be all of them. */
const MARKETS = [
  {
    name: 'weth',
    price: '2368.790966212669583495',
    activeBand: -20,
    loans: 255,
    sold: 13,
    // of the bands under the active one that hold anything, how many the loans fill to 0.1 %, and all that is apart
    bands: { held: 192, same: 153, apart: 0.0351 },
    health: { base: '1955.4205740991994', whole: 242, same: 193 },
  },
  {
    name: 'wsteth',
    price: '2735.751843868531107427',
    activeBand: -23,
    loans: 240,
    sold: 6,
    bands: { held: 206, same: 161, apart: 0.0187 },
    health: { base: '2173.7393409643671', whole: 234, same: 207 },
  },
] as const

/** The loans of a market as the adapter shows them, with the edges that were recorded for their bands. */
const recorded = ({ name, price, activeBand }: (typeof MARKETS)[number]) => {
  const bands = new Map(rowsOf(`${name}-bands`).map((row) => [Number(row.index), row]))
  const markets = pureCurve({ price: wad(price), ammPrice: wad(price), activeBand })
  const users = rowsOf(`${name}-users`)
  const positions = users.map((row): Position => {
    const [n1, n2] = [Number(row.n1), Number(row.n2)]
    const account = pureLoan({
      debt: wad(row.debt),
      n1,
      n2,
      priceUp: wad(bands.get(n1)?.price_up),
      priceDown: wad(bands.get(n2 + 1)?.price_up),
      x: evenly(wad(row.stablecoin), n2 - n1 + 1),
      y: evenly(wad(row.collateral), n2 - n1 + 1),
      health: 0n,
    })
    return curve.position(markets, `:${row.user}`, account)
  })
  return { bands, users, positions }
}

describe.each(MARKETS)('crvUSD against $name, recorded at block 19122585', (market) => {
  const { bands, users, positions } = recorded(market)

  test('every band edge is the one above times (A − 1) / A, to 1e-12', () => {
    const first = Number(bands.get(0)?.price_up)
    const off = [...bands].filter(
      ([index, { price_up: up }]) => Math.abs(Number(up) / (first * 0.99 ** index) - 1) > 1e-12,
    )
    expect(off).toEqual([])
    expect(bands.size).toBeGreaterThan(1000)
  })

  test('every loan is a range, and those that the AMM has sold some of show what it was sold for', () => {
    expect(positions).toHaveLength(market.loans)
    expect(positions.filter(({ range }) => range === null || range.low >= range.high)).toEqual([])
    const sold = positions.filter(({ collateral }) => collateral.some(({ symbol }) => symbol === 'crvUSD'))
    expect(sold).toHaveLength(market.sold)
    expect(sold.filter(({ range }) => /^0 % sold/.test(range?.note ?? ''))).toEqual([])
  })

  test('spread over their ranges, the loans fill the bands that Curve recorded', () => {
    const loans = positions.flatMap(({ range, collateral: [leg] }) =>
      range && leg?.symbol === 'WETH'
        ? [
            {
              source: 'curve',
              side: 'below' as const,
              low: toNumber(range.low, 18),
              high: toNumber(range.high, 18),
              // a cent stands for a millionth of a token
              collateralUsd: toNumber(leg.amount, 18) * 1e4,
            },
          ]
        : [],
    )
    // from above all of them, as if nothing had been sold: that is how the loans are recorded
    const spot = 1e6
    const soldAt = new Map<number, number>()
    const sold = (index: number): number => {
      const price = Number(bands.get(index)?.price_up)
      const known = soldAt.get(index)
      if (known !== undefined) return known
      const all = loans.reduce((sum, loan) => sum + soldCents(loan, { spot, price }), 0) / 1e6
      soldAt.set(index, all)
      return all
    }
    const filled = [...bands].flatMap(([index, { collateral = '0' }]) =>
      bands.has(index + 1)
        ? [{ index, recorded: Number(collateral), ours: sold(index + 1) - sold(index) }]
        : [],
    )
    const held = filled.filter(
      (band) => band.index > market.activeBand && Math.max(band.recorded, band.ours) > 1e-4,
    )
    const same = held.filter((band) => Math.abs(band.recorded - band.ours) <= 0.001 * band.recorded + 1e-4)
    const apart = filled.reduce((sum, band) => sum + Math.abs(band.recorded - band.ours), 0)
    const total = users.reduce((sum, { collateral = '0' }) => sum + Number(collateral), 0)
    expect(held.length).toBe(market.bands.held)
    expect(same.length).toBe(market.bands.same)
    expect(apart / total).toBeLessThan(market.bands.apart)
  })

  test('the recorded health is the one that the rule gives, for every loan that was never traded', () => {
    const whole = users.filter(({ stablecoin }) => stablecoin === '0')
    const off = whole.map(({ collateral, debt, health, n1, n2 }) => {
      const count = Number(n2) - Number(n1) + 1
      const edge = Number(market.health.base) * 0.99 ** Number(n1)
      const loan = {
        bands: evenly(wad(collateral), count).map((y) => ({ x: 0n, y })),
        n1: Number(n1),
        priceUp: BigInt(Math.round(edge * 1e11)) * 10n ** 7n,
      }
      const ours = (yieldOf(loan, 100n, 10_000n * WAD) * 94n * WAD) / (100n * wad(debt)) - WAD
      return Math.abs(toNumber(ours, 18) - Number(health)) / (1 + Number(health))
    })
    expect(whole).toHaveLength(market.health.whole)
    expect(off.filter((difference) => difference < 1e-9).length).toBeGreaterThanOrEqual(market.health.same)
    // the others have lost collateral in earlier soft liquidations: their bands are uneven
    expect(Math.max(...off)).toBeLessThan(0.0032)
  })
})
