import type { PricePoint } from '../core/price-response.ts'

/** Into how many parts the way from an answer to a refusal is cut in each round. */
const PARTS = 16n

/** What an oracle was asked, in the order of the driver, and whether it answered. */
export type Sides = readonly (readonly [answer: bigint, answered: boolean])[]

/** Between each answer and the refusal beside it, where they are no neighbours yet: where to ask next. */
export const towardsRefusals = (sides: Sides): readonly bigint[] =>
  sides.flatMap(([high, answered], i) => {
    const [low, before] = sides[i - 1] ?? [high, answered]
    if (before === answered || high - low === 1n) return []
    const parts = high - low < PARTS ? high - low : PARTS
    return Array.from({ length: Number(parts) - 1 }, (_, k) => low + ((high - low) * BigInt(k + 1)) / parts)
  })

/** Answers at which an oracle refused, first and last; null where it did so to the end of what was asked. */
export type Gap = { readonly from: bigint | null; readonly to: bigint | null }

export const gapsIn = (sides: Sides): readonly Gap[] =>
  sides.flatMap(([answer, answered], i): readonly Gap[] => {
    if (answered || sides[i - 1]?.[1] === false) return []
    const end = sides.findIndex(([, again], j) => j > i && again)
    return [{ from: i === 0 ? null : answer, to: sides[end - 1]?.[0] ?? null }]
  })

/** What one oracle was asked, and what it answered where it did. */
export const openTable = () => {
  const asked = new Set<bigint>()
  let sorted: readonly PricePoint[] = []
  let fresh: PricePoint[] = []
  const refused: bigint[] = []
  const points = (): readonly PricePoint[] => {
    if (fresh.length > 0) sorted = [...sorted, ...fresh].sort(([a], [b]) => (a < b ? -1 : 1))
    fresh = []
    return sorted
  }
  return {
    /** Whether it is asked for the first time. */
    expect: (answer: bigint): boolean => !asked.has(answer) && asked.add(answer).has(answer),
    put: (answer: bigint, price: bigint | null): void => {
      if (price === null) refused.push(answer)
      else fresh.push([answer, price])
    },
    /** In the order of the driver. */
    points,
    sides: (): Sides => {
      if (refused.length === 0) return []
      const answered = points().map(([answer]) => [answer, true] as const)
      return [...answered, ...refused.map((answer) => [answer, false] as const)].sort(([a], [b]) =>
        a < b ? -1 : 1,
      )
    },
  }
}

export type OracleTable = ReturnType<typeof openTable>
