import { z } from 'zod'
import { InvalidDataError } from '../core/errors.ts'
import { address } from './fields.ts'

/** The stored states that rows of a subgraph give, and what they are worth. */
export type SubgraphStates = {
  /** By account key, as `Adapter.read` would give them but for what `approximate` says. */
  readonly states: ReadonlyMap<string, unknown>
  /** Why some of them are not what the chain stores, one reason each; empty where all are, but for an indexer's rounding. */
  readonly approximate: readonly string[]
  /** The accounts whose debts are without their latest interest, or with another than the chain's. */
  readonly inexactDebts: ReadonlySet<string>
}

/** How the balances of listed accounts are asked of one subgraph schema, and what its rows mean. */
export type SubgraphReader = {
  readonly entity: string
  readonly fields: string
  /** Filters that together give every row of these accounts once, and may give others'. Pure. */
  readonly wheres: (keys: readonly string[], markets: unknown) => readonly string[]
  /**
   * The states of all accounts that have rows here. Pure.
   * @throws ZodError for a row of another shape; InvalidDataError for rows that contradict one another.
   */
  readonly read: (rows: readonly unknown[], markets: unknown) => SubgraphStates
  /** An account that no longer owes anything. */
  readonly closed: unknown
}

export const amount = z
  .string()
  .regex(/^-?\d+$/, 'not an integer')
  .transform(BigInt)

/** How far below zero an indexer's own rounding may take a balance, in scaled units. */
const BELOW_ZERO = 16n

/** A balance that is kept by a division of the indexer's own: a few units below zero are none. */
export const balance = amount
  .refine((units) => units >= -BELOW_ZERO, 'a balance below zero')
  .transform((units) => (units < 0n ? 0n : units))

export const ofAddress = z.object({ id: address })

/** Accounts in one filter: some 46 kB of them. */
const ACCOUNTS = 1000

/** Filters for the rows of these addresses, as a subgraph writes them: the field that refers to them, and what else. */
export const wheresIn = (field: string, keys: readonly string[], also = ''): readonly string[] =>
  Array.from({ length: Math.ceil(keys.length / ACCOUNTS) }, (_, i) => {
    const some = keys.slice(i * ACCOUNTS, (i + 1) * ACCOUNTS).map((key) => `"${key.toLowerCase()}"`)
    return `${also}${field}: [${some.join(', ')}]`
  })

/** Rows by account, in their order. */
export const byAccount = <T extends { readonly key: string }>(
  rows: readonly T[],
): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const group = groups.get(row.key)
    if (group) group.push(row)
    else groups.set(row.key, [row])
  }
  return groups
}

/**
 * Rows of one account, of which no two may be of the same thing: the one that is right cannot be told.
 * @throws InvalidDataError naming it.
 */
export const eachOnce = <T extends { readonly key: string }>(
  rows: readonly T[],
  of: (row: T) => string,
): readonly T[] => {
  const seen = new Set<string>()
  for (const row of rows) {
    const what = of(row)
    if (seen.has(what))
      throw new InvalidDataError(
        `the subgraph has two balances of ${what} for ${row.key}: check "schema" in the configuration`,
      )
    seen.add(what)
  }
  return rows
}

/** "1 account", "2 accounts". */
export const counted = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`
