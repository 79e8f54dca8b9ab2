import { z } from 'zod'
import type { SubgraphStates } from '../adapters/subgraph-reader.ts'
import { readerFor } from '../adapters/subgraph-readers.ts'
import { BaseError, EndpointUnfitError } from '../core/errors.ts'
import type { SchemaName } from '../core/subgraph.ts'
import { TOLD_BY } from '../core/told.ts'
import type { Meter } from '../sources/endpoint.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import { pinSubgraph } from '../sources/subgraph-pin.ts'
import { type Listed, type Listing, listAccounts, openDiscover, pinnedAt } from './discover.ts'

/** The states of a source's accounts as its subgraph tells them at the pinned block. */
export type ToldStates = SubgraphStates & { readonly closed: unknown }

/** States where the subgraph gives them, and what the coverage says of where they come from. */
export type Told = { readonly told: ToldStates | null; readonly notes: readonly string[] }

/**
 * Lists the accounts of a source and reads their balances from its subgraph, at the pinned block and from one deployment
 * throughout; where that fails for whatever reason, says why logs are read instead.
 */
export const readStates = async (
  rpc: PinnedRpc,
  listing: Listing,
  meter: Meter,
  onFound: (count: number) => void,
): Promise<Told> => {
  try {
    const listed = await listAccounts(rpc, listing, meter, onFound)
    const told = await statesOf(rpc, { listing, listed }, meter)
    return {
      told,
      notes: [
        `${told.states.size} ${TOLD_BY} ${pinnedAt(listed)}; none of them read from the chain`,
        ...told.approximate.map((reason) => `approximate: ${reason}`),
      ],
    }
  } catch (error) {
    if (!(error instanceof BaseError)) throw error
    return { told: null, notes: [`accounts found by logs and read from the chain instead: ${error.message}`] }
  }
}

/** Why its accounts cannot be read from a schema; null where they can. */
export const lacksBalances = (schema: SchemaName, protocol: string): string | null =>
  readerFor(schema, protocol) === null
    ? `its schema ${schema} does not have the balances of ${protocol} accounts at a block: leave "mode" out, so that they are read from the chain`
    : null

const statesOf = async (
  rpc: PinnedRpc,
  { listing, listed }: { readonly listing: Listing; readonly listed: Listed },
  meter: Meter,
): Promise<ToldStates> => {
  const { protocol, markets, discover, options } = listing
  const { schema, host, deployment, accounts } = listed
  const reader = readerFor(schema, protocol)
  if (reader === null)
    throw new EndpointUnfitError(`the subgraph at ${host}: ${lacksBalances(schema, protocol)}`)
  const pinned = await pinSubgraph(openDiscover(discover, options), rpc, meter)
  if (pinned.deployment !== deployment)
    throw new EndpointUnfitError(
      `the subgraph at ${host} changed from deployment ${deployment} to ${pinned.deployment} meanwhile: scan again`,
    )
  const { entity, fields } = reader
  const rows: unknown[] = []
  for (const where of reader.wheres([...accounts.keys()], markets))
    for await (const row of pinned.rows({ entity, fields, where })) rows.push(row)
  await pinned.confirm()
  const read = parse(host, () => reader.read(rows, markets))
  const states = new Map([...read.states].filter(([key]) => accounts.has(key)))
  const missing = [...accounts.keys()].find((key) => !states.has(key))
  if (missing !== undefined)
    throw new EndpointUnfitError(
      `the subgraph at ${host} lists ${missing} but has no balances of it: check "schema" in the configuration`,
    )
  return { ...read, states, closed: reader.closed }
}

const parse = <T>(host: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const [issue] = error.issues
    throw new EndpointUnfitError(
      `the subgraph at ${host} has balances of another shape (${issue?.path.join('.')}: ${issue?.message}); check "schema" in the configuration`,
    )
  }
}
