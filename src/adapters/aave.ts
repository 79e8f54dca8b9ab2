import {
  type AbiEvent,
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  getAddress,
  type Hex,
  toEventSelector,
} from 'viem'
import { z } from 'zod'
import { aaveV3OracleAbi, aaveV3PoolAbi } from '../../abis/aave-v3.ts'
import type { LiquidationRule } from '../core/cascade/rules.ts'
import { RAY, unitOf, WAD } from '../core/units.ts'
import { type AaveV3Account, readAccounts } from './aave-v3-accounts.ts'
import {
  BASE,
  blockedReason,
  collateralLegs,
  debtLegs,
  healthLeg,
  refusedPrice,
  rulesIn,
  spotPrice,
  stableDebtsOf,
  usdOf,
  valued,
} from './aave-v3-legs.ts'
import type { AaveV3Markets } from './aave-v3-markets.ts'
import { averageThreshold, healthFactor } from './aave-v3-rules.ts'
import type { Adapter, Context, PricedAsset, PriceOf, ProtocolTotal } from './adapter.ts'
import { address } from './fields.ts'

/** Where a market begins; `pool` is held against what the provider says. */
export type AaveDeployment = {
  readonly poolAddressesProvider: Address
  readonly pool: Address | null
  readonly fromBlock: bigint
}

type AaveAdapter = Adapter<AaveDeployment, AaveV3Markets, AaveV3Account>

/** What one member of the family has of its own. */
export type Dialect = Pick<AaveAdapter, 'name' | 'deployments' | 'links'> & {
  readonly markets: (context: Context<AaveDeployment>) => Promise<AaveV3Markets>
  readonly events: readonly AbiEvent[]
  /** By event, which topics name an account whose state it changes; `Borrow` finds accounts, the others follow them. */
  readonly accountTopics: Readonly<Record<string, readonly number[]>>
  readonly liquidationRule: (markets: AaveV3Markets) => LiquidationRule
  readonly notes: (markets: AaveV3Markets) => readonly string[]
}

const deploymentSchema = z.strictObject({
  poolAddressesProvider: address,
  pool: address.optional(),
  fromBlock: z.number().int().nonnegative(),
})

/** What is open for an account and how it is valued, in the protocol's own steps. */
const legsOf = (markets: AaveV3Markets, account: AaveV3Account) => {
  const collateral = collateralLegs(markets, account)
  const debt = debtLegs(markets, account)
  const rules = rulesIn(markets)
  const healthAt = (priceOf: PriceOf): bigint | null =>
    healthFactor(
      rules,
      collateral.map((leg) => healthLeg(leg, priceOf)),
      debt.map((leg) => healthLeg(leg, priceOf)),
    )
  return { collateral, debt, healthAt }
}

/**
 * The adapter of a protocol of Aave's family: one Pool, one AaveOracle, one account an address; V3 and its forks at their
 * own revision, and V2, which differs in its ABI and in what its prices are expressed in.
 */
export const createAave = (dialect: Dialect): AaveAdapter => {
  const topicsOf: Readonly<Record<Hex, readonly number[]>> = Object.fromEntries(
    dialect.events.flatMap((event) => {
      const topics = dialect.accountTopics[event.name]
      return topics ? [[toEventSelector(event), topics] as const] : []
    }),
  )
  const borrow = dialect.events.find(({ name }) => name === 'Borrow')
  if (!borrow) throw new Error(`${dialect.name}: no event Borrow in the ABI`)
  const BORROW = toEventSelector(borrow)

  return {
    name: dialect.name,
    deployments: dialect.deployments,
    checkedAgainst: 'contract',

    parseDeployment: (input) => {
      const { poolAddressesProvider, pool = null, fromBlock } = deploymentSchema.parse(input)
      return { poolAddressesProvider, pool, fromBlock: BigInt(fromBlock) }
    },

    markets: dialect.markets,

    async *touched({ logs }, markets, { from, to, known }) {
      const filter =
        known === null
          ? { address: [markets.pool], topics: [[BORROW]] }
          : {
              address: [markets.pool, ...Object.values(markets.reserves).map(({ aToken }) => aToken)],
              topics: [Object.keys(topicsOf) as Hex[]],
            }
      for await (const { topics } of logs(filter, from, to)) {
        const [event] = topics
        if (!event) continue
        for (const index of topicsOf[event] ?? []) {
          const account = topics[index]
          if (!account) continue
          const key = getAddress(`0x${account.slice(26)}`)
          if (event === BORROW || known?.(key)) yield key
        }
      }
    },

    ...(dialect.links ? { links: dialect.links } : {}),

    read: (context, markets, keys) => readAccounts(context, markets, keys as Address[]),

    hasDebt: ({ debt, stable = {} }) =>
      Object.values(debt).some((scaled) => scaled > 0n) ||
      Object.values(stable).some(({ principal }) => principal > 0n),

    position: (markets, key, account) => {
      const { collateral, debt, healthAt } = legsOf(markets, account)
      const refused = refusedPrice(markets, account)
      const { base } = markets
      const unknown =
        base && base.usd.price === null
          ? `prices are in ${base.symbol}, and nobody prices that in USD: name chains.<chain>.usd in the configuration`
          : null
      const health = refused === null ? healthAt((asset) => spotPrice(markets, asset) ?? 0n) : null
      return {
        id: key,
        owner: key,
        collateral: collateral.map((leg) => valued(markets, leg)),
        debt: debt.map((leg) => valued(markets, leg)),
        healthFactor: health,
        liquidatable: health !== null && health < WAD,
        range: null,
        unpriced: refused ?? unknown,
        blocked: blockedReason(markets, collateral, debt),
      }
    },

    isLiquidatable: (markets, account) => {
      const { healthAt } = legsOf(markets, account)
      return (priceOf) => {
        const health = healthAt(priceOf)
        return health !== null && health < WAD
      }
    },

    phase: (markets, account) => {
      if (rulesIn(markets).rounding === 'floor-ceil') return null
      const { collateral } = legsOf(markets, account)
      if (new Set(collateral.map(({ threshold }) => threshold)).size < 2) return null
      return (priceOf) => averageThreshold(collateral.map((leg) => healthLeg(leg, priceOf))).average
    },

    liquidationRule: dialect.liquidationRule,
    prices: pricesOf,
    totals: totalsOf,

    debts: (markets, account) => ({
      ...Object.fromEntries(
        Object.entries(account.debt).flatMap(([id, scaled]) => {
          const reserve = markets.reserves[id]
          return reserve ? [[reserve.asset, scaled] as const] : []
        }),
      ),
      ...Object.fromEntries(
        Object.entries(stableDebtsOf(markets, account)).flatMap(([id, amount]) => {
          const { stableDebtToken } = markets.reserves[id] ?? {}
          return stableDebtToken ? [[stableDebtToken, amount] as const] : []
        }),
      ),
    }),

    verdict: (markets, key) => ({
      to: markets.pool,
      data: encodeFunctionData({
        abi: aaveV3PoolAbi,
        functionName: 'getUserAccountData',
        args: [key as Address],
      }),
      isLiquidatable: ({ success, data }) => {
        if (!success) return null
        const [, , , , , health] = decodeFunctionResult({
          abi: aaveV3PoolAbi,
          functionName: 'getUserAccountData',
          data,
        })
        return health < WAD
      },
    }),

    remarks: (markets) => ({ notes: dialect.notes(markets), gaps: [] }),
  }
}

const pricesOf = (markets: AaveV3Markets): readonly PricedAsset[] => {
  const { base, baseUnit, oracle } = markets
  const decimals = baseUnit.toString().length - 1
  const ask = (asset: Address) => ({
    to: oracle,
    data: encodeFunctionData({ abi: aaveV3OracleAbi, functionName: 'getAssetPrice', args: [asset] }),
  })
  const quoted = base ? { quote: BASE } : {}
  return [
    ...(base ? [{ asset: BASE, token: base.asset, symbol: base.symbol, ...base.usd }] : []),
    ...Object.values(markets.reserves).map(({ asset, symbol, price, feeds }) => ({
      asset,
      symbol,
      price,
      decimals,
      ask: ask(asset),
      feeds,
      ...quoted,
    })),
    ...Object.entries(markets.eModes).flatMap(([id, { priceSource, price }]) =>
      priceSource
        ? [
            {
              asset: priceSource,
              symbol: `e-mode ${id}`,
              price,
              decimals,
              ask: ask(priceSource),
              feeds: [],
              ...quoted,
            },
          ]
        : [],
    ),
  ]
}

const totalsOf = (markets: AaveV3Markets): readonly ProtocolTotal[] =>
  Object.values(markets.reserves).flatMap((reserve): readonly ProtocolTotal[] => {
    const { asset, symbol, decimals, price, stableDebtToken, stableDebtTotal } = reserve
    const unit = unitOf(decimals)
    const priced = price !== null && markets.base?.usd.price !== null
    const usd = (amount: bigint, per: bigint) =>
      priced ? usdOf(markets, { amount, price, unit: unit * per }) : null
    const variable = {
      asset,
      symbol,
      total: reserve.scaledDebtTotal,
      usd: usd(reserve.scaledDebtTotal * reserve.debtIndex, RAY),
    }
    if (!stableDebtToken || stableDebtTotal === 0n) return [variable]
    return [
      variable,
      {
        asset: stableDebtToken,
        symbol: `${symbol} at stable rates`,
        total: stableDebtTotal,
        // The token's total is an estimate of its own: it grows at one average rate, while every loan grows at its
        // user's (2 % and 40 % a year part them by 1.8 % in a year), and is cut to zero where the last repayment finds
        // less than it repays (StableDebtToken.burn).
        tolerance: stableDebtTotal / 20n + unit,
        usd: usd(stableDebtTotal, 1n),
      },
    ]
  })
