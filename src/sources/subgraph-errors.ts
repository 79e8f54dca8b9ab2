import { type BaseError, EndpointError, EndpointUnfitError, TooLargeError } from '../core/errors.ts'

/**
 * What a subgraph's refusal means for whoever asked. `again` may pass; `again-smaller` as well, sooner with a smaller
 * page; `smaller` with a smaller page only; `behind` with time. All others will not pass during a scan.
 */
export type SubgraphRefusal =
  | 'again'
  | 'again-smaller'
  | 'smaller'
  | 'behind'
  | 'unknown-hash'
  | 'access'
  | 'billing'
  | 'gone'
  | 'too-old'
  | 'pruned'
  | 'indexing'
  | 'schema'

type Rule = readonly [pattern: RegExp, refusal: SubgraphRefusal]

/**
 * Gateway and graph-node answer HTTP 200 and no code, so that only the words tell. Source: edgeandnode/gateway 27.6.0
 * (src/errors.rs, client_query.rs), graph-node f27eb5f2c (graph/src/data/query/error.rs, store errors).
 */
const RULES: readonly Rule[] = [
  [/payment required|spend limit exceeded/i, 'billing'],
  [/^auth error|missing authorization|malformed API key|API key not found|not authorized/i, 'access'],
  [/requested block \d+, before minimum/i, 'too-old'],
  [/no block with that hash found/i, 'unknown-hash'],
  [/has only indexed up to block/i, 'behind'],
  [/only has data starting at block/i, 'pruned'],
  [
    /no allocations|no valid versions|no indexers found|(subgraph|deployment)\b.*\bnot? (found|exist)/i,
    'gone',
  ],
  [
    /result size .*larger than|query potentially returns|too expensive|too complex|complexity|complicated/i,
    'smaller',
  ],
  [
    /store error|query timed out|service is overloaded|reorgani[sz]ed while executing|panic processing/i,
    'again-smaller',
  ],
  [
    /`first` argument must be|has no field|invalid value provided|has no attribute|unknown (argument|type|field)|cannot query field/i,
    'schema',
  ],
  [/indexing_error/i, 'indexing'],
]

/** The reasons of several indexers, each of which the gateway has tried: one that may pass is enough to ask again. */
const INDEXER_RULES: readonly Rule[] = [
  [/unattestable response/i, 'again-smaller'],
  [/timeout|BadResponse|failed to connect|no status/i, 'again'],
  [/too far behind|missing block/i, 'behind'],
  [/indexing_error/i, 'indexing'],
]

const ADVICE: Readonly<Record<SubgraphRefusal, string>> = {
  again: 'try later',
  'again-smaller': 'try later',
  smaller: 'even a small page is too much for it',
  behind: 'try later, or at an older --block',
  'unknown-hash': 'it follows another fork, or another chain',
  access: 'check "key" in the configuration (a new key takes about 15 minutes to work)',
  billing: 'pay for the key, raise its spend limit, or use another one',
  gone: 'nobody serves it now: check the id in the URL',
  'too-old': 'it begins after the pinned block: use a newer --block',
  pruned: 'its history is pruned: use a newer --block',
  indexing: 'its data is wrong from some block on: use another deployment',
  schema: 'its schema is another one: check "schema" in the configuration',
}

const errorFor = (host: string, refusal: SubgraphRefusal, text: string): BaseError => {
  const message = `the subgraph at ${host} ${text}; ${ADVICE[refusal]}`
  const options = { details: { refusal } }
  if (refusal === 'smaller') return new TooLargeError(message, options)
  const passes = refusal === 'again' || refusal === 'again-smaller' || refusal === 'behind'
  return passes ? new EndpointError(message, options) : new EndpointUnfitError(message, options)
}

const ruleFor = (rules: readonly Rule[], message: string): SubgraphRefusal =>
  rules.find(([pattern]) => pattern.test(message))?.[1] ?? 'again'

const short = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 160 ? `${line.slice(0, 157)}…` : line
}

/** Sorts what a subgraph answered under `errors`. `host` alone, since a URL may hold a key. */
export const classifyAnswer = (host: string, message: string): BaseError => {
  const refusal = ruleFor(/^bad indexers/i.test(message) ? INDEXER_RULES : RULES, message)
  return errorFor(host, refusal, `says: ${short(message)}`)
}

/** Sorts a failure of HTTP itself; `status` 0 means that no answer came. */
export const classifyStatus = (host: string, status: number, message: string): BaseError => {
  if (status === 0) return errorFor(host, 'again', `is unreachable: ${short(message)}`)
  const byStatus: Readonly<Record<number, SubgraphRefusal>> = {
    400: 'gone',
    401: 'access',
    402: 'billing',
    403: 'access',
    404: 'gone',
    408: 'again-smaller',
    413: 'smaller',
    504: 'again-smaller',
  }
  return errorFor(host, byStatus[status] ?? 'again', `answered HTTP ${status}`)
}

/** An answer that is something else than was asked for: HTML of a proxy, cut short, a page for the second time. */
export const garbled = (host: string, what: string): BaseError => errorFor(host, 'again', what)

/** A fact about the subgraph that rules it out, in the words of a refusal. */
export const unfit = (host: string, refusal: SubgraphRefusal, what: string): BaseError =>
  errorFor(host, refusal, what)

/** What the error means for whoever asked; null where it is none of a subgraph's. */
export const refusalOf = (error: unknown): SubgraphRefusal | null =>
  error instanceof Error && 'details' in error
    ? ((error.details as { readonly refusal?: SubgraphRefusal }).refusal ?? null)
    : null
