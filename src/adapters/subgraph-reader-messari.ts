import { z } from 'zod'
import { divHalfUp, RAY } from '../core/units.ts'
import type { AaveV3Account } from './aave-v3-accounts.ts'
import type { AaveV3Markets, Reserve } from './aave-v3-markets.ts'
import {
  balance,
  byAccount,
  counted,
  eachOnce,
  ofAddress,
  type SubgraphReader,
  wheresIn,
} from './subgraph-reader.ts'

const position = z
  .object({
    account: ofAddress.extend({
      _eMode: z.boolean().nullish(),
      _enabledCollaterals: z.array(ofAddress).nullish(),
    }),
    market: ofAddress,
    side: z.enum(['COLLATERAL', 'BORROWER']),
    type: z.enum(['STABLE', 'VARIABLE', 'FIXED']).nullish(),
    balance,
    principal: balance.nullish(),
    liquidationCount: z.number().int(),
  })
  .transform((row) => ({ ...row, key: row.account.id }))

type Row = z.infer<typeof position>

/** Reserves by their aToken, which is Messari's market. */
const reservesByToken = ({ reserves }: AaveV3Markets): ReadonlyMap<string, readonly [string, Reserve]> =>
  new Map(Object.entries(reserves).map(([id, reserve]) => [reserve.aToken, [id, reserve] as const]))

/**
 * The scaled balance that the subgraph read from the token at the position's last event; null where it has none that
 * may be one. After a liquidation it holds the debt of another token (its market is that of the collateral).
 */
const scaledOf = (
  { principal, balance: held, side, liquidationCount }: Row,
  index: bigint,
): bigint | null => {
  if (principal === null || principal === undefined) return null
  if (side === 'BORROWER' && liquidationCount > 0) return null
  // an index lies between one and what it is now, and the balance between the two products
  const most = divHalfUp(principal * index, RAY, 1n) + 1n
  return principal <= held && held <= most ? principal : null
}

type Reading = {
  readonly account: AaveV3Account
  /** Balances without the interest since the last event, and loans at stable rates. */
  readonly late: number
  readonly stable: number
  readonly inexactDebt: boolean
}

const accountOf = (
  rows: readonly Row[],
  reserves: ReadonlyMap<string, readonly [string, Reserve]>,
): Reading => {
  const collateral: Record<string, bigint> = {}
  const debt: Record<string, bigint> = {}
  const stable: Record<string, NonNullable<AaveV3Account['stable']>[string]> = {}
  const enabled = new Set(
    rows.flatMap(({ account }) => account._enabledCollaterals ?? []).map(({ id }) => id),
  )
  let late = 0
  let inexactDebt = false
  const scaled = (row: Row, index: bigint): bigint => {
    const stored = scaledOf(row, index)
    if (stored === null && row.balance > 0n) {
      late++
      inexactDebt ||= row.side === 'BORROWER'
    }
    return stored ?? divHalfUp(row.balance, index, RAY)
  }
  for (const row of eachOnce(rows, ({ market, side, type }) => `${market.id} ${side} ${type}`)) {
    const found = reserves.get(row.market.id)
    if (!found) continue
    const [id, { incomeIndex, debtIndex, rebasingIndex }] = found
    if (row.side === 'COLLATERAL') {
      if (!enabled.has(row.market.id)) continue
      const held = scaled(row, incomeIndex)
      collateral[id] = rebasingIndex === undefined ? held : (held * RAY) / rebasingIndex
    } else if (row.type === 'STABLE') {
      const principal = row.principal ?? row.balance
      if (principal > 0n) stable[id] = { principal, rate: 0n, since: 0 }
    } else if (row.balance > 0n) debt[id] = scaled(row, debtIndex)
  }
  for (const id of Object.keys(stable)) debt[id] ??= 0n
  const loans = Object.keys(stable).length
  return {
    account: { eMode: 0, collateral, debt, ...(loans > 0 ? { stable } : {}) },
    late,
    stable: loans,
    inexactDebt: inexactDebt || loans > 0,
  }
}

/**
 * Messari's lending schema 3.1 of Aave's family: its position has the token's own scaled balance, which it calls
 * principal, at its last event, and flags as helper fields of the account. A repayment with aTokens leaves the
 * collateral as it was, e-modes are not told, and loans at stable rates lack their rate: never more than approximate.
 * Versions before 3 have other sides, and are refused by the server. Source: messari/subgraphs@2711ac91,
 * subgraphs/aave-forks (schema.graphql: Position, Account; src/helpers.ts: getPrincipal; src/mapping.ts:
 * _handleLiquidate, _handleReserveUsedAsCollateralEnabled).
 */
export const messariAaveReader: SubgraphReader = {
  entity: 'positions',
  fields: [
    'account { id _eMode _enabledCollaterals(first: 1000) { id } } market { id }',
    'side type balance principal liquidationCount',
  ].join(' '),
  wheres: (keys) => wheresIn('account_in', keys, 'hashClosed: null, '),
  read: (raw, given) => {
    const markets = given as AaveV3Markets
    const rows = raw.map((row) => position.parse(row))
    const reserves = reservesByToken(markets)
    const readings = [...byAccount(rows)].map(([key, group]) => [key, accountOf(group, reserves)] as const)
    const sum = (of: (reading: Reading) => number) =>
      readings.reduce((all, [, reading]) => all + of(reading), 0)
    const moded = new Set(rows.filter(({ account }) => account._eMode).map(({ key }) => key)).size
    const late = sum((reading) => reading.late)
    const stable = sum((reading) => reading.stable)
    return {
      states: new Map(readings.map(([key, { account }]) => [key, account])),
      approximate: [
        'what was repaid with aTokens still counts as collateral',
        ...(moded > 0
          ? [
              `${counted(moded, 'account has', 'accounts have')} been in an e-mode, which the schema does not name: valued by the reserves' own thresholds`,
            ]
          : []),
        ...(late > 0
          ? [`${counted(late, 'balance', 'balances')} as of the last event, without the interest since`]
          : []),
        ...(stable > 0
          ? [`${counted(stable, 'loan', 'loans')} at a stable rate, without the interest since`]
          : []),
      ],
      inexactDebts: new Set(readings.flatMap(([key, { inexactDebt }]) => (inexactDebt ? [key] : []))),
    }
  },
  closed: { eMode: 0, collateral: {}, debt: {} } satisfies AaveV3Account,
}
