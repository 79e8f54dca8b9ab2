/**
 * JSON for states that hold integers beyond 2^53: a bigint is written as the string `"123n"` and read back. Text that
 * would read as one (a token may call itself `123n`) is written with a tilde before it.
 */

const BIGINT = /^-?\d+n$/
const ESCAPED = /^~+-?\d+n$/

const write = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return `${value}n`
  return typeof value === 'string' && (BIGINT.test(value) || ESCAPED.test(value)) ? `~${value}` : value
}

const read = (_: string, value: unknown): unknown => {
  if (typeof value !== 'string') return value
  if (BIGINT.test(value)) return BigInt(value.slice(0, -1))
  return ESCAPED.test(value) ? value.slice(1) : value
}

export const stringifyExact = (value: unknown): string => JSON.stringify(value, write)

export const parseExact = (text: string): unknown => JSON.parse(text, read)
