import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Leg, Position } from '../../src/core/position.ts'
import { type PricePoint, type PriceResponse, priceAt } from '../../src/core/price-response.ts'
import { flipsAround, stopsAround, tracedPrice } from '../../src/core/traced-price.ts'
import { WAD } from '../../src/core/units.ts'

const leg = (usd: bigint): Leg => ({
  ...{ asset: 'share', pricedAs: 'share', symbol: 'share', decimals: 18 },
  ...{ amount: WAD, usd: usd * WAD, threshold: WAD, bonus: null },
})

const position = (liquidatable: boolean): Position => ({
  ...{ id: '1', owner: null, healthFactor: null, range: null, unpriced: null, blocked: null },
  ...{ collateral: [leg(2n)], debt: [leg(1n)], liquidatable },
})

const SPOT = 2_000n * 10n ** 8n
const driver = { spot: SPOT, decimals: 8, known: stopsAround(SPOT), exposureOf: () => WAD / 2n }
/** From a hundredth to sixtyfold of spot. */
const edges = fc.bigInt(SPOT / 100n, SPOT * 60n)

test('a rule that changes once has its very answer as price, on whichever side of spot it lies', () => {
  fc.assert(
    fc.property(edges, fc.boolean(), (edge, falls) => {
      const rule = (answer: bigint) => (falls ? answer <= edge : answer >= edge)
      const now = rule(SPOT)
      const { outcome, price } = tracedPrice(position(now), driver, rule)
      expect(price).toBe(edge)
      expect(outcome).toBe(now ? 'already' : falls ? 'below' : 'above')
    }),
  )
})

test('a rule that never changes has no price', () => {
  expect(tracedPrice(position(false), driver, () => false)).toMatchObject({ outcome: 'never', price: null })
  expect(tracedPrice(position(true), driver, () => true)).toMatchObject({ outcome: 'already', price: null })
})

test('of two edges around spot the nearer one is the price, in proportion; the other is told', () => {
  const cases = fc.record({ low: fc.bigInt(SPOT / 50n, SPOT - 1n), high: fc.bigInt(SPOT + 1n, SPOT * 50n) })
  fc.assert(
    fc.property(cases, ({ low, high }) => {
      const { outcome, price, reason } = tracedPrice(position(false), driver, (p) => p <= low || p >= high)
      const falls = Number(SPOT) / Number(low) <= Number(high) / Number(SPOT)
      expect(price).toBe(falls ? low : high)
      expect(outcome).toBe(falls ? 'below' : 'above')
      expect(reason).toContain(String(Number(falls ? high : low) / 1e8))
    }),
  )
})

test('the first change away from spot counts', () => {
  const rule = (answer: bigint) => answer < SPOT / 2n || (answer > SPOT * 2n && answer < SPOT * 3n)
  const { below, above } = flipsAround(driver, rule)
  expect([rule(below?.near ?? 0n), rule(below?.far ?? 0n)]).toEqual([false, true])
  expect([rule(above?.near ?? 0n), rule(above?.far ?? 0n)]).toEqual([false, true])
})

test('stops lie in order around spot and hold it, down to a spot of one unit', () => {
  for (const spot of [SPOT, 7n, 1n]) {
    const stops = stopsAround(spot)
    expect(stops).toContain(spot)
    expect(stops.every((stop, i) => stop > (stops[i - 1] ?? 0n))).toBe(true)
  }
})

test('points are met to the unit, and what lies between them lies between their prices', () => {
  const tables = fc
    .uniqueArray(fc.bigInt(1n, 10n ** 15n), { minLength: 2, maxLength: 30 })
    .map((answers) => answers.toSorted((a, b) => (a < b ? -1 : 1)))
    .chain((answers) =>
      fc
        .array(fc.bigInt(0n, 10n ** 30n), { minLength: answers.length, maxLength: answers.length })
        .map((prices) => answers.map((answer, i): PricePoint => [answer, prices[i] ?? 0n])),
    )
  fc.assert(
    fc.property(tables, fc.bigInt(1n, 2n * 10n ** 15n), (points, answer) => {
      const response: PriceResponse = {
        ...{ constant: 0n, numerator: 0n, denominator: 1n, exposure: 0n, method: 'measured', exact: true },
        points,
      }
      for (const [at, price] of points) expect(priceAt(response, at)).toBe(price)
      const after = points.findIndex(([at]) => at > answer)
      const [left, right] = [points.at(after <= 0 ? (after === 0 ? 0 : -1) : after - 1), points.at(after)]
      const [a, b] = [left?.[1] ?? 0n, right?.[1] ?? 0n]
      const value = priceAt(response, answer)
      expect(value >= (a < b ? a : b) && value <= (a > b ? a : b)).toBe(true)
    }),
  )
})
