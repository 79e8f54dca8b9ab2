import { InvalidDataError } from '../core/errors.ts'

/**
 * Fluid's ticks: debt per collateral, 1.0015^tick, times 2^96. Source: the rule of Instadapp/fluid-contracts-public at
 * a9949b48, contracts/libraries/tickMath.sol; results compared with that library, compiled, by
 * test/adapters/fluid-ticks.test.ts.
 */

/** A ratio of 1. */
export const ONE = 2n ** 96n

/** Unit of the library's own steps while it looks for a tick. */
const STEP = 10n ** 26n

const BITS = 15
const HIGHEST = 2 ** BITS - 1

/** 1.0015^(2^bit) as a fraction. */
const POWERS: readonly { readonly over: bigint; readonly under: bigint }[] = Array.from(
  { length: BITS },
  (_, bit) => ({ over: 10_015n ** (2n ** BigInt(bit)), under: 10_000n ** (2n ** BigInt(bit)) }),
)

const nearest = (over: bigint, under: bigint): bigint => (2n * over + under) / (2n * under)

/** 2^128 / 1.0015^(2^bit), to the nearest unit. */
const FALLS = POWERS.map(({ over, under }) => nearest(2n ** 128n * under, over))

/** The one power that the library cuts where it rounds all others. */
const CUT = 6

/** 1.0015^(2^bit) in steps, as the library has it. */
const RISES = POWERS.map(({ over, under }, bit) =>
  bit === CUT ? (STEP * over) / under : nearest(STEP * over, under),
)

/** @throws InvalidDataError for a tick beyond those that Fluid knows. */
export const ratioAtTick = (tick: number): bigint => {
  const size = Math.abs(tick)
  if (!Number.isInteger(tick) || size > HIGHEST)
    throw new InvalidDataError(`Fluid knows no tick ${tick}; report this as a bug`)
  let factor = 2n ** 128n
  for (let bit = 0; bit < BITS; bit++) if ((size >> bit) & 1) factor = (factor * (FALLS[bit] ?? 0n)) >> 128n
  if (tick < 0) return factor >> 32n
  const inverse = (2n ** 256n - 1n) / factor
  return (inverse >> 32n) + (inverse % 2n ** 32n > 0n ? 1n : 0n)
}

// one more than the ratio at the lowest tick: with that one itself the library refuses to work
const LOWEST_RATIO = ratioAtTick(-HIGHEST) + 1n
const HIGHEST_RATIO = ratioAtTick(HIGHEST)

/**
 * The highest tick whose ratio is not above this one.
 * @returns null for a ratio with which the library refuses to work
 */
export const tickAtRatio = (ratio: bigint): number | null => {
  if (ratio < LOWEST_RATIO || ratio > HIGHEST_RATIO) return null
  const rises = ratio >= ONE
  let factor = rises ? (ratio * STEP) / ONE : (ONE * STEP) / ratio
  let tick = 0
  for (let bit = BITS - 1; bit >= 0; bit--) {
    const step = RISES[bit] ?? STEP
    if (factor < step) continue
    tick |= 1 << bit
    factor = (factor * STEP) / step
  }
  return rises ? tick : ~tick
}
