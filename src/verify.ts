import type { AnyAdapter, PriceOf } from './adapters/adapter.ts'
import { adapters } from './adapters/index.ts'
import type { Config } from './config.ts'
import type { Disagreement, Verification } from './core/documents.ts'
import { InvalidDataError, UsageError } from './core/errors.ts'
import { driversOn } from './engine/driver-config.ts'
import { askUnder, feedSetting, oracleSetting, type Setting, together } from './engine/driver-setting.ts'
import { knownBy, pricesAt, readBy } from './engine/pricing.ts'
import { readRoots } from './engine/root-feeds.ts'
import type { ScanBook } from './report.ts'
import { type Meter, newMeter } from './sources/endpoint.ts'
import { runModeOf } from './sources/programs.ts'
import { connect, type PinnedRpc } from './sources/rpc.ts'
import { loadStates } from './store/load.ts'
import type { Db } from './store/open.ts'
import type { PositionRow } from './store/rows.ts'

export type VerifyOptions = {
  readonly config: Config
  readonly db: Db
  readonly book: ScanBook
  /** Positions to ask about, spread over all of them; null for every one. */
  readonly sample: number | null
  readonly onProgress?: (done: number, total: number) => void
}

/** Positions asked about in one eth_call; halved where that is too much. */
const TOGETHER = 200

/**
 * Puts each position's exact price on the driver's feeds by override, at the scan's own block, and asks the contract
 * on both sides: liquidatable at the price, safe one oracle unit before it.
 */
export const verify = async (options: VerifyOptions): Promise<Verification> => {
  const { db, book, sample, onProgress = () => {} } = options
  const skipped = new Map<string, number>()
  const priced = book.rows.filter((row) => {
    if (row.priceRaw !== null) return true
    // what is said of a range is said of that one alone
    const reason = row.outcome === 'range' ? row.outcome : (row.reason ?? row.outcome)
    skipped.set(reason, (skipped.get(reason) ?? 0) + 1)
    return false
  })
  const total = Math.min(sample ?? priced.length, priced.length)
  const chosen = Array.from({ length: total }, (_, i) => priced[Math.floor((i * priced.length) / total)])
  const disagreed: Disagreement[] = []
  let done = 0
  for (const stored of loadStates(db, book.scan)) {
    const rows = chosen.filter((row): row is PositionRow => row?.source === stored.source)
    if (rows.length === 0) continue
    const adapter = adapters.find(({ name }) => name === stored.protocol)
    if (!adapter) throw new UsageError(`${stored.source}: no adapter ${stored.protocol}`)
    const target = await connectTo(options, { adapter, ...stored })
    if (typeof target === 'string') {
      skipped.set(target, (skipped.get(target) ?? 0) + rows.length)
      done += rows.length
      continue
    }
    for (let i = 0; i < rows.length; i += TOGETHER) {
      const part = rows.slice(i, i + TOGETHER)
      disagreed.push(...(await ask(target, part)))
      done += part.length
      onProgress(done, total)
    }
  }
  const left = [...skipped].map(([reason, count]) => ({ reason, count }))
  const asked =
    total -
    left.filter(({ reason }) => reason.startsWith('cannot ask')).reduce((n, { count }) => n + count, 0)
  const wrong = new Set(disagreed.map(({ source, id }) => `${source} ${id}`)).size
  return { driver: book.driver.symbol, sampled: asked, agreed: asked - wrong, disagreed, skipped: left }
}

type Target = {
  readonly rpc: PinnedRpc
  readonly meter: Meter
  readonly adapter: AnyAdapter
  readonly markets: unknown
  readonly accounts: ReadonlyMap<string, unknown>
  readonly setting: Setting
  readonly priceOf: (answer: bigint) => PriceOf
  readonly spot: bigint
  /** Whether every oracle that an account reads was seen to answer there; true too where none had to be asked. */
  readonly answered: (id: string, answer: bigint) => boolean
}

/** The chain of a source at the scan's block; a text where its contract cannot be asked. */
const connectTo = async (
  { config, book }: VerifyOptions,
  {
    adapter,
    source,
    markets,
    accounts,
  }: Pick<Target, 'adapter' | 'markets' | 'accounts'> & { readonly source: string },
): Promise<Target | string> => {
  const name = source.split('/')[1] ?? ''
  const block = book.scan.blocks.find(({ chain }) => chain === name)
  const chain = config.chains[name]
  if (!chain || !block || block.number === null || block.hash === null)
    return `cannot ask: ${source} is read from no configured chain`
  const driver = driversOn(config, name).find(({ symbol }) => symbol === book.driver.symbol)
  const state = book.scan.drivers.find((d) => d.source === source && d.symbol === book.driver.symbol)
  if (!driver || !state) return `cannot ask: ${book.driver.symbol} was not priced in ${source}`
  const meter = newMeter()
  const rpc = await connect({ ...chain, chain: name, block: BigInt(block.number) }, meter)
  if (rpc.block.hash !== block.hash)
    throw new InvalidDataError(
      `block ${block.number} of ${name} is no longer the one that was scanned (${block.hash.slice(0, 10)}…): scan again`,
    )
  const { programs } = await runModeOf(rpc, meter)
  if (programs !== 'override') return `cannot ask: the endpoint of ${name} refuses state overrides`
  const prices = adapter.prices(markets)
  const { roots } = await readRoots(rpc, { driver, assets: prices }, meter)
  // a price that was declared moves with no feed: it is put on the market's own oracle
  const declared = Object.entries(state.responses).filter(([, { method }]) => method !== 'measured')
  const moved = new Set(declared.map(([asset]) => asset))
  if (roots.length + moved.size === 0)
    return `cannot ask: no feed of ${book.driver.symbol} is known on ${name}`
  const follows = declared.some(([, { numerator }]) => numerator !== 0n)
  if (adapter.oracleByAmount && follows)
    return `cannot ask: some prices in ${source} are declared, and its oracles take no price for a call`
  const spotPrices = new Map(prices.map(({ asset, price }) => [asset, price ?? 0n]))
  const priceOf = (answer: bigint): PriceOf => pricesAt(state, spotPrices, answer)
  const known = knownBy(state)
  return {
    rpc,
    meter,
    adapter,
    markets,
    accounts,
    setting: together(feedSetting(roots), oracleSetting(prices, state, moved)),
    priceOf,
    spot: state.spot,
    answered: (id, answer) =>
      known(readBy(adapter.isLiquidatable(markets, accounts.get(id)), priceOf(state.spot)))?.includes(
        answer,
      ) ?? true,
  }
}

/** The two driver prices of a row, and what the contract must say of each. */
const sidesOf = (
  row: PositionRow,
  spotRaw: bigint,
): readonly { price: bigint; expected: 'liquidatable' | 'safe' }[] => {
  const price = BigInt(row.priceRaw ?? '0')
  const falls = row.outcome === 'below' || (row.outcome === 'already' && price >= spotRaw)
  // the safe side first: a question that succeeds may liquidate, and the next one must not find the rest of it
  return [
    { price: falls ? price + 1n : price - 1n, expected: 'safe' },
    { price, expected: 'liquidatable' },
  ]
}

const ask = async (target: Target, rows: readonly PositionRow[]): Promise<readonly Disagreement[]> => {
  const { rpc, meter, adapter, markets, accounts, setting, priceOf } = target
  const asked = rows.flatMap((row) =>
    sidesOf(row, target.spot).map((side) => ({
      row,
      ...side,
      verdict: adapter.verdict(markets, row.id, priceOf(side.price), accounts.get(row.id)),
    })),
  )
  const questions = asked.map(({ price, verdict: { to, data, before } }) => ({
    answer: price,
    call: { to, data },
    before,
  }))
  const results = await askUnder(rpc, { setting, questions }, meter)
  return asked.flatMap(({ row, price, expected, verdict }, i) => {
    const result = results[i]
    const answer = result === undefined ? null : verdict.isLiquidatable(result)
    const contract = answer === null ? 'refused' : answer ? 'liquidatable' : 'safe'
    // a price at the edge of where an oracle refuses to answer: nobody is liquidated before it either
    const isGap = contract === 'refused' && expected === 'safe' && !target.answered(row.id, price)
    return contract === expected || isGap
      ? []
      : [{ source: row.source, id: row.id, priceRaw: price.toString(), expected, contract }]
  })
}
