/** Nobody counts for more than 0.4 % of the side in what is expected of it, so no whale can draw a crowd; USD. */
export const capOf = (total: number): number => 0.004 * total

/** What counts of a position whose name has `held` USD in all, winsorised per name. */
export const cappedUsd = (usd: number, held: number, total: number): number =>
  held > 0 ? usd * Math.min(1, capOf(total) / held) : usd
