import { type PriceResponse, priceAt } from './price-response.ts'

/** Whether an asset becomes cheaper while the driver rises, as its market prices it: one that is priced in the driver. */
export const fallsAsDriverRises = ({ numerator, inverse, points }: PriceResponse): boolean => {
  if (points) return (points.at(-1)?.[1] ?? 0n) < (points[0]?.[1] ?? 0n)
  return inverse ? numerator > 0n : numerator < 0n
}

/** No multiple of spot is told beyond this one, nor below one over it: a part of the price that stands still can keep it from ever getting there. */
const HORIZON = 1e9

/**
 * Where the driver has to go, as a multiple of `spot`, for an asset's price to become `ratio` times what it is; not
 * rounded, and within 10^±9. Where only points of the price are known: on the line between two of them, the first such
 * from below, or at the end that comes nearest.
 * @param spot the driver's own answer at the pinned block
 */
export const multipleFor = (response: PriceResponse, spot: bigint, ratio: number): number => {
  const now = Number(priceAt(response, spot))
  if (response.points) {
    const line = response.points.map(
      ([driver, price]) => [Number(driver) / Number(spot), Number(price)] as const,
    )
    return alongLine(line, ratio * now)
  }
  const fixed = now === 0 ? 0 : Number(response.constant * (response.scale ?? 1n)) / now
  const moving = Math.min(HORIZON, Math.max(1 / HORIZON, (ratio - fixed) / (1 - fixed)))
  return response.inverse ? 1 / moving : moving
}

const alongLine = (line: readonly (readonly [x: number, y: number])[], wanted: number): number => {
  let nearest = { x: 1, apart: Number.POSITIVE_INFINITY }
  for (const [i, [x, y]] of line.entries()) {
    const [nextX, nextY] = line[i + 1] ?? [x, y]
    if (y !== nextY && (wanted - y) * (wanted - nextY) <= 0)
      return x + ((nextX - x) * (wanted - y)) / (nextY - y)
    if (Math.abs(wanted - y) < nearest.apart) nearest = { x, apart: Math.abs(wanted - y) }
  }
  return nearest.x
}
