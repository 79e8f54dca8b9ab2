/** JSON for states that hold integers beyond 2^53: a bigint is written as the string `"123n"` and read back. */

const BIGINT = /^-?\d+n$/

export const stringifyExact = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v))

export const parseExact = (text: string): unknown =>
  JSON.parse(text, (_, v: unknown) => (typeof v === 'string' && BIGINT.test(v) ? BigInt(v.slice(0, -1)) : v))
