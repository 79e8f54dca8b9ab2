/** Fixed-point arithmetic on bigint. Rounding is in the name; `number` appears only at the edge, for display. */

export const WAD = 10n ** 18n
export const RAY = 10n ** 27n

/** floor(a·b / unit), for non-negative operands. */
export const mulDown = (a: bigint, b: bigint, unit: bigint): bigint => (a * b) / unit

/** ceil(a·b / unit), for non-negative operands. */
export const mulUp = (a: bigint, b: bigint, unit: bigint): bigint => (a * b + unit - 1n) / unit

/** (a·b + unit/2) / unit, half up, for non-negative operands (Aave's rayMul, wadMul, percentMul). */
export const mulHalfUp = (a: bigint, b: bigint, unit: bigint): bigint => (a * b + unit / 2n) / unit

/** (a·unit + b/2) / b, half up, for non-negative operands (Aave's rayDiv, wadDiv). */
export const divHalfUp = (a: bigint, b: bigint, unit: bigint): bigint => (a * unit + b / 2n) / b

/** floor(a / b) towards minus infinity, for any signs; b must not be 0. */
export const divFloor = (a: bigint, b: bigint): bigint => {
  const q = a / b
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q
}

/** ceil(a / b) towards plus infinity, for any signs; b must not be 0. */
export const divCeil = (a: bigint, b: bigint): bigint => -divFloor(-a, b)

/** 10^decimals. */
export const unitOf = (decimals: number): bigint => 10n ** BigInt(decimals)

/** A fixed-point integer as a display number: exact to double precision whatever its size. */
export const toNumber = (value: bigint, decimals: number): number => {
  const negative = value < 0n
  const digits = (negative ? -value : value).toString().padStart(decimals + 1, '0')
  const cut = digits.length - decimals
  return Number(`${negative ? '-' : ''}${digits.slice(0, cut)}.${digits.slice(cut)}`)
}

/**
 * Decimal text to a fixed-point integer; digits beyond `decimals` are cut (rounded towards zero).
 * @returns null where the text is not a plain decimal number.
 */
export const parseUnitsDown = (text: string, decimals: number): bigint | null => {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text.trim())
  if (!match) return null
  const [, sign = '', whole = '0', fraction = ''] = match
  const value = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'))
  return sign === '-' ? -value : value
}
