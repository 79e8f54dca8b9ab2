import { getLogsRetryHelper } from '@ponder/utils'
import { type Address, type Hex, RpcRequestError } from 'viem'
import { EndpointError, TooLargeError } from '../core/errors.ts'
import type { Endpoint, Meter } from './endpoint.ts'
import type { PinnedRpc } from './rpc.ts'

export type LogFilter = {
  readonly address: readonly Address[]
  readonly topics: readonly (readonly Hex[])[]
}

export type Log = {
  readonly address: Address
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: bigint
  readonly transactionHash: Hex
  /** Unix seconds; null where the endpoint leaves it out. */
  readonly timestamp: number | null
}

/** Block ranges asked for side by side; the endpoint's limiter has the last word. */
const PARALLEL = 4

const isRawLog = (
  value: unknown,
): value is {
  address: Address
  topics: Hex[]
  data: Hex
  blockNumber: Hex
  transactionHash: Hex
  blockTimestamp?: unknown
} =>
  typeof value === 'object' &&
  value !== null &&
  'address' in value &&
  'topics' in value &&
  Array.isArray(value.topics) &&
  'data' in value &&
  'blockNumber' in value &&
  typeof value.blockNumber === 'string' &&
  'transactionHash' in value &&
  typeof value.transactionHash === 'string'

const hex = (value: bigint): Hex => `0x${value.toString(16)}`

/** What an endpoint's refusal says about the range it would accept; null where it says nothing. */
export const suggestedRange = (error: TooLargeError, from: bigint, to: bigint): bigint | null => {
  const reply = new RpcRequestError({
    body: {},
    url: '',
    error: {
      code: Number(error.details.code ?? -32000),
      message: String(error.details.text ?? error.message),
    },
  })
  const retry = getLogsRetryHelper({
    error: reply as never,
    params: [{ fromBlock: hex(from), toBlock: hex(to) }],
  })
  const first = retry.shouldRetry && retry.isSuggestedRange ? retry.ranges[0] : undefined
  if (!first) return null
  const size = BigInt(first.toBlock) - BigInt(first.fromBlock) + 1n
  return size > 0n && size < to - from + 1n ? size : null
}

/**
 * All logs of a filter in [from, to], in block order. The range of one request adapts to what the endpoint allows:
 * its own hint where it gives one, half otherwise; what was learnt stays with the endpoint.
 */
export async function* readLogs(
  rpc: PinnedRpc,
  { filter, from, to }: { readonly filter: LogFilter; readonly from: bigint; readonly to: bigint },
  meter: Meter,
): AsyncGenerator<Log> {
  const last = to < rpc.block.number ? to : rpc.block.number
  let next = from
  while (next <= last) {
    const [logs, end] = await rpc.perform(meter, async (endpoint) => {
      const size = endpoint.logRange ?? last - next + 1n
      const ranges: [bigint, bigint][] = []
      for (let start = next; start <= last && ranges.length < PARALLEL; start += size)
        ranges.push([start, start + size - 1n < last ? start + size - 1n : last])
      const parts = await Promise.all(
        ranges.map(([a, b]) => readRange(endpoint, { filter, from: a, to: b }, meter)),
      )
      return [parts.flat(), ranges.at(-1)?.[1] ?? last] as const
    })
    yield* logs
    next = end + 1n
  }
}

const readRange = async (
  endpoint: Endpoint,
  { filter, from, to }: { readonly filter: LogFilter; readonly from: bigint; readonly to: bigint },
  meter: Meter,
): Promise<readonly Log[]> => {
  const params = [{ address: filter.address, topics: filter.topics, fromBlock: hex(from), toBlock: hex(to) }]
  let answer: unknown
  try {
    answer = await endpoint.request('eth_getLogs', params, meter)
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error
    if (from === to)
      throw new EndpointError(
        `${error.message}: even one block at a time is too much; use another endpoint`,
        {
          cause: error,
        },
      )
    const size = suggestedRange(error, from, to) ?? (to - from + 1n) / 2n
    if (endpoint.logRange === undefined || endpoint.logRange > size) endpoint.logRange = size
    const parts: Log[] = []
    for (let start = from; start <= to; ) {
      // what the parts before it have learnt holds for the rest as well
      const step = endpoint.logRange < size ? endpoint.logRange : size
      const end = start + step - 1n < to ? start + step - 1n : to
      parts.push(...(await readRange(endpoint, { filter, from: start, to: end }, meter)))
      start = end + 1n
    }
    return parts
  }
  if (!Array.isArray(answer) || !answer.every(isRawLog))
    throw new EndpointError(
      `${endpoint.host} answered eth_getLogs with something that is no list of logs; try another endpoint`,
    )
  return answer.map(({ address, topics, data, blockNumber, transactionHash, blockTimestamp }) => ({
    address,
    topics,
    data,
    blockNumber: BigInt(blockNumber),
    transactionHash,
    timestamp: typeof blockTimestamp === 'string' ? Number(blockTimestamp) : null,
  }))
}
