import { z } from 'zod'
import { adapters } from './adapters/index.ts'
import type { Config, SourceConfig } from './config.ts'
import type { ScanSummary } from './core/documents.ts'
import { BaseError, EndpointError, EndpointUnfitError, UsageError } from './core/errors.ts'
import { problemsOf } from './core/problems.ts'
import type { Block, Coverage, ScanStatus } from './core/report.ts'
import { bandsByDriver } from './engine/book.ts'
import { driversOn, usdOn } from './engine/driver-config.ts'
import { heightsOf, linksAt, namesOf, ownersOf } from './engine/links.ts'
import { type Known, type Progress, readSource } from './engine/read-source.ts'
import { loadEntities } from './known.ts'
import { newMeter } from './sources/endpoint.ts'
import { runModeOf } from './sources/programs.ts'
import { type BlockTag, connect, type PinnedRpc } from './sources/rpc.ts'
import { marketsAt } from './store/load.ts'
import type { Db } from './store/open.ts'
import { cursorOf, type ScanRecord, type SourceRecord, saveScan, statesAt } from './store/save.ts'
import { VERSION } from './version.ts'

export type ScanOptions = {
  readonly config: Config
  readonly db: Db
  /** Source keys; all configured ones where missing. */
  readonly only?: readonly string[] | undefined
  /** Instead of the block that each chain's configuration names. */
  readonly block?: BlockTag | bigint | undefined
  /** Read every account again, from the deployment block. */
  readonly full?: boolean | undefined
  readonly now?: () => Date
  readonly onProgress?: (progress: Progress) => void
}

/** A pinned block older than this, when a tag asked for a recent one, means that the chain or the endpoint stands still. */
const STALE_SECONDS = 3600

/**
 * Pins a block per chain, reads every source side by side, prices, stores.
 * @throws UsageError before anything is read; an endpoint's error where no source at all could be read. A failure of
 * some of the sources is no throw: it stands in their coverage.
 */
export const scan = async (options: ScanOptions): Promise<ScanSummary> => {
  const { config, db, now = () => new Date(), onProgress = () => {} } = options
  const sources = chooseSources(config, options.only)
  const entities = loadEntities(config.entitiesFile)
  const startedAt = now()
  const chains = connectChains(options, sources)
  const failures: BaseError[] = []
  const blocks = new Map<string, Block>()

  const records = await Promise.all(
    sources.map(async (source): Promise<SourceRecord> => {
      const started = performance.now()
      const { key, protocol, chain, deployment } = source
      const base = { key, protocol, chain, deployment }
      const seconds = () => Math.round(performance.now() - started) / 1000
      try {
        const rpc = await chains(chain)
        const known = await whatIsKnown(rpc, db, { key, full: options.full ?? false })
        const read = await readSource(
          rpc,
          { ...source, deployment: source.target },
          {
            known,
            drivers: driversOn(config, chain),
            usd: usdOn(config, chain),
            onProgress,
          },
        )
        await confirmBlock(rpc)
        blocks.set(chain, blockOf(rpc))
        const coverage = markStale({ ...read.coverage, seconds: seconds() }, rpc, {
          byTag: typeof (options.block ?? config.chains[chain]?.block) === 'string',
          now: now(),
        })
        return { ...base, coverage, read: read.read }
      } catch (error) {
        if (!(error instanceof BaseError)) throw error
        failures.push(error)
        return { ...base, coverage: failed(key, error, seconds()), read: null }
      }
    }),
  )
  const [first] = failures
  if (first && failures.length === records.length) throw combine(failures, first)
  const coverage = records.map((record) => record.coverage)
  const status: ScanStatus = coverage.every((c) => c.status === 'complete') ? 'complete' : 'partial'
  const rows = records.flatMap(({ read }) => Object.values(read?.positions ?? {}).flat())
  const { entities: linked } = linksAt(db, {
    heights: heightsOf([...blocks.values()]),
    labels: entities,
    members: ownersOf(rows),
  })
  const record: ScanRecord = {
    kind: 'scan',
    startedAt: startedAt.toISOString(),
    finishedAt: now().toISOString(),
    status,
    version: VERSION,
    blocks: [...blocks.values()],
    sources: records,
    bands: bandsByDriver(records, namesOf(linked, entities), config.bands.minUsd),
    entities,
    linked,
  }
  const scanId = saveScan(db, record)
  return { scanId, status, blocks: record.blocks, coverage }
}

/** A configured source with its adapter and what it reads there. */
type ResolvedSource = SourceConfig & {
  readonly adapter: (typeof adapters)[number]
  readonly target: unknown
  readonly fromBlock: bigint
}

/** @throws UsageError naming every source that cannot be read as it is configured. */
const chooseSources = (config: Config, only: readonly string[] | undefined): readonly ResolvedSource[] => {
  const unknown = (only ?? []).filter((key) => !config.sources.some((source) => source.key === key))
  if (unknown.length > 0)
    throw new UsageError(
      `--only ${unknown.join(',')}: not configured; configured are ${config.sources.map(({ key }) => key).join(', ')}`,
    )
  const chosen = config.sources
    .filter(({ key }) => only === undefined || only.includes(key))
    .map(resolveSource)
  const problems = chosen.filter((source) => typeof source === 'string')
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  return chosen.filter((source) => typeof source !== 'string')
}

/** The source with its adapter and deployment; a text where there is none. */
export const resolveSource = (source: SourceConfig): ResolvedSource | string => {
  const readable = adapters.filter(({ deployments }) => Object.keys(deployments).length > 0)
  const adapter = readable.find(({ name }) => name === source.protocol)
  if (!adapter)
    return `source ${source.key}: no protocol "${source.protocol}"; known are ${readable.map(({ name }) => name).join(', ')}`
  const path = `${source.chain}/${source.deployment}`
  const input = source.inline ?? adapter.deployments[path]
  if (input === undefined)
    return `source ${source.key}: ${adapter.name} has no deployment ${path}; known are ${Object.keys(adapter.deployments).join(', ')}, or write "deployment" beside the key`
  try {
    const target = adapter.parseDeployment(input)
    return { ...source, adapter, target, fromBlock: target.fromBlock }
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    return `source ${source.key}: ${problemsOf(error, ['deployment']).join('; ')}`
  }
}

/** Connects each chain once, when its first source asks for it; all its sources share the outcome. */
const connectChains = (
  { config, block }: ScanOptions,
  sources: readonly ResolvedSource[],
): ((chain: string) => Promise<PinnedRpc>) => {
  const names = new Set(sources.map(({ chain }) => chain))
  if (typeof block === 'bigint' && names.size > 1)
    throw new UsageError(
      `--block ${block} can mean one chain only, but the sources lie on ${[...names].join(', ')}: add --only`,
    )
  const pending = new Map<string, Promise<PinnedRpc>>()
  const open = async (name: string): Promise<PinnedRpc> => {
    const chain = config.chains[name]
    if (!chain) throw new UsageError(`chain ${name} is not configured`)
    const meter = newMeter()
    const rpc = await connect({ ...chain, chain: name, block: block ?? chain.block }, meter)
    await runModeOf(rpc, meter)
    return rpc
  }
  return (name) => {
    let connection = pending.get(name)
    if (!connection) {
      connection = open(name)
      pending.set(name, connection)
    }
    return connection
  }
}

/** Stored states serve only if the block they end at is still part of the chain, and lies before the pinned one. */
const whatIsKnown = async (
  rpc: PinnedRpc,
  db: Db,
  { key, full }: { readonly key: string; readonly full: boolean },
): Promise<Known> => {
  const cursor = cursorOf(db, key)
  const states = statesAt(db, key, Number(rpc.block.number))
  const usable =
    cursor !== null &&
    !full &&
    cursor.block <= rpc.block.number &&
    (await rpc.hashOf(cursor.block, newMeter())) === cursor.hash
  // the accounts once known are read again in any case: a shorter list from a new endpoint must not lose them
  if (!usable) return { cursor: null, states, markets: null }
  return { cursor: cursor.block, states, markets: marketsAt(db, key, cursor.block) }
}

/** Where an endpoint reads by number only, a reorganisation meanwhile would have gone unnoticed. */
const confirmBlock = async (rpc: PinnedRpc): Promise<void> => {
  const meter = newMeter()
  const { byHash } = await runModeOf(rpc, meter)
  if (byHash || (await rpc.hashOf(rpc.block.number, meter)) === rpc.block.hash) return
  throw new EndpointError(
    `block ${rpc.block.number} of ${rpc.chain} was reorganised away during the scan: scan again, or at an older block`,
  )
}

const blockOf = ({ chain, chainId, block }: PinnedRpc): Block => ({
  chain,
  chainId,
  number: Number(block.number),
  hash: block.hash,
  timestamp: new Date(Number(block.timestamp) * 1000).toISOString(),
})

const markStale = (
  coverage: Coverage,
  rpc: PinnedRpc,
  { byTag, now }: { readonly byTag: boolean; readonly now: Date },
): Coverage => {
  const age = Math.floor(now.getTime() / 1000) - Number(rpc.block.timestamp)
  if (!byTag || age <= STALE_SECONDS || coverage.status !== 'complete') return coverage
  const error = `block ${rpc.block.number} is ${Math.round(age / 60)} minutes old: the chain or the endpoint stands still`
  return { ...coverage, status: 'stale', error }
}

const failed = (source: string, error: BaseError, seconds: number): Coverage => ({
  source,
  status: 'failed',
  accounts: 0,
  positions: 0,
  unpriced: 0,
  debtUsd: 0,
  protocolDebtUsd: null,
  debtCovered: null,
  requests: 0,
  seconds,
  error: error.message,
  notes: [],
})

const combine = (failures: readonly BaseError[], first: BaseError): BaseError => {
  const messages = [...new Set(failures.map(({ message }) => message))]
  if (messages.length === 1) return first
  const text = `no source could be read: ${messages.join(' · ')}`
  return failures.some(({ retryable }) => retryable) ? new EndpointError(text) : new EndpointUnfitError(text)
}
