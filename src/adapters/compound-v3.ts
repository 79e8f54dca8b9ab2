import { type Address, decodeFunctionResult, encodeFunctionData, getAddress, toEventSelector } from 'viem'
import { z } from 'zod'
import { cometAbi, cometEventsAbi } from '../../abis/compound-v3.ts'
import type { Leg, Position } from '../core/position.ts'
import { toNumber, unitOf, WAD } from '../core/units.ts'
import type { Adapter, PriceOf } from './adapter.ts'
import { type CompoundV3Account, readAccounts } from './compound-v3-accounts.ts'
import { compoundV3Deployments } from './compound-v3-deployments.ts'
import {
  type CometAsset,
  type CompoundV3Deployment,
  type CompoundV3Markets,
  readMarkets,
} from './compound-v3-markets.ts'
import {
  healthOf,
  isAbsorbable,
  PRICE_DECIMALS,
  presentDebt,
  principalWithin,
  storeFrontBonus,
  type Valued,
  type Weighted,
} from './compound-v3-rules.ts'
import { address } from './fields.ts'

const deploymentSchema = z.strictObject({
  comet: address,
  quote: address.optional(),
  fromBlock: z.number().int().nonnegative(),
})

/** What makes an account a holder of collateral, and nobody else can borrow; both name it in their second argument. */
const COLLATERAL_ARRIVES = cometEventsAbi.map((event) => toEventSelector(event))

type Held = { readonly asset: CometAsset; readonly amount: bigint }

/** Every asset whose flag the account has: Comet asks the price of each, whatever lies there. */
const heldBy = (markets: CompoundV3Markets, { collateral }: CompoundV3Account): readonly Held[] =>
  Object.entries(collateral).flatMap(([offset, amount]) => {
    const asset = markets.assets[offset]
    return asset ? [{ asset, amount }] : []
  })

const debtOf = (markets: CompoundV3Markets, account: CompoundV3Account): bigint =>
  presentDebt(account.debt, markets.borrowIndex)

const valuedDebt = (markets: CompoundV3Markets, amount: bigint, priceOf: PriceOf): Valued => ({
  amount,
  price: priceOf(markets.base.asset),
  unit: unitOf(markets.base.decimals),
})

const weighted = ({ asset, amount }: Held, priceOf: PriceOf): Weighted => ({
  amount,
  price: priceOf(asset.asset),
  unit: unitOf(asset.decimals),
  factor: asset.liquidateCollateralFactor,
})

const spotOf =
  ({ base, assets }: CompoundV3Markets): PriceOf =>
  (asset) =>
    [base, ...Object.values(assets)].find((token) => token.asset === asset)?.price ?? 0n

/** USD, WAD, of an amount at a price of the feeds; 0 where the quote has no USD price. */
const usdOf = (
  { quote }: CompoundV3Markets,
  { amount, price, decimals }: { amount: bigint; price: bigint; decimals: number },
): bigint => {
  const unit = unitOf(decimals + PRICE_DECIMALS)
  if (quote === null) return (amount * price * WAD) / unit
  return (amount * price * (quote.price ?? 0n) * WAD) / (unit * unitOf(quote.decimals))
}

const collateralLeg = (markets: CompoundV3Markets, { asset: token, amount }: Held): Leg => {
  const { asset, symbol, decimals, price, liquidateCollateralFactor, liquidationFactor } = token
  return {
    asset,
    pricedAs: asset,
    symbol,
    decimals,
    amount,
    usd: usdOf(markets, { amount, price: price ?? 0n, decimals }),
    threshold: liquidateCollateralFactor,
    bonus: storeFrontBonus(markets.storeFrontPriceFactor, liquidationFactor),
  }
}

const debtLeg = (markets: CompoundV3Markets, amount: bigint): Leg => {
  const { asset, symbol, decimals, price } = markets.base
  return {
    asset,
    pricedAs: asset,
    symbol,
    decimals,
    amount,
    usd: usdOf(markets, { amount, price: price ?? 0n, decimals }),
    threshold: WAD,
    bonus: null,
  }
}

/** The first token whose price Comet would ask for in vain; absorb asks for all of them. */
const refusedOf = ({ base }: CompoundV3Markets, held: readonly Held[]): string | null =>
  [base, ...held.map(({ asset }) => asset)].find(({ price }) => price === null)?.symbol ?? null

const unpricedReason = ({ quote }: CompoundV3Markets, refused: string | null): string | null => {
  if (refused !== null) return `the feed refuses to price ${refused}`
  return quote?.price === null
    ? `prices are in ${quote.symbol}, which nobody prices in USD: name it in chains.<chain>.usd.prices`
    : null
}

/** The key of what prices are stated in: never that of a leg, whose price may be a constant 1. */
const quoteKey = (token: Address): string => `${token} in USD`

/** Accounts that may owe next to nothing without a trace in the logs, before their sum is called a gap. */
const SILENT_ACCOUNTS = 1000n

/**
 * The total of debts that are worth nothing in units of the feeds. Where the smallest loan is one of them (base tokens
 * of 18 decimals and a minimum of 1 wei), it needs no collateral, and one that is opened by a transfer of base tokens
 * is named in no log: 10^-8 of a token each.
 */
const silentDebt = ({ base, borrowMin, borrowIndex }: CompoundV3Markets): bigint => {
  if (base.price === null) return 0n
  const worthless = (unitOf(base.decimals) - 1n) / base.price
  return borrowMin > worthless ? 0n : SILENT_ACCOUNTS * principalWithin(worthless, borrowIndex)
}

/** Compound v3: one Comet is one market with one base token that is lent; an account is an address. */
export const compoundV3: Adapter<CompoundV3Deployment, CompoundV3Markets, CompoundV3Account> = {
  name: 'compound-v3',
  deployments: compoundV3Deployments,
  checkedAgainst: 'stand-in',
  silent: true,

  parseDeployment: (input) => {
    const { comet, quote = null, fromBlock } = deploymentSchema.parse(input)
    return { comet, quote, fromBlock: BigInt(fromBlock) }
  },

  markets: readMarkets,

  async *touched({ logs }, { comet }, { from, to }) {
    const filter = { address: [comet], topics: [COLLATERAL_ARRIVES] }
    for await (const { topics } of logs(filter, from, to)) {
      const holder = topics[2]
      if (holder) yield getAddress(`0x${holder.slice(26)}`)
    }
  },

  read: (context, markets, keys) => readAccounts(context, markets, keys as Address[]),

  hasDebt: ({ debt }) => debt > 0n,

  position: (markets, key, account): Position => {
    const held = heldBy(markets, account)
    const refused = refusedOf(markets, held)
    const priceOf = spotOf(markets)
    const owed = debtOf(markets, account)
    const debt = valuedDebt(markets, owed, priceOf)
    const collateral = held.map((one) => weighted(one, priceOf))
    return {
      id: key,
      owner: key,
      collateral: held.filter(({ amount }) => amount > 0n).map((one) => collateralLeg(markets, one)),
      debt: owed === 0n ? [] : [debtLeg(markets, owed)],
      healthFactor: refused === null ? healthOf(debt, collateral) : null,
      liquidatable: refused === null && isAbsorbable(debt, collateral),
      range: null,
      unpriced: unpricedReason(markets, refused),
      blocked: markets.absorbPaused ? 'absorb is paused' : null,
    }
  },

  isLiquidatable: (markets, account) => {
    const held = heldBy(markets, account)
    const owed = debtOf(markets, account)
    return (priceOf) =>
      isAbsorbable(
        valuedDebt(markets, owed, priceOf),
        held.map((asset) => weighted(asset, priceOf)),
      )
  },

  phase: () => null,

  prices: ({ comet, base, assets, quote }) => {
    const tokens = [base, ...Object.values(assets)]
    return [
      ...tokens.map(({ asset, symbol, price, feed, feeds }) => ({
        asset,
        symbol,
        price,
        decimals: PRICE_DECIMALS,
        ask: {
          to: comet,
          data: encodeFunctionData({ abi: cometAbi, functionName: 'getPrice', args: [feed] }),
        },
        stub: { feed, decimals: PRICE_DECIMALS },
        feeds,
        ...(quote && { quote: quoteKey(quote.token) }),
      })),
      ...(quote ? [{ ...quote, asset: quoteKey(quote.token) }] : []),
    ]
  },

  totals: (markets) => {
    const { base, totalBorrowBase, totalBorrow, quote } = markets
    const tolerance = silentDebt(markets)
    return [
      {
        asset: base.asset,
        symbol: base.symbol,
        total: totalBorrowBase,
        usd:
          base.price === null || quote?.price === null
            ? null
            : usdOf(markets, { amount: totalBorrow, price: base.price, decimals: base.decimals }),
        ...(tolerance > 0n && { tolerance }),
      },
    ]
  },

  debts: ({ base }, { debt }) => ({ [base.asset]: debt }),

  // isLiquidatable counts with the stored index, absorb with the accrued one
  verdict: ({ comet }, key) => {
    const args = [key as Address] as const
    return {
      to: comet,
      data: encodeFunctionData({ abi: cometAbi, functionName: 'isLiquidatable', args }),
      before: [
        { to: comet, data: encodeFunctionData({ abi: cometAbi, functionName: 'accrueAccount', args }) },
      ],
      isLiquidatable: ({ success, data }) =>
        success ? decodeFunctionResult({ abi: cometAbi, functionName: 'isLiquidatable', data }) : null,
    }
  },

  remarks: ({ base, totalBorrowBase, totalBorrow, borrowIndex, absorbPaused }) => {
    const accrued = presentDebt(totalBorrowBase, borrowIndex)
    return {
      notes: absorbPaused ? ['absorb is paused: nobody can be liquidated now'] : [],
      gaps:
        accrued === totalBorrow
          ? []
          : [
              `Comet says that ${toNumber(totalBorrow, base.decimals)} ${base.symbol} are borrowed, interest by its own rate makes it ${toNumber(accrued, base.decimals)}: debts are read wrongly, report this`,
            ],
    }
  },
}
