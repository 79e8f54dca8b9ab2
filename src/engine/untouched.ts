import type { AnyAdapter } from '../adapters/adapter.ts'
import { adapters } from '../adapters/index.ts'
import { type DiffLeg, keyOf, type Untouched } from '../core/diff/position.ts'
import type { Leg, Position } from '../core/position.ts'
import type { DriverState } from '../core/price-response.ts'
import { toNumber } from '../core/units.ts'
import { loadStates, type StoredScan } from '../store/load.ts'
import type { Db } from '../store/open.ts'
import type { LegRow, PositionRow } from '../store/rows.ts'

/** The driver in one source of a scan. */
export const stateOf = (scan: StoredScan, source: string, driver: string): DriverState | undefined =>
  scan.drivers.find((state) => state.source === source && state.symbol === driver)

export const exposureIn = (state: DriverState | undefined, asset: string): number =>
  toNumber(state?.responses[asset]?.exposure ?? 0n, 18)

/** A market and how to read it. */
type Market = { readonly adapter: AnyAdapter; readonly markets: unknown }

/** USD prices of a market, by the name under which legs are priced. */
const pricesOf = ({ adapter, markets }: Market): ReadonlyMap<string, number> => {
  const prices = adapter.prices(markets)
  const stated = new Map(prices.map(({ asset, price, decimals }) => [asset, toNumber(price ?? 0n, decimals)]))
  return new Map(
    prices.map(({ asset, quote }) => [
      asset,
      (stated.get(asset) ?? 0) * (quote === undefined ? 1 : (stated.get(quote) ?? 0)),
    ]),
  )
}

const sameAmounts = (rows: readonly LegRow[], legs: readonly Leg[]): boolean =>
  rows.length === legs.length &&
  rows.every(({ asset, amount }, i) => asset === legs[i]?.asset && amount === legs[i]?.amount.toString())

/** What an asset costs in the two scans; null where one of them does not know. */
type Prices = (asset: string) => { readonly old: number; readonly now: number } | null

/**
 * The amounts of earlier legs at later prices; `held` knows them exactly, the ratio of two prices nearly. What one of
 * the scans could not price is unknown, not worthless: it keeps its value here.
 */
const reprice = (
  legs: readonly LegRow[],
  held: readonly Leg[],
  { prices, state }: { readonly prices: Prices; readonly state: DriverState | undefined },
): readonly DiffLeg[] =>
  legs.map(({ asset, symbol, amount, usd: counted, pricedAs }) => {
    const raw = BigInt(amount)
    const usd = counted ?? 0
    const grown = held.find((leg) => leg.asset === asset)
    const known = prices(pricedAs)
    const moved =
      grown && grown.amount > 0n
        ? toNumber((grown.usd * raw) / grown.amount, 18)
        : known
          ? (usd * known.now) / known.old
          : usd
    // a price that stands still moves nothing, not even by a rounding
    const value = known === null || known.old === known.now ? usd : moved
    return { asset, symbol, amount: raw, usd: value, exposure: exposureIn(state, pricedAs) }
  })

/** The same legs with their interest. */
const accrue = (
  legs: readonly LegRow[],
  held: readonly Leg[],
  { prices, state }: { readonly prices: Prices; readonly state: DriverState | undefined },
): readonly DiffLeg[] =>
  held.map(({ asset, symbol, amount, usd, pricedAs }) => {
    const earlier = legs.find((leg) => leg.asset === asset)
    const kept =
      earlier && prices(pricedAs) === null
        ? ((earlier.usd ?? 0) * Number(amount)) / Number(earlier.amount)
        : null
    return {
      asset,
      symbol,
      amount,
      usd: kept ?? toNumber(usd, 18),
      exposure: exposureIn(state, pricedAs),
    }
  })

/**
 * What the later scan would have found of every earlier position that nobody touched: its earlier stored state put
 * into the later market. Where that state does not give the amounts of the row (an import replaced by another one of
 * the same moment), its interest cannot be told from what owners did, and a note says so.
 */
export const untouchedOf = (
  db: Db,
  {
    from,
    to,
    driver,
    rows,
  }: {
    readonly from: StoredScan
    readonly to: StoredScan
    readonly driver: string
    readonly rows: readonly PositionRow[]
  },
): { readonly untouched: ReadonlyMap<string, Untouched>; readonly notes: readonly string[] } => {
  const untouched = new Map<string, Untouched>()
  const notes: string[] = []
  const later = new Map(loadStates(db, to).map((state) => [state.source, state]))
  for (const { source, protocol, markets, accounts } of loadStates(db, from)) {
    const mine = rows.filter((row) => row.source === source)
    const adapter = adapters.find(({ name }) => name === protocol)
    const next = later.get(source)
    if (!adapter || !next || mine.length === 0) continue
    const [old, now] = [pricesOf({ adapter, markets }), pricesOf({ adapter, markets: next.markets })]
    const [was, state] = [stateOf(from, source, driver), stateOf(to, source, driver)]
    const context = {
      // what the later scan no longer prices keeps its exposure
      state: state && { ...state, responses: { ...was?.responses, ...state.responses } },
      prices: (asset: string) => {
        const pair = { old: old.get(asset) ?? 0, now: now.get(asset) ?? 0 }
        return pair.old > 0 && pair.now > 0 ? pair : null
      },
    }
    const holding = (row: PositionRow): Position | null => {
      const account = accounts.get(row.id)
      if (account === undefined) return null
      const was = adapter.position(markets, row.id, account)
      return sameAmounts(row.collateral, was.collateral) && sameAmounts(row.debt, was.debt)
        ? adapter.position(next.markets, row.id, account)
        : null
    }
    let odd = 0
    for (const row of mine) {
      const held = holding(row)
      if (held === null) odd++
      const repriced = {
        collateral: reprice(row.collateral, held?.collateral ?? [], context),
        debt: reprice(row.debt, held?.debt ?? [], context),
      }
      const accrued = held && {
        collateral: accrue(row.collateral, held.collateral, context),
        debt: accrue(row.debt, held.debt, context),
      }
      untouched.set(keyOf(row), {
        repriced,
        accrued: accrued ?? repriced,
        liquidatable: held?.liquidatable ?? false,
        enforced: held !== null && protocol !== 'import',
      })
    }
    if (protocol === 'import')
      notes.push(`${source} is a file: its interest cannot be told from borrowing, and counts as borrowed`)
    else if (odd > 0)
      notes.push(
        `${source}: ${odd} earlier positions have no stored state that gives their amounts; their interest counts as borrowed`,
      )
  }
  return { untouched, notes }
}
