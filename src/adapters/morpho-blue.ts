import { type Address, encodeFunctionData, getAddress, type Hex, toEventSelector, zeroAddress } from 'viem'
import { z } from 'zod'
import { morphoBlueAbi, morphoBlueEventsAbi, morphoBlueOracleAbi } from '../../abis/morpho-blue.ts'
import { WHOLE_POSITION } from '../core/cascade/rules.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Leg, Position } from '../core/position.ts'
import { mulDown, unitOf, WAD } from '../core/units.ts'
import type { Adapter, PricedAsset, UsdPrice } from './adapter.ts'
import { address } from './fields.ts'
import { morphoBlueDeployments } from './morpho-blue-deployments.ts'
import {
  type MorphoBlueDeployment,
  type MorphoBlueMarket,
  type MorphoBlueMarkets,
  readMarkets,
} from './morpho-blue-markets.ts'
import {
  borrowedAssets,
  isUnhealthy,
  type Loan,
  liquidationBonus,
  maxBorrow,
  ORACLE_PRICE_SCALE,
} from './morpho-blue-rules.ts'
import { loanSlots, readHalves } from './morpho-blue-storage.ts'
import { answersLiquidate } from './morpho-blue-verdict.ts'

/** What the chain stores of one borrower in one market. Its key is `marketId:address`. */
export type MorphoBlueAccount = Loan & {
  readonly market: Hex
  /**
   * The market's tokens while something is owed: a later scan, to which `diff` puts this state, may find the market
   * without debt and know it by its id only.
   */
  readonly tokens: { readonly loan: Address; readonly collateral: Address } | null
}

const marketId = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/i, 'not a market id (0x and 64 hexadecimal digits)')
  .transform((id) => id.toLowerCase() as Hex)

const deploymentSchema = z.strictObject({
  morpho: address,
  preLiquidationFactory: address.optional(),
  fromBlock: z.number().int().nonnegative(),
  markets: z.array(marketId).min(1, 'name at least one market, or leave it out').optional(),
})

const topicOf = (name: string): Hex => {
  const event = morphoBlueEventsAbi.find((item) => item.name === name)
  if (!event) throw new Error(`no event ${name} in the ABI`)
  return toEventSelector(event)
}

const BORROW = topicOf('Borrow')

/** By event, which topic names the account of the market in topic 1. A loan changes by nothing else. */
const ACCOUNT_TOPIC: Readonly<Record<Hex, number>> = {
  [BORROW]: 2,
  [topicOf('Repay')]: 3,
  [topicOf('SupplyCollateral')]: 3,
  [topicOf('WithdrawCollateral')]: 2,
  [topicOf('Liquidate')]: 3,
}

const keyOf = (market: Hex, owner: Address): string => `${market}:${owner}`

const partsOf = (key: string): readonly [market: Hex, owner: Address] => {
  const [market = '', owner = ''] = key.split(':')
  return [market as Hex, owner as Address]
}

const symbolOf = (markets: MorphoBlueMarkets, token: Address): string =>
  markets.tokens[token]?.symbol ?? token

/** Like `wstETH/USDC 86%`: collateral, loan token, liquidation loan-to-value. */
const nameOf = (markets: MorphoBlueMarkets, { params }: MorphoBlueMarket): string =>
  `${symbolOf(markets, params.collateralToken)}/${symbolOf(markets, params.loanToken)} ${Number(params.lltv) / 1e16}%`

/** Decimals of the oracle's price as whole loan tokens for one whole collateral token; null where none make sense. */
const priceDecimals = (markets: MorphoBlueMarkets, { params }: MorphoBlueMarket): number | null => {
  const collateral = markets.tokens[params.collateralToken]?.decimals ?? null
  const loan = markets.tokens[params.loanToken]?.decimals ?? null
  if (collateral === null || loan === null) return null
  const decimals = 36 + loan - collateral
  return decimals >= 0 && decimals <= 72 ? decimals : null
}

/** Why nobody can price its positions; null where they can be. */
const unpricedReason = (markets: MorphoBlueMarkets, market: MorphoBlueMarket): string | null => {
  const name = nameOf(markets, market)
  const { loanToken } = market.params
  if (market.price === null) return `the oracle of ${name} refuses to price it`
  if (market.stuck) return `the interest model of ${name} refuses to answer`
  if (priceDecimals(markets, market) === null) return `a token of ${name} tells no usable decimals`
  if ((markets.usd[loanToken]?.price ?? null) === null)
    return `no USD price of ${symbolOf(markets, loanToken)} (${loanToken})`
  return null
}

/** Raw loan tokens in USD, WAD; 0 where nobody prices them. */
const loanUsd = (markets: MorphoBlueMarkets, token: Address, amount: bigint): bigint => {
  const { price = null, decimals = 0 } = markets.usd[token] ?? {}
  return (amount * (price ?? 0n) * WAD) / unitOf((markets.tokens[token]?.decimals ?? 0) + decimals)
}

const collateralLeg = (
  markets: MorphoBlueMarkets,
  market: MorphoBlueMarket,
  { market: id, collateral }: MorphoBlueAccount,
): Leg => {
  const { collateralToken, loanToken, lltv } = market.params
  return {
    asset: collateralToken,
    pricedAs: id,
    symbol: symbolOf(markets, collateralToken),
    decimals: markets.tokens[collateralToken]?.decimals ?? 0,
    amount: collateral,
    usd: loanUsd(markets, loanToken, collateral * (market.price ?? 0n)) / ORACLE_PRICE_SCALE,
    threshold: lltv,
    bonus: liquidationBonus(lltv),
  }
}

const debtLeg = (
  markets: MorphoBlueMarkets,
  { loanToken }: MorphoBlueMarket['params'],
  amount: bigint,
): Leg => ({
  asset: loanToken,
  pricedAs: loanToken,
  symbol: symbolOf(markets, loanToken),
  decimals: markets.tokens[loanToken]?.decimals ?? 0,
  amount,
  usd: loanUsd(markets, loanToken, amount),
  threshold: WAD,
  bonus: null,
})

/** @throws InvalidDataError where the market has no debt, and so no borrower to ask for. */
const marketOf = (markets: MorphoBlueMarkets, id: Hex): MorphoBlueMarket => {
  const market = markets.markets[id]
  if (!market)
    throw new InvalidDataError(`the market ${id} reports no debt at this block: there is no position in it`)
  return market
}

/** A market that has no debt any more, as far as an account of earlier knows it: its shares are worth their principal. */
const closedMarket = ({ tokens }: MorphoBlueAccount): MorphoBlueMarket => ({
  params: {
    loanToken: tokens?.loan ?? zeroAddress,
    collateralToken: tokens?.collateral ?? zeroAddress,
    oracle: zeroAddress,
    irm: zeroAddress,
    lltv: 0n,
  },
  borrowed: { assets: 0n, shares: 0n },
  stuck: false,
  price: null,
  feeds: { base: [], quote: [], rate: false },
})

const marketPrice = (markets: MorphoBlueMarkets, id: Hex, market: MorphoBlueMarket): PricedAsset => {
  const { oracle, collateralToken, loanToken } = market.params
  const decimals = priceDecimals(markets, market)
  return {
    asset: id,
    symbol: nameOf(markets, market),
    price: decimals === null || market.stuck ? null : market.price,
    decimals: decimals ?? 36,
    ask: { to: oracle, data: encodeFunctionData({ abi: morphoBlueOracleAbi, functionName: 'price' }) },
    feeds: [oracle, ...market.feeds.base],
    token: collateralToken,
    quote: loanToken,
    rate: market.feeds.rate,
  }
}

const onlyNote = (count: number): string =>
  `only the ${count} ${count === 1 ? 'market that the deployment names is' : 'markets that the deployment names are'} read: Morpho may have others`

/** Morpho Blue: one contract, isolated markets of one collateral and one loan token, each with an oracle of its own. */
export const morphoBlue: Adapter<MorphoBlueDeployment, MorphoBlueMarkets, MorphoBlueAccount> = {
  name: 'morpho-blue',
  permissionless: true,
  deployments: morphoBlueDeployments,
  checkedAgainst: 'contract',

  parseDeployment: (input) => {
    const { morpho, preLiquidationFactory = null, fromBlock, markets } = deploymentSchema.parse(input)
    const only = markets && { only: [...new Set(markets)] }
    return { morpho, preLiquidationFactory, fromBlock: BigInt(fromBlock), ...only }
  },

  markets: readMarkets,
  only: ({ only = null }) => only,

  async *touched({ logs }, { morpho, only }, { from, to, known }) {
    const events = known === null ? [BORROW] : (Object.keys(ACCOUNT_TOPIC) as Hex[])
    const filter = { address: [morpho], topics: only ? [events, only] : [events] }
    for await (const { topics } of logs(filter, from, to)) {
      const [event, market] = topics
      const owner = event && topics[ACCOUNT_TOPIC[event] ?? 0]
      if (!owner || !market) continue
      const key = keyOf(market, getAddress(`0x${owner.slice(26)}`))
      if (event === BORROW || known?.(key)) yield key
    }
  },

  read: async (context, { morpho, markets }, keys) => {
    const accounts = keys.map(partsOf)
    const loans = await readHalves(context, morpho, loanSlots(accounts))
    return accounts.map(([market], i) => {
      const { low: borrowShares, high: collateral } = loans[i] ?? { low: 0n, high: 0n }
      const { params } = markets[market] ?? {}
      const tokens =
        params && borrowShares > 0n ? { loan: params.loanToken, collateral: params.collateralToken } : null
      return { market, borrowShares, collateral, tokens }
    })
  },

  hasDebt: ({ borrowShares }) => borrowShares > 0n,

  position: (markets, key, account): Position => {
    const known = markets.markets[account.market]
    const market = known ?? closedMarket(account)
    const { params, borrowed, price } = market
    const owed = borrowedAssets(account.borrowShares, borrowed)
    const unpriced = known ? unpricedReason(markets, market) : 'its market reports no debt any more'
    const carried = price === null ? null : maxBorrow(account.collateral, price, params.lltv)
    return {
      id: key,
      owner: partsOf(key)[1],
      collateral: account.collateral > 0n ? [collateralLeg(markets, market, account)] : [],
      debt: owed > 0n ? [debtLeg(markets, params, owed)] : [],
      // what Morpho's own SDK calls it: Position.healthFactor of @morpho-org/blue-sdk
      healthFactor: carried === null || owed === 0n ? null : mulDown(carried, WAD, owed),
      liquidatable: unpriced === null && carried !== null && carried < owed,
      range: null,
      unpriced,
      blocked: null,
    }
  },

  isLiquidatable: (markets, account) => {
    const { borrowed, params } = markets.markets[account.market] ?? closedMarket(account)
    return (priceOf) =>
      isUnhealthy(account, { totals: borrowed, lltv: params.lltv, price: priceOf(account.market) })
  },

  phase: () => null,

  liquidationRule: () => WHOLE_POSITION,

  prices: (markets) => {
    const found = Object.entries(markets.markets) as [Hex, MorphoBlueMarket][]
    // one market prices WETH by this feed, the next by another: all of them move with the driver
    const feedsOf = (token: Address, above: readonly Address[]): readonly Address[] => {
      const below = found.flatMap(([, { params, feeds }]) => [
        ...(params.loanToken === token ? feeds.quote : []),
        ...(params.collateralToken === token ? feeds.base : []),
      ])
      return [...(above.length > 0 ? above : below.slice(0, 1)), ...new Set(below)]
    }
    const onlyCollateral = Object.keys(markets.tokens).filter((token) => !(token in markets.usd)) as Address[]
    return [
      ...found.map(([id, market]) => marketPrice(markets, id, market)),
      ...(Object.entries(markets.usd) as [Address, UsdPrice][]).map(([token, usd]) => ({
        ...usd,
        asset: token,
        symbol: symbolOf(markets, token),
        feeds: feedsOf(token, usd.feeds),
      })),
      // nobody is asked for their USD price: they stand here for the feeds below them
      ...onlyCollateral.flatMap((token) => {
        const [feeds, symbol] = [feedsOf(token, []), symbolOf(markets, token)]
        return feeds.length > 0 ? [{ asset: token, symbol, price: null, decimals: 0, ask: null, feeds }] : []
      }),
    ]
  },

  totals: (markets) =>
    (Object.entries(markets.markets) as [Hex, MorphoBlueMarket][]).map(([id, market]) => ({
      asset: id,
      symbol: nameOf(markets, market),
      total: market.borrowed.shares,
      usd:
        (markets.usd[market.params.loanToken]?.price ?? null) === null
          ? null
          : loanUsd(markets, market.params.loanToken, market.borrowed.assets),
    })),

  debts: (_, { market, borrowShares }) => ({ [market]: borrowShares }),

  verdict: (markets, key) => {
    const [id, owner] = partsOf(key)
    return {
      to: markets.morpho,
      data: encodeFunctionData({
        abi: morphoBlueAbi,
        functionName: 'liquidate',
        args: [marketOf(markets, id).params, owner, 0n, 1n, '0x'],
      }),
      isLiquidatable: answersLiquidate,
    }
  },

  remarks: (markets) => {
    const busy = Object.keys(markets.markets).length
    const idle = markets.idle.length
    return {
      notes: [
        ...(markets.only ? [onlyNote(markets.only.length)] : []),
        ...(idle > 0 ? [`${idle} of ${busy + idle} markets have no debt and are not priced`] : []),
        ...(markets.preLiquidationFactory !== null
          ? [
              'pre-liquidations, which some borrowers allow at prices before these, are not counted: bands show where Morpho itself liquidates',
            ]
          : []),
      ],
      gaps: (markets.unknown ?? []).map(
        (id) => `nobody has created market ${id} at this block: check "markets" of the deployment`,
      ),
    }
  },
}
