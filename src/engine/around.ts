import { z } from 'zod'
import type { AnyAdapter, Context } from '../adapters/adapter.ts'
import { EndpointError, EndpointUnfitError } from '../core/errors.ts'
import type { Meter } from '../sources/endpoint.ts'
import { readLogs } from '../sources/logs.ts'
import type { PinnedRpc } from '../sources/rpc.ts'

/** Accounts that changed in [from, to], which has the pinned block inside. */
export type Around = { readonly keys: ReadonlySet<string>; readonly from: bigint; readonly to: bigint }

/** How far a list that tells no block may lag behind the pinned one. */
const BLOCKS_BEFORE = 1000n

/** How far it may be ahead: one day, beyond which its list is that of another time. */
const SECONDS_AFTER = 86_400

const quantity = z
  .string()
  .regex(/^0x[0-9a-f]+$/i)
  .transform(BigInt)
const headSchema = z.object({ number: quantity, timestamp: quantity })

/**
 * Who a list of about now may lack at the pinned block: whoever borrowed shortly before it, in case the list lags, and
 * whoever has repaid since. By the logs up to the head: which accounts to read, while every number is still of the block.
 * @throws EndpointUnfitError for a block of more than a day ago.
 */
export const changedAround = async (
  rpc: PinnedRpc,
  {
    adapter,
    context,
    markets,
    fromBlock,
  }: {
    readonly adapter: AnyAdapter
    readonly context: Context<unknown>
    readonly markets: unknown
    readonly fromBlock: bigint
  },
  meter: Meter,
): Promise<Around> => {
  const { number, timestamp } = rpc.block
  const head = await headOf(rpc, meter)
  const age = Number(head.timestamp - timestamp)
  if (age > SECONDS_AFTER)
    throw new EndpointUnfitError(
      `the list of borrowers is of now, and block ${number} is ${Math.floor(age / 3600)} hours old: use a newer --block, or logs`,
    )
  const to = head.number > number ? head.number : number
  const from = number - BLOCKS_BEFORE > fromBlock ? number - BLOCKS_BEFORE : fromBlock
  const upToHead = { ...rpc, block: { ...rpc.block, number: to } }
  const recent: Context<unknown> = {
    ...context,
    logs: (filter, start, end) => readLogs(upToHead, { filter, from: start, to: end }, meter),
  }
  const keys = new Set<string>()
  for await (const key of adapter.touched(recent, markets, { from, to, known: () => true })) keys.add(key)
  return { keys, from, to }
}

const headOf = async (rpc: PinnedRpc, meter: Meter) => {
  const raw = await rpc.perform(meter, (endpoint) =>
    endpoint.request('eth_getBlockByNumber', ['latest', false], meter),
  )
  const parsed = headSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  throw new EndpointError('the endpoint answered "latest" with no block; try another endpoint')
}
