import type { Side } from '../report.ts'

/**
 * How far a price lies from spot: |ln(price / spot)|, negative on the wrong side of spot. Both sides of spot share
 * this axis, so everything that searches it exists once.
 */
export const depthOf = (price: number, market: { readonly spot: number; readonly side: Side }): number =>
  market.side === 'below' ? Math.log(market.spot / price) : Math.log(price / market.spot)

/** The same of a position: a source whose own feed stands a little beyond spot counts as at spot. */
export const nearestDepth = (price: number, market: { readonly spot: number; readonly side: Side }): number =>
  Math.max(0, depthOf(price, market))

/** The search ends here: at 5 % of spot below, at twenty times spot above. */
export const REACH = -Math.log(0.05)

/** Ranges narrower than a quarter per cent count as a quarter per cent: no density is infinite. */
export const NARROWEST = 0.0025

/** A range of depths, `near` <= `far`. */
export type DepthRange = { readonly near: number; readonly far: number }

/** The depths between two prices, USD. */
export const depthsBetween = (
  { low, high }: { readonly low: number; readonly high: number },
  market: { readonly spot: number; readonly side: Side },
): DepthRange => {
  const [near, far] = market.side === 'below' ? [high, low] : [low, high]
  return { near: depthOf(near, market), far: depthOf(far, market) }
}

/** The range itself, or one of the narrowest width around its middle. */
export const widened = (range: DepthRange): DepthRange => {
  const half = Math.max(range.far - range.near, NARROWEST) / 2
  const middle = (range.near + range.far) / 2
  return { near: middle - half, far: middle + half }
}

/** Intersection over union of two ranges, each at least of the narrowest width. */
export const rangeAgreement = (one: DepthRange, other: DepthRange): number => {
  const a = widened(one)
  const b = widened(other)
  const shared = Math.min(a.far, b.far) - Math.max(a.near, b.near)
  return Math.max(0, shared) / (Math.max(a.far, b.far) - Math.min(a.near, b.near))
}
