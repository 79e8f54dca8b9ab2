import type { AnyAdapter, Context } from '../adapters/adapter.ts'
import type { DiscoverConfig, UsdConfig } from '../config.ts'
import type { Coverage } from '../core/report.ts'
import { isTold } from '../core/told.ts'
import { createReader } from '../sources/batch.ts'
import { type Meter, newMeter } from '../sources/endpoint.ts'
import { readLogs } from '../sources/logs.ts'
import { runProgram } from '../sources/programs.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import { readStorage } from '../sources/storage.ts'
import type { SourceRecord } from '../store/save.ts'
import { type Completeness, compareTotals } from './completeness.ts'
import { discoverKeys } from './discover-keys.ts'
import type { DriverConfig } from './driver-config.ts'
import { measureDriver } from './measure-driver.ts'
import { pricePositions } from './pricing.ts'
import { readInBatches } from './read-accounts.ts'
import { isWider, scopeOf } from './scope.ts'
import type { ToldStates } from './subgraph-states.ts'
import { takeStates } from './told-states.ts'
import { traceResponses } from './trace-responses.ts'
import { usdPriceOf } from './usd-prices.ts'

/** What a scan already knows of a source from earlier ones. */
export type Known = {
  /** Up to where every change is known; null to start from the deployment block. */
  readonly cursor: bigint | null
  /** Stored states at the cursor. */
  readonly states: ReadonlyMap<string, unknown>
  /** The markets as stored at the cursor; null without one. */
  readonly markets: unknown
}

export type Progress = {
  readonly source: string
  readonly phase: 'markets' | 'accounts found' | 'accounts read' | 'priced' | 'asked' | 'links read'
  readonly done: number
  readonly total: number | null
}

type Source = { readonly key: string; readonly adapter: AnyAdapter; readonly deployment: unknown }

/** The coverage of a source and all that was read of it. */
export type ReadSource = {
  readonly coverage: Omit<Coverage, 'seconds'>
  readonly read: NonNullable<SourceRecord['read']>
}

/** What an adapter may ask, wired to one pinned chain and one meter. */
export const createContext = (
  rpc: PinnedRpc,
  {
    deployment,
    usd,
    drivers,
    known,
  }: {
    readonly deployment: unknown
    readonly known: Pick<Known, 'cursor' | 'markets'>
    readonly usd: UsdConfig
    readonly drivers: readonly DriverConfig[]
  },
  meter: Meter,
): Context<unknown> => {
  const reader = createReader(rpc, meter)
  return {
    ...reader,
    usdPrices: (tokens) => Promise.all(tokens.map(usdPriceOf(reader, usd, drivers))),
    deployment,
    block: rpc.block,
    earlier:
      known.cursor === null || known.markets === null
        ? null
        : { markets: known.markets, block: known.cursor },
    run: (program, data) => runProgram(rpc, { program, data }, meter),
    storage: (asked) => readStorage(rpc, asked, meter),
    logs: (filter, from, to) => readLogs(rpc, { filter, from, to }, meter),
  }
}

/** Reads, checks and prices one source at the pinned block. */
export const readSource = async (
  rpc: PinnedRpc,
  source: Source & { readonly fromBlock: bigint; readonly discover?: DiscoverConfig },
  {
    known: stored,
    drivers: configured,
    usd,
    onProgress,
  }: {
    readonly known: Known
    readonly drivers: readonly DriverConfig[]
    readonly usd: UsdConfig
    readonly onProgress: (progress: Progress) => void
  },
): Promise<ReadSource> => {
  const { key, adapter } = source
  const meter = newMeter()
  const context = createContext(
    rpc,
    { deployment: source.deployment, usd, drivers: configured, known: stored },
    meter,
  )
  const report = (phase: Progress['phase'], done: number, total: number | null = null) =>
    onProgress({ source: key, phase, done, total })

  const markets = await adapter.markets(context)
  report('markets', 1, 1)
  const known = knownWithin(adapter, markets, stored)
  const list = await discoverKeys(rpc, { context, source, markets }, meter, (count) =>
    report('accounts found', count),
  )
  const { keys: listed, told } = list
  let found =
    told === null
      ? await readTouched(context, { ...source, markets, known, listed }, report)
      : readTold({ adapter, markets, known, told })
  // what no log since the last scan explains must be looked for from the beginning
  if (told === null && listed === null && known.cursor !== null && found.completeness.gaps.length > 0)
    found = await readTouched(
      context,
      { ...source, markets, known: { ...known, cursor: null }, listed },
      report,
    )
  const { accounts, states, completeness } = found

  const drivers = []
  const notes: string[] = []
  const unmeasured: string[] = []
  for (const driver of configured) {
    const measured = await measureDriver(rpc, { driver, assets: adapter.prices(markets) }, meter)
    if (measured === null) continue
    if (measured.state === null) {
      unmeasured.push(measured.gap)
      continue
    }
    const traced = await traceResponses(rpc, { ...measured, adapter, markets, accounts: states }, meter)
    drivers.push(traced.state)
    notes.push(...measured.notes, ...traced.notes)
  }
  const positions = pricePositions({ source: key, adapter, markets, accounts: states, drivers })
  const count = [...states.values()].filter((state) => adapter.hasDebt(state)).length
  report('priced', count, count)

  const unpriced = Object.values(positions)[0]?.filter(({ outcome }) => outcome === 'unpriced') ?? []
  const withoutPrice =
    unpriced.length > 0
      ? [
          `${unpriced.length} ${unpriced.length === 1 ? 'position' : 'positions'} cannot be priced: ${unpriced[0]?.reason}`,
        ]
      : []
  const remarks = adapter.remarks(markets)
  const gaps = [
    ...remarks.gaps,
    ...unmeasured,
    ...(drivers.length + unmeasured.length === 0
      ? [
          `no driver is known on ${rpc.chain}: name drivers.ETH.chains.${rpc.chain}.feeds in the configuration`,
        ]
      : []),
    ...completeness.gaps,
    ...(listed !== null && completeness.gaps.length > 0
      ? [`the accounts are those of a subgraph: liqbands doctor --crosscheck ${key} names what it lacks`]
      : []),
    ...(adapter.permissionless ? [] : withoutPrice),
  ]
  return {
    coverage: {
      source: key,
      status: gaps.length > 0 ? 'partial' : 'complete',
      accounts: states.size,
      positions: count,
      unpriced: unpriced.length,
      debtUsd: completeness.debtUsd,
      protocolDebtUsd: completeness.protocolDebtUsd,
      debtCovered: completeness.covered,
      requests: meter.requests,
      error: gaps.length > 0 ? gaps.join('; ') : null,
      notes: [
        ...remarks.notes,
        ...notes,
        ...(adapter.permissionless ? withoutPrice : []),
        ...list.notes,
        ...completeness.notes,
        ...(listed !== null && completeness.totals.length === 0
          ? ['the protocol has no total to hold the list of the subgraph against']
          : []),
        ...list.compare(states),
      ],
    },
    read: {
      block: Number(rpc.block.number),
      // without a cursor the next scan starts over: what is missing now must not stay missing
      hash: told === null && isWhole(completeness, listed !== null) ? rpc.block.hash : null,
      markets,
      accounts,
      totals: completeness.totals,
      drivers,
      positions,
    },
  }
}

/** What is known of the accounts that the deployment reads; where it names more markets than before, from no block on. */
const knownWithin = (adapter: AnyAdapter, markets: unknown, known: Known): Known => {
  if (adapter.only === undefined) return known
  const isRead = scopeOf(adapter, markets)
  return {
    cursor: isWider(adapter, known.markets ?? {}, markets) ? null : known.cursor,
    states: new Map([...known.states].filter(([key]) => isRead(key))),
    markets: known.markets,
  }
}

/** Whether the next scan may rely on what this one knows. Of a subgraph's list only the protocol's own total tells. */
const isWhole = ({ gaps, totals }: Completeness, isListed: boolean): boolean =>
  gaps.length === 0 &&
  (!isListed || (totals.length > 0 && totals.every(({ accounts, protocol }) => accounts === protocol)))

/** Puts what a subgraph tells in place of the known states: no account is read. */
const readTold = ({
  adapter,
  markets,
  known,
  told,
}: {
  readonly adapter: AnyAdapter
  readonly markets: unknown
  readonly known: Known
  readonly told: ToldStates
}) => {
  const { accounts, states } = takeStates(adapter, told, known.states)
  return { accounts, states, completeness: compareTotals(adapter, markets, states, told) }
}

/** Brings the known states up to the pinned block: what is touched since the cursor, or everything without one. */
const readTouched = async (
  context: Context<unknown>,
  {
    adapter,
    markets,
    fromBlock,
    known,
    listed,
  }: {
    readonly adapter: AnyAdapter
    readonly markets: unknown
    readonly fromBlock: bigint
    readonly known: Known
    readonly listed: ReadonlySet<string> | null
  },
  report: (phase: Progress['phase'], done: number, total?: number) => void,
) => {
  const all = listed !== null || known.cursor === null || adapter.silent
  const again = [...known.states].filter(([, state]) => all || isTold(state)).map(([account]) => account)
  const touched = new Set([...again, ...(listed ?? [])])
  const isRead = scopeOf(adapter, markets)
  const range = {
    from: known.cursor === null ? fromBlock : known.cursor + 1n,
    to: context.block.number,
    known: known.cursor === null ? null : (account: string) => known.states.has(account),
  }
  if (listed === null && range.from <= range.to)
    for await (const account of adapter.touched(context, markets, range)) {
      if (!isRead(account)) continue
      touched.add(account)
      if (touched.size % 1000 === 0) report('accounts found', touched.size)
    }
  report('accounts found', touched.size, touched.size)

  let done = 0
  const accounts = await readInBatches(adapter, { context, markets, keys: [...touched] }, (count) => {
    done += count
    report('accounts read', done, touched.size)
  })
  const states = new Map(known.states)
  for (const { key, state } of accounts) states.set(key, state)
  return { accounts, states, completeness: compareTotals(adapter, markets, states) }
}
