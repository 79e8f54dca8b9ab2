import { z } from 'zod'
import type { Meter } from './endpoint.ts'
import type { PinnedRpc } from './rpc.ts'
import { readMeta, type Subgraph, type SubgraphMeta } from './subgraph.ts'
import { garbled, refusalOf, unfit } from './subgraph-errors.ts'

/** A subgraph at the pinned block of its chain: no query made through it can read another one. */
export type PinnedSubgraph = {
  readonly host: string
  readonly deployment: string
  /** `number` where the server does not know the block by its hash. */
  readonly pin: 'hash' | 'number'
  /** Every row of an entity, in pages by id, each row once. */
  readonly rows: (list: RowList) => AsyncIterable<Row>
  /** @throws where the deployment has changed or gone wrong since it was pinned. */
  readonly confirm: () => Promise<void>
}

export type Row = Readonly<Record<string, unknown>> & { readonly id: string }

/** A list to page through: the entity's plural, its fields beside `id`, its filter without the cursor. */
export type RowList = { readonly entity: string; readonly fields: string; readonly where: string }

/** The most that graph-node gives at once. */
const PAGE = 1000
/** Smaller pages are asked again instead of cut. */
const SMALLEST_PAGE = 25
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
  const refused = { strikes: 0 }
  let first = PAGE
  let last: string | null = null
  for (;;) {
    const filter: string = last === null ? where : `${where}, id_gt: ${JSON.stringify(last)}`
    const query: string =
      `{ page: ${entity}(first: ${first}, orderBy: id, orderDirection: asc, where: { ${filter} }, block: ${block}) ` +
      `{ id ${fields} } }`
    let page: readonly Row[]
    try {
      const wanted = { query, seen, shrinkable: first > SMALLEST_PAGE }
      page = await untilIndexed(subgraph, () => askPage(subgraph, wanted, meter))
    } catch (error) {
      const refusal = refusalOf(error)
      const cut = refusal === 'smaller' || refusal === 'again-smaller'
      if (!cut || first <= SMALLEST_PAGE) throw error
      first = Math.ceil(first / 2)
      if (refusal === 'again-smaller') await subgraph.sleep(500 * 2 ** refused.strikes++)
      continue
    }
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
