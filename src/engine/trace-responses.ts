import type { AnyAdapter, Call, PriceOf } from '../adapters/adapter.ts'
import type { DriverState, PricePoint } from '../core/price-response.ts'
import { changeWithin, type Flip, flipsAround, stopsAround } from '../core/traced-price.ts'
import type { Meter } from '../sources/endpoint.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import { askUnder, type Setting, word } from './driver-setting.ts'
import { knownBy, pricesAt, readBy } from './pricing.ts'

/** An asset whose price follows the driver in no plain proportion. */
export type BentAsset = { readonly asset: string; readonly symbol: string; readonly ask: Call }

type Rule = (answer: bigint) => boolean

/** An oracle to ask while the driver stands at an answer. */
type Wanted = { readonly asset: string; readonly answer: bigint }

/** Assets named in the note; the others are counted. */
const NAMED = 5

/** Questions in one request, at most. */
const BATCH = 500

/**
 * Asks the oracles of bent assets under the driver's answers until every account's own rule has changed its mind
 * between two neighbouring ones: then its price is as exact as one in plain proportion. What the line between the
 * answers so far predicts is asked next, and the middle besides, so that each round halves a bracket at least.
 */
export const traceResponses = async (
  rpc: PinnedRpc,
  {
    state,
    setting,
    bent,
    adapter,
    markets,
    accounts,
  }: {
    readonly state: DriverState
    readonly setting: Setting
    readonly bent: readonly BentAsset[]
    readonly adapter: AnyAdapter
    readonly markets: unknown
    readonly accounts: Iterable<unknown>
  },
  meter: Meter,
): Promise<{ readonly state: DriverState; readonly notes: readonly string[] }> => {
  if (bent.length === 0) return { state, notes: [] }
  const { spot } = state
  const tables = new Map(bent.map(({ asset }) => [asset, openTable()]))
  /** Asks what was not asked yet; false where that is nothing. */
  const ask = async (wanted: readonly Wanted[]): Promise<boolean> => {
    const fresh = wanted.filter(({ asset, answer }) => tables.get(asset)?.expect(answer))
    const sorted = fresh.toSorted((a, b) => (a.answer < b.answer ? -1 : a.answer > b.answer ? 1 : 0))
    const calls = new Map(bent.map(({ asset, ask: call }) => [asset, call]))
    for (let i = 0; i < sorted.length; i += BATCH) {
      const batch = sorted.slice(i, i + BATCH)
      const questions = batch.flatMap(({ asset, answer }) => {
        const call = calls.get(asset)
        return call ? [{ answer, call }] : []
      })
      const answers = await askUnder(rpc, { setting, questions }, meter)
      for (const [j, { asset, answer }] of batch.entries()) {
        const result = answers[j]
        tables.get(asset)?.put(answer, result ? word(result) : null)
      }
    }
    return sorted.length > 0
  }
  await ask(stopsAround(spot).flatMap((answer) => bent.map(({ asset }) => ({ asset, answer }))))
  const spots = new Map(adapter.prices(markets).map(({ asset, price }) => [asset, price ?? 0n]))
  // two answers tell no bend: such an oracle keeps its plain proportion
  const told = [...tables].filter(([asset, table]) => state.responses[asset] && table.points().length > 2)
  const grown = (): DriverState => {
    const bends = told.flatMap(([asset, table]) => {
      const response = state.responses[asset]
      return response ? [[asset, { ...response, points: table.points(), exact: true }] as const] : []
    })
    return { ...state, responses: { ...state.responses, ...Object.fromEntries(bends) } }
  }
  let now = grown()
  const priceAt = (answer: bigint): PriceOf => pricesAt(now, spots, answer)

  const judges = [...accounts]
    .filter((account) => adapter.hasDebt(account))
    .flatMap((account) => {
      const judge = adapter.isLiquidatable(markets, account)
      const reads = readBy(judge, priceAt(spot)).filter((asset) => now.responses[asset]?.points)
      return reads.length === 0 ? [] : [{ rule: (answer: bigint) => judge(priceAt(answer)), reads }]
    })
  let traced = 0
  let refused = 0
  // what is asked for one account may move another one's change, if rounding lets its rule flicker: all are looked at
  for (;;) {
    const known = knownBy(now)
    const flips = judges.flatMap(({ rule, reads }) => {
      const { below, above } = flipsAround({ spot, known: known(reads) ?? [] }, rule)
      return [below, above].flatMap((flip) => (flip ? [{ flip, rule, reads }] : []))
    })
    const wide = flips.filter(({ flip: { near, far } }) => near - far > 1n || far - near > 1n)
    const wanted = wide.flatMap(({ flip, rule, reads }) =>
      guessesIn(flip, rule).flatMap((answer) => reads.map((asset) => ({ asset, answer }))),
    )
    traced = flips.length
    refused = wide.length
    if (!(await ask(wanted))) break
    now = grown()
  }
  const asked = [...tables.values()].reduce((sum, table) => sum + table.points().length, 0)
  const names = bent.slice(0, NAMED).map(({ symbol }) => symbol)
  const all = bent.length > NAMED ? `${names.join(', ')} and ${bent.length - NAMED} more` : names.join(', ')
  return {
    state: now,
    notes: [
      `${all}: no plain proportion to ${state.symbol}; asked at ${asked} prices, until ${traced - refused} ${traced - refused === 1 ? 'liquidation price was' : 'liquidation prices were'} met to the unit` +
        (refused > 0 ? `; ${refused} more are approximate, since an oracle refuses to answer there` : ''),
    ],
  }
}

/** Where the rule changes by what is known now, the answers around that at two distances, and the middle. */
const guessesIn = (flip: Flip, rule: Rule): readonly bigint[] => {
  const [low, high] = flip.near < flip.far ? [flip.near, flip.far] : [flip.far, flip.near]
  const { near, far } = changeWithin(flip, rule)
  const step = (high - low) / 64n
  const around = [near, far, near - step, near + step, (low + high) / 2n]
  return around.filter((answer) => answer > low && answer < high)
}

/** What one oracle was asked, and what it answered where it did. */
const openTable = () => {
  const asked = new Set<bigint>()
  let sorted: readonly PricePoint[] = []
  let fresh: PricePoint[] = []
  return {
    /** Whether it is asked for the first time. */
    expect: (answer: bigint): boolean => !asked.has(answer) && asked.add(answer).has(answer),
    put: (answer: bigint, price: bigint | null): void => {
      if (price !== null) fresh.push([answer, price])
    },
    /** In the order of the driver. */
    points: (): readonly PricePoint[] => {
      if (fresh.length > 0) sorted = [...sorted, ...fresh].sort(([a], [b]) => (a < b ? -1 : 1))
      fresh = []
      return sorted
    },
  }
}
