import { type Address, decodeFunctionResult, encodeFunctionData } from 'viem'
import { z } from 'zod'
import { curveControllerAbi, curveOracleAbi } from '../../abis/curve.ts'
import { type LiquidationRule, WHOLE_POSITION } from '../core/cascade/rules.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Leg, Position, Range } from '../core/position.ts'
import { toNumber, unitOf, WAD } from '../core/units.ts'
import type { Adapter, PricedAsset } from './adapter.ts'
import { type CurveAccount, partsOf, readAccount, readKeys } from './curve-accounts.ts'
import { curveDeployments } from './curve-deployments.ts'
import { type CurveDeployment, type CurveMarket, type CurveMarkets, readMarkets } from './curve-markets.ts'
import { gapPrice, healthAt, type Loan, type Owed, soldShare } from './curve-rules.ts'
import { address } from './fields.ts'

const deploymentSchema = z.strictObject({
  factory: address,
  kind: z.enum(['mint', 'lend', 'lend-v2']),
  fromBlock: z.number().int().nonnegative().default(0),
})

/** A liquidator repays the debt less what the bands hold of it, and gets all the collateral. */
const RULE: LiquidationRule = { ...WHOLE_POSITION, name: 'Curve hard liquidation', takesAll: true }

/** @throws InvalidDataError where the factory lists no such controller. */
const marketOf = ({ markets }: CurveMarkets, controller: Address): CurveMarket => {
  const market = markets[controller]
  if (!market)
    throw new InvalidDataError(
      `the factory lists no controller ${controller} at this block: check the deployment`,
    )
  return market
}

const symbolOf = ({ tokens }: CurveMarkets, token: Address): string => tokens[token]?.symbol ?? token

const decimalsOf = ({ tokens }: CurveMarkets, token: Address): number | null =>
  tokens[token]?.decimals ?? null

/** Like `wstETH/crvUSD`: collateral and borrowed token. */
const nameOf = (markets: CurveMarkets, { collateral, borrowed }: CurveMarket): string =>
  `${symbolOf(markets, collateral)}/${symbolOf(markets, borrowed)}`

/** Raw tokens as the AMM counts them, 18 decimals. */
const scaled = (amount: bigint, decimals: number | null): bigint => amount * unitOf(18 - (decimals ?? 18))

const loanOf = (markets: CurveMarkets, market: CurveMarket, account: CurveAccount): Loan => {
  const [x, y] = [decimalsOf(markets, market.borrowed), decimalsOf(markets, market.collateral)]
  return {
    bands: account.y.map((amount, i) => ({ x: scaled(account.x[i] ?? 0n, x), y: scaled(amount, y) })),
    n1: account.n1,
    priceUp: account.priceUp,
  }
}

const owedOf = (markets: CurveMarkets, { borrowed }: CurveMarket, account: CurveAccount): Owed => ({
  debt: scaled(account.debt, decimalsOf(markets, borrowed)),
  discount: account.discount,
})

/** What is held is told in whole raw units of the tokens: only with 18 decimals is that all the AMM knows. */
const isPrecise = (markets: CurveMarkets, { collateral, borrowed }: CurveMarket): boolean =>
  decimalsOf(markets, collateral) === 18 && decimalsOf(markets, borrowed) === 18

/** Raw borrowed tokens in USD, WAD; 0 where nobody prices them. */
const borrowedUsd = (markets: CurveMarkets, { borrowed }: CurveMarket, amount: bigint): bigint => {
  const { price = null, decimals = 0 } = markets.usd[borrowed] ?? {}
  return (scaled(amount, decimalsOf(markets, borrowed)) * (price ?? 0n)) / unitOf(decimals)
}

/** Raw collateral in USD, WAD. */
const collateralUsd = (markets: CurveMarkets, market: CurveMarket, amount: bigint): bigint => {
  const { price = null, decimals = 0 } = markets.usd[market.borrowed] ?? {}
  const inBorrowed = scaled(amount, decimalsOf(markets, market.collateral)) * (market.price ?? 0n)
  return (inBorrowed * (price ?? 0n)) / (WAD * unitOf(decimals))
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)

const legsOf = (
  markets: CurveMarkets,
  market: CurveMarket,
  account: CurveAccount,
): Pick<Position, 'collateral' | 'debt'> => {
  const [x, y] = [sum(account.x), sum(account.y)]
  const leg = (token: Address, amount: bigint): Omit<Leg, 'usd' | 'threshold'> => ({
    asset: token,
    pricedAs: token,
    symbol: symbolOf(markets, token),
    decimals: decimalsOf(markets, token) ?? 18,
    amount,
    bonus: null,
  })
  const threshold = WAD - account.discount
  const collateral: Leg = {
    ...leg(market.collateral, y),
    pricedAs: market.controller,
    usd: collateralUsd(markets, market, y),
    threshold,
  }
  const sold: Leg = { ...leg(market.borrowed, x), usd: borrowedUsd(markets, market, x), threshold }
  const debt: Leg = {
    ...leg(market.borrowed, account.debt),
    usd: borrowedUsd(markets, market, account.debt),
    threshold: WAD,
  }
  return { collateral: [collateral, sold].filter(({ amount }) => amount > 0n), debt: [debt] }
}

/** Why nobody can price its positions; null where they can be. */
const unpricedReason = (markets: CurveMarkets, market: CurveMarket, account: CurveAccount): string | null => {
  const name = nameOf(markets, market)
  const { collateral, borrowed } = market
  if (market.price === null || market.ammPrice === null || market.price === 0n)
    return `the oracle of ${name} refuses to price it`
  if (account.health === null) return `the controller of ${name} refuses to tell the health of the loan`
  for (const token of [collateral, borrowed]) {
    const decimals = decimalsOf(markets, token)
    if (decimals === null || decimals > 18) return `a token of ${name} does not tell its decimals`
  }
  if ((markets.usd[borrowed]?.price ?? null) === null)
    return `nobody prices ${symbolOf(markets, borrowed)} in USD: name it in chains.<chain>.usd.prices`
  return null
}

/** A price of the market with its first digits, for a sentence. */
const inWords = (price: bigint): string => Number(toNumber(price, 18).toPrecision(5)).toString()

/** What a reader should know of a range: how much of it is behind, and what would happen if nobody traded. */
const noteOf = (markets: CurveMarkets, market: CurveMarket, account: CurveAccount, price: bigint): string => {
  const loan = loanOf(markets, market, account)
  const share = soldShare(loan, price)
  const gap = gapPrice(loan, owedOf(markets, market, account), market, price)
  const sold = `${toNumber((share * 1000n) / WAD, 1)} % sold for ${symbolOf(markets, market.borrowed)} so far`
  return gap === null
    ? sold
    : `${sold}; hard liquidation at a market price of ${inWords(gap)} ${symbolOf(markets, market.borrowed)} if nobody trades in the AMM`
}

const rangeOf = (markets: CurveMarkets, market: CurveMarket, account: CurveAccount): Range => ({
  low: account.priceDown,
  high: account.priceUp,
  asset: market.controller,
  note: noteOf(markets, market, account, market.ammPrice ?? 0n),
})

/**
 * Interactions with a market until now, at most: each cuts the total by less than one raw unit, and rounds the loan up
 * by less than one.
 */
const INTERACTIONS = 1_000_000n

/**
 * crvUSD mint markets and LlamaLend: a loan's collateral lies in bands of an AMM, which sells it while the price falls
 * through them and buys it back. Anyone may liquidate what is left once its health is below 0.
 */
export const curve: Adapter<CurveDeployment, CurveMarkets, CurveAccount> = {
  name: 'curve',
  deployments: curveDeployments,
  checkedAgainst: 'stand-in',
  // every trade in the AMM changes the loans in its bands, every deposit those beside it, and no log names them
  silent: true,

  parseDeployment: (input) => {
    const { factory, kind, fromBlock } = deploymentSchema.parse(input)
    return { factory, kind, fromBlock: BigInt(fromBlock) }
  },

  markets: readMarkets,

  // the controllers list their loans: those of now are all that is new, and closed ones are known
  async *touched(context, { markets }) {
    for (const market of Object.values(markets)) yield* await readKeys(context, market)
  },

  read: (context, markets, keys) => Promise.all(keys.map((key) => readAccount(context, markets, key))),

  hasDebt: ({ debt }) => debt > 0n,

  position: (markets, key, account): Position => {
    const market = marketOf(markets, account.controller)
    const unpriced = unpricedReason(markets, market, account)
    const { health } = account
    const liquidatable = unpriced === null && health !== null && health < 0n
    const factor = health === null ? null : health + WAD
    return {
      id: key,
      owner: partsOf(key)[1],
      ...legsOf(markets, market, account),
      healthFactor: factor !== null && factor < 0n ? 0n : factor,
      liquidatable,
      range: unpriced === null && !liquidatable ? rangeOf(markets, market, account) : null,
      unpriced,
      blocked: null,
    }
  },

  // of a loan that is not liquidatable now it is only asked with the AMM as it stands, which it never does
  isLiquidatable: (markets, account) => {
    const market = marketOf(markets, account.controller)
    if (!isPrecise(markets, market)) {
      const now = account.health !== null && account.health < 0n
      return () => now
    }
    const [loan, owed] = [loanOf(markets, market, account), owedOf(markets, market, account)]
    return (priceOf) => {
      const price = priceOf(market.controller)
      return price > 0n && healthAt(loan, owed, market, price) < 0n
    }
  },

  phase: () => null,

  liquidationRule: () => RULE,

  prices: (markets) => [
    ...Object.values(markets.markets).map((market): PricedAsset => {
      const { controller, oracle, price, collateral, borrowed } = market
      return {
        asset: controller,
        symbol: nameOf(markets, market),
        price: price === 0n ? null : price,
        decimals: 18,
        ask: { to: oracle, data: encodeFunctionData({ abi: curveOracleAbi, functionName: 'price' }) },
        feeds: [oracle],
        token: collateral,
        ...(markets.kind === 'mint' ? {} : { quote: borrowed }),
      }
    }),
    ...(Object.entries(markets.usd) as [Address, CurveMarkets['usd'][Address]][]).map(([token, usd]) => ({
      ...usd,
      asset: token,
      symbol: symbolOf(markets, token),
    })),
  ],

  totals: (markets) =>
    Object.values(markets.markets).map((market) => ({
      asset: market.controller,
      symbol: nameOf(markets, market),
      total: market.totalDebt,
      tolerance: BigInt(market.loans) + 2n * INTERACTIONS,
      usd:
        (markets.usd[market.borrowed]?.price ?? null) === null
          ? null
          : borrowedUsd(markets, market, market.totalDebt),
    })),

  debts: (_, { controller, debt }) => ({ [controller]: debt }),

  verdict: (_, key) => {
    const [to, user] = partsOf(key)
    return {
      to,
      data: encodeFunctionData({ abi: curveControllerAbi, functionName: 'health', args: [user, true] }),
      isLiquidatable: ({ success, data }) =>
        success ? decodeFunctionResult({ abi: curveControllerAbi, functionName: 'health', data }) < 0n : null,
    }
  },

  remarks: (markets) => {
    const held = Object.values(markets.markets).filter(
      ({ price, ammPrice }) => price !== null && ammPrice !== null && price !== ammPrice,
    )
    return {
      notes: [
        'a range is where the AMM sells collateral while somebody trades in it; interest moves it towards spot',
        ...held.map(
          (market) =>
            `${nameOf(markets, market)}: the AMM holds the price at ${inWords(market.ammPrice ?? 0n)} for up to two minutes after a trade; its oracle says ${inWords(market.price ?? 0n)}`,
        ),
      ],
      gaps: [],
    }
  },
}
