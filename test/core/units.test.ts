import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  divCeil,
  divFloor,
  divHalfUp,
  mulDown,
  mulHalfUp,
  mulUp,
  parseUnitsDown,
  toNumber,
} from '../../src/core/units.ts'

/** A finite double as a fraction, to the bit. */
const fractionOf = (value: number): { readonly p: bigint; readonly q: bigint } => {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, Math.abs(value))
  const raw = bits.getBigUint64(0)
  const exponent = Number(raw >> 52n)
  const fraction = raw & (2n ** 52n - 1n)
  const mantissa = exponent === 0 ? fraction : fraction + 2n ** 52n
  const power = (exponent === 0 ? 1 : exponent) - 1075
  const sign = value < 0 ? -1n : 1n
  return power < 0
    ? { p: sign * mantissa, q: 2n ** BigInt(-power) }
    : { p: sign * mantissa * 2n ** BigInt(power), q: 1n }
}

const neighbours = (value: number): readonly number[] =>
  [-1n, 1n].map((step) => {
    const bits = new DataView(new ArrayBuffer(8))
    bits.setFloat64(0, value)
    bits.setBigUint64(0, bits.getBigUint64(0) + step)
    return bits.getFloat64(0)
  })

const decimals = fc.integer({ min: 0, max: 36 })
const integers = fc.oneof(fc.bigInt(), fc.bigInt(-(2n ** 256n), 2n ** 256n), fc.bigInt(-1000n, 1000n))

describe('toNumber', () => {
  test('is the double nearest to the exact value: huge, tiny or negative', () => {
    fc.assert(
      fc.property(integers, decimals, (value, places) => {
        const unit = 10n ** BigInt(places)
        const distance = (candidate: number): { readonly p: bigint; readonly q: bigint } => {
          const { p, q } = fractionOf(candidate)
          const difference = p * unit - value * q
          return { p: difference < 0n ? -difference : difference, q: q * unit }
        }
        const number = toNumber(value, places)
        if (value === 0n) {
          expect(number).toBe(0)
          return
        }
        const mine = distance(number)
        for (const other of neighbours(number).map(distance))
          expect(mine.p * other.q <= other.p * mine.q).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })

  test.each([
    [0n, 18, 0],
    [1n, 0, 1],
    [-1n, 18, -1e-18],
    [123_456_789n, 8, 1.23456789],
    [-(10n ** 40n), 2, -1e38],
  ] as const)('%s with %s decimals', (value, places, number) => {
    expect(toNumber(value, places)).toBe(number)
  })
})

describe('parseUnitsDown', () => {
  const write = (value: bigint, places: number): string => {
    const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0')
    const cut = digits.length - places
    return `${value < 0n ? '-' : ''}${digits.slice(0, cut)}.${digits.slice(cut)}`
  }

  test('reads back what was written, and cuts digits beyond the decimals towards zero', () => {
    fc.assert(
      fc.property(integers, decimals, fc.stringMatching(/^\d{0,20}$/), (value, places, further) => {
        expect(parseUnitsDown(write(value, places) + further, places)).toBe(value)
      }),
    )
  })

  test.each([
    ['1', 2, 100n],
    ['1.', 2, 100n],
    ['1.999', 2, 199n],
    ['-1.999', 2, -199n],
    ['-0.001', 2, 0n],
    [' 0042.5 ', 1, 425n],
    ['9.9', 0, 9n],
  ] as const)('"%s" with %s decimals', (text, places, value) => {
    expect(parseUnitsDown(text, places)).toBe(value)
  })

  test.each([
    '',
    ' ',
    '1e5',
    '1E5',
    '0x1',
    '1,000',
    '1_000',
    '.5',
    '+1',
    '--1',
    '1.2.3',
    'NaN',
    'Infinity',
    '1n',
    '٣',
  ])('"%s" is no decimal number', (text) => {
    expect(parseUnitsDown(text, 18)).toBeNull()
  })
})

test('every rounding goes where its name says', () => {
  const natural = fc.bigInt(0n, 10n ** 40n)
  const positive = fc.bigInt(1n, 10n ** 30n)
  fc.assert(
    fc.property(natural, natural, positive, (a, b, unit) => {
      const exact = a * b
      expect(mulDown(a, b, unit) * unit <= exact && exact < (mulDown(a, b, unit) + 1n) * unit).toBe(true)
      expect((mulUp(a, b, unit) - 1n) * unit < exact && exact <= mulUp(a, b, unit) * unit).toBe(true)
      // half up: at most half a unit away, and never half a unit below
      const twice = 2n * (exact - mulHalfUp(a, b, unit) * unit)
      expect(-unit <= twice && twice <= unit).toBe(true)
      if (unit % 2n === 0n) expect(twice < unit).toBe(true)
      const half = 2n * (a * unit - divHalfUp(a, unit, unit) * unit)
      expect(-unit <= half && half <= unit).toBe(true)
    }),
  )
  expect([mulHalfUp(1n, 5n, 10n), mulHalfUp(1n, 4n, 10n), divHalfUp(1n, 2n, 1n)]).toEqual([1n, 0n, 1n])
})

test('divFloor and divCeil for any signs', () => {
  const sign = fc.bigInt(-(10n ** 30n), 10n ** 30n)
  fc.assert(
    fc.property(sign, sign, (a, b) => {
      fc.pre(b !== 0n)
      const remainder = a - divFloor(a, b) * b
      expect(b > 0n ? 0n <= remainder && remainder < b : b < remainder && remainder <= 0n).toBe(true)
      expect(divCeil(a, b)).toBe(a % b === 0n ? divFloor(a, b) : divFloor(a, b) + 1n)
    }),
  )
})
