import type { AnyAdapter, Context } from '../adapters/adapter.ts'
import { agrees, type Crosscheck, type CrosscheckAccount } from '../core/crosscheck.ts'
import type { Listed } from './discover.ts'
import { roundingOf } from './rounding.ts'

/** Debt, by asset, in the adapter's own units. */
type Debts = Readonly<Record<string, bigint>>

/** Whether two debts are apart by an indexer's rounding alone. */
const isRounding = (chain: bigint, subgraph: bigint): boolean => {
  const apart = chain < subgraph ? subgraph - chain : chain - subgraph
  return apart <= roundingOf(chain)
}

const text = (debts: Debts): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(debts).flatMap(([a, n]) => (n === 0n ? [] : [[a, String(n)]])))

/**
 * Holds the list that the logs give against the subgraph's, by the states of both lists' accounts at the block. An
 * account that the chain shows without debt belongs in neither list, and a debt of a few units may be an indexer's
 * rounding. Pure.
 */
export const compareLists = (
  {
    source,
    adapter,
    markets,
    block,
  }: {
    readonly source: string
    readonly adapter: AnyAdapter
    readonly markets: unknown
    readonly block: bigint
  },
  {
    byLogs,
    listed,
    states,
  }: {
    readonly byLogs: ReadonlySet<string>
    readonly listed: Listed
    readonly states: ReadonlyMap<string, unknown>
  },
): Crosscheck => {
  const debtsOf = (key: string): Debts => {
    const state = states.get(key)
    return state === undefined ? {} : adapter.debts(markets, state)
  }
  const owes = (key: string): boolean => {
    const state = states.get(key)
    return state !== undefined && adapter.hasDebt(state)
  }
  const { accounts, host, schema, deployment, pin } = listed
  const show = (key: string): CrosscheckAccount => {
    const said = accounts.get(key) ?? null
    return { id: key, chain: text(debtsOf(key)), subgraph: said && text(said) }
  }
  const differs = (key: string): boolean => {
    const said = accounts.get(key)
    if (!said) return false
    const chain = debtsOf(key)
    return [...new Set([...Object.keys(chain), ...Object.keys(said)])].some(
      (asset) => !isRounding(chain[asset] ?? 0n, said[asset] ?? 0n),
    )
  }
  // a schema may list accounts without debt too, and a list of no block those who borrow at another one
  const claimed = [...accounts.keys()].filter((key) => {
    const said = accounts.get(key) ?? null
    return owes(key) || (said === null ? pin !== null : Object.values(said).some((debt) => debt !== 0n))
  })
  const here = [...byLogs].filter(owes)
  const both = here.filter((key) => accounts.has(key))
  // what the logs name and the chain shows as repaid is a difference only where the subgraph still counts a debt
  const repaid = [...byLogs].filter((key) => !owes(key) && accounts.has(key))
  const sort = (keys: readonly string[]): readonly CrosscheckAccount[] => keys.toSorted().map(show)
  return {
    source,
    block: Number(block),
    subgraph: { host, schema, deployment },
    logs: here.length,
    listed: claimed.length,
    both: both.length,
    onlyLogs: sort(here.filter((key) => !accounts.has(key))),
    onlySubgraph: sort(claimed.filter((key) => !byLogs.has(key))),
    different: sort([...both, ...repaid].filter(differs)),
    debtsCompared: [...accounts.values()].some((debts) => debts !== null),
  }
}

/** Every account that the logs name from the deployment block on. */
export const accountsByLogs = async (
  adapter: AnyAdapter,
  context: Context<unknown>,
  { markets, fromBlock }: { readonly markets: unknown; readonly fromBlock: bigint },
): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  const range = { from: fromBlock, to: context.block.number, known: null }
  for await (const key of adapter.touched(context, markets, range)) found.add(key)
  return found
}

/** Accounts named in a line; the others are counted. */
const NAMED = 5

const named = (accounts: readonly CrosscheckAccount[]): string => {
  const names = accounts.slice(0, NAMED).map(({ id }) => id)
  return accounts.length > NAMED
    ? `${names.join(', ')} and ${accounts.length - NAMED} more`
    : names.join(', ')
}

/** The outcome in the words of a coverage. */
export const crosscheckNotes = (check: Crosscheck): readonly string[] => {
  const { logs, onlyLogs, onlySubgraph, different, debtsCompared } = check
  const what = debtsCompared ? 'accounts and debts' : 'accounts (its schema has no debts at the block)'
  if (agrees(check)) return [`crosscheck: logs and subgraph agree on ${logs} ${what}`]
  const line = (words: string, accounts: readonly CrosscheckAccount[]) =>
    accounts.length === 0 ? [] : [`crosscheck: ${accounts.length} ${words}: ${named(accounts)}`]
  return [
    ...line('only in the logs, missing from the subgraph', onlyLogs),
    ...line('only in the subgraph, in no log', onlySubgraph),
    ...line('with another debt in the subgraph', different),
  ]
}
