const multipleOf = (raw: number, exponent: number): number => {
  const lead = raw / Number(`1e${exponent}`)
  if (lead <= 1.000001) return 1
  if (lead <= 2.000001) return 2
  return lead <= 5.000001 ? 5 : 10
}

/** The smallest of 1, 2, 5, 10, 20, … that cuts `span` (positive) into at most `most` steps. */
export const niceStep = (span: number, most: number): number => {
  const raw = span / most
  const exponent = Math.floor(Math.log10(raw))
  return Number(`${multipleOf(raw, exponent)}e${exponent}`)
}

/** The round numbers between two ends, at most `most` + 1 of them; none where they could not be told apart. */
export const ticks = (low: number, high: number, most: number): readonly number[] => {
  const step = niceStep(high - low, most)
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return []
  const values = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  )
  return new Set(values).size === values.length ? values : []
}

/** The round number at or above `most` (positive) that an axis of about `steps` ticks ends on. */
export const niceTop = (most: number, steps: number): number => {
  const step = niceStep(most, steps)
  return Number((Math.ceil(most / step - 1e-9) * step).toPrecision(12))
}

/** Decimals that tell multiples of `step` apart. */
export const decimalsOf = (step: number): number => {
  for (let decimals = 0; decimals < 12; decimals++) {
    const shifted = step * 10 ** decimals
    if (shifted > 0.5 && Math.abs(shifted - Math.round(shifted)) < 1e-6) return decimals
  }
  return 12
}
