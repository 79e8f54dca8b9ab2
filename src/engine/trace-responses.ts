import type { AnyAdapter, Call, PriceOf } from '../adapters/adapter.ts'
import type { DriverState } from '../core/price-response.ts'
import { changeWithin, type Flip, flipsAround, isMet, stopsAround } from '../core/traced-price.ts'
import { toNumber } from '../core/units.ts'
import type { Meter } from '../sources/endpoint.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import { askUnder, type Setting, word } from './driver-setting.ts'
import { type Gap, gapsIn, type OracleTable, openTable, towardsRefusals } from './oracle-table.ts'
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
 * between two neighbouring ones: then its price is as exact as one in plain proportion. Asked next is what the line
 * between the answers so far predicts; once that misled, the middle besides, so that each round halves a bracket. Where
 * an oracle refuses, all are asked up to the very edge of it, since a price may lie there.
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
    /** Stored states, by key. */
    readonly accounts: ReadonlyMap<string, unknown>
  },
  meter: Meter,
): Promise<{ readonly state: DriverState; readonly notes: readonly string[] }> => {
  if (bent.length === 0) return { state, notes: [] }
  const { spot } = state
  const tables = new Map(bent.map(({ asset }) => [asset, openTable()]))
  /** Asks what was not asked yet; false where that is nothing. */
  const ask = async (wanted: readonly Wanted[]): Promise<boolean> => {
    const fresh = wanted.filter(({ asset, answer }) => tables.get(asset)?.expect(answer))
    const calls = new Map(bent.map(({ asset, ask: call }) => [asset, call]))
    for (let i = 0; i < fresh.length; i += BATCH) {
      const batch = fresh.slice(i, i + BATCH)
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
    return fresh.length > 0
  }
  const ofAll = (answers: readonly bigint[]): readonly Wanted[] =>
    answers.flatMap((answer) => bent.map(({ asset }) => ({ asset, answer })))
  await ask(ofAll(stopsAround(spot)))
  const spots = new Map(adapter.prices(markets).map(({ asset, price }) => [asset, price ?? 0n]))
  // an oracle that gave no answer at all keeps its plain proportion
  const told = [...tables].filter(([asset, table]) => state.responses[asset] && table.points().length > 0)
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
    .filter(([, account]) => adapter.hasDebt(account))
    .flatMap(([key, account]) => {
      const judge = adapter.isLiquidatable(markets, account)
      const reads = readBy(judge, priceAt(spot)).filter((asset) => now.responses[asset]?.points)
      if (reads.length === 0) return []
      // what has no price of its own needs none of these answers
      const { unpriced, range } = adapter.position(markets, key, account)
      if (unpriced !== null || range !== null) return []
      return [
        { rule: (answer: bigint) => judge(priceAt(answer)), reads, brackets: [openBracket(), openBracket()] },
      ]
    })
  let met = 0
  let open = 0
  // what is asked for one account may move another one's change, if rounding lets its rule flicker: all are looked at
  for (;;) {
    const known = knownBy(now)
    const flips = judges.flatMap(({ rule, reads, brackets }) => {
      const { below, above } = flipsAround({ spot, known: known(reads) ?? [] }, rule)
      return [below, above].flatMap((flip, side) =>
        flip ? [{ flip, rule, reads, misled: brackets[side]?.(flip) ?? true }] : [],
      )
    })
    const wide = flips.filter(({ flip }) => !isMet(flip))
    const wanted = wide.flatMap(({ reads, ...guess }) =>
      guessesIn(guess).flatMap((answer) => reads.map((asset) => ({ asset, answer }))),
    )
    const edges = ofAll([...new Set([...tables.values()].flatMap((table) => towardsRefusals(table.sides())))])
    met = flips.length - wide.length
    open = wide.length
    if (!(await ask([...wanted, ...edges]))) break
    now = grown()
  }
  return { state: now, notes: [noteOf({ state, bent, tables, met, open })] }
}

const noteOf = ({
  state,
  bent,
  tables,
  met,
  open,
}: {
  readonly state: DriverState
  readonly bent: readonly BentAsset[]
  readonly tables: ReadonlyMap<string, OracleTable>
  /** Prices met to the unit, and others. */
  readonly met: number
  readonly open: number
}): string => {
  const asked = [...tables.values()].reduce((sum, table) => sum + table.points().length, 0)
  const refusals = bent.flatMap(({ asset, symbol }) => {
    const gaps = gapsIn(tables.get(asset)?.sides() ?? []).map((gap) => gapText(gap, state))
    return gaps.length === 0 ? [] : [`${symbol} ${listed(gaps)}`]
  })
  return [
    `${listed(bent.map(({ symbol }) => symbol))}: no plain proportion to ${state.symbol}; asked at ${asked} prices, until ${counted(met)} met to the unit`,
    ...(refusals.length > 0 ? [`no answer of the oracle: ${listed(refusals, '; ')}`] : []),
    ...(open > 0 ? [`${counted(open)} placed at the end of such a gap, where it answers again`] : []),
  ].join('; ')
}

const gapText = ({ from, to }: Gap, { decimals }: DriverState): string => {
  const show = (answer: bigint): string => String(toNumber(answer, decimals))
  if (from === null) return to === null ? 'anywhere' : `below ${show(to + 1n)}`
  return to === null ? `above ${show(from - 1n)}` : `from ${show(from)} to ${show(to)}`
}

const counted = (count: number): string =>
  count === 1 ? '1 liquidation price was' : `${count} liquidation prices were`

const listed = (names: readonly string[], between = ', '): string =>
  names.length > NAMED
    ? `${names.slice(0, NAMED).join(between)} and ${names.length - NAMED} more`
    : names.join(between)

/** Whether the line has misled in a bracket: since it left more than half of it in some round. */
const openBracket = () => {
  let last: bigint | null = null
  let misled = false
  return ({ near, far }: Flip): boolean => {
    const width = near < far ? far - near : near - far
    misled ||= last !== null && width > 1n && 2n * width > last
    last = width
    return misled
  }
}

/**
 * On either side of where the rule changes by the line, as far from it as a price by any power of the driver from −1 to 3
 * can bend in between (width² / 4·driver); once that misled, by the line itself and in the middle.
 */
const guessesIn = ({
  flip,
  rule,
  misled,
}: {
  readonly flip: Flip
  readonly rule: Rule
  readonly misled: boolean
}): readonly bigint[] => {
  const [low, high] = flip.near < flip.far ? [flip.near, flip.far] : [flip.far, flip.near]
  const found = changeWithin(flip, rule)
  const [left, right] = found.near < found.far ? [found.near, found.far] : [found.far, found.near]
  const bend = (high - low) ** 2n / (4n * left + 1n)
  const around = misled ? [left, right, (low + high) / 2n] : [left - bend, right + bend]
  const within = around.filter((answer) => answer > low && answer < high)
  return within.length > 0 ? within : [(low + high) / 2n]
}
