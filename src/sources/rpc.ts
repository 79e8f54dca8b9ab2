import { EndpointError, EndpointUnfitError, InvalidDataError, UsageError } from '../core/errors.ts'
import { type Endpoint, type Meter, openEndpoint } from './endpoint.ts'

/** The one block that everything in a scan reads of a chain. */
export type PinnedBlock = {
  readonly number: bigint
  readonly hash: `0x${string}`
  /** Unix seconds. */
  readonly timestamp: bigint
}

export type BlockTag = 'finalized' | 'safe' | 'latest'

/** A chain at one block: no request made through it can read another one. */
export type PinnedRpc = {
  readonly chain: string
  readonly chainId: number
  readonly block: PinnedBlock
  /** Runs `work` on the first endpoint that can do it; the next one takes over when it fails. */
  readonly perform: <T>(meter: Meter, work: (endpoint: Endpoint) => Promise<T>) => Promise<T>
  /** Hash of an earlier block, to notice a reorganisation since the last scan; null where it is not known. */
  readonly hashOf: (number: bigint, meter: Meter) => Promise<string | null>
}

export type ConnectOptions = {
  readonly chain: string
  readonly chainId: number
  readonly urls: readonly string[]
  readonly block: BlockTag | bigint
  readonly concurrency?: number
  readonly timeoutMs?: number
  readonly attempts?: number
}

type RawBlock = { readonly number: string; readonly hash: string; readonly timestamp: string }

const isRawBlock = (value: unknown): value is RawBlock =>
  typeof value === 'object' &&
  value !== null &&
  'number' in value &&
  typeof value.number === 'string' &&
  'hash' in value &&
  typeof value.hash === 'string' &&
  'timestamp' in value &&
  typeof value.timestamp === 'string'

const hex = (value: bigint): `0x${string}` => `0x${value.toString(16)}`

/**
 * Chooses the block of a chain and pins it.
 * @throws EndpointError when no endpoint answers; EndpointUnfitError when one answers for another chain or lacks
 * the block.
 */
export const connect = async (options: ConnectOptions, meter: Meter): Promise<PinnedRpc> => {
  const { chain, chainId, urls } = options
  if (urls.length === 0) throw new UsageError(`chains.${chain}.rpc is empty: name at least one endpoint`)
  const endpoints = urls.map((url) => openEndpoint(url, options))
  const ready = new Set<Endpoint>()
  let pinned: PinnedBlock | null = null

  const blockAt = async (endpoint: Endpoint, tag: string, by: Meter): Promise<RawBlock | null> => {
    const raw = await endpoint.request('eth_getBlockByNumber', [tag, false], by)
    if (raw === null) return null
    if (!isRawBlock(raw))
      throw new EndpointError(
        `${endpoint.host} answered a block without number, hash or timestamp; try another endpoint`,
      )
    return raw
  }

  const prepare = async (endpoint: Endpoint, by: Meter): Promise<void> => {
    if (ready.has(endpoint)) return
    const id = await endpoint.request('eth_chainId', [], by)
    if (typeof id !== 'string' || Number(id) !== chainId)
      throw new EndpointUnfitError(
        `${endpoint.host} serves chain ${Number(id)}, but chains.${chain} expects ${chainId}: check the URL or chainId`,
      )
    if (pinned !== null) {
      const same = await blockAt(endpoint, hex(pinned.number), by)
      if (same?.hash !== pinned.hash)
        throw new EndpointUnfitError(
          `${endpoint.host} does not have the pinned block ${pinned.number} (${pinned.hash.slice(0, 10)}…): it lags, or follows another fork`,
        )
    }
    ready.add(endpoint)
  }

  const perform: PinnedRpc['perform'] = async (by, work) => {
    const failures: Error[] = []
    for (const endpoint of [...endpoints]) {
      try {
        await prepare(endpoint, by)
        return await work(endpoint)
      } catch (error) {
        if (!(error instanceof EndpointError || error instanceof EndpointUnfitError)) throw error
        failures.push(error)
        // the next request starts with whoever may do better
        endpoints.push(...endpoints.splice(endpoints.indexOf(endpoint), 1))
      }
    }
    const [first] = failures
    if (failures.length === 1 && first) throw first
    const message = failures.map((failure) => failure.message).join(' · ')
    throw failures.some((failure) => failure instanceof EndpointError)
      ? new EndpointError(message)
      : new EndpointUnfitError(message)
  }

  const tag = typeof options.block === 'bigint' ? hex(options.block) : options.block
  const raw = await perform(meter, async (endpoint) => {
    const found = await blockAt(endpoint, tag, meter)
    if (found === null)
      throw new EndpointUnfitError(
        `${endpoint.host} has no block ${typeof options.block === 'bigint' ? options.block : `"${tag}"`}: use an earlier --block`,
      )
    return found
  })
  pinned = {
    number: BigInt(raw.number),
    hash: raw.hash as `0x${string}`,
    timestamp: BigInt(raw.timestamp),
  }
  if (typeof options.block === 'bigint' && pinned.number !== options.block)
    throw new InvalidDataError(`asked ${chain} for block ${options.block}, got ${pinned.number}`)

  return {
    chain,
    chainId,
    block: pinned,
    perform,
    hashOf: async (number, by) =>
      (await perform(by, (endpoint) => blockAt(endpoint, hex(number), by)))?.hash ?? null,
  }
}
