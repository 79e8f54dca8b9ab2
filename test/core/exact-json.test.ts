import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExact, stringifyExact } from '../../src/core/exact-json.ts'

const text = fc.oneof(
  fc.string(),
  fc.bigInt().map((n) => `${n}n`),
  fc.tuple(fc.string({ unit: fc.constantFrom('~', '-', '0', '7', 'n') })).map(([s]) => s),
)

const { state } = fc.letrec((tie) => ({
  state: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.bigInt(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('state')),
    fc.dictionary(text, tie('state'), { noNullPrototype: true }),
  ),
}))

test('any state comes back as it was, text that looks like an integer too', () => {
  fc.assert(
    fc.property(state, (value) => {
      expect(parseExact(stringifyExact(value))).toStrictEqual(value)
    }),
    { numRuns: 5_000 },
  )
})

test('integers beyond 2^53 keep every digit', () => {
  const value = { debt: { 7: 2n ** 256n - 1n }, delta: -(2n ** 200n) }
  expect(parseExact(stringifyExact(value))).toStrictEqual(value)
})

test('a token that calls itself 123n stays text, and both are readable in SQLite', () => {
  expect(stringifyExact({ symbol: '123n', amount: 123n })).toBe('{"symbol":"~123n","amount":"123n"}')
})
