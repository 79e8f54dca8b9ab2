import { z } from 'zod'
import { type ListedAccount, MESSARI_NETWORKS, schemaFor } from '../adapters/subgraph-schemas.ts'
import type { DiscoverConfig } from '../config.ts'
import { BaseError, EndpointUnfitError } from '../core/errors.ts'
import { type SchemaName, schemasOf } from '../core/subgraph.ts'
import type { Meter } from '../sources/endpoint.ts'
import { openMorphoApi } from '../sources/morpho-api.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import { openSubgraph, type Subgraph, type SubgraphOptions } from '../sources/subgraph.ts'
import { refusalOf } from '../sources/subgraph-errors.ts'
import { pinSubgraph, type Row, type RowServer } from '../sources/subgraph-pin.ts'
import type { Around } from './around.ts'

/** The accounts that a subgraph lists at the pinned block. */
export type Listed = {
  /** By account key; the debts in the adapter's own units, null where the schema does not have them at the block. */
  readonly accounts: ReadonlyMap<string, ListedAccount['debts']>
  readonly host: string
  readonly schema: SchemaName
  /** null where whoever lists has none. */
  readonly deployment: string | null
  /** null where the list is of about now, and not of the block. */
  readonly pin: RowServer['pin']
  /** Beside such a list, these blocks have been searched for whoever it may lack. */
  readonly around: Pick<Around, 'from' | 'to'> | null
}

/** Who is asked for accounts, and of what. */
export type Listing = {
  readonly protocol: string
  readonly markets: unknown
  readonly discover: DiscoverConfig
  /** Who changed in the blocks around the pinned one, for lists that are of no block. */
  readonly around: () => Promise<Around>
  /** Only tests set it. */
  readonly options?: Pick<SubgraphOptions, 'sleep'>
}

export const openDiscover = (
  { url, key, waitSeconds }: DiscoverConfig,
  options: Listing['options'] = {},
): Subgraph => openSubgraph({ url, key, waitSeconds, ...options })

/** A list, opened: not a row has been read. */
export type OpenList = Pick<RowServer, 'host' | 'deployment' | 'pin' | 'confirm'> & {
  readonly schema: SchemaName
  readonly rows: () => AsyncIterable<Row>
}

/**
 * Opens the list of a source, at the pinned block where the server knows blocks. Without markets it may have rows of
 * others.
 * @throws EndpointError or EndpointUnfitError where the server is stale, wrong, broken or gone.
 */
export const openList = async (
  subgraph: Subgraph,
  {
    rpc,
    protocol,
    markets,
    wanted,
  }: {
    readonly rpc: PinnedRpc
    readonly protocol: string
    /** null where they are not known. */
    readonly markets: unknown
    readonly wanted: SchemaName | null
  },
  meter: Meter,
): Promise<OpenList> => {
  const schema = await schemaOf(subgraph, { rpc, protocol, wanted }, meter)
  const { entity, fields, where, within } = schemaFor(schema, protocol)
  const open = schema === 'morpho-api' ? openMorphoApi : pinSubgraph
  const { host, deployment, pin, rows, confirm } = await open(subgraph, rpc, meter)
  const parts = [where, markets === null ? '' : (within?.(markets) ?? '')]
  const list = { entity, fields, where: parts.filter((part) => part !== '').join(', ') }
  return { host, deployment, pin, confirm, schema, rows: () => rows(list) }
}

/**
 * Lists the accounts of a source from its subgraph, at the pinned block and from one deployment throughout; where it
 * knows no block, beside them whoever changed around it.
 * @throws EndpointError or EndpointUnfitError where it is stale, wrong, broken or gone; never a part of the list.
 */
export const listAccounts = async (
  rpc: PinnedRpc,
  { protocol, markets, discover, around, options }: Listing,
  meter: Meter,
  onFound: (count: number) => void = () => {},
): Promise<Listed> => {
  const subgraph = openDiscover(discover, options)
  const list = await openList(subgraph, { rpc, protocol, markets, wanted: discover.schema }, meter)
  const { host, deployment, pin, schema, rows, confirm } = list
  const { account: read } = schemaFor(schema, protocol)
  const accounts = new Map<string, ListedAccount['debts']>()
  for await (const row of rows()) {
    const account = accountOf(row, { host, read: () => read(row, markets) })
    if (account === null) continue
    accounts.set(account.key, merge(accounts.get(account.key), account.debts))
    if (accounts.size % 1000 === 0) onFound(accounts.size)
  }
  await confirm()
  const changed = pin === null ? await around() : null
  for (const key of changed?.keys ?? []) if (!accounts.has(key)) accounts.set(key, null)
  return { accounts, host, schema, deployment, pin, around: changed }
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
    return { listed, notes: [noteOf(listed)] }
  } catch (error) {
    if (!(error instanceof BaseError)) throw error
    return { listed: null, notes: [`accounts found by logs instead: ${error.message}`] }
  }
}

const noteOf = (listed: Listed): string => {
  const { host, schema, accounts, around } = listed
  return around === null
    ? `${accounts.size} accounts listed by the subgraph at ${pinnedAt(listed)}`
    : `${accounts.size} accounts listed by the API at ${host} (schema ${schema}), which is of about now and of no block, and by the logs of blocks ${around.from} to ${around.to}`
}

/** A pinned subgraph in the words of a coverage. */
export const pinnedAt = ({ host, schema, deployment, pin }: Listed): string =>
  `${host} (schema ${schema}, deployment ${deployment}) for the block by its ${pin === 'hash' ? 'hash' : 'number'}`
