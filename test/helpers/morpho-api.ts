import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSchema, type GraphQLEnumType, type GraphQLScalarType, graphql } from 'graphql'
import type { Wire } from './subgraph-server.ts'

/**
 * A stand-in for Morpho's API: graphql-js itself over the part of its types that liqbands asks for, so that a field, an
 * argument or a value that the API does not have is refused as there. Names: morpho-org/sdks@cdff8c45,
 * packages/liquidity-sdk-viem, src/api/types.ts, and `marketId` by graphql/GetMarkets.query.gql.
 */
const SCHEMA = `
  scalar Address
  scalar BigInt
  scalar MarketId
  enum MarketPositionOrderBy { BorrowShares Collateral HealthFactor SupplyShares }
  enum OrderDirection { Asc Desc }
  input MarketPositionFilters {
    borrowShares_gte: BigInt
    borrowShares_lte: BigInt
    chainId_in: [Int!]
    marketListed: Boolean
    marketUniqueKey_in: [String!]
    userAddress_in: [String!]
  }
  type Chain { id: Int! network: String! }
  type User { id: ID! address: Address! }
  type Market { id: ID! marketId: MarketId! listed: Boolean! }
  type MarketPositionState { borrowShares: BigInt }
  type MarketPosition { id: ID! listed: Boolean! market: Market! user: User! state: MarketPositionState }
  type PageInfo { count: Int! countTotal: Int! limit: Int! skip: Int! }
  type PaginatedMarketPositions { items: [MarketPosition!] pageInfo: PageInfo }
  type Query {
    chains: [Chain!]!
    marketPositions(
      first: Int = 100
      orderBy: MarketPositionOrderBy
      orderDirection: OrderDirection
      skip: Int = 0
      where: MarketPositionFilters
    ): PaginatedMarketPositions!
  }
`

/** One borrower in one market. */
export type ApiPosition = { readonly market: string; readonly user: string; readonly borrowShares: bigint }

/** What one page was asked for. */
export type ApiAsked = { readonly first: number; readonly skip: number; readonly from: bigint }

export type ApiState = {
  chains: readonly number[]
  positions: readonly ApiPosition[]
  /** The most rows in a page, whatever is asked for. */
  cap: number
  /** How many more it counts than it lists. */
  overcount: number
  /** Answers in its place; null to let it pass. */
  intercept: (query: string) => Wire | null
  /** What happens before a page is served, of which the number is told from 1. */
  beforePage: (page: number) => void
}

type Args = {
  readonly first: number
  readonly skip: number
  readonly orderBy?: string
  readonly orderDirection?: string
  readonly where?: {
    readonly borrowShares_gte?: bigint
    readonly chainId_in?: readonly number[]
    readonly marketUniqueKey_in?: readonly string[]
  }
}

const schema = buildSchema(SCHEMA)
const bigints = schema.getType('BigInt') as GraphQLScalarType<bigint, unknown>
// as the API does: a number while it is a small one
bigints.serialize = (value) =>
  (value as bigint) < 2n ** 53n ? Number(value as bigint) : String(value as bigint)
bigints.parseValue = (value) => BigInt(value as string)
bigints.parseLiteral = (node) => BigInt('value' in node ? String(node.value) : '')
const orders = (schema.getType('MarketPositionOrderBy') as GraphQLEnumType).getValues()

const byShares = (a: ApiPosition, b: ApiPosition): number =>
  a.borrowShares === b.borrowShares ? 0 : a.borrowShares < b.borrowShares ? -1 : 1

/** The API without its wire. */
export const createMorphoApi = (given: Partial<ApiState> = {}) => {
  const state: ApiState = {
    chains: [1, 31337],
    positions: [],
    cap: 1000,
    overcount: 0,
    intercept: () => null,
    beforePage: () => {},
    ...given,
  }
  const asked: ApiAsked[] = []
  const marketPositions = ({ first, skip, orderBy, orderDirection, where = {} }: Args) => {
    const { borrowShares_gte: from = 0n, chainId_in: chains = state.chains, marketUniqueKey_in: only } = where
    if (orderBy !== orders[0]?.name || orderDirection !== 'Asc') throw new Error('no such order here')
    asked.push({ first, skip, from })
    state.beforePage(asked.length)
    const all = state.positions.filter(
      ({ borrowShares, market }) =>
        borrowShares >= from && chains.includes(31337) && (only?.includes(market) ?? true),
    )
    const items = all.toSorted(byShares).slice(skip, skip + Math.min(first, state.cap))
    return {
      items: items.map(({ market, user, borrowShares }) => ({
        id: `31337-${market}-${user}`,
        listed: false,
        market: { id: market, marketId: market, listed: false },
        user: { id: user, address: user },
        state: { borrowShares },
      })),
      pageInfo: { count: items.length, countTotal: all.length + state.overcount, limit: first, skip },
    }
  }
  const root = { chains: () => state.chains.map((id) => ({ id, network: `net ${id}` })), marketPositions }
  const answer = (query: string) => graphql({ schema, source: query, rootValue: root })
  return { state, asked, answer }
}

export type MorphoApi = ReturnType<typeof createMorphoApi> & {
  readonly url: string
  readonly host: string
  readonly stop: () => Promise<void>
}

/** Starts it on a free port. */
export const startMorphoApi = async (given: Partial<ApiState> = {}): Promise<MorphoApi> => {
  const api = createMorphoApi(given)
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { query } = JSON.parse(body) as { query: string }
    const wire = api.state.intercept(query)
    if (wire === 'hang') return
    const answer = wire === null ? await api.answer(query) : null
    // Apollo answers 400 to what does not fit its types
    const status = wire?.status ?? (answer && answer.data === undefined ? 400 : 200)
    response
      .writeHead(status, { 'content-type': wire?.type ?? 'application/json; charset=utf-8' })
      .end(wire?.body ?? JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    ...api,
    url: `http://127.0.0.1:${port}/graphql`,
    host: `127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
