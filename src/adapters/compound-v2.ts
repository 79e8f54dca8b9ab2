import { type Address, decodeFunctionResult, encodeFunctionData } from 'viem'
import { z } from 'zod'
import { compoundComptrollerAbi, cTokenAbi, vaiControllerAbi } from '../../abis/compound-v2.ts'
import { WHOLE_POSITION } from '../core/cascade/rules.ts'
import type { Position } from '../core/position.ts'
import { toNumber, WAD } from '../core/units.ts'
import type { Adapter, Call, PriceOf } from './adapter.ts'
import { type CompoundAccount, readAccounts } from './compound-v2-accounts.ts'
import { compoundV2Deployments } from './compound-v2-deployments.ts'
import {
  blockedReason,
  collateralLegs,
  debtLegs,
  describeTotal,
  enteredOf,
  isForced,
  sumsAt,
  unpricedReason,
  vaiOwed,
} from './compound-v2-legs.ts'
import {
  type CompoundDeployment,
  type CompoundMarkets,
  type Market,
  priceCall,
  readMarkets,
} from './compound-v2-markets.ts'
import { borrowBalance } from './compound-v2-rules.ts'
import { touchedAccounts } from './compound-v2-touched.ts'
import { address } from './fields.ts'

const deploymentSchema = z.strictObject({
  comptroller: address,
  variant: z.enum(['compound', 'venus', 'moonwell']),
  native: address.optional(),
  fromBlock: z.number().int().nonnegative(),
})

/** The calls that book the interest of every market that has some to book, and of VAI. */
const bookInterest = ({ markets, vai }: CompoundMarkets): readonly Call[] => [
  ...Object.values(markets)
    .filter(({ borrowIndex, storedIndex }) => borrowIndex !== storedIndex)
    .map(({ cToken }) => ({
      to: cToken,
      data: encodeFunctionData({ abi: cTokenAbi, functionName: 'accrueInterest' }),
    })),
  ...(vai === null
    ? []
    : [
        {
          to: vai.controller,
          data: encodeFunctionData({ abi: vaiControllerAbi, functionName: 'accrueVAIInterest' }),
        },
      ]),
]

/** Venus lets nobody liquidate what it has unlisted, and counts it for nothing. */
const isGone = ({ listed }: Market, variant: CompoundMarkets['variant']): boolean =>
  variant === 'venus' && !listed

const spotPrice =
  ({ markets }: CompoundMarkets): PriceOf =>
  (cToken) =>
    markets[cToken as Address]?.price ?? 0n

/** Compound V2, the Venus core pool and Moonwell: one Comptroller, a cToken a market, one account an address. */
export const compoundV2: Adapter<CompoundDeployment, CompoundMarkets, CompoundAccount> = {
  name: 'compound-v2',
  deployments: compoundV2Deployments,
  checkedAgainst: 'contract',

  parseDeployment: (input) => {
    const { native = null, fromBlock, ...rest } = deploymentSchema.parse(input)
    return { ...rest, native, fromBlock: BigInt(fromBlock) }
  },

  markets: readMarkets,

  touched: touchedAccounts,

  read: (context, markets, keys) => readAccounts(context, markets, keys as Address[]),

  hasDebt: ({ entered, vai }) =>
    vai !== null || Object.values(entered).some(({ principal }) => principal > 0n),

  position: (markets, key, account): Position => {
    const entered = enteredOf(markets, account)
    const owed = vaiOwed(markets, account)
    const unpriced = unpricedReason(entered)
    const { collateral, debt } = sumsAt(entered, owed, spotPrice(markets))
    const priced = unpriced === null
    return {
      id: key,
      owner: key,
      collateral: collateralLegs(entered),
      debt: debtLegs(markets, entered, owed),
      healthFactor: priced && debt > 0n ? (collateral * WAD) / debt : null,
      liquidatable: priced && (collateral < debt || isForced(markets, account, { entered, owed })),
      range: null,
      unpriced,
      blocked: blockedReason(markets, entered, owed),
    }
  },

  isLiquidatable: (markets, account) => {
    const entered = enteredOf(markets, account)
    const owed = vaiOwed(markets, account)
    if (isForced(markets, account, { entered, owed })) return () => true
    return (priceOf) => {
      // a price of 0 is none: the comptroller answers with an error and nobody can be liquidated
      if (entered.some(({ market }) => priceOf(market.cToken) === 0n)) return false
      const { collateral, debt } = sumsAt(entered, owed, priceOf)
      return collateral < debt
    }
  },

  phase: () => null,

  liquidationRule: ({ closeFactor, variant }) => ({
    ...WHOLE_POSITION,
    name: { compound: 'Compound V2', venus: 'Venus', moonwell: 'Moonwell' }[variant],
    closeFactor: toNumber(closeFactor, 18),
  }),

  prices: ({ markets, oracle, vai }) => [
    ...Object.values(markets).map(({ cToken, asset, symbol, decimals, price, feeds }) => ({
      asset: cToken,
      symbol,
      price,
      // USD per raw unit, WAD: of a whole token, 36 decimals without the token's own
      decimals: 36 - decimals,
      ask: priceCall(oracle, cToken),
      feeds,
      token: asset,
    })),
    // one USD, by the rule of the comptroller's lens
    ...(vai === null
      ? []
      : [{ asset: vai.token, symbol: vai.symbol, price: WAD, decimals: 18, ask: null, feeds: [] }]),
  ],

  totals: ({ markets, blocks, variant }) =>
    Object.values(markets)
      .filter((market) => !isGone(market, variant))
      .map(({ cToken, symbol, totalBorrows, price }) => ({
        asset: cToken,
        symbol,
        total: totalBorrows,
        usd: price === null ? null : (totalBorrows * price) / WAD,
        // Booking interest cuts a unit of the total and a 1e-18th of the index, which is at least 1e18; borrowing and
        // repaying cut a unit of one account. Both happen less than once a block.
        tolerance: blocks * (2n + totalBorrows / WAD),
      })),

  debts: ({ markets }, account) =>
    Object.fromEntries(
      Object.entries(account.entered).flatMap(([cToken, holding]) => {
        const market = markets[cToken as Address]
        return market && holding.principal > 0n ? [[cToken, borrowBalance(holding, market.borrowIndex)]] : []
      }),
    ),

  verdict: (markets, key) => ({
    to: markets.comptroller,
    data: encodeFunctionData({
      abi: compoundComptrollerAbi,
      functionName: 'getAccountLiquidity',
      args: [key as Address],
    }),
    before: bookInterest(markets),
    isLiquidatable: ({ success, data }) => {
      if (!success) return null
      const [code, , shortfall] = decodeFunctionResult({
        abi: compoundComptrollerAbi,
        functionName: 'getAccountLiquidity',
        data,
      })
      return code === 0n ? shortfall > 0n : null
    },
  }),

  remarks: ({ markets, vai, variant, paused, pools }) => {
    const all = Object.values(markets)
    const forced = all.filter((market) => market.forced && market.totalBorrows > 0n)
    const why = variant === 'compound' ? 'deprecated' : 'under forced liquidation'
    return {
      notes: [
        ...forced.map((market) => `${describeTotal(market)} of debt is ${why}: liquidatable at any price`),
        ...all
          .filter((market) => market.stuck)
          .map(({ symbol }) => `the interest of ${symbol} cannot be booked: amounts of it are as stored`),
        ...all
          .filter((market) => isGone(market, variant) && market.totalBorrows > 0n)
          .map(
            (market) =>
              `${describeTotal(market)} of debt is in a market that Venus has unlisted: not counted`,
          ),
        ...(vai === null ? [] : [`the protocol reports no total of ${vai.symbol} debt to compare with`]),
        ...(paused === null ? [] : [paused]),
        ...(pools === null
          ? ['Venus had no pools at this block: thresholds are the collateral factors']
          : []),
      ],
      gaps: [],
    }
  },
}
