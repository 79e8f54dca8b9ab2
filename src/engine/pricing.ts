import type { AnyAdapter, PriceOf } from '../adapters/adapter.ts'
import { liquidationPrice, type Priced } from '../core/liquidation-price.ts'
import type { Leg, Position } from '../core/position.ts'
import { type DriverState, priceAt } from '../core/price-response.ts'
import { toNumber, WAD } from '../core/units.ts'
import type { LegRow, PositionRow } from '../store/rows.ts'

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
  const rows: Record<string, PositionRow[]> = Object.fromEntries(drivers.map(({ symbol }) => [symbol, []]))
  for (const [key, account] of accounts) {
    if (!adapter.hasDebt(account)) continue
    const position = adapter.position(markets, key, account)
    const rule = adapter.isLiquidatable(markets, account)
    const phase = adapter.phase(markets, account)
    for (const driver of drivers) {
      const { spot, decimals, responses } = driver
      const exposureOf = (asset: string) => responses[asset]?.exposure ?? 0n
      const isLiquidatable = (answer: bigint) => rule(pricesAt(driver, spotPrices, answer))
      const phaseOf = phase && ((answer: bigint) => phase(pricesAt(driver, spotPrices, answer)))
      const moves = (asset: string) => (responses[asset]?.numerator ?? 0n) !== 0n
      const target = { spot, decimals, exposureOf, moves }
      const priced = liquidationPrice(position, target, isLiquidatable, phaseOf)
      rows[driver.symbol]?.push(
        rowOf(input.source, position, { driver, priced, exposureOf, refused, stated }),
      )
    }
  }
  return rows
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
 * collateral is sold to buy back the exposed debt.
 */
const moved = (
  position: Position,
  { outcome, price }: Priced,
  { driver, exposureOf }: { readonly driver: DriverState; readonly exposureOf: (asset: string) => bigint },
): { readonly collateral: bigint; readonly driver: bigint } => {
  const all = sum(position.collateral)
  const collateral = exposed(position.collateral, exposureOf)
  const rising = outcome === 'above' || (outcome === 'already' && price !== null && price < driver.spot)
  if (rising) return { collateral: all, driver: exposed(position.debt, exposureOf) }
  if (outcome === 'below' || outcome === 'range' || outcome === 'already')
    return { collateral, driver: collateral }
  return { collateral: all, driver: collateral }
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
  if (!range || !price) return null
  const [low, high] = [toNumber(range.low, 18) / price, toNumber(range.high, 18) / price]
  return driver.responses[range.asset]?.inverse
    ? { low: spotUsd / high, high: spotUsd / low }
    : { low: low * spotUsd, high: high * spotUsd }
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
