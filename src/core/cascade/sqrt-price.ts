/**
 * √price of Uniswap v3 in integers: Q64.96 of √(token1 / token0), to the unit as the contracts have it. The formulas are
 * those of the whitepaper (6.1 to 6.2); which way each is rounded is read in TickMath and SqrtPriceMath of
 * @uniswap/v3-core 1.0.1, and held against the real QuoterV2 by test/chain/uniswap-v3-quoter.test.ts.
 */

/** The lowest tick, and the highest with its sign turned: 1.0001^887272 is just under 2¹²⁸. */
export const MAX_TICK = 887_272

const Q96 = 2n ** 96n
const Q128 = 2n ** 128n
const MAX_UINT256 = 2n ** 256n - 1n

/** Bits after the point while the powers are made: twenty squarings cost twenty of them. */
const PRECISION = 384n

/** floor(√n), by Newton's method from above. */
const rootDown = (n: bigint): bigint => {
  let x = 1n << BigInt(Math.ceil(n.toString(2).length / 2))
  for (;;) {
    const next = (x + n / x) >> 1n
    if (next >= x) return x
    x = next
  }
}

/** floor(a / b), plus one where something is left; for non-negative operands. */
const divUp = (a: bigint, b: bigint): bigint => (a + b - 1n) / b

/** 1.0001^(−2^i / 2) as Q128, to the nearest: what TickMath holds as constants. */
export const TICK_FACTORS: readonly bigint[] = (() => {
  const factors: bigint[] = []
  let power = rootDown((10_000n << (2n * PRECISION)) / 10_001n)
  for (let bit = 0; bit < 20; bit++) {
    factors.push(((power >> (PRECISION - 129n)) + 1n) >> 1n)
    power = (power * power) >> PRECISION
  }
  return factors
})()

/** √(1.0001^tick) as Q64.96, rounded up as TickMath does. */
export const sqrtRatioAtTick = (tick: number): bigint => {
  const steps = Math.abs(tick)
  let ratio = Q128
  TICK_FACTORS.forEach((factor, bit) => {
    if ((steps >> bit) & 1) ratio = (ratio * factor) >> 128n
  })
  if (tick > 0) ratio = MAX_UINT256 / ratio
  return divUp(ratio, 2n ** 32n)
}

/** Between two √prices, `low` and `high`. */
type Span = { readonly low: bigint; readonly high: bigint; readonly liquidity: bigint }

/** token0 that a pool holds over a span, rounded down: what it pays out. */
export const amount0Down = ({ low, high, liquidity }: Span): bigint =>
  ((liquidity << 96n) * (high - low)) / high / low

/** token0 that a pool asks for a span, rounded up twice. */
export const amount0Up = ({ low, high, liquidity }: Span): bigint =>
  divUp(divUp((liquidity << 96n) * (high - low), high), low)

/** token1 that a pool holds over a span, rounded down: what it pays out. */
export const amount1Down = ({ low, high, liquidity }: Span): bigint => (liquidity * (high - low)) / Q96

/** token1 that a pool asks for a span, rounded up. */
export const amount1Up = ({ low, high, liquidity }: Span): bigint => divUp(liquidity * (high - low), Q96)

type From = { readonly root: bigint; readonly liquidity: bigint }

/** The √price after `amount` of token0 came in, rounded up; in the rough form where the fine one has no room in 256 bits. */
export const rootAfter0 = ({ root, liquidity }: From, amount: bigint): bigint => {
  if (amount === 0n) return root
  const scaled = liquidity << 96n
  const product = amount * root
  if (product <= MAX_UINT256 && scaled + product <= MAX_UINT256) return divUp(scaled * root, scaled + product)
  return divUp(scaled, scaled / root + amount)
}

/** The √price after `amount` of token1 came in, rounded down. */
export const rootAfter1 = ({ root, liquidity }: From, amount: bigint): bigint =>
  root + (amount << 96n) / liquidity
