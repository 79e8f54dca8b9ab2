/** USD to whole cents: sums of them are exact, so they never depend on the order of the addends. */
export const toCents = (usd: number): number => Math.round(usd * 100)

/** Whether an amount reaches a limit, to the cent. */
export const reaches = (usd: number, limit: number): boolean => toCents(usd) >= toCents(limit)

/** The exact sum of `pick` over `items`, USD, each addend rounded to a cent. */
export const sumUsd = <T>(items: readonly T[], pick: (item: T) => number): number => {
  let cents = 0
  for (const item of items) cents += toCents(pick(item))
  return cents / 100
}

/** The exact sum of `pick` per key, USD, each addend rounded to a cent. */
export const sumUsdBy = <T, K>(
  items: readonly T[],
  key: (item: T) => K,
  pick: (item: T) => number,
): ReadonlyMap<K, number> => {
  const cents = new Map<K, number>()
  for (const item of items) {
    const k = key(item)
    cents.set(k, (cents.get(k) ?? 0) + toCents(pick(item)))
  }
  for (const [k, sum] of cents) cents.set(k, sum / 100)
  return cents
}
