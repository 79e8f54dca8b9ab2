import { adapters } from './adapters/index.ts'
import type { Config } from './config.ts'
import { createCascadeBook } from './core/cascade/book.ts'
import type { Impact } from './core/cascade/impact.ts'
import type { CascadePosition } from './core/cascade/ladder.ts'
import { type LiquidationRule, ruleOf } from './core/cascade/rules.ts'
import { cascadeTable } from './core/cascade/table.ts'
import type { PoolDocument, Simulation } from './core/documents.ts'
import type { Outcome } from './core/position.ts'
import { toNumber } from './core/units.ts'
import { bandsOf } from './engine/book.ts'
import { type NamedPool, type ReadPools, readPools } from './engine/read-pools.ts'
import { tokenPricesOf } from './engine/token-prices.ts'
import type { Entities } from './known.ts'
import type { ScanBook } from './report.ts'
import { loadMarkets, type StoredScan } from './store/load.ts'
import type { Db } from './store/open.ts'
import type { LegRow } from './store/rows.ts'
import { VERSION } from './version.ts'

/** How much one liquidation takes, by source. */
export type Rules = ReadonlyMap<string, LiquidationRule>

/** The rules in force at a scan's block: by the stored market where that decides it, else by the protocol. */
export const loadRules = (db: Db, scan: StoredScan): Rules =>
  new Map(
    loadMarkets(db, scan).map(({ source, protocol, markets }) => {
      const adapter = adapters.find(({ name }) => name === protocol)
      return [source, adapter?.liquidationRule?.(markets) ?? ruleOf(source)]
    }),
  )

/**
 * The positions below spot as the cascade takes them. Threshold and bonus of several collaterals are averaged by exposed
 * value; the debt is that at the position's own price, where what is owed in the driver has fallen with it.
 */
export const cascadePositions = (
  { scan, driver, rows }: ScanBook,
  rules: Rules,
): readonly CascadePosition[] =>
  rows.flatMap((row) => {
    const { source, id, price, driverAmount } = row
    const state = scan.drivers.find((d) => d.source === source && d.symbol === driver.symbol)
    if (row.outcome !== 'below' || price === null || !state) return []
    const move = price / toNumber(state.spot, state.decimals) - 1
    const exposureOf = ({ pricedAs }: LegRow) => toNumber(state.responses[pricedAs]?.exposure ?? 0n, 18)
    // a position that is liquidated at a price has one for every leg
    const movingUsd = (leg: LegRow) => exposureOf(leg) * (leg.usd ?? 0)
    const exposed = row.collateral.filter((leg) => movingUsd(leg) > 0)
    const total = exposed.reduce((sum, leg) => sum + movingUsd(leg), 0)
    const mean = (value: (leg: LegRow) => number) =>
      exposed.reduce((sum, leg) => sum + (movingUsd(leg) * value(leg)) / total, 0)
    return [
      {
        source,
        id,
        price,
        driverAmount,
        debtUsd: row.debt.reduce((sum, leg) => sum + (leg.usd ?? 0) + movingUsd(leg) * move, 0),
        threshold: mean((leg) => leg.threshold),
        bonus: exposed.some(({ bonus }) => bonus === null) ? null : mean(({ bonus }) => bonus ?? 0),
        rule: rules.get(source) ?? ruleOf(source),
      },
    ]
  })

/**
 * The pools into which the cascade of a scan may sell, read at its own blocks: named ones, else the configured ones,
 * else those known to Uniswap's factory against the known dollars.
 * @throws UsageError where there are none or one cannot be used; retryable errors where one cannot be read.
 */
export const loadPools = (
  db: Db,
  { scan, driver }: ScanBook,
  { config, named = [] }: { readonly config: Config; readonly named?: readonly NamedPool[] },
): Promise<ReadPools> => {
  const markets = loadMarkets(db, scan).flatMap(({ source, protocol, markets: stored }) => {
    const adapter = adapters.find(({ name }) => name === protocol)
    const state = scan.drivers.find((d) => d.source === source && d.symbol === driver.symbol)
    return adapter ? [{ source, adapter, markets: stored, state }] : []
  })
  const prices = tokenPricesOf(driver.symbol, markets)
  return readPools({ config, blocks: scan.blocks, driver: driver.symbol, prices, named })
}

const LEFT_OUT: readonly (readonly [Outcome, string])[] = [
  ['already', 'already liquidatable'],
  ['insolvent', 'under water'],
  ['range', 'liquidated over a range'],
  ['unpriced', 'without a price'],
]

/** What a reader must know of the positions, beside what the model says of itself. */
const assumptionsOf = (
  { rows }: ScanBook,
  positions: readonly CascadePosition[],
  pools: readonly PoolDocument[],
): readonly string[] => {
  const assumed = [...new Set(pools.flatMap((p) => (p.quoteUsdFrom === 'assumed' ? [p.quote.symbol] : [])))]
  const ruled = new Map(positions.map(({ source, rule }) => [source, rule.name]))
  const left = LEFT_OUT.flatMap(([outcome, words]) => {
    const count = rows.filter((row) => row.outcome === outcome).length
    return count > 0 ? [`${count} ${words}`] : []
  })
  const blocked = rows.filter(({ outcome, reason }) => outcome === 'below' && reason !== null).length
  return [
    ...[...ruled].map(([source, rule]) => `${source}: liquidations by the rule "${rule}"`),
    'Threshold and bonus of several collaterals are averaged by exposed value; what the driver does not move is not sold',
    ...(assumed.length > 0
      ? [`Taken at 1 USD, as no market of the scan prices it: ${assumed.join(', ')}`]
      : []),
    ...(blocked > 0 ? [`Counted although blocked at the block (a paused reserve, …): ${blocked}`] : []),
    ...(left.length > 0 ? [`Positions left out: ${left.join(', ')}`] : []),
  ]
}

/** What falls of the driver would set off over several depths: a model on the positions of a scan. */
export const simulateScan = (
  book: ScanBook,
  rules: Rules,
  options: {
    readonly pcts: readonly number[]
    readonly impacts: readonly Impact[]
    readonly entities: Entities
    readonly minUsd: number
    /** Where the impacts are those of pools: what was read of them. */
    readonly pools?: readonly PoolDocument[]
  },
): Simulation => {
  const { scan, driver, rows } = book
  const { pcts, impacts, entities, minUsd, pools = [] } = options
  const spot = driver.spotUsd
  const positions = cascadePositions(book, rules)
  const bands = bandsOf(rows, { spot, entities, minUsd }).filter(({ side }) => side === 'below')
  const table = cascadeTable(createCascadeBook(positions, { spot }), {
    symbol: driver.symbol,
    pcts,
    impacts,
    bands,
  })
  const { schemaVersion, kind, assumptions, ...model } = table
  return {
    schemaVersion,
    kind,
    generator: { name: 'liqbands', version: VERSION },
    scan: { id: scan.id, startedAt: scan.startedAt, finishedAt: scan.finishedAt, status: scan.status },
    blocks: scan.blocks,
    coverage: scan.coverage,
    ...model,
    pools,
    assumptions: [...assumptions, ...assumptionsOf(book, positions, pools)],
  }
}
