import type { BookEntry } from './bands/book.ts'
import { sumUsd } from './bands/cents.ts'
import { heavyHoldings } from './bands/holdings.ts'
import type { Side, Whale } from './report.ts'

const collateral = (entry: BookEntry): number => entry.collateralUsd

/** One order for whatever order the entries came in, so that the mean price has the same last digit every time. */
const byPrice = (a: BookEntry, b: BookEntry): number => a.price - b.price || a.collateralUsd - b.collateralUsd

/**
 * The owners with at least `share` of the collateral of one side, heaviest first, however their liquidation prices
 * are spread. `entries` are the positions of that side.
 */
export const findWhales = (
  entries: readonly BookEntry[],
  { side, share = 0.01 }: { readonly side: Side; readonly share?: number },
): readonly Whale[] => {
  const total = sumUsd(entries, collateral)
  if (total === 0) return []
  const heavy = heavyHoldings(entries, (entry) => entry.owner, share * total)
  const positions = new Map<string, BookEntry[]>([...heavy.usd.keys()].map((owner) => [owner, []]))
  entries.forEach((entry, i) => {
    if (heavy.at(i) !== undefined) positions.get(entry.owner)?.push(entry)
  })

  const whales = [...heavy.usd].map(([owner, usd]): Whale => {
    const own = (positions.get(owner) ?? []).sort(byPrice)
    const weight = own.reduce((sum, entry) => sum + entry.collateralUsd, 0)
    const moment = own.reduce((sum, entry) => sum + entry.collateralUsd * entry.price, 0)
    return {
      owner,
      entity: own.find((entry) => entry.entity !== null)?.entity ?? null,
      side,
      share: usd / total,
      price: moment / weight,
      collateralUsd: usd,
      debtUsd: sumUsd(own, (entry) => entry.debtUsd),
      positions: own.length,
    }
  })
  return whales.sort((a, b) => b.collateralUsd - a.collateralUsd || (a.owner < b.owner ? -1 : 1))
}
