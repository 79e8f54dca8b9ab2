import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fallsAsDriverRises, multipleFor } from '../../src/core/price-direction.ts'
import {
  constantResponse,
  type PriceResponse,
  priceAt,
  proportionalResponse,
  quotedResponse,
} from '../../src/core/price-response.ts'
import { WAD } from '../../src/core/units.ts'

const spot = 3000n * 10n ** 8n
const price = 10n ** 30n
const share = fc.bigInt({ min: 1n, max: WAD })
const quoted = fc
  .tuple(share, share)
  .filter(([exposure, quoteExposure]) => exposure !== quoteExposure)
  .map(([exposure, quoteExposure]) => quotedResponse(price, spot, { exposure, quoteExposure }, 'config'))
/** Proportional, in part proportional, priced in the driver as a whole or in part. */
const responses: fc.Arbitrary<PriceResponse> = fc.oneof(
  share.map((exposure) => proportionalResponse(price, spot, exposure, 'config')),
  quoted,
  share.map((exposure) =>
    quotedResponse(price, spot, { exposure: WAD - exposure, quoteExposure: WAD }, 'config'),
  ),
)

describe('which way a price goes', () => {
  test('is what its two prices at two answers say', () => {
    const check = (response: PriceResponse): void => {
      const [before, after] = [priceAt(response, spot), priceAt(response, spot * 2n)]
      fc.pre(before !== after)
      expect(fallsAsDriverRises(response)).toBe(after < before)
    }
    fc.assert(fc.property(responses, check))
  })

  test('does not fall where it stands still', () => {
    expect(fallsAsDriverRises(constantResponse(price, 'measured', true))).toBe(false)
  })

  test('of points is that of their two ends', () => {
    const points = [
      [spot / 2n, price * 2n],
      [spot, price],
      [spot * 2n, price / 2n],
    ] as const
    const response = { ...constantResponse(0n, 'measured', false), points }
    expect(fallsAsDriverRises(response)).toBe(true)
    const upwards = points.map(([driver, at]) => [driver, price * 4n - at] as const)
    expect(fallsAsDriverRises({ ...response, points: upwards })).toBe(false)
    expect(multipleFor(response, spot, 1.5)).toBeCloseTo(0.75, 12)
    expect(multipleFor(response, spot, 0.75)).toBeCloseTo(1.5, 12)
    // beyond the points: the end that comes nearest
    expect([3, 0.1].map((ratio) => multipleFor(response, spot, ratio))).toEqual([0.5, 2])
  })
})

describe('where the driver has to go for a price', () => {
  test('is where the response has that price', () => {
    const check = (response: PriceResponse, multiple: number): void => {
      const there = priceAt(response, BigInt(Math.round(Number(spot) * multiple)))
      const ratio = Number(there) / Number(priceAt(response, spot))
      // where a thousandth of the price follows, 16 digits of it are 13 of the driver
      fc.pre(Math.abs(ratio - 1) > 1e-3)
      expect(multipleFor(response, spot, ratio) / multiple).toBeCloseTo(1, 7)
    }
    fc.assert(fc.property(responses, fc.double({ min: 0.05, max: 20, noNaN: true }), check))
  })

  test('is nowhere, told as a billionth or a billion, where a part that stands still keeps it from there', () => {
    const half = proportionalResponse(price, spot, WAD / 2n, 'config')
    expect([0.75, 0.5, 0.4].map((ratio) => multipleFor(half, spot, ratio))).toEqual([0.5, 1e-9, 1e-9])
    const inverse = quotedResponse(price, spot, { exposure: WAD / 2n, quoteExposure: WAD }, 'config')
    const far = [0.75, 0.5, 0.4].map((ratio) => Math.round(multipleFor(inverse, spot, ratio)))
    expect(far).toEqual([2, 1e9, 1e9])
  })
})
