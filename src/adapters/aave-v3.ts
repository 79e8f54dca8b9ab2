import {
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  getAddress,
  type Hex,
  isAddress,
  toEventSelector,
} from 'viem'
import { z } from 'zod'
import { aaveV3EventsAbi, aaveV3OracleAbi, aaveV3PoolAbi } from '../../abis/aave-v3.ts'
import { AAVE, AAVE_BEFORE_33 } from '../core/cascade/rules.ts'
import type { Leg, Position } from '../core/position.ts'
import { RAY, toNumber, unitOf, WAD } from '../core/units.ts'
import { type AaveV3Account, readAccounts } from './aave-v3-accounts.ts'
import { aaveV3Deployments } from './aave-v3-deployments.ts'
import { type AaveV3Markets, type EMode, type Reserve, readMarkets } from './aave-v3-markets.ts'
import {
  averageThreshold,
  BPS,
  balanceOf,
  type HealthLeg,
  healthFactor,
  NEWEST_KNOWN_REVISION,
  rulesOf,
} from './aave-v3-rules.ts'
import type { Adapter, PriceOf } from './adapter.ts'

type Deployment = {
  readonly poolAddressesProvider: Address
  /** Where the address is published: held against what the provider says. */
  readonly pool: Address | null
  readonly fromBlock: bigint
}

const address = z
  .string()
  .refine((text) => isAddress(text), 'not an address')
  .transform((text) => getAddress(text))

const deploymentSchema = z.strictObject({
  poolAddressesProvider: address,
  pool: address.optional(),
  fromBlock: z.number().int().nonnegative(),
})

const topicOf = (name: string): Hex => {
  const event = aaveV3EventsAbi.find((item) => item.name === name)
  if (!event) throw new Error(`no event ${name} in the ABI`)
  return toEventSelector(event)
}

const BORROW = topicOf('Borrow')

/** By event, which topics name an account whose state it changes. Only borrowers are followed. */
const ACCOUNT_TOPICS: Readonly<Record<Hex, readonly number[]>> = {
  [BORROW]: [2],
  [topicOf('Supply')]: [2],
  [topicOf('Withdraw')]: [2],
  [topicOf('Repay')]: [2],
  [topicOf('LiquidationCall')]: [3],
  [topicOf('ReserveUsedAsCollateralEnabled')]: [2],
  [topicOf('ReserveUsedAsCollateralDisabled')]: [2],
  [topicOf('UserEModeSet')]: [1],
  [topicOf('SwapBorrowRateMode')]: [2],
  [topicOf('DeficitCreated')]: [1],
  [topicOf('BalanceTransfer')]: [1, 2],
}

/** Where a leg takes its price: the reserve's own, or the category's shared source (revisions up to 3.1). */
const pricedAs = (markets: AaveV3Markets, account: AaveV3Account, reserve: Reserve): Address => {
  const eMode = sharedPrice(markets, account)
  return eMode && account.eMode === reserve.eModeCategory && eMode.price !== 0n
    ? eMode.priceSource
    : reserve.asset
}

/** The price source that the account's e-mode has of its own (revisions up to 3.1). */
const sharedPrice = (
  markets: AaveV3Markets,
  account: AaveV3Account,
): { readonly priceSource: Address; readonly price: bigint | null } | null => {
  const { priceSource = null, price = null } = markets.eModes[account.eMode] ?? {}
  return rulesOf(markets.revision).eMode === 'category' && priceSource !== null
    ? { priceSource, price }
    : null
}

/** Why the protocol cannot value it: it asks the price of every flagged reserve, whatever lies there. */
const unpricedReason = (markets: AaveV3Markets, account: AaveV3Account): string | null => {
  if (sharedPrice(markets, account)?.price === null)
    return `the oracle refuses to price e-mode ${account.eMode}`
  const missing = [...Object.keys(account.collateral), ...Object.keys(account.debt)]
    .flatMap((id) => markets.reserves[id] ?? [])
    .find((reserve) => spotPrice(markets, pricedAs(markets, account, reserve)) === null)
  return missing ? `the oracle refuses to price ${missing.symbol}` : null
}

/** Whose threshold and bonus a collateral has: the account's e-mode where that covers it, else the reserve's own. */
const termsOf = (markets: AaveV3Markets, account: AaveV3Account, reserve: Reserve): EMode | Reserve => {
  const eMode = markets.eModes[account.eMode]
  const inside =
    rulesOf(markets.revision).eMode === 'bitmap'
      ? eMode && ((eMode.collateralBitmap >> BigInt(reserve.id)) & 1n) === 1n
      : account.eMode === reserve.eModeCategory
  return eMode && inside ? eMode : reserve
}

const thresholdOf = (markets: AaveV3Markets, account: AaveV3Account, reserve: Reserve): bigint =>
  rulesOf(markets.revision).skipZeroThreshold && reserve.liquidationThreshold === 0n
    ? 0n
    : termsOf(markets, account, reserve).liquidationThreshold

/** In basis points over 100 %. */
const bonusOf = (markets: AaveV3Markets, account: AaveV3Account, reserve: Reserve): bigint | null => {
  const { liquidationBonus = 0n } = termsOf(markets, account, reserve)
  return liquidationBonus >= BPS ? liquidationBonus - BPS : null
}

/** A leg before it is priced: everything that no price changes. */
type Unpriced = {
  readonly reserve: Reserve
  readonly amount: bigint
  readonly threshold: bigint
  readonly bonus: bigint | null
  readonly pricedAs: Address
}

const legsOf = (
  markets: AaveV3Markets,
  account: AaveV3Account,
  side: 'collateral' | 'debt',
): readonly Unpriced[] => {
  const rules = rulesOf(markets.revision)
  return Object.entries(account[side]).flatMap(([id, scaled]) => {
    const reserve = markets.reserves[id]
    // a flag may stand over nothing: a loan at the stable rate only
    if (!reserve || scaled === 0n) return []
    const threshold = side === 'debt' ? BPS : thresholdOf(markets, account, reserve)
    if (side === 'collateral' && rules.skipZeroThreshold && threshold === 0n) return []
    const index = side === 'collateral' ? reserve.incomeIndex : reserve.debtIndex
    const amount = balanceOf(rules, scaled, index, side)
    const bonus = side === 'debt' ? null : bonusOf(markets, account, reserve)
    return [{ reserve, amount, threshold, bonus, pricedAs: pricedAs(markets, account, reserve) }]
  })
}

const healthLeg = ({ reserve, amount, threshold, pricedAs }: Unpriced, priceOf: PriceOf): HealthLeg => ({
  amount,
  threshold,
  price: priceOf(pricedAs),
  unit: unitOf(reserve.decimals),
})

/** Every price of a market by the key under which legs name it. */
const priceTable = (markets: AaveV3Markets): ReadonlyMap<string, bigint | null> =>
  new Map([
    ...Object.values(markets.reserves).map(({ asset, price }) => [asset, price] as const),
    ...Object.values(markets.eModes).flatMap(({ priceSource, price }) =>
      priceSource ? [[priceSource, price] as const] : [],
    ),
  ])

const tables = new WeakMap<AaveV3Markets, ReadonlyMap<string, bigint | null>>()
const spotPrice = (markets: AaveV3Markets, asset: string): bigint | null => {
  let table = tables.get(markets)
  if (!table) {
    table = priceTable(markets)
    tables.set(markets, table)
  }
  return table.get(asset) ?? null
}

const valued = (markets: AaveV3Markets, leg: Unpriced): Leg => {
  const { reserve, amount, threshold, bonus, pricedAs } = leg
  const price = spotPrice(markets, pricedAs) ?? 0n
  return {
    asset: reserve.asset,
    pricedAs,
    symbol: reserve.symbol,
    decimals: reserve.decimals,
    amount,
    usd: (amount * price * WAD) / (unitOf(reserve.decimals) * markets.baseUnit),
    threshold: (threshold * WAD) / BPS,
    bonus: bonus === null ? null : (bonus * WAD) / BPS,
  }
}

/** Why nobody could liquidate it now: no pair of collateral and debt is open for it. */
const blockedReason = (
  markets: AaveV3Markets,
  collateral: readonly Unpriced[],
  debt: readonly Unpriced[],
): string | null => {
  const closed = ({ reserve }: Unpriced): string | null => {
    if (!reserve.active) return `${reserve.symbol} is not active`
    if (reserve.paused) return `${reserve.symbol} is paused`
    if (reserve.graceUntil >= markets.timestamp) return `${reserve.symbol} is in its grace period`
    return null
  }
  for (const side of [collateral, debt]) {
    const reasons = side.map(closed)
    if (side.length > 0 && reasons.every((reason) => reason !== null)) return reasons.join(', ')
  }
  return null
}

/** Aave V3, revisions 3.0 … 3.7: one Pool, one AaveOracle, one account an address. */
export const aaveV3: Adapter<Deployment, AaveV3Markets, AaveV3Account> = {
  name: 'aave-v3',
  deployments: aaveV3Deployments,
  checkedAgainst: 'contract',

  parseDeployment: (input) => {
    const { poolAddressesProvider, pool = null, fromBlock } = deploymentSchema.parse(input)
    return { poolAddressesProvider, pool, fromBlock: BigInt(fromBlock) }
  },

  markets: readMarkets,

  async *touched({ logs }, markets, { from, to, known }) {
    const filter =
      known === null
        ? { address: [markets.pool], topics: [[BORROW]] }
        : {
            address: [markets.pool, ...Object.values(markets.reserves).map(({ aToken }) => aToken)],
            topics: [Object.keys(ACCOUNT_TOPICS) as Hex[]],
          }
    for await (const { topics } of logs(filter, from, to)) {
      const [event] = topics
      if (!event) continue
      for (const index of ACCOUNT_TOPICS[event] ?? []) {
        const account = topics[index]
        if (!account) continue
        const key = getAddress(`0x${account.slice(26)}`)
        if (event === BORROW || known?.(key)) yield key
      }
    }
  },

  read: (context, markets, keys) => readAccounts(context, markets, keys as Address[]),

  hasDebt: (account) => Object.values(account.debt).some((scaled) => scaled > 0n),

  position: (markets, key, account): Position => {
    const collateral = legsOf(markets, account, 'collateral')
    const debt = legsOf(markets, account, 'debt')
    const unpriced = unpricedReason(markets, account)
    const priceOf: PriceOf = (asset) => spotPrice(markets, asset) ?? 0n
    const health =
      unpriced === null
        ? healthFactor(
            rulesOf(markets.revision),
            collateral.map((leg) => healthLeg(leg, priceOf)),
            debt.map((leg) => healthLeg(leg, priceOf)),
          )
        : null
    return {
      id: key,
      owner: key,
      collateral: collateral.map((leg) => valued(markets, leg)),
      debt: debt.map((leg) => valued(markets, leg)),
      healthFactor: health,
      liquidatable: health !== null && health < WAD,
      range: null,
      unpriced,
      blocked: blockedReason(markets, collateral, debt),
    }
  },

  isLiquidatable: (markets, account) => {
    const rules = rulesOf(markets.revision)
    const collateral = legsOf(markets, account, 'collateral')
    const debt = legsOf(markets, account, 'debt')
    return (priceOf) => {
      const health = healthFactor(
        rules,
        collateral.map((leg) => healthLeg(leg, priceOf)),
        debt.map((leg) => healthLeg(leg, priceOf)),
      )
      return health !== null && health < WAD
    }
  },

  phase: (markets, account) => {
    if (rulesOf(markets.revision).rounding === 'floor-ceil') return null
    const collateral = legsOf(markets, account, 'collateral')
    if (new Set(collateral.map(({ threshold }) => threshold)).size < 2) return null
    return (priceOf) => averageThreshold(collateral.map((leg) => healthLeg(leg, priceOf))).average
  },

  liquidationRule: ({ revision }) => (rulesOf(revision).halfOfAllDebt ? AAVE : AAVE_BEFORE_33),

  prices: (markets) => {
    const decimals = markets.baseUnit.toString().length - 1
    const ask = (asset: Address) => ({
      to: markets.oracle,
      data: encodeFunctionData({ abi: aaveV3OracleAbi, functionName: 'getAssetPrice', args: [asset] }),
    })
    return [
      ...Object.values(markets.reserves).map(({ asset, symbol, price, feeds }) => ({
        asset,
        symbol,
        price,
        decimals,
        ask: ask(asset),
        feeds,
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
              },
            ]
          : [],
      ),
    ]
  },

  totals: (markets) =>
    Object.values(markets.reserves).map(({ asset, symbol, decimals, price, debtIndex, scaledDebtTotal }) => ({
      asset,
      symbol,
      total: scaledDebtTotal,
      usd:
        price === null
          ? null
          : (scaledDebtTotal * debtIndex * price * WAD) / (RAY * unitOf(decimals) * markets.baseUnit),
    })),

  debts: (markets, account) =>
    Object.fromEntries(
      Object.entries(account.debt).flatMap(([id, scaled]) => {
        const reserve = markets.reserves[id]
        return reserve ? [[reserve.asset, scaled] as const] : []
      }),
    ),

  verdict: (markets, key) => ({
    to: markets.pool,
    data: encodeFunctionData({
      abi: aaveV3PoolAbi,
      functionName: 'getUserAccountData',
      args: [key as Address],
    }),
    isLiquidatable: (answer) => {
      const [, , , , , health] = decodeFunctionResult({
        abi: aaveV3PoolAbi,
        functionName: 'getUserAccountData',
        data: answer,
      })
      return health < WAD
    },
  }),

  remarks: (markets) => {
    const stable = Object.values(markets.reserves).filter(({ stableDebtTotal }) => stableDebtTotal > 0n)
    return {
      notes:
        markets.revision > NEWEST_KNOWN_REVISION
          ? [
              `Pool revision ${markets.revision} is newer than ${NEWEST_KNOWN_REVISION}, the newest one known here: read by the rules of ${NEWEST_KNOWN_REVISION}`,
            ]
          : [],
      gaps: stable.map(
        ({ symbol, stableDebtTotal, decimals }) =>
          `${toNumber(stableDebtTotal, decimals)} ${symbol} of stable-rate debt is not read`,
      ),
    }
  },
}
