import type { Config, SourceConfig } from './config.ts'
import type { Crosscheck } from './core/crosscheck.ts'
import type { DoctorDocument, EndpointCheck, SubgraphCheck } from './core/doctor.ts'
import { BaseError, EndpointError, TooLargeError, UsageError } from './core/errors.ts'
import { changedAround } from './engine/around.ts'
import { accountsByLogs, compareLists } from './engine/crosscheck.ts'
import { listAccounts, openDiscover, openList } from './engine/discover.ts'
import { driversOn, usdOn } from './engine/driver-config.ts'
import { readInBatches } from './engine/read-accounts.ts'
import { createContext } from './engine/read-source.ts'
import { lacksBalances } from './engine/subgraph-states.ts'
import { resolveSource } from './scan.ts'
import { hostOf, newMeter } from './sources/endpoint.ts'
import { suggestedRange } from './sources/logs.ts'
import { runModeOf } from './sources/programs.ts'
import { connect, type PinnedRpc } from './sources/rpc.ts'

export type DoctorOptions = {
  readonly config: Config
  /** The source whose two lists are to be held against each other. */
  readonly crosscheck?: string | undefined
  readonly now?: () => Date
}

/** A head older than this means that the chain or the endpoint stands still. */
const STALE_SECONDS = 3600

/**
 * Asks every configured endpoint and subgraph what it can do; what fails is in the document, not thrown.
 * @throws UsageError for a crosscheck of a source that has no subgraph; an endpoint's error where the crosscheck fails.
 */
export const examine = async ({
  config,
  crosscheck,
  now = () => new Date(),
}: DoctorOptions): Promise<DoctorDocument> => {
  const checked = crosscheck === undefined ? null : sourceToCheck(config, crosscheck)
  const endpoints = Object.values(config.chains).flatMap((chain) =>
    chain.urls.map((url) => checkEndpoint({ ...chain, urls: [url] }, now())),
  )
  const subgraphs = config.sources.map((source) => checkSubgraph(config, source))
  const found = await Promise.all(subgraphs)
  return {
    endpoints: await Promise.all(endpoints),
    subgraphs: found.filter((check) => check !== null),
    crosscheck: checked === null ? null : await crosscheckSource(config, checked),
  }
}

type ChainConfig = Config['chains'][string]

const NO_ANSWER = { head: null, headAgeSeconds: null, block: null, stateBlocks: null, archive: null } as const

const checkEndpoint = async (chain: ChainConfig, now: Date): Promise<EndpointCheck> => {
  const { name, chainId, urls, block } = chain
  const base = { chain: name, host: hostOf(urls[0] ?? ''), ...NO_ANSWER, logRange: null, programs: null }
  try {
    const rpc = await connect({ chain: name, chainId, urls, block, attempts: 2 }, newMeter())
    const head = await headOf(rpc)
    const age = Math.max(0, Math.floor(now.getTime() / 1000) - head.timestamp)
    const known = {
      ...base,
      chainId,
      head: head.number,
      headAgeSeconds: age,
      block: Number(rpc.block.number),
    }
    try {
      const { programs } = await runModeOf(rpc, newMeter())
      const stateBlocks = await stateDepth(rpc, head.number)
      const logRange = await logRangeOf(rpc)
      const stale = age > STALE_SECONDS
      return {
        ...known,
        programs,
        stateBlocks,
        archive: stateBlocks === null ? null : stateBlocks >= head.number - 1,
        logRange,
        problem: stale
          ? `its newest block is ${Math.round(age / 60)} minutes old: the chain or the endpoint stands still`
          : logRange === null
            ? 'it answers no eth_getLogs: use another endpoint, or "discover" accounts from a subgraph'
            : null,
        retryable: stale,
      }
    } catch (error) {
      return { ...known, ...problemOf(error) }
    }
  } catch (error) {
    return { ...base, chainId: null, ...problemOf(error) }
  }
}

const problemOf = (error: unknown): { readonly problem: string; readonly retryable: boolean } => {
  if (!(error instanceof BaseError)) throw error
  return { problem: error.message, retryable: error.retryable }
}

const hex = (value: number): `0x${string}` => `0x${value.toString(16)}`

const ask = (rpc: PinnedRpc, method: string, params: readonly unknown[]): Promise<unknown> =>
  rpc.perform(newMeter(), (endpoint) => endpoint.request(method, params, newMeter()))

const headOf = async (rpc: PinnedRpc): Promise<{ readonly number: number; readonly timestamp: number }> => {
  const raw = (await ask(rpc, 'eth_getBlockByNumber', ['latest', false])) as {
    readonly number?: unknown
    readonly timestamp?: unknown
  } | null
  const [number, timestamp] = [Number(raw?.number), Number(raw?.timestamp)]
  if (!Number.isSafeInteger(number) || !Number.isSafeInteger(timestamp))
    throw new EndpointError('the endpoint answered "latest" with no block; try another endpoint')
  return { number, timestamp }
}

/** Nobody's account: only whether its balance is answered counts. */
const NOBODY = '0x0000000000000000000000000000000000000000'
const DEPTHS = [Number.POSITIVE_INFINITY, 1_000_000, 100_000, 10_000, 1000, 128, 1]

/** How many blocks back the state is still there, in steps; null where it is not even of the last. */
const stateDepth = async (rpc: PinnedRpc, head: number): Promise<number | null> => {
  for (const depth of DEPTHS) {
    if (Number.isFinite(depth) && depth >= head) continue
    const back = Math.min(depth, Math.max(0, head - 1))
    try {
      await ask(rpc, 'eth_getBalance', [NOBODY, hex(head - back)])
      return back
    } catch (error) {
      if (!(error instanceof BaseError)) throw error
    }
  }
  return null
}

const RANGES = [1_000_000, 100_000, 50_000, 10_000, 5000, 2000, 1000, 500, 100, 10, 1]

/** The largest range of blocks that one eth_getLogs searches, by trying; null where it answers none. */
const logRangeOf = async (rpc: PinnedRpc): Promise<number | null> => {
  const last = Number(rpc.block.number)
  const whole = last + 1
  for (let left = [whole, ...RANGES.filter((range) => range < whole)]; left.length > 0; ) {
    const [range = 1, ...smaller] = left
    try {
      const filter = { address: NOBODY, fromBlock: hex(last - range + 1), toBlock: hex(last) }
      await ask(rpc, 'eth_getLogs', [filter])
      return range
    } catch (error) {
      if (!(error instanceof BaseError)) throw error
      const from = BigInt(last - range + 1)
      const hint = error instanceof TooLargeError ? suggestedRange(error, from, BigInt(last)) : null
      left = hint === null ? smaller : [Number(hint), ...smaller.filter((next) => next < Number(hint))]
    }
  }
  return null
}

/** null for a source without a subgraph. */
const checkSubgraph = async (config: Config, source: SourceConfig): Promise<SubgraphCheck | null> => {
  const { key, protocol, chain: name, discover } = source
  if (!discover) return null
  const base = { source: key, host: hostOf(discover.url) }
  const unknown = { schema: null, deployment: null, pin: null, lists: null }
  try {
    const meter = newMeter()
    const rpc = await connectTo(config, name)
    const subgraph = openDiscover({ ...discover, waitSeconds: 0 })
    const wanted = { rpc, protocol, markets: null, wanted: discover.schema }
    const { schema, deployment, pin, rows } = await openList(subgraph, wanted, meter)
    const first = await rows()[Symbol.asyncIterator]().next()
    const lists = first.done !== true
    const lacking = discover.mode === 'read' ? lacksBalances(schema, protocol) : null
    const problem = lists
      ? lacking
      : `it lists no account of ${key} at block ${rpc.block.number}: check the id`
    return { ...base, schema, deployment, pin, lists, problem, retryable: false }
  } catch (error) {
    return { ...base, ...unknown, ...problemOf(error) }
  }
}

const connectTo = (config: Config, name: string): Promise<PinnedRpc> => {
  const chain = config.chains[name]
  if (!chain) throw new UsageError(`chain ${name} is not configured`)
  return connect({ ...chain, chain: name }, newMeter())
}

const sourceToCheck = (config: Config, key: string) => {
  const source = config.sources.find((one) => one.key === key)
  const withSubgraph = config.sources.filter(({ discover }) => discover).map((one) => one.key)
  if (!source?.discover)
    throw new UsageError(
      `--crosscheck ${key}: ${source ? 'it has no "discover"' : 'it is not configured'}; ${
        withSubgraph.length > 0 ? `these have one: ${withSubgraph.join(', ')}` : 'no source has one'
      }`,
    )
  const resolved = resolveSource(source)
  if (typeof resolved === 'string') throw new UsageError(resolved)
  return { ...resolved, discover: source.discover }
}

/** Both lists at one block, each read whole, and the state of every account on either. */
const crosscheckSource = async (
  config: Config,
  source: ReturnType<typeof sourceToCheck>,
): Promise<Crosscheck> => {
  const { key, adapter, chain, discover, fromBlock } = source
  const rpc = await connectTo(config, chain)
  const meter = newMeter()
  await runModeOf(rpc, meter)
  const nothing = { cursor: null, markets: null }
  const setting = { usd: usdOn(config, chain), drivers: driversOn(config, chain), known: nothing }
  const context = createContext(rpc, { deployment: source.target, ...setting }, meter)
  const markets = await adapter.markets(context)
  const around = () => changedAround(rpc, { adapter, context, markets, fromBlock }, meter)
  const listed = await listAccounts(rpc, { protocol: adapter.name, markets, discover, around }, meter)
  const byLogs = await accountsByLogs(adapter, context, { markets, fromBlock })
  const keys = [...new Set([...byLogs, ...listed.accounts.keys()])]
  const read = await readInBatches(adapter, { context, markets, keys }, () => {})
  const states = new Map(read.map(({ key: account, state }) => [account, state]))
  return compareLists({ source: key, adapter, markets, block: rpc.block.number }, { byLogs, listed, states })
}
