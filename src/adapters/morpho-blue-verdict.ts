import type { Hex } from 'viem'
import { revertReason } from './revert-reason.ts'

/** Morpho's refusal of a position that is healthy. Source: @morpho-org/morpho-blue 1.0.0, ErrorsLib.HEALTHY_POSITION. */
const HEALTHY = 'position is healthy'

/** Where `liquidate` stops after its health check: whoever asks holds neither tokens nor an allowance. Same source. */
const AFTER_THE_CHECK: readonly string[] = [
  'transfer reverted',
  'transfer returned false',
  'transferFrom reverted',
  'transferFrom returned false',
  'no code',
  'max uint128 exceeded',
]

/** Arithmetic after the check: more collateral than there is (0x11), a price of zero (0x12). */
const PANICS: readonly bigint[] = [0x11n, 0x12n]

/**
 * Reads the answer to `liquidate(…, 1 share)`: refused as healthy, or past the health check. null for any other refusal
 * (the oracle's own, the interest model's): it says neither.
 */
export const answersLiquidate = (answer: {
  readonly success: boolean
  readonly data: Hex
}): boolean | null => {
  if (answer.success) return true
  const reason = revertReason(answer.data)
  if (reason === HEALTHY) return false
  if (typeof reason === 'bigint') return PANICS.includes(reason) ? true : null
  return reason !== null && AFTER_THE_CHECK.includes(reason) ? true : null
}
