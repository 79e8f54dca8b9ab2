import { z } from 'zod'
import { EndpointUnfitError } from '../core/errors.ts'
import type { Meter } from './endpoint.ts'
import { adaptivePages, type Pages } from './page-size.ts'
import type { PinnedRpc } from './rpc.ts'
import type { Subgraph } from './subgraph.ts'
import { garbled } from './subgraph-errors.ts'
import type { Row, RowList, RowServer } from './subgraph-pin.ts'

const chainsSchema = z.object({ chains: z.array(z.object({ id: z.number() })) })

/** A number as long as it is a small one, else a text: what is neither exactly is refused. */
const shares = z.union([z.number().int(), z.string().regex(/^\d+$/)]).transform(BigInt)

const pageSchema = z.object({
  page: z.object({
    items: z.array(z.looseObject({ id: z.string(), state: z.looseObject({ borrowShares: shares }) })),
    pageInfo: z.object({ countTotal: z.number().int().nonnegative() }),
  }),
})

type Page = z.infer<typeof pageSchema>['page']

/** How often the whole list is read before it is given up, and how many pages in a row may bring nothing new. */
const ATTEMPTS = 3

/**
 * Morpho's API as a server of rows. It answers for about now and for no block. Source: morpho-org/sdks@cdff8c45,
 * packages/liquidity-sdk-viem, src/api/types.ts (Query, MarketPositionFilters, MarketPositionOrderBy, PageInfo).
 * @throws EndpointUnfitError where it does not have the chain.
 */
export const openMorphoApi = async (
  api: Subgraph,
  { chainId }: Pick<PinnedRpc, 'chainId'>,
  meter: Meter,
): Promise<RowServer> => {
  const { host } = api
  const { success, data } = chainsSchema.safeParse(await api.ask('{ chains { id } }', meter))
  if (!success) throw garbled(host, 'answered the list of its chains with something else')
  if (!data.chains.some(({ id }) => id === chainId))
    throw new EndpointUnfitError(
      `the API at ${host} has no chain ${chainId} (it has ${data.chains.map(({ id }) => id).join(', ')}): leave "discover" out there`,
    )
  return {
    host,
    deployment: null,
    pin: null,
    rows: (list) => readBorrowers(api, { list, chainId }, meter),
    confirm: async () => {},
  }
}

type Wanted = { readonly list: RowList; readonly chainId: number }

/**
 * Every borrower's position, each once. Pages by offset would shift under the reader whenever somebody repays; here each
 * begins at the borrow shares of the one before, which nobody's interest changes. Whoever repays in part meanwhile may
 * still slip through: a list shorter than the API's own count is read again.
 */
async function* readBorrowers(api: Subgraph, wanted: Wanted, meter: Meter): AsyncGenerator<Row> {
  const pages = adaptivePages(api)
  const seen = new Set<string>()
  for (let attempt = 1; ; attempt++) {
    const found = new Set<string>()
    let count: number | null = null
    for await (const { items, pageInfo } of readOnce(api, { ...wanted, pages, found }, meter)) {
      count ??= pageInfo.countTotal
      const fresh = items.filter(({ id }) => !seen.has(id))
      for (const { id } of items) found.add(id)
      for (const { id } of fresh) seen.add(id)
      yield* fresh
    }
    if (found.size >= (count ?? 0)) return
    if (attempt >= ATTEMPTS)
      throw garbled(
        api.host,
        `counts ${count} borrowers and lists ${found.size} of them, ${attempt} times over`,
      )
  }
}

/** One pass over the list, up to an empty page; `found` has the ids of the pages before. */
async function* readOnce(
  api: Subgraph,
  { list, chainId, pages, found }: Wanted & { readonly pages: Pages; readonly found: ReadonlySet<string> },
  meter: Meter,
): AsyncGenerator<Page> {
  let from = 1n
  let skip = 0
  let repeats = 0
  for (;;) {
    const where = `chainId_in: [${chainId}], borrowShares_gte: "${from}"${list.where && `, ${list.where}`}`
    const page = await pages(async (first, shrinkable) => {
      const query =
        `{ page: ${list.entity}(first: ${first}, skip: ${skip}, orderBy: BorrowShares, orderDirection: Asc, ` +
        `where: { ${where} }) { items { id ${list.fields} state { borrowShares } } pageInfo { countTotal } } }`
      const parsed = pageSchema.safeParse(await api.ask(query, meter, { shrinkable }))
      if (!parsed.success) throw garbled(api.host, 'answered something that is no list of positions')
      return parsed.data.page
    })
    const end = page.items.at(-1)
    const isKnown = page.items.every(({ id }) => found.has(id))
    yield page
    if (end === undefined) return
    const last = end.state.borrowShares
    if (last > from) {
      from = last
      skip = 0
      repeats = 0
      continue
    }
    // as many equal ones as a page holds can only be passed by offset
    skip += page.items.length
    repeats = isKnown ? repeats + 1 : 0
    if (repeats > ATTEMPTS) throw garbled(api.host, 'gives the same rows again and again')
  }
}
