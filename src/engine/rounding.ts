const UNITS = 16n
const PARTS = 1_000_000_000n

/** How far an indexer's own divisions may take one debt from the chain's, in its units: a few, or a billionth of it. */
export const roundingOf = (debt: bigint): bigint => {
  const part = debt / PARTS
  return part > UNITS ? part : UNITS
}

/** The same of a sum of debts: never less than all of theirs together. */
export const roundingOfSum = (sum: bigint, accounts: number): bigint => UNITS * BigInt(accounts) + sum / PARTS
