import pLimit from 'p-limit'
import { HttpRequestError, ResponseBodyTooLargeError, RpcRequestError, TimeoutError } from 'viem'
import { getHttpRpcClient } from 'viem/utils'
import { BaseError, EndpointError, TooLargeError } from '../core/errors.ts'
import { classifyFailure, classifyHttp } from './errors.ts'

/** What a source has cost so far. */
export type Meter = { requests: number }

export const newMeter = (): Meter => ({ requests: 0 })

/** One JSON-RPC server: the only place that opens a socket, with the one limiter and the one retry. */
export type Endpoint = {
  /** Host and port only; paths, queries and credentials never leave this module. */
  readonly host: string
  readonly request: (method: string, params: readonly unknown[], meter: Meter) => Promise<unknown>
  /** How programs are run here; probed once. */
  mode?: RunMode
  /** Largest block range that eth_getLogs accepted after refusing a larger one. */
  logRange?: bigint
}

/** `override`: code override; `deployless`: creation that reverts with the answer; `multicall3`: neither works. */
export type RunMode = {
  readonly programs: 'override' | 'deployless' | 'multicall3'
  readonly byHash: boolean
}

type EndpointOptions = {
  readonly concurrency?: number
  readonly attempts?: number
  readonly timeoutMs?: number
  readonly sleep?: (ms: number) => Promise<void>
}

const BODY_LIMIT = 64 * 2 ** 20

const parse = (url: string): URL | null => (URL.canParse(url) ? new URL(url) : null)

/** Host and port of a URL. */
export const hostOf = (url: string): string => parse(url)?.host ?? 'endpoint'

/** Shorter parts of a URL are words (`v3`, `rpc`), not keys. */
const KEY_LENGTH = 12

/** Takes out of a text whatever may be a key in the URL: an endpoint's answer may repeat it. */
export const hider = (url: string): ((text: string) => string) => {
  const parsed = parse(url)
  if (parsed === null) return (text) => text.replaceAll(url, '…')
  const { username, password, pathname, searchParams } = parsed
  const parts = [...pathname.split('/'), ...searchParams.values()]
  const long = parts.filter(({ length }) => length >= KEY_LENGTH)
  const secrets = [username, password, ...long].filter((part) => part !== '')
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text)
}

const defaultSleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const openEndpoint = (url: string, options: EndpointOptions = {}): Endpoint => {
  const { concurrency = 4, attempts = 4, timeoutMs = 30_000, sleep = defaultSleep } = options
  const host = hostOf(url)
  const hide = hider(url)
  const limit = pLimit(concurrency)
  const client = getHttpRpcClient(url, { timeout: timeoutMs, maxResponseBodySize: BODY_LIMIT })

  const once = async (method: string, params: readonly unknown[], meter: Meter): Promise<unknown> => {
    meter.requests++
    let answer: unknown
    try {
      answer = await client.request({ body: { method, params: [...params] } })
    } catch (error) {
      throw translate(error, { host, method, hide })
    }
    if (typeof answer !== 'object' || answer === null || !('result' in answer || 'error' in answer))
      throw new EndpointError(`${host} answered something that is not JSON-RPC; check the URL`, {
        details: { method },
      })
    if ('error' in answer && answer.error !== undefined && answer.error !== null) {
      const failure = answer.error as { code?: number; message?: string; data?: unknown }
      throw classifyFailure({
        code: failure.code,
        message: hide(failure.message ?? JSON.stringify(failure)),
        data: failure.data,
        method,
        host,
      })
    }
    return 'result' in answer ? answer.result : null
  }

  const request: Endpoint['request'] = async (method, params, meter) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await limit(() => once(method, params, meter))
      } catch (error) {
        if (!(error instanceof EndpointError) || attempt >= attempts) throw error
        await sleep(200 * 2 ** (attempt - 1) * (1 + Math.random() / 2))
      }
    }
  }
  return { host, request }
}

const translate = (
  error: unknown,
  {
    host,
    method,
    hide,
  }: { readonly host: string; readonly method: string; readonly hide: (text: string) => string },
): BaseError => {
  if (error instanceof BaseError) return error
  if (error instanceof TimeoutError || error instanceof ResponseBodyTooLargeError) {
    const what = error instanceof TimeoutError ? 'did not answer in time' : 'answered more than 64 MiB'
    const message = `${host} ${what} (${method}); check the network, or use another endpoint`
    return method === 'eth_call' || method === 'eth_getLogs'
      ? new TooLargeError(message)
      : new EndpointError(message)
  }
  // an error answer that came with a 4xx/5xx status
  if (error instanceof RpcRequestError)
    return classifyFailure({
      code: error.code,
      message: hide(error.details),
      data: error.data,
      method,
      host,
    })
  if (error instanceof HttpRequestError) {
    const status = error.status ?? 0
    const parseFailed = status === 0 && /JSON|Unexpected (token|end)/i.test(error.details ?? '')
    if (parseFailed || (status >= 200 && status < 300))
      return new EndpointError(`${host} answered something that is not JSON; check the URL, or try later`, {
        details: { method },
      })
    const reason = error.cause instanceof Error ? reasonOf(error.cause) : (error.details ?? '')
    return classifyHttp(host, method, { status, message: hide(reason) })
  }
  return new EndpointError(`${host} failed: ${error instanceof Error ? error.name : 'unknown error'}`, {
    details: { method },
  })
}

/** The innermost cause: for a refused connection "connect ECONNREFUSED …", not "fetch failed". */
const reasonOf = (error: Error): string => {
  let current: Error = error
  while (current.cause instanceof Error) current = current.cause
  if (current instanceof AggregateError && current.errors[0] instanceof Error)
    return current.errors[0].message
  return current.message
}
