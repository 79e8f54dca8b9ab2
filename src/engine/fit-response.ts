import {
  constantResponse,
  type PriceResponse,
  priceAt,
  proportionalResponse,
  quotedResponse,
} from '../core/price-response.ts'
import { WAD } from '../core/units.ts'

/** What the root feeds answer under the samples, beside what the oracle then says of every asset. */
export type Sample = { readonly driver: bigint; readonly prices: readonly (bigint | null)[] }

/** A driver price at which the ratio of any adapter with up to 27 decimals shows all its digits. */
const FINE = 10n ** 27n

/**
 * Where the oracle is asked: at spot; 1% above it; at 73% and 51% of it, off the straight digits, to check the fit; at
 * a price with so many digits that the adapters' ratios show in full; and at the least, where a price in terms of the
 * driver does.
 */
export const samplesAround = (spot: bigint): readonly bigint[] => [
  spot,
  (spot * 101n) / 100n,
  (spot * 73n) / 100n + 7n,
  (spot * 51n) / 100n + 3n,
  FINE,
  1n,
]

const clamp = (exposure: bigint): bigint => (exposure < 0n ? 0n : exposure > WAD ? WAD : exposure)

/**
 * The curve through an asset's samples: constant, proportional or inverse to the driver; `exact` when the samples it
 * was not drawn through agree to the unit.
 * @param quoteExposure USD exposure of what the price is expressed in; 0 for USD
 */
export const fitResponse = (
  samples: readonly Sample[],
  asset: number,
  {
    price,
    spot,
    quoteExposure,
  }: { readonly price: bigint; readonly spot: bigint; readonly quoteExposure: bigint },
): PriceResponse | null => {
  const values = samples.map(({ prices }) => prices[asset] ?? null)
  const [base, up, low, lower, fine, coarse] = values
  if (base === null || base === undefined || up === null || up === undefined) return null
  // far from spot an adapter may fail; where it answers, it must not have moved either
  const still = up === base && [low, lower, fine, coarse].every((value) => value == null || value === base)
  if (still) return { ...constantResponse(price, 'measured', true), exposure: quoteExposure }
  const near = samples.slice(0, 4)
  const agrees = (response: PriceResponse, more: readonly number[]): boolean =>
    near.every(({ driver }, i) => values[i] === priceAt(response, driver)) &&
    more.every((i) => values[i] === priceAt(response, samples[i]?.driver ?? 1n))
  const linear = {
    constant: 0n,
    exposure: clamp(WAD + quoteExposure),
    method: 'measured',
    exact: true,
  } as const
  const inverse = { ...linear, exposure: clamp(quoteExposure - WAD), inverse: true } as const
  const candidates: readonly (PriceResponse | null)[] = [
    fine == null ? null : { ...linear, numerator: fine, denominator: FINE },
    { ...linear, numerator: base, denominator: spot },
    coarse == null ? null : { ...inverse, numerator: coarse, denominator: 1n },
    { ...inverse, numerator: base * spot, denominator: 1n },
  ]
  const exact = candidates.find(
    (candidate) => candidate !== null && agrees(candidate, fine == null || candidate.inverse ? [] : [4]),
  )
  if (exact) return exact
  const step = (spot * 101n) / 100n - spot
  const slope = base === 0n ? 0n : ((up - base) * spot * WAD) / (step * base)
  const exposure = clamp(slope + quoteExposure)
  return quoteExposure === 0n
    ? { ...proportionalResponse(price, spot, exposure, 'measured'), exact: false }
    : quotedResponse(price, spot, { exposure, quoteExposure }, 'measured')
}
