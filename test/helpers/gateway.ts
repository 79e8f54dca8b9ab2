import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type RpcCall = { readonly method: string; readonly params: readonly unknown[] }

/** What goes back instead of the node's answer; `hang` never answers. */
export type Reply =
  | 'hang'
  | { readonly status?: number; readonly type?: string; readonly body: string }
  | { readonly status?: number; readonly error: { code: number; message: string; data?: unknown } }
  | { readonly result: unknown }

/** How one endpoint differs from a plain node. The first rule that answers does. */
export type Rule = {
  /** May answer itself, change the call, or let it pass (undefined). */
  readonly before?: (call: RpcCall) => Reply | { readonly call: RpcCall } | undefined | Promise<undefined>
  /** Sees the node's answer (JSON) and may send another. */
  readonly after?: (call: RpcCall, answer: string) => Reply | undefined
}

export type Gateway = {
  readonly url: string
  readonly host: string
  /** Every request that has arrived, in order. */
  readonly requests: readonly RpcCall[]
  stop(): Promise<void>
}

const read = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

const send = (response: ServerResponse, id: unknown, reply: Exclude<Reply, 'hang'>): void => {
  const status = 'status' in reply ? (reply.status ?? 200) : 200
  if ('body' in reply) {
    response.writeHead(status, { 'content-type': reply.type ?? 'application/json' }).end(reply.body)
    return
  }
  const outcome = 'error' in reply ? { error: reply.error } : { result: reply.result }
  const body = JSON.stringify({ jsonrpc: '2.0', id, ...outcome })
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

/** A JSON-RPC endpoint in front of a node, with the manners of some provider. */
export const startGateway = async (target: string, rules: readonly Rule[] = []): Promise<Gateway> => {
  const requests: RpcCall[] = []

  const answer = async (id: unknown, first: RpcCall, response: ServerResponse): Promise<void> => {
    let call = first
    for (const { before } of rules) {
      const reply = await before?.(call)
      if (reply === 'hang') return
      if (reply && 'call' in reply) call = reply.call
      else if (reply) return send(response, id, reply)
    }
    const upstream = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, ...call }),
    })
    let text = await upstream.text()
    for (const { after } of rules) {
      const reply = after?.(call, text)
      if (reply === 'hang') return
      if (reply && 'body' in reply) return send(response, id, reply)
      if (reply) text = JSON.stringify({ jsonrpc: '2.0', id, ...reply })
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(text)
  }

  const server = createServer(async (request, response) => {
    try {
      const { id, method, params } = JSON.parse(await read(request))
      requests.push({ method, params })
      await answer(id, { method, params }, response)
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${host}`,
    host,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const refusal = (code: number, message: string, status = 200): Reply => ({ status, error: { code, message } })

/** As geth before overrides, and proxies that count arguments. */
export const refuseOverrides: Rule = {
  before: ({ method, params }) =>
    method === 'eth_call' && params.length > 2
      ? refusal(-32602, 'too many arguments, want at most 2')
      : undefined,
}

/** Reverts are told without their data. */
export const stripErrorData: Rule = {
  after: (_, text) => {
    const { error } = JSON.parse(text)
    return /revert/.test(error?.message) ? { error: { code: 3, message: 'execution reverted' } } : undefined
  },
}

/** No EIP-1898: a block is a number or a tag. */
export const refuseBlockHash: Rule = {
  before: ({ method, params }) =>
    method === 'eth_call' && typeof params[1] === 'object'
      ? refusal(-32602, 'invalid argument 1: json: cannot unmarshal object into Go value of type string')
      : undefined,
}

/** The gas that an eth_call may burn, as a node's own cap: silently set, so that the call itself runs out of it. */
export const capGas = (gas: number): Rule => ({
  before: ({ method, params }) =>
    method === 'eth_call'
      ? {
          call: {
            method,
            params: [{ ...(params[0] as object), gas: `0x${gas.toString(16)}` }, ...params.slice(1)],
          },
        }
      : undefined,
})

/** Answers beyond so many bytes are refused, by the words given. */
export const capResponse = (bytes: number, reply: Reply): Rule => ({
  after: ({ method }, text) => (method === 'eth_call' && text.length > bytes ? reply : undefined),
})

export type LogRange = { readonly from: bigint; readonly to: bigint }

/** eth_getLogs over more than so many blocks is refused. */
export const capLogRange = (blocks: bigint, reply: (range: LogRange) => Reply): Rule => ({
  before: ({ method, params }) => {
    if (method !== 'eth_getLogs') return undefined
    const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string }
    const range = { from: BigInt(fromBlock), to: BigInt(toBlock) }
    return range.to - range.from + 1n > blocks ? reply(range) : undefined
  },
})

/** More logs than so many are refused. */
export const capLogs = (most: number, reply: (range: LogRange) => Reply): Rule => ({
  after: ({ method, params }, text) => {
    if (method !== 'eth_getLogs') return undefined
    const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string }
    const { result } = JSON.parse(text)
    if (!Array.isArray(result) || result.length <= most) return undefined
    return reply({ from: BigInt(fromBlock), to: BigInt(toBlock) })
  },
})

/** The first so many requests of a method (of all, when none is given) fail. */
export const failFirst = (times: number, reply: Reply, method?: string): Rule => {
  let left = times
  return {
    before: (call) => {
      if (left === 0 || (method !== undefined && call.method !== method)) return undefined
      left--
      return reply
    },
  }
}

/** All requests of a method (of all methods, when none is given) fail. */
export const failAll = (reply: Reply, method?: string): Rule => failFirst(-1, reply, method)

export const answerAlways = (method: string, result: unknown): Rule => failAll({ result }, method)
