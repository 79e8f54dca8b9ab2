import type { AnyAdapter } from '../adapters/adapter.ts'
import type { Observation } from '../core/entities/evidence.ts'
import { EndpointError } from '../core/errors.ts'
import type { Meter } from '../sources/endpoint.ts'
import { readLogs } from '../sources/logs.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import type { StoredLink } from '../store/links.ts'
import { createKeeper, type Keeper } from './link-keeper.ts'

/** What was found up to the end of a block: to be stored together with that block, or not at all. */
export type LinkBatch = {
  readonly links: readonly StoredLink[]
  readonly through: { readonly block: bigint; readonly hash: string }
}

/** What is held in memory at once: some 20 MB. */
const BATCH = 20_000

/** Time of a block, Unix seconds. */
const timeOf = async (rpc: PinnedRpc, block: number, meter: Meter): Promise<number> => {
  const tag = `0x${block.toString(16)}`
  return rpc.perform(meter, async (endpoint) => {
    const answer = await endpoint.request('eth_getBlockByNumber', [tag, false], meter)
    const time =
      typeof answer === 'object' && answer !== null && 'timestamp' in answer ? Number(answer.timestamp) : 0
    if (!(time > 0))
      throw new EndpointError(
        `${endpoint.host} does not know the time of block ${block}; try another endpoint`,
      )
    return time
  })
}

/** Chooses from observations in order; asks for the times of those blocks alone whose logs do not say. */
const choose = async (
  rpc: PinnedRpc,
  keeper: Keeper,
  seen: readonly Observation[],
  meter: Meter,
): Promise<readonly StoredLink[]> => {
  const untimed = seen.filter((one) => one.time === null && keeper.wants(one) && keeper.needsDay(one))
  const blocks = [...new Set(untimed.map(({ block }) => block))]
  const times = new Map(
    await Promise.all(blocks.map(async (block) => [block, await timeOf(rpc, block, meter)] as const)),
  )
  return seen.flatMap((one) => keeper.keep(one, () => one.time ?? times.get(one.block) ?? 0) ?? [])
}

/**
 * Reads what the logs of a source in [from, the pinned block] show of owners that act for one another, in batches that
 * end with a block.
 */
export async function* readLinks(
  rpc: PinnedRpc,
  {
    links,
    deployment,
    markets,
    from,
    known,
    isBorrower,
    onBlock,
    batch = BATCH,
  }: {
    readonly links: NonNullable<AnyAdapter['links']>
    readonly deployment: unknown
    readonly markets: unknown
    readonly from: bigint
    readonly known: readonly StoredLink[]
    readonly isBorrower: (address: string) => boolean
    readonly onBlock: (block: number) => void
    /** Observations in one batch, or a few more. */
    readonly batch?: number
  },
  meter: Meter,
): AsyncGenerator<LinkBatch> {
  const keeper = createKeeper(known, isBorrower)
  const context = {
    deployment,
    block: rpc.block,
    logs: (...[filter, first, last]: Parameters<Parameters<typeof links>[0]['logs']>) =>
      readLogs(rpc, { filter, from: first, to: last }, meter),
  }
  let seen: Observation[] = []
  for await (const one of links(context, markets, { from, to: rpc.block.number })) {
    const last = seen.at(-1)
    if (last && last.block !== one.block) {
      onBlock(last.block)
      if (seen.length >= batch) {
        const hash = await rpc.hashOf(BigInt(last.block), meter)
        if (hash === null)
          throw new EndpointError(
            `the endpoint has logs of block ${last.block}, but not the block; try another`,
          )
        yield {
          links: await choose(rpc, keeper, seen, meter),
          through: { block: BigInt(last.block), hash },
        }
        seen = []
      }
    }
    if (keeper.wants(one)) seen.push(one)
  }
  yield {
    links: await choose(rpc, keeper, seen, meter),
    through: { block: rpc.block.number, hash: rpc.block.hash },
  }
}
