import { expect, test } from 'vitest'
import { roundAmount, toWord } from './position-word.ts'

test('a word holds every field where the factory looks for it', () => {
  const word = toWord({
    eMode: 1,
    collateral: [
      ['wstETH', 7n],
      ['USDC', 2n ** 50n - 1n],
    ],
    debt: [
      ['WETH', 1n],
      ['DAI', 10n ** 18n],
    ],
    switchedOff: ['USDC'],
  })
  const amount = (mantissa: bigint, exponent: bigint) => (mantissa << 6n) | exponent
  const parts = [amount(7n, 0n), amount(2n ** 50n - 1n, 0n), amount(1n, 0n), amount(10n ** 15n, 3n)]
  expect(word >> 224n).toBe(0x01_1_3_0_4_02n)
  expect([168n, 112n, 56n, 0n].map((shift) => (word >> shift) % 2n ** 56n)).toEqual(parts)
})

test('what is not used is zero', () => {
  const plan = { eMode: 0, collateral: [['WETH', 5n]], debt: [], switchedOff: [] } as const
  expect(toWord(plan)).toBe(5n << 174n)
})

test('amounts keep their first fifteen digits', () => {
  expect(roundAmount(1n)).toBe(1n)
  expect(roundAmount(999_999_999_999_999n)).toBe(999_999_999_999_999n)
  expect(roundAmount(28_064_177_306_870_116_000_000n)).toBe(28_064_177_306_870_100_000_000n)
})
