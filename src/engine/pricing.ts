import type { AnyAdapter, PriceOf } from '../adapters/adapter.ts'
import { liquidationPrice, type Priced } from '../core/liquidation-price.ts'
import type { Leg, Position } from '../core/position.ts'
import { fallsAsDriverRises, multipleFor } from '../core/price-direction.ts'
import { type DriverState, follows, priceAt } from '../core/price-response.ts'
import { type Known, knownIn, tracedPrice } from '../core/traced-price.ts'
import { toNumber, WAD } from '../core/units.ts'
import type { LegRow, PositionRow } from '../store/rows.ts'
import { scopeOf } from './scope.ts'

/** Everything needed to price a source, whether just read or taken from the store. */
export type PricingInput = {
  readonly source: string
  readonly adapter: AnyAdapter
  readonly markets: unknown
  readonly accounts: ReadonlyMap<string, unknown>
  readonly drivers: readonly DriverState[]
}

/** Prices every account with debt against every driver. Pure: the same input gives the same rows, years later too. */
export const pricePositions = (input: PricingInput): Readonly<Record<string, readonly PositionRow[]>> => {
  const { adapter, markets, accounts, drivers } = input
  const prices = adapter.prices(markets)
  const spotPrices = new Map(prices.map(({ asset, price }) => [asset, price ?? 0n]))
  const stated = new Map(prices.map(({ asset, price, decimals }) => [asset, toNumber(price ?? 0n, decimals)]))
  const unknown = new Set(prices.filter(({ price }) => price === null).map(({ asset }) => asset))
  const refused = new Set(
    prices
      .filter(({ asset, quote }) => unknown.has(asset) || (quote !== undefined && unknown.has(quote)))
      .map(({ asset }) => asset),
  )
  const knownOf = new Map(
    drivers.flatMap((driver) => {
      const isBent = Object.values(driver.responses).some(({ points }) => points)
      return isBent ? [[driver, knownBy(driver)] as const] : []
    }),
  )
  const rows: Record<string, PositionRow[]> = Object.fromEntries(drivers.map(({ symbol }) => [symbol, []]))
  const isRead = scopeOf(adapter, markets)
  for (const [key, account] of accounts) {
    if (!adapter.hasDebt(account) || !isRead(key)) continue
    const position = adapter.position(markets, key, account)
    const rule = adapter.isLiquidatable(markets, account)
    const phase = adapter.phase(markets, account)
    for (const driver of drivers) {
      const { spot, decimals, responses } = driver
      const exposureOf = (asset: string) => responses[asset]?.exposure ?? 0n
      const isLiquidatable = (answer: bigint) => rule(pricesAt(driver, spotPrices, answer))
      const phaseOf = phase && ((answer: bigint) => phase(pricesAt(driver, spotPrices, answer)))
      const moves = (asset: string) => {
        const response = responses[asset]
        return response !== undefined && follows(response)
      }
      const target = { spot, decimals, exposureOf, moves }
      const known =
        position.unpriced === null && position.range === null
          ? knownOf.get(driver)?.(readBy(rule, pricesAt(driver, spotPrices, spot)))
          : null
      const priced = known
        ? tracedPrice(position, { ...target, known }, isLiquidatable)
        : liquidationPrice(position, target, isLiquidatable, phaseOf)
      rows[driver.symbol]?.push(
        rowOf(input.source, position, { driver, priced, exposureOf, refused, stated }),
      )
    }
  }
  return rows
}

/** By the assets that a rule asks for: the answers at which all bent ones among them are known; null where none is. */
export const knownBy = ({ responses }: DriverState): ((reads: readonly string[]) => Known | null) => {
  const found = new Map<string, Known>()
  return (reads) => {
    const bent = reads.filter((asset) => responses[asset]?.points)
    if (bent.length === 0) return null
    const key = bent.join()
    const known = found.get(key) ?? knownIn(bent.map((asset) => responses[asset]?.points ?? []))
    found.set(key, known)
    return known
  }
}

/** Which assets a rule asks for. */
export const readBy = (judge: (priceOf: PriceOf) => boolean, priceOf: PriceOf): readonly string[] => {
  const reads = new Set<string>()
  judge((asset) => {
    reads.add(asset)
    return priceOf(asset)
  })
  return [...reads]
}

/** The price of every asset of a market with the driver at an answer. */
export const pricesAt =
  (driver: DriverState, spotPrices: ReadonlyMap<string, bigint>, answer: bigint): PriceOf =>
  (asset) => {
    const response = driver.responses[asset]
    return response ? priceAt(response, answer) : (spotPrices.get(asset) ?? 0n)
  }

const sum = (legs: readonly Leg[]): bigint => legs.reduce((total, { usd }) => total + usd, 0n)

const exposed = (legs: readonly Leg[], exposureOf: (asset: string) => bigint): bigint =>
  legs.reduce((total, { usd, pricedAs }) => total + (usd * exposureOf(pricedAs)) / WAD, 0n)

/**
 * What a liquidation moves, at the pinned block's prices: falling, the exposed collateral is sold; rising, the whole
 * collateral is sold to buy back the exposed debt. Over a range it is what is not sold yet.
 */
const moved = (
  position: Position,
  { outcome, price }: Priced,
  { driver, exposureOf }: { readonly driver: DriverState; readonly exposureOf: (asset: string) => bigint },
): { readonly collateral: bigint; readonly driver: bigint } => {
  const all = sum(position.collateral)
  const collateral = exposed(position.collateral, exposureOf)
  const response = position.range && driver.responses[position.range.asset]
  if (outcome === 'range' && response && fallsAsDriverRises(response)) return soldByRise(position, exposureOf)
  const rising = outcome === 'above' || (outcome === 'already' && price !== null && price < driver.spot)
  if (rising) return { collateral: all, driver: exposed(position.debt, exposureOf) }
  if (outcome === 'below' || outcome === 'range' || outcome === 'already')
    return { collateral, driver: collateral }
  return { collateral: all, driver: collateral }
}

/** All that the AMM has left to sell while the driver rises, and what that buys of the driver at the pinned block. */
const soldByRise = (
  { range, collateral, debt }: Position,
  exposureOf: (asset: string) => bigint,
): { readonly collateral: bigint; readonly driver: bigint } => {
  const left = sum(collateral.filter(({ pricedAs }) => pricedAs === range?.asset))
  const owed = sum(debt)
  return { collateral: left, driver: owed === 0n ? 0n : (left * exposed(debt, exposureOf)) / owed }
}

/** Why it has no price, or why nobody could liquidate it now. */
const whyOf = ({ outcome, reason }: Priced, blocked: string | null): string | null => {
  if (blocked === null) return reason
  if (reason === null) return `blocked: ${blocked}`
  return outcome === 'already' ? `${reason}; blocked: ${blocked}` : reason
}

/** The ends of a soft liquidation as prices of the driver. */
const inDriver = (
  { range }: Position,
  { driver, stated }: { readonly driver: DriverState; readonly stated: ReadonlyMap<string, number> },
): { readonly low: number; readonly high: number } | null => {
  const spotUsd = toNumber(driver.spot, driver.decimals)
  const price = range && stated.get(range.asset)
  const response = range && driver.responses[range.asset]
  if (!range || !price || !response) return null
  const [a = 0, b = 0] = [range.low, range.high].map(
    (end) => spotUsd * multipleFor(response, driver.spot, toNumber(end, 18) / price),
  )
  return { low: Math.min(a, b), high: Math.max(a, b) }
}

const rowOf = (
  source: string,
  position: Position,
  {
    driver,
    priced,
    exposureOf,
    refused,
    stated,
  }: {
    readonly driver: DriverState
    readonly priced: Priced
    readonly exposureOf: (asset: string) => bigint
    /** Assets that the oracle refuses to price. */
    readonly refused: ReadonlySet<string>
    /** Prices as the market states them, by asset. */
    readonly stated: ReadonlyMap<string, number>
  },
): PositionRow => {
  const legRow = ({ asset, pricedAs, symbol, amount, usd, threshold, bonus }: Leg): LegRow => ({
    asset,
    pricedAs,
    symbol,
    amount: amount.toString(),
    usd: refused.has(pricedAs) ? null : toNumber(usd, 18),
    threshold: toNumber(threshold, 18),
    bonus: bonus === null ? null : toNumber(bonus, 18),
  })
  const moves = moved(position, priced, { driver, exposureOf })
  const spotUsd = toNumber(driver.spot, driver.decimals)
  const range = priced.outcome === 'range' ? inDriver(position, { driver, stated }) : null
  return {
    source,
    id: position.id,
    owner: position.owner,
    outcome: priced.outcome,
    price: priced.price === null ? null : toNumber(priced.price, driver.decimals),
    priceRaw: priced.price === null ? null : priced.price.toString(),
    low: range?.low ?? null,
    high: range?.high ?? null,
    healthFactor: position.healthFactor === null ? null : toNumber(position.healthFactor, 18),
    collateralUsd: toNumber(moves.collateral, 18),
    debtUsd: toNumber(sum(position.debt), 18),
    driverAmount: spotUsd === 0 ? 0 : toNumber(moves.driver, 18) / spotUsd,
    reason: whyOf(priced, position.blocked),
    collateral: position.collateral.map(legRow),
    debt: position.debt.map(legRow),
  }
}
