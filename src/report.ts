import { adapters } from './adapters/index.ts'
import type { BookEntry } from './core/bands/book.ts'
import { drops, levels } from './core/drops.ts'
import { strengthText } from './core/entities/evidence.ts'
import { isLinkedName } from './core/entities/link.ts'
import { UsageError } from './core/errors.ts'
import type { Step } from './core/grid.ts'
import { histogram } from './core/histogram.ts'
import { OUTCOMES, type Outcome } from './core/position.ts'
import type { DriverState } from './core/price-response.ts'
import type { RangeEntry } from './core/ranges.ts'
import type { Report, Total } from './core/report.ts'
import { toNumber } from './core/units.ts'
import { findWhales } from './core/whales.ts'
import { bandsOf, bookOf } from './engine/book.ts'
import { pricePositions } from './engine/pricing.ts'
import { rangesOf } from './engine/ranges.ts'
import type { Entities } from './known.ts'
import type { LinkNote } from './store/linked.ts'
import { loadPositions, loadScan, loadStates, type StoredScan } from './store/load.ts'
import type { Db } from './store/open.ts'
import type { PositionRow } from './store/rows.ts'
import { loadSpotsBefore } from './store/spots.ts'
import { VERSION } from './version.ts'

/** A scan's positions for one driver, with the scan they belong to. */
export type ScanBook = {
  readonly scan: StoredScan
  readonly driver: {
    readonly symbol: string
    readonly spotUsd: number
    /** Its own oracle answer, with so many decimals. */
    readonly spot: bigint
    readonly decimals: number
    /** Its price at the scans before this one, the oldest first, USD. */
    readonly before: readonly number[]
  }
  readonly rows: readonly PositionRow[]
}

/**
 * The positions of a scan as one driver moves them; recomputed from the stored states where their rows were dropped.
 * @throws UsageError where the scan or the driver is not there.
 */
export const loadBook = (db: Db, scanId: number | 'latest', symbol: string): ScanBook => {
  const scan = loadScan(db, scanId)
  const state = scan.drivers.find((driver) => driver.symbol === symbol)
  if (!state) {
    const known = [...new Set(scan.drivers.map((driver) => driver.symbol))]
    throw new UsageError(
      known.length === 0
        ? `scan ${scan.id} has no driver: name its feeds in the configuration and scan again`
        : `scan ${scan.id} has no driver ${symbol}; it has ${known.join(', ')}`,
    )
  }
  const rows = loadPositions(db, scan, symbol) ?? recompute(db, scan, symbol)
  const { spot, decimals } = state
  const before = loadSpotsBefore(db, scan, symbol)
  const driver = { symbol, spotUsd: toNumber(spot, decimals), spot, decimals, before }
  return { scan, driver, rows }
}

/** Prices a stored scan again from its market and account states: the same rows as on the day. */
export const recompute = (db: Db, scan: StoredScan, symbol: string): readonly PositionRow[] =>
  loadStates(db, scan).flatMap(({ source, protocol, markets, accounts }) => {
    const adapter = adapters.find(({ name }) => name === protocol)
    if (!adapter)
      throw new UsageError(`scan ${scan.id} was read by the adapter ${protocol}, which is not here`)
    const drivers = scan.drivers.filter((driver) => driver.source === source && driver.symbol === symbol)
    return pricePositions({ source, adapter, markets, accounts, drivers })[symbol] ?? []
  })

const DROPS = [-1, -2, -3, -5, -7.5, -10, -15, -20, -25, -30, -40, -50, -60, -70, -80]
const RISES = [5, 10, 20, 30, 50, 100]

export type ReportOptions = {
  readonly entities: Entities
  /** Which of them the chain alone has made; none where missing. */
  readonly linked?: readonly LinkNote[]
  readonly minUsd: number
  /** Watch prices of the driver. */
  readonly levels: readonly number[]
  readonly step?: Step | undefined
  readonly fold?: boolean | undefined
}

/** The band report of a scan: everything that is printed, drawn or exported. */
export const buildReport = (book: ScanBook, options: ReportOptions): Report => {
  const { scan, driver, rows } = book
  const { entities, minUsd, step, fold = true } = options
  const spot = driver.spotUsd
  const below = bookOf(rows, 'below', entities)
  const above = bookOf(rows, 'above', entities)
  const sides = [...below, ...above]
  const ranges = rangesOf(
    rows,
    scan.drivers.filter(({ symbol }) => symbol === driver.symbol),
  )
  const bars = { spot, step, before: driver.before }
  return {
    schemaVersion: 1,
    generator: { name: 'liqbands', version: VERSION },
    scan: { id: scan.id, startedAt: scan.startedAt, finishedAt: scan.finishedAt, status: scan.status },
    driver: { symbol: driver.symbol, spotUsd: spot },
    blocks: scan.blocks,
    coverage: scan.coverage,
    totals: totalsOf(rows),
    bands: bandsOf(rows, { spot, entities, minUsd, fold }),
    whales: [...findWhales(below, { side: 'below' }), ...findWhales(above, { side: 'above' })],
    histogram: histogram(below, { ...bars, side: 'below', ranges }),
    histogramAbove: histogram(above, { ...bars, side: 'above', ranges }),
    drops: drops(sides, { spot, ranges, pcts: [...DROPS, ...RISES] }),
    levels: levels(sides, { spot, ranges, prices: options.levels }),
    assumptions: [
      ...assumptionsOf(scan, driver.symbol, minUsd),
      ...rangesAssumed(ranges, driver.symbol),
      ...linksOf(options.linked ?? [], sides),
    ],
  }
}

const totalsOf = (rows: readonly PositionRow[]): Readonly<Record<Outcome, Total>> => {
  const total = (outcome: Outcome): Total => {
    const mine = rows.filter((row) => row.outcome === outcome)
    const sum = (value: (row: PositionRow) => number) => mine.reduce((s, row) => s + value(row), 0)
    return {
      positions: mine.length,
      owners: new Set(mine.map(({ owner, id }) => owner ?? id)).size,
      collateralUsd: sum((row) => row.collateralUsd),
      debtUsd: sum((row) => row.debtUsd),
      driverAmount: sum((row) => row.driverAmount),
    }
  }
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, total(outcome)])) as Record<Outcome, Total>
}

const RANGES_ASSUMED =
  'A position liquidated over a range counts with the collateral it has left, sold evenly in log price from the lower of spot and its upper end down to its lower end; never in a band, a price or a count of positions.'

/** How ranges are counted: said of those that are there. */
const rangesAssumed = (ranges: readonly RangeEntry[], symbol: string): readonly string[] => [
  ...(ranges.length === 0 ? [] : [RANGES_ASSUMED]),
  ...(ranges.some(({ side }) => side === 'above')
    ? [
        `The range of a loan in ${symbol} is sold while ${symbol} rises: the whole collateral that is left, from the higher of spot and its lower end up to its upper end.`,
      ]
    : []),
]

/** A linked entity is never taken for a company: what holds it together is said, of those in the book. */
const linksOf = (linked: readonly LinkNote[], book: readonly BookEntry[]): readonly string[] => {
  const shown = new Set(book.map(({ entity }) => entity))
  return linked
    .filter(({ entity }) => shown.has(entity))
    .map(({ entity, owners, weakest }) => {
      const what = `${owners} ${owners === 1 ? 'owner' : 'owners'}, weakest link ${strengthText(weakest)}`
      return isLinkedName(entity)
        ? `${entity} is linked on the chain, not labelled: ${what}.`
        : `${entity} is a label, and more is linked to it on the chain: ${what}.`
    })
}

/** What a reader must hold constant in mind, and where every exposure comes from. */
const assumptionsOf = (scan: StoredScan, symbol: string, minUsd: number): readonly string[] => {
  const mine = scan.drivers.filter((driver) => driver.symbol === symbol)
  const spots = new Set(mine.map(({ spot, decimals }) => toNumber(spot, decimals)))
  return [
    `Only ${symbol} moves; every other price, balance and threshold stays as at the pinned block, whose interest is the last counted.`,
    ...mine.map((driver) => exposuresOf(driver, symbol)),
    ...(spots.size > 1
      ? [`The sources' own ${symbol} prices differ (${[...spots].join(', ')}); spot is the first one's.`]
      : []),
    `Bands leave out positions below ${minUsd} USD, those already liquidatable and those under water; totals count them all.`,
    'Below spot a position counts with its exposed collateral, above spot with the whole collateral that buys the debt back.',
  ]
}

const exposuresOf = (driver: DriverState & { readonly source: string }, symbol: string): string => {
  const groups = new Map<string, number>()
  for (const { exposure, method, exact, points } of Object.values(driver.responses)) {
    if (exposure === 0n) continue
    const how = points
      ? `measured by asking its oracle at ${points.length} prices`
      : method === 'measured'
        ? `measured by overriding its feed, ${exact ? 'exact to the oracle unit' : 'approximate'}`
        : method === 'config'
          ? 'set in the configuration'
          : `taken from ${method}`
    groups.set(how, (groups.get(how) ?? 0) + 1)
  }
  const parts = [...groups].map(([how, count]) => `${count} ${count === 1 ? 'asset' : 'assets'} ${how}`)
  return `${driver.source}: ${parts.length === 0 ? `no asset follows ${symbol}` : `exposure to ${symbol} of ${parts.join('; ')}`}.`
}
