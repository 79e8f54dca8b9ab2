import {
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  getAbiItem,
  getAddress,
  type Hex,
  slice,
  toEventSelector,
} from 'viem'
import { z } from 'zod'
import { aaveV4EventsAbi, aaveV4OracleAbi, aaveV4SpokeAbi } from '../../abis/aave-v4.ts'
import { AAVE_V4 } from '../core/cascade/rules.ts'
import { RAY, toNumber, WAD } from '../core/units.ts'
import { type AaveV4Account, readAccounts } from './aave-v4-accounts.ts'
import { aaveV4Deployments } from './aave-v4-deployments.ts'
import {
  blockedReason,
  collateralLegs,
  debtLegs,
  healthLeg,
  nameOf,
  priceKey,
  usdOf,
  usedBy,
  valuedCollateral,
  valuedDebt,
} from './aave-v4-legs.ts'
import { type AaveV4Deployment, type AaveV4Markets, readMarkets } from './aave-v4-markets.ts'
import { healthFactor, PRICE_DECIMALS, premiumRay } from './aave-v4-rules.ts'
import type { Adapter, PriceOf } from './adapter.ts'
import { address } from './fields.ts'

const deploymentSchema = z.strictObject({
  spoke: address,
  fromBlock: z.number().int().nonnegative(),
})

/** By event, which topic names the account whose state it changes: never `caller`, who may be a position manager. */
const ACCOUNT_TOPIC: Readonly<Record<(typeof aaveV4EventsAbi)[number]['name'], number>> = {
  Borrow: 3,
  Supply: 3,
  Withdraw: 3,
  Repay: 3,
  SetUsingAsCollateral: 3,
  LiquidationCall: 3,
  ReportDeficit: 2,
  RefreshAllUserDynamicConfig: 1,
  RefreshSingleUserDynamicConfig: 1,
  RefreshPremiumDebt: 2,
}

const TOPIC_OF: Readonly<Record<Hex, number>> = Object.fromEntries(
  aaveV4EventsAbi.map((event) => [toEventSelector(event), ACCOUNT_TOPIC[event.name]]),
)

const BORROW = toEventSelector(getAbiItem({ abi: aaveV4EventsAbi, name: 'Borrow' }))
const LIQUIDATION = toEventSelector(getAbiItem({ abi: aaveV4EventsAbi, name: 'LiquidationCall' }))

const accountIn = (word: Hex): Address => getAddress(slice(word, 12, 32))

/** What is open for an account and how it is valued, in the protocol's own steps. */
const legsOf = (markets: AaveV4Markets, account: AaveV4Account) => {
  const collateral = collateralLegs(markets, account)
  const debt = debtLegs(markets, account)
  const healthAt = (priceOf: PriceOf): bigint | null =>
    healthFactor(
      collateral.map((leg) => healthLeg(leg, priceOf)),
      debt.map((leg) => healthLeg(leg, priceOf)),
    )
  return { collateral, debt, healthAt }
}

const spotOf = ({ reserves }: AaveV4Markets): PriceOf => {
  const prices = new Map(Object.values(reserves).map((reserve) => [priceKey(reserve), reserve.price]))
  return (asset) => prices.get(asset) ?? 0n
}

/** Why its health cannot be told; null where it can. */
const unpricedReason = (markets: AaveV4Markets, account: AaveV4Account): string | null => {
  const refused = usedBy(markets, account).find(({ price }) => price === null)
  if (refused) return `the oracle of the spoke refuses to price ${nameOf(markets, refused)}`
  const lost = Object.entries(account.collateral).find(
    ([id, { configKey }]) => !markets.reserves[id]?.configs[configKey],
  )
  return lost ? `reserve ${lost[0]} has no parameters under the account's key ${lost[1].configKey}` : null
}

/**
 * Aave V4: one source is one spoke, which holds its users' positions in reserves of one or more hubs. Its logs show no
 * owners who act for one another: whoever acts for a user is a position manager that governance runs for everybody.
 */
export const aaveV4: Adapter<AaveV4Deployment, AaveV4Markets, AaveV4Account> = {
  name: 'aave-v4',
  deployments: aaveV4Deployments,
  checkedAgainst: 'stand-in',

  parseDeployment: (input) => {
    const { spoke, fromBlock } = deploymentSchema.parse(input)
    return { spoke, fromBlock: BigInt(fromBlock) }
  },

  markets: readMarkets,

  async *touched({ logs }, { spoke }, { from, to, known }) {
    const events = known === null ? [BORROW] : (Object.keys(TOPIC_OF) as Hex[])
    for await (const { topics, data } of logs({ address: [spoke], topics: [events] }, from, to)) {
      const [event] = topics
      const user = event && topics[TOPIC_OF[event] ?? 0]
      if (!user) continue
      const key = accountIn(user)
      if (event === BORROW || known?.(key)) yield key
      // whoever takes the collateral as shares gets them without an event of his own
      if (event !== LIQUIDATION) continue
      const liquidator = accountIn(slice(data, 0, 32))
      if (known?.(liquidator)) yield liquidator
    }
  },

  read: (context, markets, keys) => readAccounts(context, markets, keys as Address[]),

  hasDebt: ({ debt }) => Object.values(debt).some(({ drawnShares }) => drawnShares > 0n),

  position: (markets, key, account) => {
    const { collateral, debt, healthAt } = legsOf(markets, account)
    const unpriced = unpricedReason(markets, account)
    const health = unpriced === null ? healthAt(spotOf(markets)) : null
    return {
      id: key,
      owner: key,
      collateral: collateral
        .filter(({ amount }) => amount > 0n)
        .map((leg) => valuedCollateral(markets, leg, health)),
      debt: debt.filter(({ amount }) => amount > 0n).map(valuedDebt),
      healthFactor: health,
      liquidatable: health !== null && health < WAD,
      range: null,
      unpriced,
      blocked: blockedReason(markets, collateral, debt),
    }
  },

  isLiquidatable: (markets, account) => {
    const { healthAt } = legsOf(markets, account)
    const used = usedBy(markets, account)
    return (priceOf) => {
      // the oracle refuses a price of 0, and with it every liquidation
      if (used.some((reserve) => priceOf(priceKey(reserve)) <= 0n)) return false
      const health = healthAt(priceOf)
      return health !== null && health < WAD
    }
  },

  phase: () => null,

  liquidationRule: ({ liquidation }) => ({
    ...AAVE_V4,
    targetHealthFactor: toNumber(liquidation.targetHealthFactor, 18),
  }),

  prices: (markets) =>
    Object.values(markets.reserves).map((reserve) => ({
      asset: priceKey(reserve),
      token: reserve.asset,
      symbol: nameOf(markets, reserve),
      price: reserve.price,
      decimals: PRICE_DECIMALS,
      ask: {
        to: markets.oracle,
        data: encodeFunctionData({
          abi: aaveV4OracleAbi,
          functionName: 'getReservePrice',
          args: [BigInt(reserve.id)],
        }),
      },
      feeds: reserve.feeds,
    })),

  totals: (markets) =>
    Object.values(markets.reserves).flatMap((reserve) => {
      const { drawnShares, drawnIndex, price } = reserve
      const usd = (ray: bigint) => (price === null ? null : usdOf(reserve, ray) / RAY)
      const symbol = nameOf(markets, reserve)
      return [
        { asset: priceKey(reserve), symbol, total: drawnShares, usd: usd(drawnShares * drawnIndex) },
        {
          asset: premiumKey(priceKey(reserve)),
          symbol: `${symbol} premium`,
          total: reserve.premiumRay,
          usd: usd(reserve.premiumRay),
        },
      ]
    }),

  debts: ({ reserves }, { debt }) =>
    Object.fromEntries(
      Object.entries(debt).flatMap(([id, stored]) => {
        const reserve = reserves[id]
        if (!reserve) return []
        const key = priceKey(reserve)
        return [
          [key, stored.drawnShares],
          [premiumKey(key), premiumRay(stored, reserve.drawnIndex)],
        ]
      }),
    ),

  verdict: ({ spoke }, key) => ({
    to: spoke,
    data: encodeFunctionData({
      abi: aaveV4SpokeAbi,
      functionName: 'getUserAccountData',
      args: [key as Address],
    }),
    isLiquidatable: ({ success, data }) => {
      if (!success) return null
      const { healthFactor: health } = decodeFunctionResult({
        abi: aaveV4SpokeAbi,
        functionName: 'getUserAccountData',
        data,
      })
      return health < WAD
    },
  }),

  remarks: (markets) => {
    const odd = Object.values(markets.reserves).filter(({ otherShares }) => otherShares)
    return {
      notes: [],
      gaps: odd.map(
        (reserve) =>
          `the hub of ${nameOf(markets, reserve)} turns supplied shares into tokens by another rule than the one known here: collateral in it is read wrongly, report this`,
      ),
    }
  },
}

const premiumKey = (key: string): string => `${key} premium`
