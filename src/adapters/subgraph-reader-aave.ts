import { getAddress } from 'viem'
import { z } from 'zod'
import { RAY } from '../core/units.ts'
import type { AaveV3Account } from './aave-v3-accounts.ts'
import type { AaveV3Markets, Reserve } from './aave-v3-markets.ts'
import { address } from './fields.ts'
import {
  balance,
  byAccount,
  counted,
  eachOnce,
  ofAddress,
  type SubgraphReader,
  wheresIn,
} from './subgraph-reader.ts'

const userReserve = z
  .object({
    user: ofAddress.extend({
      eModeCategoryId: z.object({ id: z.string().regex(/^\d+$/, 'not an e-mode') }).nullish(),
    }),
    reserve: z.object({ underlyingAsset: address }),
    pool: z.object({ pool: address.nullish(), lendingPool: address.nullish() }),
    usageAsCollateralEnabledOnUser: z.boolean(),
    scaledATokenBalance: z.string(),
    scaledVariableDebt: balance,
    principalStableDebt: balance,
    stableBorrowRate: balance,
    stableBorrowLastUpdateTimestamp: z.number().int().nonnegative(),
  })
  .transform((row) => ({ ...row, key: row.user.id }))
  // what is no collateral may be below zero: an indexer leaves out what a treasury is given
  .transform((row, context) => {
    const held = row.usageAsCollateralEnabledOnUser ? balance.safeParse(row.scaledATokenBalance) : null
    if (held === null || held.success) return { ...row, held: held?.data ?? null }
    context.addIssue({
      code: 'custom',
      path: ['scaledATokenBalance'],
      message: held.error.issues[0]?.message ?? '',
    })
    return z.NEVER
  })

type Row = z.infer<typeof userReserve>

/** Reserves by their asset, each with the id by which accounts name it. */
const reservesByAsset = ({ reserves }: AaveV3Markets): ReadonlyMap<string, readonly [string, Reserve]> =>
  new Map(Object.entries(reserves).map(([id, reserve]) => [reserve.asset, [id, reserve] as const]))

const isOf = ({ pool }: AaveV3Markets, { pool: said }: Row): boolean => {
  const of = said.pool ?? said.lendingPool
  return !of || of === getAddress(pool)
}

/** Shares of a token that rebases, from the scaled balance as of the account's last event. */
const storedOf = ({ rebasingIndex }: Reserve, scaled: bigint): bigint =>
  rebasingIndex === undefined ? scaled : (scaled * RAY) / rebasingIndex

const accountOf = (
  rows: readonly Row[],
  reserves: ReadonlyMap<string, readonly [string, Reserve]>,
): AaveV3Account => {
  const collateral: Record<string, bigint> = {}
  const debt: Record<string, bigint> = {}
  const stable: Record<string, NonNullable<AaveV3Account['stable']>[string]> = {}
  for (const row of eachOnce(rows, ({ reserve }) => reserve.underlyingAsset)) {
    const found = reserves.get(row.reserve.underlyingAsset)
    if (!found) continue
    const [id, reserve] = found
    if (row.held !== null) collateral[id] = storedOf(reserve, row.held)
    const { scaledVariableDebt, principalStableDebt: principal } = row
    // the chain's own flag: borrowing stands for either kind of debt
    if (scaledVariableDebt > 0n || principal > 0n) debt[id] = scaledVariableDebt
    if (principal > 0n)
      stable[id] = { principal, rate: row.stableBorrowRate, since: row.stableBorrowLastUpdateTimestamp }
  }
  return {
    eMode: Number(rows[0]?.user.eModeCategoryId?.id ?? 0),
    collateral,
    debt,
    ...(Object.keys(stable).length > 0 ? { stable } : {}),
  }
}

/** What the schema cannot say of some accounts. */
const doubtsOf = (
  markets: AaveV3Markets,
  { rows, states }: { readonly rows: readonly Row[]; readonly states: ReadonlyMap<string, AaveV3Account> },
): readonly string[] => {
  const elsewhere = new Set<string>(rows.filter((row) => !isOf(markets, row)).map(({ key }) => key))
  const moded = [...states].filter(([key, { eMode }]) => eMode > 0 && elsewhere.has(key)).length
  const rebasing = Object.entries(markets.reserves).filter(([, one]) => one.rebasingIndex !== undefined)
  const shares = rebasing.flatMap(([id, { symbol }]) => {
    const holders = [...states.values()].filter(({ collateral }) => (collateral[id] ?? 0n) > 0n).length
    return holders === 0
      ? []
      : [
          `${counted(holders, 'account has', 'accounts have')} ${symbol} as of the last event, without its growth since`,
        ]
  })
  const modes = `${counted(moded, 'account uses', 'accounts use')} several pools of the subgraph, which has one e-mode for all`
  return [...shares, ...(moded > 0 ? [modes] : [])]
}

const readerWith = (own: string, pool: string): SubgraphReader => ({
  entity: 'userReserves',
  fields: [
    `user { id ${own} } reserve { underlyingAsset } pool { ${pool} } usageAsCollateralEnabledOnUser`,
    'scaledATokenBalance scaledVariableDebt principalStableDebt stableBorrowRate stableBorrowLastUpdateTimestamp',
  ].join(' '),
  wheres: (keys) => wheresIn('user_in', keys),
  read: (raw, given) => {
    const markets = given as AaveV3Markets
    const rows = raw.map((row) => userReserve.parse(row))
    const reserves = reservesByAsset(markets)
    const here = byAccount(rows.filter((row) => isOf(markets, row)))
    const states = new Map([...here].map(([key, group]) => [key, accountOf(group, reserves)] as const))
    return { states, approximate: doubtsOf(markets, { rows, states }), inexactDebts: new Set() }
  },
  closed: { eMode: 0, collateral: {}, debt: {} } satisfies AaveV3Account,
})

/**
 * Aave's own schemas: scaled balances, flags and e-mode as the chain stores them. Amounts are kept by dividing each
 * event's amount by its index, half up (rayDiv): the contracts' own division up to revision 3.4, while 3.5 and later
 * round in the protocol's favour, which leaves up to one scaled unit an event between the two.
 * Source: aave/protocol-subgraphs@975b22e, schemas/v2.schema.graphql and v3.schema.graphql (UserReserve, User, Pool),
 * src/mapping/tokenization.
 */
export const aaveV3Reader: SubgraphReader = readerWith('eModeCategoryId { id }', 'pool')
export const aaveV2Reader: SubgraphReader = readerWith('', 'lendingPool')
