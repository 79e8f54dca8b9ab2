import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  constantResponse,
  type PriceResponse,
  priceAt,
  proportionalResponse,
  quotedResponse,
} from '../../src/core/price-response.ts'
import { WAD } from '../../src/core/units.ts'

const prices = fc.bigInt(0n, 10n ** 30n)
const spots = fc.bigInt(1n, 10n ** 30n)
const exposures = fc.oneof(fc.constantFrom(0n, WAD), fc.bigInt(0n, WAD))

test('at spot an asset has exactly its own price, whatever its exposure', () => {
  fc.assert(
    fc.property(prices, spots, exposures, (price, spot, exposure) => {
      expect(priceAt(proportionalResponse(price, spot, exposure, 'config'), spot)).toBe(price)
    }),
  )
})

test('elsewhere it is price · (1 − w + w · P / spot), to the unit that is cut', () => {
  fc.assert(
    fc.property(prices, spots, exposures, prices, (price, spot, exposure, answer) => {
      const got = priceAt(proportionalResponse(price, spot, exposure, 'config'), answer)
      // both sides · spot · WAD; the moving part is cut once in units of the asset, once in units of the driver
      const exact = price * ((WAD - exposure) * spot + exposure * answer)
      const difference = got * spot * WAD - exact
      const largest = (spot + answer) * WAD + spot * WAD
      expect(difference <= largest && -difference <= largest).toBe(true)
    }),
  )
})

test('fully exposed it moves in proportion, cut to the unit; an asset that is the driver follows it exactly', () => {
  fc.assert(
    fc.property(prices, spots, prices, (price, spot, answer) => {
      expect(priceAt(proportionalResponse(price, spot, WAD, 'config'), answer)).toBe((price * answer) / spot)
      expect(priceAt(proportionalResponse(spot, spot, WAD, 'config'), answer)).toBe(answer)
    }),
  )
})

test('a line: constant + floor(P · numerator / denominator), towards minus infinity', () => {
  const line = (constant: bigint, numerator: bigint): PriceResponse => ({
    constant,
    numerator,
    denominator: 10n,
    exposure: WAD,
    method: 'measured',
    exact: true,
  })
  expect([0n, 9n, 10n, 25n].map((answer) => priceAt(line(100n, 11n), answer))).toEqual([
    100n,
    109n,
    111n,
    127n,
  ])
  expect([0n, 9n, 10n, 25n].map((answer) => priceAt(line(100n, -11n), answer))).toEqual([100n, 90n, 89n, 72n])
})

test('only a response that needs no rounding of its own calls itself exact', () => {
  expect(proportionalResponse(5n, 5n, WAD, 'config').exact).toBe(true)
  expect(proportionalResponse(6n, 5n, WAD, 'config').exact).toBe(false)
  expect(proportionalResponse(5n, 5n, WAD / 2n, 'config').exact).toBe(false)
})

test('a constant price stays where it is', () => {
  fc.assert(
    fc.property(prices, prices, (price, answer) => {
      expect(priceAt(constantResponse(price, 'none', true), answer)).toBe(price)
    }),
  )
})

test('stated in an asset that follows the driver: the USD value keeps what does not move, and moves the rest', () => {
  fc.assert(
    fc.property(
      fc.bigInt(10n ** 12n, 10n ** 30n),
      fc.bigInt(10n ** 8n, 10n ** 14n),
      exposures,
      fc.double({ min: 0.01, max: 50, noNaN: true }),
      (price, spot, exposure, factor) => {
        const answer = BigInt(Math.round(Number(spot) * factor))
        fc.pre(answer > 0n)
        const response = quotedResponse(price, spot, { exposure, quoteExposure: WAD }, 'none')
        expect(priceAt(response, spot)).toBe(price)
        // USD value ∝ price · answer: the exposed part grows with the answer, the rest is what it was at spot
        const value = priceAt(response, answer) * answer * WAD
        const exact = price * (exposure * answer + (WAD - exposure) * spot)
        const cut = (2n * answer + spot) * WAD
        expect(value - exact <= cut && exact - value <= cut).toBe(true)
      },
    ),
  )
})

test('stated in an asset that does not move it is as in USD', () => {
  fc.assert(
    fc.property(prices, spots, exposures, prices, (price, spot, exposure, answer) => {
      const quoted = quotedResponse(price, spot, { exposure, quoteExposure: 0n }, 'none')
      expect(priceAt(quoted, answer)).toBe(
        priceAt(proportionalResponse(price, spot, exposure, 'none'), answer),
      )
      expect(quoted.exposure).toBe(exposure)
    }),
  )
})
