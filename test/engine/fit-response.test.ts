import fc from 'fast-check'
import { expect, test } from 'vitest'
import { priceAt } from '../../src/core/price-response.ts'
import { WAD } from '../../src/core/units.ts'
import { fitResponse, samplesAround } from '../../src/engine/fit-response.ts'

/** What an oracle says of one asset while the driver's feed gives an answer; null where it refuses. */
type Oracle = (answer: bigint) => bigint | null

const fitOf = (oracle: Oracle, spot: bigint, quoteExposure = 0n) => {
  const samples = samplesAround(spot).map((driver) => ({ driver, prices: [oracle(driver)] }))
  return fitResponse(samples, 0, { price: oracle(spot) ?? 0n, spot, quoteExposure })
}
const respond = (...asked: Parameters<typeof fitOf>) => fitOf(...asked)?.response ?? null

/** Driver answers with eight decimals, a cent to ten million dollars. */
const spots = fc.bigInt(10n ** 6n, 10n ** 15n)
const answers = fc.bigInt(1n, 10n ** 16n)

test('a price that follows in proportion is known to the unit at every driver price', () => {
  const ratios = fc.record({ ratio: fc.bigInt(10n ** 17n, 5n * 10n ** 18n), spot: spots, answer: answers })
  fc.assert(
    fc.property(ratios, ({ ratio, spot, answer }) => {
      const oracle = (at: bigint) => (at * ratio) / WAD
      const response = respond(oracle, spot)
      expect(response).toMatchObject({ exact: true, exposure: WAD })
      if (response) expect(priceAt(response, answer)).toBe(oracle(answer))
    }),
  )
})

test('so is a price that is stated in the driver: a dollar in ether', () => {
  // floor(scale · dollar / answer), as MorphoChainlinkOracleV2 has it with the driver's feed below the line
  const cases = fc.record({ scale: fc.bigInt(10n ** 30n, 10n ** 46n), spot: spots, answer: answers })
  fc.assert(
    fc.property(cases, ({ scale, spot, answer }) => {
      const oracle = (at: bigint) => scale / at
      const response = respond(oracle, spot, WAD)
      expect(response).toMatchObject({ exact: true, inverse: true, exposure: 0n })
      if (response) expect(priceAt(response, answer)).toBe(oracle(answer))
    }),
  )
})

test('a price that stands still moves with what it is stated in, and with nothing else', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 10n ** 40n), spots, fc.constantFrom(0n, WAD), (price, spot, quoteExposure) => {
      const response = respond(() => price, spot, quoteExposure)
      expect(response).toMatchObject({ exact: true, numerator: 0n, constant: price, exposure: quoteExposure })
    }),
  )
})

test('an oracle that fails far from spot is fitted from where it answers', () => {
  const onlyNear = (at: bigint) => (at < 10n ** 10n || at > 10n ** 13n ? null : at * 3n)
  expect(respond(onlyNear, 2000n * 10n ** 8n)).toMatchObject({ exact: true, exposure: WAD })
})

test('an oracle that fails one percent from spot is not fitted at all', () => {
  const spot = 2000n * 10n ** 8n
  expect(respond((at) => (at === spot ? at : null), spot)).toBe(null)
})

test('a price that follows half way is called approximate, with that share', () => {
  const spot = 2000n * 10n ** 8n
  const half = respond((at) => (spot + at) / 2n, spot)
  expect(half?.exact).toBe(false)
  expect(Number(half?.exposure) / 1e18).toBeCloseTo(0.5, 6)
})

test('a capped price is called approximate, never exact', () => {
  const spot = 2000n * 10n ** 8n
  const capped = respond((at) => (at < 1500n * 10n ** 8n ? 1500n * 10n ** 8n : at), spot)
  expect(capped?.exact).toBe(false)
})

test('an adapter that rounds before it scales is known to the unit all the same', () => {
  const cases = fc.record({
    ratio: fc.bigInt(10n ** 17n, 5n * 10n ** 18n),
    spot: fc.bigInt(10n ** 9n, 10n ** 15n),
    answer: fc.bigInt(1n, 10n ** 16n),
    zeros: fc.integer({ min: 1, max: 26 }),
  })
  fc.assert(
    fc.property(cases, ({ ratio, spot, answer, zeros }) => {
      const oracle = (at: bigint) => ((at * ratio) / WAD) * 10n ** BigInt(zeros)
      const response = respond(oracle, spot)
      expect(response).toMatchObject({ exact: true, exposure: WAD })
      if (response) expect(priceAt(response, answer)).toBe(oracle(answer))
    }),
  )
})

test('the ratio of two prices that move together stands still but for its rounding', () => {
  const spot = 2000n * 10n ** 8n
  const loop = respond((at) => (((at * 1_190n) / 1_000n) * 10n ** 18n) / at, spot, WAD)
  expect(loop).toMatchObject({ numerator: 0n, exposure: WAD, exact: false })
})

test.each<readonly [string, Oracle]>([
  ['has a floor at a fiftieth of spot', (at) => (at < 40n * 10n ** 8n ? 40n * 10n ** 8n : at)],
  ['has a cap at fifteenfold', (at) => (at > 30_000n * 10n ** 8n ? 30_000n * 10n ** 8n : at)],
  [
    'is stated in the driver up to fifteenfold',
    (at) => 10n ** 40n / (at > 3n * 10n ** 12n ? 3n * 10n ** 12n : at),
  ],
  ['stands still where it answers, and refuses at half of spot', (at) => (at < 103n * 10n ** 9n ? null : 7n)],
  ['stands still, but refuses at 73 % of spot', (at) => (at / 10n ** 9n === 146n ? null : 7n)],
  ['follows, but refuses at half of spot', (at) => (at / 10n ** 9n === 102n ? null : at)],
  ['follows in steps of a quarter of spot', (at) => at - (at % (500n * 10n ** 8n))],
  ['moves by a thousandth', (at) => 10n ** 11n + at / 10_000n],
])('a price that %s follows in no plain proportion', (_, oracle) => {
  expect(fitOf(oracle, 2000n * 10n ** 8n)).toMatchObject({ isBent: true, response: { exact: false } })
})

test('a driver of few units is sampled at others than its own, and no share of it divides by nothing', () => {
  for (let spot = 1n; spot < 250n; spot++) {
    const [, up = 0n] = samplesAround(spot)
    expect(up).toBe(spot < 100n ? spot + 1n : spot + spot / 100n)
    const half = fitOf((at) => 10n ** 12n + (at * 10n ** 12n) / spot, spot)
    expect(half?.isBent).toBe(true)
    expect(Number(half?.response.exposure) / 1e18).toBeCloseTo(0.5, 9)
  }
})

test.each<readonly [string, Oracle]>([
  ['the least answer', (at) => (at < 1000n ? 5n : 7n)],
  ['the largest', (at) => (at > 10n ** 20n ? 9n : 7n)],
])('a price that stands still but for %s is not called exact', (_, oracle) => {
  expect(respond(oracle, 2000n * 10n ** 8n)).toMatchObject({ constant: 7n, exact: false })
})

test('a price within a millionth of itself stands still, one beyond follows', () => {
  const spot = 2000n * 10n ** 8n
  const base = 10n ** 12n
  const moving = (units: bigint) => fitOf((at) => (at === spot ? base : base + units), spot)
  expect(moving(10n ** 6n)).toMatchObject({ isBent: false, response: { numerator: 0n, exact: false } })
  expect(moving(10n ** 6n + 1n)?.isBent).toBe(true)
})

test('what follows the driver and is stated in something that does too has no more than its whole value to move', () => {
  const spot = 2000n * 10n ** 8n
  expect(respond((at) => at * 3n, spot, WAD)).toMatchObject({ exact: true, exposure: WAD })
  expect(respond((at) => 10n ** 30n / at, spot)).toMatchObject({ exact: true, inverse: true, exposure: 0n })
})
