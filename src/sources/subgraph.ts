import type { ClientError, GraphQLClient } from 'graphql-request'
import pLimit from 'p-limit'
import { z } from 'zod'
import { BaseError } from '../core/errors.ts'
import { hider, hostOf, type Meter } from './endpoint.ts'
import { classifyAnswer, classifyStatus, garbled, refusalOf, unfit } from './subgraph-errors.ts'

export type SubgraphOptions = {
  readonly url: string
  /** Sent in the Authorization header; null where the server asks for none. */
  readonly key: string | null
  /** How long to wait for a subgraph that lags behind the pinned block. */
  readonly waitSeconds?: number
  readonly attempts?: number
  readonly concurrency?: number
  /** The gateway tries indexers for up to 60 s before it answers. */
  readonly timeoutMs?: number
  readonly sleep?: (ms: number) => Promise<void>
}

/** One GraphQL server that speaks graph-node's dialect, with its own limiter and retry. */
export type Subgraph = {
  /** Host and port only; paths, keys and credentials never leave this module. */
  readonly host: string
  readonly waitSeconds: number
  readonly sleep: (ms: number) => Promise<void>
  /** @throws an error of subgraph-errors.ts; one that may pass has been asked again before. */
  readonly ask: (query: string, meter: Meter, options?: AskOptions) => Promise<unknown>
}

type AskOptions = {
  /** The page can be made smaller: what a smaller one may cure is thrown at once instead of asked again. */
  readonly shrinkable?: boolean
}

const BODY_LIMIT = 64 * 2 ** 20

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const openSubgraph = (options: SubgraphOptions): Subgraph => {
  const { url, key, waitSeconds = 60, attempts = 3, concurrency = 2, timeoutMs = 75_000 } = options
  const { sleep = wait } = options
  const host = hostOf(url)
  const hideUrl = hider(url)
  const hide = (text: string) => (key === null ? hideUrl(text) : hideUrl(text.replaceAll(key, '…')))
  const limit = pLimit(concurrency)
  let client: GraphQLClient | undefined
  const connected = async (): Promise<GraphQLClient> => {
    // loaded by whoever has a subgraph: it takes a tenth of a second
    const { GraphQLClient } = await import('graphql-request')
    client ??= new GraphQLClient(url, {
      headers: key === null ? {} : { authorization: `Bearer ${key}` },
      fetch: (input: Parameters<typeof fetch>[0], init?: RequestInit) => fetchJson(host, input, init),
    })
    return client
  }

  const once = async (query: string, meter: Meter): Promise<unknown> => {
    meter.requests++
    try {
      return await (await connected()).request({
        document: query,
        signal: AbortSignal.timeout(timeoutMs),
      })
    } catch (error) {
      throw translate(error, { host, hide })
    }
  }

  const ask: Subgraph['ask'] = async (query, meter, { shrinkable = false } = {}) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await limit(() => once(query, meter))
      } catch (error) {
        const refusal = refusalOf(error)
        const passes = refusal === 'again' || (refusal === 'again-smaller' && !shrinkable)
        if (!passes || attempt >= attempts) throw error
        await sleep(500 * 2 ** (attempt - 1) * (1 + Math.random() / 2))
      }
    }
  }
  return { host, waitSeconds, sleep, ask }
}

/** A proxy in front answers HTML, which graphql-request would report with the whole page in its message. */
const fetchJson = async (
  host: string,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
): Promise<Response> => {
  const response = await fetch(input, init)
  if (Number(response.headers.get('content-length') ?? 0) > BODY_LIMIT)
    throw unfit(host, 'smaller', 'answered more than 64 MiB')
  if (/json/i.test(response.headers.get('content-type') ?? '')) return response
  await response.body?.cancel()
  if (!response.ok) throw classifyStatus(host, response.status, '')
  throw garbled(host, 'answered something that is not JSON (a proxy in front of it?)')
}

const translate = (
  error: unknown,
  { host, hide }: { readonly host: string; readonly hide: (text: string) => string },
): BaseError => {
  if (error instanceof BaseError) return error
  // its own message holds the whole request and answer: only the server's words are taken from it
  if (isClientError(error)) {
    const { errors, status } = error.response
    const words = Array.isArray(errors) ? errors.map(({ message }) => String(message)) : []
    return words.length > 0
      ? classifyAnswer(host, hide(words.join(' · ')))
      : classifyStatus(host, status === 200 ? 502 : status, '')
  }
  if (!(error instanceof Error)) return garbled(host, 'failed')
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return unfit(host, 'again-smaller', 'did not answer in time')
  if (error instanceof TypeError && error.message === 'fetch failed')
    return classifyStatus(host, 0, hide(reasonOf(error)))
  return garbled(host, 'answered something that is no GraphQL answer (cut short?)')
}

const isClientError = (error: unknown): error is ClientError =>
  error instanceof Error && 'response' in error && 'request' in error

const reasonOf = (error: Error): string => {
  let current: Error = error
  while (current.cause instanceof Error) current = current.cause
  if (current instanceof AggregateError && current.errors[0] instanceof Error)
    return current.errors[0].message
  return current.message
}

const metaSchema = z.object({
  _meta: z.object({
    block: z.object({ number: z.number().int().nonnegative(), hash: z.string().nullish() }),
    deployment: z.string(),
    hasIndexingErrors: z.boolean(),
  }),
})

/** What a subgraph says of itself at its own head. */
export type SubgraphMeta = {
  readonly number: bigint
  readonly hash: string | null
  readonly deployment: string
}

/** @throws EndpointUnfitError where its indexing has gone wrong. */
export const readMeta = async (subgraph: Subgraph, meter: Meter): Promise<SubgraphMeta> => {
  const answer = await subgraph.ask('{ _meta { block { number hash } deployment hasIndexingErrors } }', meter)
  const parsed = metaSchema.safeParse(answer)
  if (!parsed.success) throw garbled(subgraph.host, 'answered _meta with something else')
  const { block, deployment, hasIndexingErrors } = parsed.data._meta
  if (hasIndexingErrors) throw unfit(subgraph.host, 'indexing', 'reports indexing errors')
  return { number: BigInt(block.number), hash: block.hash ?? null, deployment }
}
