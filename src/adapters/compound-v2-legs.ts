import type { Address } from 'viem'
import type { Leg } from '../core/position.ts'
import { toNumber, WAD } from '../core/units.ts'
import type { PriceOf } from './adapter.ts'
import type { CompoundAccount } from './compound-v2-accounts.ts'
import type { CompoundMarkets, Market } from './compound-v2-markets.ts'
import {
  borrowBalance,
  type LiquidityLeg,
  liquidityOf,
  underlyingOf,
  vaiBalance,
} from './compound-v2-rules.ts'
import { poolTerms } from './compound-v2-venus.ts'

/** An entered market of an account before it is priced: everything that no price changes. */
export type Entered = Omit<LiquidityLeg, 'price'> & { readonly market: Market; readonly incentive: bigint }

/**
 * The entered markets that the comptroller looks at. Venus drops those that were unlisted, and passes over empty ones
 * (venus-protocol 10.3.0, MarketFacet.getAssetsIn and ComptrollerLens); Compound and Moonwell look at all.
 */
export const enteredOf = (markets: CompoundMarkets, account: CompoundAccount): readonly Entered[] =>
  Object.entries(account.entered).flatMap(([cToken, holding]) => {
    const market = markets.markets[cToken as Address]
    if (!market) return []
    const isEmpty = holding.tokens === 0n && holding.principal === 0n
    const passedOver = markets.pools !== null && (!market.listed || isEmpty)
    if (markets.variant === 'venus' && passedOver) return []
    const terms = poolTerms(markets.pools, account.pool, market)
    return [
      {
        market,
        tokens: holding.tokens,
        borrowed: borrowBalance(holding, market.borrowIndex),
        factor: terms?.factor ?? 0n,
        incentive: terms?.incentive ?? 0n,
        exchangeRate: market.exchangeRate,
      },
    ]
  })

/** VAI owed, raw units. */
export const vaiOwed = ({ vai }: CompoundMarkets, account: CompoundAccount): bigint =>
  vai === null || account.vai === null ? 0n : vaiBalance(account.vai, vai.mintIndex)

/** The protocol's own sums with every market at a price. */
export const sumsAt = (entered: readonly Entered[], vai: bigint, priceOf: PriceOf) =>
  liquidityOf(
    entered.map((leg) => ({ ...leg, price: priceOf(leg.market.cToken) })),
    vai,
  )

/** Whether the governance lets the account be liquidated whatever it is worth. */
export const isForced = (
  { vai }: CompoundMarkets,
  account: CompoundAccount,
  { entered, owed }: { readonly entered: readonly Entered[]; readonly owed: bigint },
): boolean =>
  entered.some(
    ({ market, borrowed }) => borrowed > 0n && (market.forced || account.forced.includes(market.cToken)),
  ) ||
  (vai !== null && owed > 0n && (vai.forced || account.forced.includes(vai.controller)))

/** Why the protocol can price none of it: one market without a price stops them all. */
export const unpricedReason = (entered: readonly Entered[]): string | null => {
  const missing = entered.find(({ market }) => market.price === null)
  return missing ? `the oracle refuses to price ${missing.market.symbol}` : null
}

/** Why nobody could liquidate it now: no pair of collateral and debt is open for it. */
export const blockedReason = (
  { paused, vai }: CompoundMarkets,
  entered: readonly Entered[],
  owed: bigint,
): string | null => {
  if (paused !== null) return paused
  const stuck = ({ symbol, stuck: refuses }: Market) =>
    refuses ? `the interest of ${symbol} cannot be booked` : null
  const debts = [
    ...entered
      .filter(({ borrowed }) => borrowed > 0n)
      .map(
        ({ market }) =>
          stuck(market) ?? (market.debtPaused ? `liquidation of ${market.symbol} debt is paused` : null),
      ),
    ...(vai !== null && owed > 0n
      ? [vai.liquidationPaused ? `liquidation of ${vai.symbol} debt is paused` : null]
      : []),
  ]
  const held = entered
    .filter(({ tokens }) => tokens > 0n)
    .map(
      ({ market }) =>
        stuck(market) ?? (market.collateralPaused ? `seizing ${market.symbol} is paused` : null),
    )
  for (const reasons of [debts, held])
    if (reasons.length > 0 && reasons.every((reason) => reason !== null)) return reasons.join(', ')
  return null
}

const legOf = (
  { market }: Entered,
  amount: bigint,
  terms: { readonly threshold: bigint; readonly bonus: bigint | null },
): Leg => ({
  asset: market.asset,
  pricedAs: market.cToken,
  symbol: market.symbol,
  decimals: market.decimals,
  amount,
  usd: (amount * (market.price ?? 0n)) / WAD,
  ...terms,
})

/** What a liquidator keeps of the incentive, WAD; null where the market has none. */
const bonusOf = ({ incentive, market }: Entered): bigint | null => {
  const kept = (incentive * (WAD - market.protocolShare)) / WAD
  return kept >= WAD ? kept - WAD : null
}

export const collateralLegs = (entered: readonly Entered[]): readonly Leg[] =>
  entered
    .filter(({ tokens }) => tokens > 0n)
    .map((leg) =>
      legOf(leg, underlyingOf(leg.tokens, leg.exchangeRate), { threshold: leg.factor, bonus: bonusOf(leg) }),
    )
    // a few cTokens may be less than one unit of what they stand for
    .filter(({ amount }) => amount > 0n)

export const debtLegs = (
  { vai }: CompoundMarkets,
  entered: readonly Entered[],
  owed: bigint,
): readonly Leg[] => [
  ...entered
    .filter(({ borrowed }) => borrowed > 0n)
    .map((leg) => legOf(leg, leg.borrowed, { threshold: WAD, bonus: null })),
  ...(vai !== null && owed > 0n
    ? [
        {
          asset: vai.token,
          pricedAs: vai.token,
          symbol: vai.symbol,
          decimals: 18,
          amount: owed,
          usd: owed,
          threshold: WAD,
          bonus: null,
        },
      ]
    : []),
]

/** What a market's borrowers owe together, as text. */
export const describeTotal = ({ totalBorrows, decimals, symbol }: Market): string =>
  `${toNumber(totalBorrows, decimals)} ${symbol}`
