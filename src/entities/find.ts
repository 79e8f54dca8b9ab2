import { adapters } from '../adapters/index.ts'
import type { Config } from '../config.ts'
import type { SourceFound } from '../core/entities/documents.ts'
import { BaseError, InvalidDataError, UsageError } from '../core/errors.ts'
import { askNatures, askOwners } from '../engine/ask-links.ts'
import { bandsOf } from '../engine/book.ts'
import { heightsOf, linksAt, namesOf, ownersOf } from '../engine/links.ts'
import { readLinks } from '../engine/read-links.ts'
import type { Progress } from '../engine/read-source.ts'
import { type Entities, loadEntities } from '../known.ts'
import { loadBook } from '../report.ts'
import { type Meter, newMeter } from '../sources/endpoint.ts'
import { connect, type PinnedRpc } from '../sources/rpc.ts'
import {
  completeLinks,
  dropLinks,
  linkCursorOf,
  loadAnswers,
  loadBorrowers,
  loadLinksOf,
  loadOwners,
  saveAnswers,
  saveLinks,
} from '../store/links.ts'
import { loadLabels, loadMarkets, loadScan, type StoredScan } from '../store/load.ts'
import type { Db } from '../store/open.ts'
import { saveLinked } from '../store/save.ts'

type FindOptions = {
  readonly config: Config
  readonly db: Db
  readonly onProgress?: (progress: Progress) => void
}

type Target = {
  readonly source: string
  readonly chain: string
  readonly links: NonNullable<(typeof adapters)[number]['links']>
  readonly markets: unknown
  readonly deployment: unknown
  readonly fromBlock: bigint
}

/**
 * Reads what ties owners together, up to the blocks of the latest scan, and gives that scan the entities and bands
 * that follow. What was read before is not read again; what was read of a source that fails is kept for the next time.
 * @throws UsageError where there is nothing to read; an endpoint's error where no source could be read.
 */
export const findLinks = async (
  options: FindOptions,
): Promise<{
  readonly scanId: number
  readonly found: readonly SourceFound[]
  readonly requests: number
}> => {
  const { config, db } = options
  const labels = new Map([...loadLabels(db), ...loadEntities(config.entitiesFile)])
  const scan = loadScan(db, 'latest')
  const targets = targetsOf(config, db, scan)
  const symbols = [...new Set(scan.drivers.map(({ symbol }) => symbol))]
  const books = symbols.map((symbol) => loadBook(db, scan.id, symbol))
  const members = ownersOf(books.flatMap(({ rows }) => rows))
  const meter = newMeter()
  const found: SourceFound[] = []
  const failures: BaseError[] = []
  for (const chain of new Set(targets.map((target) => target.chain))) {
    const mine = targets.filter((target) => target.chain === chain)
    found.push(
      ...(await readChain({ ...options, chain, targets: mine, scan, labels, members, failures }, meter)),
    )
  }
  const [first] = failures
  if (first && failures.length === found.length) throw first
  // a history with a gap would take hubs for friends: the scan keeps what it had
  if (failures.length === 0) {
    const { entities: linked } = linksAt(db, { heights: heightsOf(scan.blocks), labels, members })
    const page = { entities: namesOf(linked, labels), minUsd: config.bands.minUsd }
    const bands = Object.fromEntries(
      books.map(({ driver, rows }) => [driver.symbol, bandsOf(rows, { ...page, spot: driver.spotUsd })]),
    )
    saveLinked(db, { scanId: scan.id, linked, bands })
  }
  return { scanId: scan.id, found, requests: meter.requests }
}

/** @throws UsageError where the scan has no source whose logs can be read. */
const targetsOf = (config: Config, db: Db, scan: StoredScan): readonly Target[] => {
  const targets = loadMarkets(db, scan).flatMap(({ source, protocol, markets }): readonly Target[] => {
    const adapter = adapters.find(({ name }) => name === protocol)
    const configured = config.sources.find(({ key }) => key === source)
    if (!adapter?.links || !configured) return []
    const { chain, deployment, inline } = configured
    const target = adapter.parseDeployment(inline ?? adapter.deployments[`${chain}/${deployment}`])
    const { links } = adapter
    return [{ source, chain, links, markets, deployment: target, fromBlock: target.fromBlock }]
  })
  if (targets.length === 0)
    throw new UsageError(
      scan.kind === 'import'
        ? 'the links between owners lie on a chain, and only files are stored here: run liqbands scan first'
        : `no source of scan ${scan.id} is configured and has logs that tie owners together`,
    )
  return targets
}

type ChainOptions = FindOptions & {
  readonly chain: string
  readonly targets: readonly Target[]
  readonly scan: StoredScan
  readonly labels: Entities
  readonly members: ReadonlySet<string>
  readonly failures: BaseError[]
}

/** All sources of a chain one after the other, and then who the addresses in them are. */
const readChain = async (options: ChainOptions, meter: Meter): Promise<readonly SourceFound[]> => {
  const { config, db, chain, targets, scan, failures } = options
  const found: SourceFound[] = []
  const height = scan.blocks.find((block) => block.chain === chain)?.number ?? 0
  const fail = ({ source }: Target, error: unknown): void => {
    if (!(error instanceof BaseError)) throw error
    failures.push(error)
    found.push({ source, status: 'failed', from: null, block: height, links: 0, error: error.message })
  }
  let rpc: PinnedRpc
  try {
    rpc = await connectTo(config, scan, chain, meter)
  } catch (error) {
    for (const target of targets) fail(target, error)
    return found
  }
  for (const target of targets)
    try {
      found.push(await readSource(options, rpc, target, meter))
    } catch (error) {
      fail(target, error)
    }
  const complete = targets.filter(({ source }) =>
    found.some((f) => f.source === source && f.status === 'read'),
  )
  try {
    await askChain(options, rpc, { sources: complete.map(({ source }) => source) }, meter)
    for (const { source } of complete) completeLinks(db, source, rpc.block.number)
    return found
  } catch (error) {
    found.splice(0, found.length, ...found.filter(({ status }) => status === 'failed'))
    for (const target of complete) fail(target, error)
    return found
  }
}

/** The chain at the block of the scan. */
const connectTo = async (
  config: Config,
  scan: StoredScan,
  name: string,
  meter: Meter,
): Promise<PinnedRpc> => {
  const chain = config.chains[name]
  const block = scan.blocks.find((one) => one.chain === name)
  if (!chain || !block || block.number === null || block.hash === null)
    throw new UsageError(`scan ${scan.id} has no block of ${name}: scan again`)
  const rpc = await connect({ ...chain, chain: name, block: BigInt(block.number) }, meter)
  if (rpc.block.hash !== block.hash)
    throw new InvalidDataError(
      `block ${block.number} of ${name} is no longer the one that was scanned (${block.hash.slice(0, 10)}…): scan again`,
    )
  return rpc
}

/** What is new since the last time; from the beginning where the chain is not the one it was read from. */
const readSource = async (
  { db, onProgress = () => {} }: FindOptions,
  rpc: PinnedRpc,
  { source, links, markets, deployment, fromBlock }: Target,
  meter: Meter,
): Promise<SourceFound> => {
  const end = Number(rpc.block.number)
  const cursor = linkCursorOf(db, source)
  const isAhead = cursor !== null && cursor.block > rpc.block.number
  if (isAhead) return { source, status: 'read', from: null, block: end, links: 0, error: null }
  const isSame = cursor !== null && (await rpc.hashOf(cursor.block, meter)) === cursor.hash
  if (cursor !== null && !isSame) dropLinks(db, source)
  const from = cursor !== null && isSame ? cursor.block + 1n : fromBlock
  if (from > rpc.block.number)
    return { source, status: 'read', from: null, block: end, links: 0, error: null }
  const borrowers = loadBorrowers(db)
  const show = (done: number): void => onProgress({ source, phase: 'links read', done, total: end })
  const batches = readLinks(
    rpc,
    {
      ...{ links, deployment, markets, from },
      known: loadLinksOf(db, source),
      isBorrower: (address) => borrowers.has(address),
      onBlock: show,
    },
    meter,
  )
  let count = 0
  for await (const batch of batches) {
    saveLinks(db, { source, ...batch })
    count += batch.links.length
  }
  show(end)
  return { source, status: 'read', from: Number(from), block: end, links: count, error: null }
}

/** Rounds in which new answers may bring up new addresses: an owner's owner's owner is far enough. */
const ROUNDS = 3

/**
 * Asks who owns the borrowers (those that named an owner every time, the others once), and what the addresses are
 * through which two borrowers would be united.
 */
const askChain = async (
  { db, chain, scan, labels, members }: ChainOptions,
  rpc: PinnedRpc,
  { sources }: { readonly sources: readonly string[] },
  meter: Meter,
): Promise<void> => {
  const mine = loadOwners(db, scan.id, sources)
  const known = new Map(
    loadAnswers(db, new Map([[chain, Number.POSITIVE_INFINITY]])).map((answer) => [answer.address, answer]),
  )
  const toAsk = mine.filter((owner) => (known.get(owner)?.owners.length ?? 1) > 0)
  if (toAsk.length > 0) saveAnswers(db, chain, await askOwners(rpc, toAsk, meter))
  const asked = new Set<string>()
  for (let round = 0; round < ROUNDS; round++) {
    const { pairs } = linksAt(db, {
      heights: heightsOf(scan.blocks),
      labels,
      members,
      complete: sources,
    })
    const foreign = pairs.filter(({ verdict }) => verdict === 'contract').flatMap(({ a, b }) => [a, b])
    const unknown = [...new Set(foreign)].filter(
      (address) => !asked.has(address) && !members.has(address) && !known.get(address)?.nature,
    )
    if (unknown.length === 0) return
    for (const address of unknown) asked.add(address)
    saveAnswers(db, chain, await askNatures(rpc, unknown, meter))
  }
}
