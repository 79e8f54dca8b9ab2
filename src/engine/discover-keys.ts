import type { AnyAdapter, Context } from '../adapters/adapter.ts'
import type { DiscoverConfig } from '../config.ts'
import type { Meter } from '../sources/endpoint.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import { changedAround } from './around.ts'
import { accountsByLogs, compareLists, crosscheckNotes } from './crosscheck.ts'
import { discoverAccounts } from './discover.ts'
import { readStates, type ToldStates } from './subgraph-states.ts'

/** Which accounts to read instead of those that the logs since the cursor name. */
export type Keys = {
  /** null to go by the logs. */
  readonly keys: ReadonlySet<string> | null
  /** Their states where the subgraph tells them, so that none is read; null where the chain does. */
  readonly told: ToldStates | null
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
  const byChain = { keys: null, told: null, compare: () => [] }
  if (!discover) return { ...byChain, notes: [] }
  const around = () => changedAround(rpc, { adapter, context, markets, fromBlock }, meter)
  const listing = { protocol: adapter.name, markets, discover, around }
  if (discover.mode === 'read') {
    const { told, notes } = await readStates(rpc, listing, meter, onFound)
    return told === null
      ? { ...byChain, notes }
      : { ...byChain, keys: new Set(told.states.keys()), told, notes }
  }
  const { listed, notes } = await discoverAccounts(rpc, listing, meter, onFound)
  if (listed === null) return { ...byChain, notes }
  if (!discover.crosscheck) return { ...byChain, keys: new Set(listed.accounts.keys()), notes }
  const byLogs = await accountsByLogs(adapter, context, { markets, fromBlock })
  const head = { source: key, adapter, markets, block: rpc.block.number }
  return {
    keys: new Set([...listed.accounts.keys(), ...byLogs]),
    told: null,
    notes,
    compare: (states) => crosscheckNotes(compareLists(head, { byLogs, listed, states })),
  }
}
