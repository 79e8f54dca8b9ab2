import { RESERVE_SYMBOLS, type ReserveSymbol } from './market.ts'

/** Raw units of one reserve. */
export type Amount = readonly [symbol: ReserveSymbol, amount: bigint]

/** What one account does: supplies, sets its e-mode, switches collateral off, borrows. */
export type PositionPlan = {
  /** 0 for none. */
  readonly eMode: number
  /** One or two. */
  readonly collateral: readonly Amount[]
  /** None to two. */
  readonly debt: readonly Amount[]
  /** Supplied, but switched off as collateral before anything is borrowed. */
  readonly switchedOff: readonly ReserveSymbol[]
}

const MANTISSA_BITS = 50n
const EXPONENT_BITS = 6n

const toFloat = (amount: bigint): bigint => {
  let mantissa = amount
  let exponent = 0n
  while (mantissa >> MANTISSA_BITS > 0n) {
    mantissa /= 10n
    exponent++
  }
  return (mantissa << EXPONENT_BITS) | exponent
}

/** The amount as a word can hold it: its first 15 digits. */
export const roundAmount = (amount: bigint): bigint => {
  const float = toFloat(amount)
  return (float >> EXPONENT_BITS) * 10n ** (float & ((1n << EXPONENT_BITS) - 1n))
}

/**
 * The 256-bit word from which PositionFactory.sol opens a position, most significant field first:
 *
 *     eMode 8 | collateral0 4 | collateral1 4 | debt0 4 | debt1 4 | flags 8 | 4 × (mantissa 50 | exponent 6)
 *
 * The 4-bit fields are reserve ids; flag 1 switches collateral0 off, flag 2 collateral1; the four amounts come in
 * the order of the ids, in raw units as mantissa × 10^exponent. Anything from one wei on fits, with the first 15
 * digits kept (`roundAmount`); an amount of 0 stands for an unused field.
 */
export const toWord = ({ eMode, collateral, debt, switchedOff }: PositionPlan): bigint => {
  const slots = [collateral[0], collateral[1], debt[0], debt[1]]
  let word = BigInt(eMode)
  for (const slot of slots) word = (word << 4n) | BigInt(slot ? RESERVE_SYMBOLS.indexOf(slot[0]) : 0)
  const flags = collateral.map(([symbol], index) => (switchedOff.includes(symbol) ? 1 << index : 0))
  word = (word << 8n) | BigInt(flags.reduce((sum, flag) => sum | flag, 0))
  for (const slot of slots) word = (word << (MANTISSA_BITS + EXPONENT_BITS)) | toFloat(slot?.[1] ?? 0n)
  return word
}
