import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FieldNode, Kind, type ObjectValueNode, parse, type ValueNode } from 'graphql'

/** A stand-in for a graph-node: answers the queries that liqbands sends, from rows held in memory. */

type Row = Readonly<Record<string, unknown>> & { readonly id: string }

/** What goes back; `hang` never answers. */
export type Wire = { readonly status?: number; readonly type?: string; readonly body: string } | 'hang'

/** One top-level field of a query, as it arrived. */
export type Asked = {
  readonly field: string
  readonly args: Readonly<Record<string, unknown>>
  readonly authorization: string | undefined
}

export type SubgraphState = {
  /** By entity, in any order. */
  rows: Readonly<Record<string, readonly Row[]>>
  meta: { number: number; hash: string | null; deployment: string; hasIndexingErrors: boolean }
  /** Hashes that the server knows; null for all. */
  hashes: readonly string[] | null
  /** Messari's word on itself; null where the schema has no such type. */
  protocols: readonly unknown[] | null
  /** The most rows in a page, whatever is asked for. */
  cap: number
  /** Answers in its place; null to let it pass. The count begins with 1. */
  intercept: (asked: Asked, count: number) => Wire | null
}

export type SubgraphServer = {
  readonly url: string
  readonly host: string
  readonly state: SubgraphState
  /** Every top-level field that has arrived, in order. */
  readonly asked: Asked[]
  readonly stop: () => Promise<void>
}

export const refusal = (...messages: readonly string[]): Wire => ({
  body: JSON.stringify({ errors: messages.map((message) => ({ message })) }),
})

const plain = (value: ValueNode): unknown => {
  if (value.kind === Kind.OBJECT) return objectOf(value)
  if (value.kind === Kind.LIST) return value.values.map(plain)
  if (value.kind === Kind.NULL) return null
  if (value.kind === Kind.INT) return Number(value.value)
  return 'value' in value ? value.value : null
}

const objectOf = ({ fields }: ObjectValueNode): Readonly<Record<string, unknown>> =>
  Object.fromEntries(fields.map(({ name, value }) => [name.value, plain(value)]))

const topLevel = (query: string): FieldNode => {
  const [definition] = parse(query).definitions
  const [selection] =
    definition && 'selectionSet' in definition ? (definition.selectionSet?.selections ?? []) : []
  if (selection?.kind !== Kind.FIELD) throw new Error(`no plain field: ${query}`)
  return selection
}

const answerTo = (state: SubgraphState, { field, args }: Asked, alias: string): Wire => {
  const block = (args.block ?? {}) as { hash?: string; number?: number }
  if (block.hash !== undefined && state.hashes !== null && !state.hashes.includes(block.hash))
    return refusal('Failed to decode `block.hash` value: `no block with that hash found`')
  if (block.number !== undefined && block.number > state.meta.number)
    return refusal(
      `Failed to decode \`block.number\` value: subgraph QmX has only indexed up to block number ${state.meta.number} and data for block number ${block.number} is therefore not yet available`,
    )
  if (field === '_meta') {
    const { number, hash, deployment, hasIndexingErrors } = state.meta
    const meta = { block: { number, hash }, deployment, hasIndexingErrors }
    return { body: JSON.stringify({ data: { _meta: meta } }) }
  }
  if (field === 'protocols')
    return state.protocols === null
      ? refusal('Type `Query` has no field `protocols`')
      : { body: JSON.stringify({ data: { protocols: state.protocols } }) }
  const { id_gt: after = '' } = (args.where ?? {}) as { id_gt?: string }
  const rows = (state.rows[field] ?? [])
    .filter(({ id }) => id > after)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, Math.min(Number(args.first ?? 100), state.cap))
  return { body: JSON.stringify({ data: { [alias]: rows } }) }
}

/** Starts the stand-in on a free port. */
export const startSubgraphServer = async (given: Partial<SubgraphState> = {}): Promise<SubgraphServer> => {
  const state: SubgraphState = {
    rows: {},
    meta: { number: 1000, hash: null, deployment: 'QmOne', hasIndexingErrors: false },
    hashes: null,
    protocols: null,
    cap: 1000,
    intercept: () => null,
    ...given,
  }
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const node = topLevel((JSON.parse(body) as { query: string }).query)
      const one: Asked = {
        field: node.name.value,
        args: Object.fromEntries((node.arguments ?? []).map(({ name, value }) => [name.value, plain(value)])),
        authorization: request.headers.authorization,
      }
      asked.push(one)
      const count = asked.filter(({ field }) => field === one.field).length
      const wire = state.intercept(one, count) ?? answerTo(state, one, node.alias?.value ?? node.name.value)
      if (wire === 'hang') return
      response
        .writeHead(wire.status ?? 200, { 'content-type': wire.type ?? 'application/json' })
        .end(wire.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/subgraphs/name/x`,
    host: `127.0.0.1:${port}`,
    state,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
