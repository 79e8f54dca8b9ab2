import {
  type BaseError,
  EndpointError,
  EndpointUnfitError,
  RevertedError,
  TooLargeError,
} from '../core/errors.ts'

/** What a JSON-RPC endpoint answers when it refuses. */
export type RpcFailure = {
  readonly code?: number | undefined
  readonly message: string
  readonly data?: unknown
  readonly method: string
  /** Host of the endpoint: never the path, which may hold a key. */
  readonly host: string
}

const NO_STATE =
  /missing trie node|header not found|state (is )?not available|historical state|pruned|no state|block not found|blockoutofrange|unknown block|resource not found|required historical|distance to target block exceeds|archive/i
const TOO_LARGE =
  /out of ?gas|gas (limit|cap|uint64)|exceeds (the )?(block )?gas|timed? ?out|timeout|deadline|too (large|big|many|long)|limit exceeded|exceed|more than \d+ results|query returned more|response size|range|codesize|createcontractsizelimit|initcode|memory ?(limit|oog)|body size|oversized/i
const RATE_LIMITED =
  /rate.?limit|rate exceeded|too many requests|capacity|credits|throttl|\b429\b|requests per second|quota|daily|monthly|payment required/i
const UNSUPPORTED =
  /method not (found|supported)|does not exist|not supported|unsupported|not available|not allowed|disabled|too many arguments/i
const REVERTED = /revert|invalid opcode|stack (under|over)flow|bad jump|invalid jump/i

const shortOf = (text: string): string =>
  (text.length > 160 ? `${text.slice(0, 157)}…` : text).split('\n')[0] ?? ''

/** Sorts a JSON-RPC error into: ask again, cut the request, the contract refused, this endpoint cannot serve. */
export const classifyFailure = (failure: RpcFailure): BaseError => {
  const { code, message, method, host, data } = failure
  // `text` is what the endpoint said in full: a refused block range may name a better one at its end
  const details = { code, method, host, data: typeof data === 'string' ? data : undefined, text: message }
  const what = `${host} refused ${method}: ${shortOf(message)}`
  const rated = RATE_LIMITED.test(message) || code === 429
  if (rated || code === -32005)
    return /results|block range/i.test(message) || (!rated && method === 'eth_getLogs')
      ? new TooLargeError(what, { details })
      : new EndpointError(`${what} (rate limit: lower the load or use another endpoint)`, { details })
  if (
    method === 'eth_call' &&
    /out ?of ?gas|CreateContractSizeLimit|initcode|gas limit|gas cap|intrinsic gas too high/i.test(message)
  )
    return new TooLargeError(what, { details })
  if (method === 'eth_call' && (code === 3 || REVERTED.test(message)))
    return new RevertedError(what, { details })
  if (NO_STATE.test(message))
    return new EndpointUnfitError(
      `${host} has no state for the pinned block: ${shortOf(message)}; use an archive endpoint or a newer --block`,
      { details },
    )
  if ((method === 'eth_call' || method === 'eth_getLogs') && TOO_LARGE.test(message))
    return new TooLargeError(what, { details })
  if (code === -32601 || code === -32602 || UNSUPPORTED.test(message))
    return new EndpointUnfitError(`${what}; use another endpoint`, { details })
  return new EndpointError(what, { details })
}

/** Sorts a failure of HTTP itself. `status` 0 means that no answer came. */
export const classifyHttp = (
  host: string,
  method: string,
  { status, message, cause }: { readonly status: number; readonly message: string; readonly cause?: unknown },
): BaseError => {
  const details = { status, method, host }
  if (status === 401 || status === 403)
    return new EndpointUnfitError(`${host} refused access (HTTP ${status}): check the API key`, { details })
  if (status === 404)
    return new EndpointUnfitError(`${host} has nothing at this path (HTTP 404): check the URL`, { details })
  if (status === 413) return new TooLargeError(`${host}: request too large (HTTP 413)`, { details })
  if (status === 402 || status === 429)
    return new EndpointError(
      `${host} answered HTTP ${status}: a rate or quota limit; lower the load or use another endpoint`,
      { details },
    )
  const what =
    status === 0 ? `${host} is unreachable: ${shortOf(message)}` : `${host} answered HTTP ${status}`
  return new EndpointError(`${what}; check the URL and the network, or try later`, { cause, details })
}
