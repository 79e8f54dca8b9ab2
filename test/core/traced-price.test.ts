import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Leg, Position } from '../../src/core/position.ts'
import { follows, type PricePoint, type PriceResponse, priceAt } from '../../src/core/price-response.ts'
import { changeWithin, flipsAround, stopsAround, tracedPrice } from '../../src/core/traced-price.ts'
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
/** The stops are known, and both sides of some edges. */
const driverWith = (...edges: readonly bigint[]) => {
  const known = [...stopsAround(SPOT), ...edges.flatMap((edge) => [edge - 1n, edge, edge + 1n])]
  return { spot: SPOT, decimals: 8, known: [...new Set(known)].toSorted((a, b) => (a < b ? -1 : 1)) }
}
const driver = driverWith()
/** From a hundredth to sixtyfold of spot. */
const edges = fc.bigInt(SPOT / 100n, SPOT * 60n)

test('a rule that changes once has its very answer as price, on whichever side of spot it lies', () => {
  fc.assert(
    fc.property(edges, fc.boolean(), (edge, falls) => {
      const rule = (answer: bigint) => (falls ? answer <= edge : answer >= edge)
      const now = rule(SPOT)
      const { outcome, price } = tracedPrice(position(now), driverWith(edge), rule)
      expect(price).toBe(edge)
      expect(outcome).toBe(now ? 'already' : falls ? 'below' : 'above')
    }),
  )
})

test('a rule that never changes has no price, and the reason tells how far that was looked at', () => {
  expect(tracedPrice(position(false), driver, () => false)).toEqual({
    outcome: 'never',
    price: null,
    reason: 'no price from 2 to 200000 makes it liquidatable',
  })
  expect(tracedPrice(position(true), driver, () => true)).toMatchObject({ outcome: 'already', price: null })
})

test('where the oracles gave no answer around the change, the price is the next answer that liquidates', () => {
  const edges = fc.record({ low: fc.bigInt(SPOT / 50n, SPOT - 3n), gap: fc.bigInt(2n, SPOT) })
  fc.assert(
    fc.property(edges, fc.boolean(), fc.boolean(), ({ low, gap }, mirrored, already) => {
      // no answer strictly between the two; which side liquidates, and on which spot lies
      const [a, b] = mirrored ? [2n * SPOT - low, 2n * SPOT - low + gap] : [low - (gap % low), low]
      const rule = (answer: bigint) => (mirrored ? answer >= b : answer <= a) !== already
      const known = [...driver.known.filter((stop) => stop <= a || stop >= b), a, b]
      const sorted = [...new Set(known)].filter((answer) => answer > 0n).toSorted((x, y) => (x < y ? -1 : 1))
      if (b - a < 2n || a === 0n) return
      const { price, reason } = tracedPrice(position(already), { ...driver, known: sorted }, rule)
      const [near, far] = mirrored ? [a, b] : [b, a]
      expect(price).toBe(already ? near : far)
      expect(reason).toContain(`no oracle answer is known between ${Number(a) / 1e8} and ${Number(b) / 1e8}`)
    }),
  )
})

test('a price at the edge of a refusal is found though no stop beside it has an answer', () => {
  // answers down to 612 only, no stop; liquidatable from 615 on
  const [end, edge] = [61_200_000_000n, 61_500_000_000n]
  const known = driverWith(edge).known.filter((answer) => answer > end)
  const found = tracedPrice(position(false), { ...driver, known: [end, ...known] }, (p) => p <= edge)
  expect(found).toEqual({ outcome: 'below', price: edge, reason: null })
})

test('of two edges around spot the nearer one is the price, in proportion; the other is told', () => {
  const cases = fc.record({ low: fc.bigInt(SPOT / 50n, SPOT - 1n), high: fc.bigInt(SPOT + 1n, SPOT * 50n) })
  fc.assert(
    fc.property(cases, ({ low, high }) => {
      const known = driverWith(low, high)
      const { outcome, price, reason } = tracedPrice(position(false), known, (p) => p <= low || p >= high)
      const falls = Number(SPOT) / Number(low) <= Number(high) / Number(SPOT)
      expect(price).toBe(falls ? low : high)
      expect(outcome).toBe(falls ? 'below' : 'above')
      expect(reason).toContain(String(Number(falls ? high : low) / 1e8))
    }),
  )
})

test('a change between two answers is met to the unit, from whichever end spot lies', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 1000n), fc.bigInt(1n, 1000n), fc.nat(), (low, width, share) => {
      const edge = low + (BigInt(share) % width)
      const rule = (answer: bigint) => answer <= edge
      const [below, above] = [edge, edge + 1n]
      expect(changeWithin({ near: low, far: low + width }, rule)).toEqual({ near: below, far: above })
      expect(changeWithin({ near: low + width, far: low }, rule)).toEqual({ near: above, far: below })
    }),
  )
})

test('the first change away from spot counts', () => {
  const rule = (answer: bigint) => answer < SPOT / 2n || (answer > SPOT * 2n && answer < SPOT * 3n)
  const { below, above } = flipsAround(driver, rule)
  expect([rule(below?.near ?? 0n), rule(below?.far ?? 0n)]).toEqual([false, true])
  expect([rule(above?.near ?? 0n), rule(above?.far ?? 0n)]).toEqual([false, true])
})

test('a dip between two nearer stops, of which others happen to know, does not move the price', () => {
  const inDip = (answer: bigint) => answer > (SPOT * 964n) / 1000n && answer < (SPOT * 970n) / 1000n
  const known = Array.from({ length: 300 }, (_, i) => (SPOT * 9630n) / 10_000n + BigInt(i) * (SPOT / 30_000n))
  const edge = SPOT / 2n
  const price = (more: readonly bigint[]) => {
    const all = [...new Set([...driverWith(edge).known, ...more])].toSorted((a, b) => (a < b ? -1 : 1))
    return tracedPrice(position(false), { ...driver, known: all }, (p) => p <= edge || inDip(p)).price
  }
  expect(price(known)).toBe(price([]))
})

test('what is liquidatable between two answers around spot has the upper one as price', () => {
  const [low, high] = [SPOT / 2n, SPOT * 3n]
  const found = tracedPrice(position(true), driverWith(low, high), (p) => p >= low && p <= high)
  expect(found).toMatchObject({ outcome: 'already', price: high })
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
      expect(follows(response)).toBe(true)
      for (const [at, price] of points) expect(priceAt(response, at)).toBe(price)
      const after = points.findIndex(([at]) => at > answer)
      const [left, right] = [points.at(after <= 0 ? (after === 0 ? 0 : -1) : after - 1), points.at(after)]
      const [a, b] = [left?.[1] ?? 0n, right?.[1] ?? 0n]
      const value = priceAt(response, answer)
      expect(value >= (a < b ? a : b) && value <= (a > b ? a : b)).toBe(true)
    }),
  )
})
