import { z } from 'zod'
import type { Meter } from './endpoint.ts'
import { adaptivePages } from './page-size.ts'
import type { PinnedRpc } from './rpc.ts'
import { readMeta, type Subgraph, type SubgraphMeta } from './subgraph.ts'
import { garbled, refusalOf, unfit } from './subgraph-errors.ts'

/** Whoever lists borrowers, opened: not a row has been read. */
export type RowServer = {
  readonly host: string
  /** null where it has none. */
  readonly deployment: string | null
  /** What of it follows the pinned block; null where it answers for no block at all. */
  readonly pin: 'hash' | 'number' | null
  /** Every row of an entity, each once. */
  readonly rows: (list: RowList) => AsyncIterable<Row>
  /** @throws where it has become another one since it was opened. */
  readonly confirm: () => Promise<void>
}

/** A subgraph at the pinned block of its chain: no query made through it can read another one. */
export type PinnedSubgraph = RowServer & {
  readonly deployment: string
  /** `number` where the server does not know the block by its hash. */
  readonly pin: 'hash' | 'number'
}

export type Row = Readonly<Record<string, unknown>> & { readonly id: string }

/** A list to page through: the entity's plural, its fields beside `id`, its filter without the cursor. */
export type RowList = { readonly entity: string; readonly fields: string; readonly where: string }

const POLL_SECONDS = 5

const pageSchema = z.object({ page: z.array(z.looseObject({ id: z.string() })) })

/**
 * Pins a subgraph to the block of the scan: by its hash where the server knows it, which proves that both follow one
 * chain, else by its number.
 * @throws EndpointError where it lags behind for longer than it may, EndpointUnfitError where it follows another chain.
 */
export const pinSubgraph = async (
  subgraph: Subgraph,
  rpc: Pick<PinnedRpc, 'block' | 'hashOf'>,
  meter: Meter,
): Promise<PinnedSubgraph> => {
  const { host } = subgraph
  const meta = await untilIndexed(subgraph, () => reached(subgraph, rpc.block.number, meter))
  const byHash = `{ hash: "${rpc.block.hash}" }`
  const byNumber = `{ number: ${rpc.block.number} }`
  const knowsHash = await untilIndexed(subgraph, () => answersAt(subgraph, byHash, meter))
  if (!knowsHash) await confirmChain(host, meta, { rpc, meter })
  const block = knowsHash ? byHash : byNumber
  return {
    host,
    deployment: meta.deployment,
    pin: knowsHash ? 'hash' : 'number',
    rows: (list) => readRows(subgraph, { ...list, block }, meter),
    confirm: async () => {
      const now = await readMeta(subgraph, meter)
      if (now.deployment !== meta.deployment)
        throw garbled(host, `changed from deployment ${meta.deployment} to ${now.deployment} meanwhile`)
    },
  }
}

/** @throws EndpointError where its head lies before the pinned block. */
const reached = async (subgraph: Subgraph, number: bigint, meter: Meter): Promise<SubgraphMeta> => {
  const meta = await readMeta(subgraph, meter)
  if (meta.number < number)
    throw unfit(
      subgraph.host,
      'behind',
      `is at block ${meta.number}, ${number - meta.number} behind the scan`,
    )
  return meta
}

/** Asks again while the subgraph lags, for as long as it may. */
const untilIndexed = async <T>(subgraph: Subgraph, work: () => Promise<T>): Promise<T> => {
  for (let waited = 0; ; waited += POLL_SECONDS) {
    try {
      return await work()
    } catch (error) {
      if (refusalOf(error) !== 'behind' || waited >= subgraph.waitSeconds) throw error
      await subgraph.sleep(POLL_SECONDS * 1000)
    }
  }
}

/** Whether the server knows the block by its hash. */
const answersAt = async (subgraph: Subgraph, block: string, meter: Meter): Promise<boolean> => {
  try {
    await subgraph.ask(`{ _meta(block: ${block}) { block { number } } }`, meter)
    return true
  } catch (error) {
    if (refusalOf(error) === 'unknown-hash') return false
    throw error
  }
}

/** A number is true of every chain: here the subgraph's own head must be a block of the endpoint's. */
const confirmChain = async (
  host: string,
  meta: SubgraphMeta,
  { rpc, meter }: { readonly rpc: Pick<PinnedRpc, 'hashOf'>; readonly meter: Meter },
): Promise<void> => {
  if (meta.hash === null) return
  const own = await rpc.hashOf(meta.number, meter)
  if (own !== null && own !== meta.hash)
    throw unfit(host, 'unknown-hash', `has another block ${meta.number} than the endpoint`)
}

async function* readRows(
  subgraph: Subgraph,
  { entity, fields, where, block }: RowList & { readonly block: string },
  meter: Meter,
): AsyncGenerator<Row> {
  const seen = new Set<string>()
  const pages = adaptivePages(subgraph)
  let last: string | null = null
  for (;;) {
    const after: string = last === null ? '' : `id_gt: ${JSON.stringify(last)}`
    const filter: string = [where, after].filter((part) => part !== '').join(', ')
    const filtered = filter === '' ? '' : `, where: { ${filter} }`
    const page = await pages((first, shrinkable) => {
      const query =
        `{ page: ${entity}(first: ${first}, orderBy: id, orderDirection: asc${filtered}, block: ${block}) ` +
        `{ id ${fields} } }`
      return untilIndexed(subgraph, () => askPage(subgraph, { query, seen, shrinkable }, meter))
    })
    // only an empty page ends the list: a server may cap a page below what was asked for
    const end = page.at(-1)
    if (end === undefined) return
    for (const { id } of page) seen.add(id)
    yield* page
    last = end.id
  }
}

const ASK_AGAIN = 3

/** One page whose rows are all new; another indexer may do better than one that repeats a page. */
const askPage = async (
  subgraph: Subgraph,
  {
    query,
    seen,
    shrinkable,
  }: { readonly query: string; readonly seen: ReadonlySet<string>; readonly shrinkable: boolean },
  meter: Meter,
): Promise<readonly Row[]> => {
  for (let attempt = 1; ; attempt++) {
    const parsed = pageSchema.safeParse(await subgraph.ask(query, meter, { shrinkable }))
    const ids = parsed.success ? parsed.data.page.map(({ id }) => id) : []
    const repeats = new Set(ids).size < ids.length || ids.some((id) => seen.has(id))
    if (parsed.success && !repeats) return parsed.data.page
    if (attempt >= ASK_AGAIN)
      throw garbled(
        subgraph.host,
        repeats ? 'gives the same rows twice' : 'answered something that is no list',
      )
  }
}
