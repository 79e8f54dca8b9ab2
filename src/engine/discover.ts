import { z } from 'zod'
import { type ListedAccount, MESSARI_NETWORKS, schemaFor } from '../adapters/subgraph-schemas.ts'
import type { DiscoverConfig } from '../config.ts'
import { BaseError, EndpointUnfitError } from '../core/errors.ts'
import { type SchemaName, schemasOf } from '../core/subgraph.ts'
import type { Meter } from '../sources/endpoint.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import { openSubgraph, type Subgraph, type SubgraphOptions } from '../sources/subgraph.ts'
import { refusalOf } from '../sources/subgraph-errors.ts'
import { type PinnedSubgraph, pinSubgraph } from '../sources/subgraph-pin.ts'

/** The accounts that a subgraph lists at the pinned block. */
export type Listed = {
  /** By account key; the debts in the adapter's own units, null where the schema does not have them at the block. */
  readonly accounts: ReadonlyMap<string, ListedAccount['debts']>
  readonly host: string
  readonly schema: SchemaName
  readonly deployment: string
  readonly pin: PinnedSubgraph['pin']
}

/** Who is asked for accounts, and of what. */
export type Listing = {
  readonly protocol: string
  readonly markets: unknown
  readonly discover: DiscoverConfig
  /** Only tests set it. */
  readonly options?: Pick<SubgraphOptions, 'sleep'>
}

export const openDiscover = (
  { url, key, waitSeconds }: DiscoverConfig,
  options: Listing['options'] = {},
): Subgraph => openSubgraph({ url, key, waitSeconds, ...options })

/**
 * Lists the accounts of a source from its subgraph, at the pinned block and from one deployment throughout.
 * @throws EndpointError or EndpointUnfitError where it is stale, wrong, broken or gone; never a part of the list.
 */
export const listAccounts = async (
  rpc: PinnedRpc,
  { protocol, markets, discover, options }: Listing,
  meter: Meter,
  onFound: (count: number) => void = () => {},
): Promise<Listed> => {
  const subgraph = openDiscover(discover, options)
  const pinned = await pinSubgraph(subgraph, rpc, meter)
  const name = await schemaOf(subgraph, { rpc, protocol, wanted: discover.schema }, meter)
  const schema = schemaFor(name, protocol)
  const accounts = new Map<string, ListedAccount['debts']>()
  for await (const row of pinned.rows(schema)) {
    const account = accountOf(row, { host: pinned.host, read: () => schema.account(row, markets) })
    if (account === null) continue
    accounts.set(account.key, merge(accounts.get(account.key), account.debts))
    if (accounts.size % 1000 === 0) onFound(accounts.size)
  }
  await pinned.confirm()
  const { host, deployment, pin } = pinned
  return { accounts, host, schema: name, deployment, pin }
}

/** One account may have a row for each of its debts. */
const merge = (
  before: ListedAccount['debts'] | undefined,
  debts: ListedAccount['debts'],
): ListedAccount['debts'] => (before && debts ? { ...before, ...debts } : debts)

const accountOf = <T>(
  { id }: { readonly id: string },
  { host, read }: { readonly host: string; readonly read: () => T },
): T => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const [issue] = error.issues
    throw new EndpointUnfitError(
      `the subgraph at ${host} lists ${JSON.stringify(id)} in another shape (${issue?.path.join('.')}: ${issue?.message}); check "schema" in the configuration`,
    )
  }
}

const protocolsSchema = z.object({
  protocols: z
    .array(z.object({ schemaVersion: z.string(), network: z.string(), slug: z.string().nullish() }))
    .min(1),
})

/**
 * The schema in use: the one that is wanted, else Messari's where the subgraph says its version, else that of the
 * protocol's team. Messari's also names its network, which must be the chain's.
 */
export const schemaOf = async (
  subgraph: Subgraph,
  {
    rpc,
    protocol,
    wanted,
  }: {
    readonly rpc: Pick<PinnedRpc, 'chainId'>
    readonly protocol: string
    readonly wanted: SchemaName | null
  },
  meter: Meter,
): Promise<SchemaName> => {
  const { host } = subgraph
  const [own] = schemasOf(protocol)
  if (own === undefined) throw new EndpointUnfitError(`no subgraph schema that lists ${protocol} is known`)
  if (wanted !== null && wanted !== 'messari') return wanted
  const said = await askProtocols(subgraph, meter)
  if (said === null) {
    if (wanted === null && own !== 'messari') return own
    throw new EndpointUnfitError(
      `the subgraph at ${host} does not have Messari's schema: name another "schema" in the configuration`,
    )
  }
  const { schemaVersion, network } = said
  if (!/^[23]\./.test(schemaVersion))
    throw new EndpointUnfitError(
      `the subgraph at ${host} has version ${schemaVersion} of Messari's schema; 2 and 3 are known`,
    )
  const chainId = MESSARI_NETWORKS[network.toUpperCase()]
  if (chainId !== undefined && chainId !== rpc.chainId)
    throw new EndpointUnfitError(
      `the subgraph at ${host} indexes ${network} (chain ${chainId}), not chain ${rpc.chainId}: check the id in the URL`,
    )
  return 'messari'
}

/** What Messari's schema says of itself; null where the subgraph has another one. */
const askProtocols = async (subgraph: Subgraph, meter: Meter) => {
  try {
    const answer = await subgraph.ask('{ protocols(first: 1) { schemaVersion network slug } }', meter)
    return protocolsSchema.safeParse(answer).data?.protocols[0] ?? null
  } catch (error) {
    if (refusalOf(error) === 'schema') return null
    throw error
  }
}

/** The list where there is one, and what the coverage says of where the accounts come from. */
export type Discovered = { readonly listed: Listed | null; readonly notes: readonly string[] }

/** Lists the accounts from the subgraph; where that fails for whatever reason, says why logs are read instead. */
export const discoverAccounts = async (
  rpc: PinnedRpc,
  listing: Listing,
  meter: Meter,
  onFound: (count: number) => void,
): Promise<Discovered> => {
  try {
    const listed = await listAccounts(rpc, listing, meter, onFound)
    const { host, schema, deployment, pin, accounts } = listed
    const by = pin === 'hash' ? 'its hash' : 'its number'
    return {
      listed,
      notes: [
        `${accounts.size} accounts listed by the subgraph at ${host} (schema ${schema}, deployment ${deployment}) for the block by ${by}`,
      ],
    }
  } catch (error) {
    if (!(error instanceof BaseError)) throw error
    return { listed: null, notes: [`accounts found by logs instead: ${error.message}`] }
  }
}
