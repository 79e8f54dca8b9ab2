import { describe, expect, test } from 'vitest'
import {
  amount,
  change,
  count,
  percent,
  plural,
  price,
  ratio,
  shortHex,
  usd,
  utc,
} from '../../src/dashboard/format.ts'

type Case = readonly [n: number, text: string]

const formats: readonly (readonly [name: string, write: (n: number) => string, cases: readonly Case[]])[] = [
  [
    'usd',
    usd,
    [
      [1_329_847_059.96, '$1.33B'],
      [412e6, '$412.0M'],
      [12_345, '$12.3k'],
      [950, '$950'],
      [0, '$0'],
      [-0, '$0'],
      [0.2, '<$1'],
      [999.6, '$1.0k'],
      [999_949, '$999.9k'],
      [999_950, '$1.0M'],
      [999_960_000, '$1.00B'],
      [4.2e12, '$4.20T'],
      [-12_345, '-$12.3k'],
      [-0.2, '$0'],
    ],
  ],
  [
    'price',
    price,
    [
      [1781.09, '1,781.09'],
      [104_781.5, '104,781.50'],
      [0, '0.00'],
      [-0, '0.00'],
      [0.41237, '0.41237'],
      [0.000123456, '0.00012346'],
    ],
  ],
  [
    'percent',
    percent,
    [
      [0.4213, '42.1%'],
      [0, '0.0%'],
      [-0, '0.0%'],
      [1, '100%'],
      [0.9996, '99.96%'],
      [0.999999, '99.9999%'],
      [0.9999999, '>99.9999%'],
      [1.0004, '100.04%'],
      [1 + 1e-9, '>100%'],
      [0.0001, '<0.1%'],
    ],
  ],
  [
    'change',
    change,
    [
      [-13.4342, '-13.4%'],
      [5, '+5.0%'],
      [0, '0.0%'],
      [-0, '0.0%'],
      [-0.01, '0.0%'],
    ],
  ],
  [
    'amount',
    amount,
    [
      [618_245.96, '618,245.96'],
      [3_448_424.4, '3,448,424'],
      [123_456_789, '123.5M'],
      [0.855, '0.855'],
      [0.098612, '0.09861'],
      [-0, '0'],
      [1e-9, '<0.000001'],
    ],
  ],
  [
    'count',
    count,
    [
      [41_207, '41,207'],
      [-0, '0'],
    ],
  ],
  ['ratio', ratio, [[7.93, '7.9x']]],
]

describe.each(formats)('%s', (_name, write, cases) => {
  test.each(cases.map(([n, text]) => ({ n, text })))('of $n is $text', ({ n, text }) => {
    expect(write(n)).toBe(text)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'of %d is not a number at all',
    (n) => {
      expect(write(n)).toBe('n/a')
    },
  )
})

test('price with the decimals of its neighbours never rounds to nothing', () => {
  expect(price(0.5, 2)).toBe('0.50')
  expect(price(0.001, 2)).toBe('<0.01')
})

test('plural', () => {
  expect([plural(1, 'owner'), plural(2, 'owner'), plural(0, 'entity', 'entities')]).toEqual([
    '1 owner',
    '2 owners',
    '0 entities',
  ])
})

test('utc is to the second, and leaves alone what is no time', () => {
  expect(utc('2026-02-02T09:31:02.914Z')).toBe('2026-02-02 09:31:02 UTC')
  expect(utc('yesterday')).toBe('yesterday')
})

test('shortHex shortens addresses and hashes, nothing else', () => {
  expect(shortHex('0xFAf1358Fe6A9FA29A169dfC272B14E709F54840F', '…')).toBe('0xFAf1…840F')
  expect(shortHex('vault 31975', '…')).toBe('vault 31975')
})
