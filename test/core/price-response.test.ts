import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  constantResponse,
  type PriceResponse,
  priceAt,
  proportionalResponse,
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
