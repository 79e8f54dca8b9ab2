import type { AnyAdapter, Context } from '../adapters/adapter.ts'
import type { DiscoverConfig } from '../config.ts'
import type { Meter } from '../sources/endpoint.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import { accountsByLogs, compareLists, crosscheckNotes } from './crosscheck.ts'
import { discoverAccounts } from './discover.ts'

/** Which accounts to read instead of those that the logs since the cursor name. */
export type Keys = {
  /** null to go by the logs. */
  readonly keys: ReadonlySet<string> | null
  /** Where they come from. */
  readonly notes: readonly string[]
  /** What the states say of the lists. */
  readonly compare: (states: ReadonlyMap<string, unknown>) => readonly string[]
}

type Source = {
  readonly key: string
  readonly adapter: AnyAdapter
  readonly fromBlock: bigint
  readonly discover?: DiscoverConfig
}

/** The accounts that a subgraph lists, where one is configured and serves; beside them those of the logs, if wanted. */
export const discoverKeys = async (
  rpc: PinnedRpc,
  {
    context,
    source,
    markets,
  }: { readonly context: Context<unknown>; readonly source: Source; readonly markets: unknown },
  meter: Meter,
  onFound: (count: number) => void,
): Promise<Keys> => {
  const { key, adapter, discover, fromBlock } = source
  const compare = () => []
  if (!discover) return { keys: null, notes: [], compare }
  const listing = { protocol: adapter.name, markets, discover }
  const { listed, notes } = await discoverAccounts(rpc, listing, meter, onFound)
  if (listed === null) return { keys: null, notes, compare }
  if (!discover.crosscheck) return { keys: new Set(listed.accounts.keys()), notes, compare }
  const byLogs = await accountsByLogs(adapter, context, { markets, fromBlock })
  const head = { source: key, adapter, markets, block: rpc.block.number }
  return {
    keys: new Set([...listed.accounts.keys(), ...byLogs]),
    notes,
    compare: (states) => crosscheckNotes(compareLists(head, { byLogs, listed, states })),
  }
}
