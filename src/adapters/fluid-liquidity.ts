import { amountOf, bitsOf } from './fluid-rules.ts'

/**
 * What Fluid's Liquidity layer keeps of a token and of its users, word by word. Source:
 * Instadapp/fluid-contracts-public at a9949b48, contracts/libraries/liquiditySlotsLink.sol and liquidityCalcs.sol
 * (`calcExchangePrices`); results compared with that library, compiled, by test/adapters/fluid-shares-vectors.test.ts.
 */

/** A token's exchange prices, 1e12. */
export type ExchangePrices = { readonly supply: bigint; readonly borrow: bigint }

const YEAR = 31_536_000n
/** 100 % in the layer's own rates and ratios, and the finer unit in which it weighs them. */
const [ALL, FINE] = [10_000n, 10n ** 27n]

/** A ratio of 15 bits: the smaller one of two sums over the larger one, and in its first bit which one that is. */
const ratioOf = (stored: bigint) => ({ flipped: stored % 2n === 1n, ratio: stored >> 1n })

/**
 * A token's exchange prices with the interest up to `now` (unix seconds), rounded down as the layer does.
 * @returns null for a token that the layer does not list
 */
export const exchangePrices = (word: bigint, now: bigint): ExchangePrices | null => {
  const [supply, borrow] = [bitsOf(word, 91, 64), bitsOf(word, 155, 64)]
  if (supply === 0n || borrow === 0n) return null
  const rate = bitsOf(word, 0, 16)
  const elapsed = now - bitsOf(word, 58, 33)
  const [supplied, borrowed] = [ratioOf(bitsOf(word, 219, 15)), ratioOf(bitsOf(word, 234, 15))]
  // flipped and 0: nobody pays or earns interest at all
  const isFree = (one: ReturnType<typeof ratioOf>) => one.flipped && one.ratio === 0n
  if (elapsed === 0n || rate === 0n || isFree(borrowed)) return { supply, borrow }
  const grown = borrow + (borrow * rate * elapsed) / (YEAR * ALL)
  if (isFree(supplied)) return { supply, borrow: grown }
  const used = bitsOf(word, 30, 14)
  const yielding = supplied.flipped
    ? (used * (FINE + (FINE * ALL) / supplied.ratio)) / ALL
    : (FINE * used * (ALL + supplied.ratio)) / (ALL * ALL)
  const smaller = (borrowed.ratio * FINE) / (ALL + borrowed.ratio)
  const paying = borrowed.flipped ? smaller : FINE - smaller
  const share = (ALL * yielding * paying) / (FINE * FINE)
  const supplyRate = rate * share * (ALL - bitsOf(word, 16, 14))
  return { supply: supply + (supply * supplyRate * elapsed) / (YEAR * ALL * ALL * ALL), borrow: grown }
}

/** What a user has supplied or borrowed, in raw token units; its word says whether it bears interest. */
export const heldAt = (word: bigint, exchangePrice: bigint): bigint => {
  const raw = amountOf(bitsOf(word, 1, 64))
  return word % 2n === 1n ? (raw * exchangePrice) / 10n ** 12n : raw
}
