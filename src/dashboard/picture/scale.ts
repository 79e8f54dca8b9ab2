/** A straight map of values to pixels; what lies outside the domain is drawn on its edge. */
export type Scale = {
  readonly low: number
  readonly high: number
  /** Pixels of `low` and of `high`. */
  readonly from: number
  readonly to: number
  readonly at: (value: number) => number
}

/** The linear scale of `low`..`high` (low < high) onto the pixels `from`..`to`. */
export const linear = (low: number, high: number, from: number, to: number): Scale => ({
  low,
  high,
  from,
  to,
  at: (value) => from + Math.min(1, Math.max(0, (value - low) / (high - low))) * (to - from),
})
