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

/** 1% above an answer, one unit at least. */
const stepAbove = (spot: bigint): bigint => spot + (spot < 100n ? 1n : spot / 100n)

/**
 * Where the oracle is asked: at spot; 1% above it; at 73% and 51% of it, off the straight digits, to check the fit; at
 * a price with so many digits that the adapters' ratios show in full; at the least, where a price in terms of the
 * driver does; and further away, where a floor or a cap may lie.
 */
export const samplesAround = (spot: bigint): readonly bigint[] => [
  spot,
  stepAbove(spot),
  (spot * 73n) / 100n + 7n,
  (spot * 51n) / 100n + 3n,
  FINE,
  1n,
  ...[31n, 17n, 8n, 190n, 410n, 970n].map((percent) => (spot * percent) / 100n + 1n),
]

/** The samples that need no answer: far from spot an adapter may fail. */
const FAR = 6

const clamp = (exposure: bigint): bigint => (exposure < 0n ? 0n : exposure > WAD ? WAD : exposure)

/** Prices that stand still but for the rounding of what they are made of: a ratio of two that move together. */
const isRounding = (value: bigint, base: bigint): boolean =>
  (value < base ? base - value : value - base) * 1_000_000n <= base

/** The largest power of ten that divides all of them, up to 10^36. */
const commonTens = (values: readonly (bigint | null | undefined)[]): bigint => {
  let tens = 1n
  while (tens < 10n ** 36n && values.every((value) => (value ?? 0n) % (tens * 10n) === 0n)) tens *= 10n
  return tens
}

/** A response, and whether the samples show that the price follows in another way, which it only approaches near spot. */
export type Fit = { readonly response: PriceResponse; readonly isBent: boolean }

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
): Fit | null => {
  const values = samples.map(({ prices }) => prices[asset] ?? null)
  const [base, up, low, lower, fine, coarse] = values
  if (base === null || base === undefined || up === null || up === undefined) return null
  const far = values.slice(FAR)
  // far from spot an adapter may fail; where it answers, it must not have moved either
  const stays = (value: bigint | null | undefined): boolean => value == null || value === base
  const nearlyStays = (value: bigint | null | undefined): boolean => value == null || isRounding(value, base)
  const answersNear = low != null && lower != null
  const still = answersNear && [up, low, lower, fine, coarse, ...far].every(stays)
  if (still || (answersNear && [up, low, lower, ...far].every(nearlyStays)))
    return {
      response: { ...constantResponse(price, 'measured', still), exposure: quoteExposure },
      isBent: false,
    }
  // an adapter may round before it scales: what is scaled is fitted without
  const tens = commonTens([base, up, low, lower, coarse, ...far])
  const exact = exactForm(
    samples,
    values.map((value) => value && value / tens),
    { spot, quoteExposure },
  )
  // steps that are no mere rounding are no plain proportion, however well a form tells them
  if (exact && (tens === 1n || isRounding(base + tens, base)))
    return { response: tens === 1n ? exact : { ...exact, scale: tens }, isBent: false }
  const step = stepAbove(spot) - spot
  const slope = base === 0n ? 0n : ((up - base) * spot * WAD) / (step * base)
  const exposure = clamp(slope + quoteExposure)
  const response =
    quoteExposure === 0n
      ? { ...proportionalResponse(price, spot, exposure, 'measured'), exact: false }
      : quotedResponse(price, spot, { exposure, quoteExposure }, 'measured')
  return { response, isBent: true }
}

/** The form that meets all samples to the unit: drawn through the finest one, or through spot. */
const exactForm = (
  samples: readonly Sample[],
  values: readonly (bigint | null)[],
  { spot, quoteExposure }: { readonly spot: bigint; readonly quoteExposure: bigint },
): PriceResponse | null => {
  const [base, , , , fine, coarse] = values
  if (base == null) return null
  const near = samples.slice(0, 4)
  const far = values.slice(FAR)
  const agrees = (response: PriceResponse): boolean =>
    near.every(({ driver }, i) => values[i] === priceAt(response, driver)) &&
    [fine, coarse, ...far].every(
      (value, i) => value == null || value === priceAt(response, samples[near.length + i]?.driver ?? 1n),
    )
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
  return candidates.find((candidate) => candidate !== null && agrees(candidate)) ?? null
}
