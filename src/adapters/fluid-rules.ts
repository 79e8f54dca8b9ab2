import { ONE, tickAtRatio } from './fluid-ticks.ts'

/**
 * The integer rules of a Fluid vault. Those of types 2 to 4 are the same word for word, with shares of a DEX in the
 * place of a token. Source: Instadapp/fluid-contracts-public at a9949b48, contracts/protocols/vault, vaultT1 and
 * vaultTypesCommon: coreModule/main.sol (`liquidate`), coreModule/helpers.sol, common/variables.sol.
 */

/** Units of a vault's exchange prices. */
export const EXCHANGE_PRECISION = 10n ** 12n

/** Units of an oracle's price: raw debt for one raw unit of collateral. */
export const PRICE_UNIT = 10n ** 27n

/** `bits` bits of a word from bit `from` on. */
export const bitsOf = (word: bigint, from: number, bits: number): bigint =>
  (word >> BigInt(from)) & ((1n << BigInt(bits)) - 1n)

/** An amount that is stored as a coefficient of 56 bits with an exponent of 8. */
export const amountOf = (stored: bigint): bigint => (stored >> 8n) << (stored & 0xffn)

/** A vault as far as its liquidations depend on it. */
export type VaultTerms = {
  readonly supplyExchangePrice: bigint
  readonly borrowExchangePrice: bigint
  /** Liquidation threshold, thousandths. */
  readonly threshold: bigint
}

/**
 * The tick above which positions are liquidated while the oracle answers `price` (27 decimals).
 * @returns null where the vault refuses to liquidate at such a price
 */
export const liquidationTick = (
  { supplyExchangePrice, borrowExchangePrice, threshold }: VaultTerms,
  price: bigint,
): number | null => {
  if (price <= 0n || price > 10n ** 54n || borrowExchangePrice === 0n) return null
  const raw = (price * supplyExchangePrice) / borrowExchangePrice
  const capped = raw > 10n ** 45n ? 10n ** 45n : raw
  return tickAtRatio((((capped * ONE) / PRICE_UNIT) * threshold) / 1000n)
}

/** Where a position stands: its tick after all liquidations so far. */
export type Standing = {
  readonly tick: number
  /** It was liquidated down to the very start of this tick: with the next one at the limit nothing is left to take. */
  readonly atEdge: boolean
}

/** Whether a liquidation takes of it, strictly above the limit; false where the vault refuses to liquidate at all. */
export const isAbove = ({ tick, atEdge }: Standing, limit: number | null): boolean =>
  limit !== null && (atEdge ? tick > limit + 1 : tick > limit)

/** What a position's storage word says. */
export type StoredPosition = {
  /** null for a position that only supplies. */
  readonly tick: number | null
  readonly tickId: bigint
  readonly supply: bigint
  /** Debt that its tick counts but nobody owes. */
  readonly dust: bigint
}

/** positionData of a vault. */
export const decodePosition = (word: bigint): StoredPosition => {
  const size = Number(bitsOf(word, 2, 19))
  return {
    tick: bitsOf(word, 0, 1) === 1n || word === 0n ? null : bitsOf(word, 1, 1) === 1n ? size : -size,
    tickId: bitsOf(word, 21, 24),
    supply: amountOf(bitsOf(word, 45, 64)),
    dust: amountOf(bitsOf(word, 109, 64)),
  }
}

/** tickData of a position's tick: whether the position was liquidated since it was last touched. */
export const wasLiquidated = (tickData: bigint, tickId: bigint): boolean =>
  bitsOf(tickData, 0, 1) === 1n || bitsOf(tickData, 1, 24) > tickId
