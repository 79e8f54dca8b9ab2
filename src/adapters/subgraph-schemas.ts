import { getAddress } from 'viem'
import { z } from 'zod'
import type { SchemaName } from '../core/subgraph.ts'
import { address } from './fields.ts'

/** What a subgraph says of one account: its key as the adapter writes it. */
export type ListedAccount = {
  readonly key: string
  /** Debt in the adapter's own units by asset; null where the schema has it as of the account's last event only. */
  readonly debts: Readonly<Record<string, bigint>> | null
}

/** How borrowers are listed in one subgraph schema. Each row is one debt, or one account. */
export type SubgraphSchema = {
  readonly entity: string
  readonly fields: string
  readonly where: string
  /**
   * null for a row of another pool. Pure.
   * @throws ZodError for a row of another shape.
   */
  readonly account: (row: unknown, markets: unknown) => ListedAccount | null
}

const amount = z
  .string()
  .regex(/^-?\d+$/, 'not an integer')
  .transform(BigInt)
const ofAddress = z.object({ id: address })

const userReserve = z.object({
  user: ofAddress,
  reserve: z.object({ underlyingAsset: address }),
  pool: z.object({ pool: address.nullish() }),
  scaledVariableDebt: amount,
})
const aavePool = z.object({ pool: z.string() })

/**
 * Aave's own, both versions. The balances are kept by a half-up division of their own, which may leave a unit where the
 * chain has none: hence a filter for "not 0" instead of "above 0". Source: aave/protocol-subgraphs@975b22e,
 * schemas/v2.schema.graphql and v3.schema.graphql (UserReserve, Pool), src/mapping/tokenization.
 */
const aave: SubgraphSchema = {
  entity: 'userReserves',
  fields: 'user { id } reserve { underlyingAsset } pool { pool } scaledVariableDebt',
  where: 'currentTotalDebt_not: "0"',
  account: (row, markets) => {
    const { user, reserve, pool, scaledVariableDebt } = userReserve.parse(row)
    if (pool.pool && pool.pool !== getAddress(aavePool.parse(markets).pool)) return null
    return { key: user.id, debts: { [reserve.underlyingAsset]: scaledVariableDebt } }
  },
}

const position = z.object({ account: ofAddress, market: z.object({ id: z.string() }) })

/**
 * Messari's for lending, 2.0.1 and 3.x alike: open positions of borrowers. Source: messari/subgraphs@2711ac91,
 * schema-lending.graphql; the same names in morpho-org/morpho-blue-subgraph@b5f8c8c2.
 */
const messari: SubgraphSchema = {
  entity: 'positions',
  fields: 'account { id } market { id }',
  where: 'side: BORROWER, hashClosed: null',
  account: (row) => ({ key: position.parse(row).account.id, debts: null }),
}

const morpho: SubgraphSchema = {
  ...messari,
  account: (row) => {
    const { account, market } = position.parse(row)
    return { key: `${market.id.toLowerCase()}:${account.id}`, debts: null }
  },
}

const trove = z.object({
  troveId: z.string().regex(/^(0x[0-9a-f]+|\d+)$/i, 'not a trove id'),
  collateral: z.object({
    collIndex: z.number().int(),
    addresses: z.object({ troveManager: address }),
  }),
})
const liquityBranches = z.object({ branches: z.record(z.string(), z.object({ troveManager: z.string() })) })

/**
 * Liquity's own for V2, of this system's branches. Source: liquity/bold@405f9122, subgraph/schema.graphql (Trove,
 * TroveStatus, CollateralAddresses).
 */
const liquityV2: SubgraphSchema = {
  entity: 'troves',
  fields: 'troveId collateral { collIndex addresses { troveManager } }',
  where: 'status_not_in: [closed, liquidated]',
  account: (row, markets) => {
    const { troveId, collateral } = trove.parse(row)
    const branch = liquityBranches.parse(markets).branches[collateral.collIndex]
    if (branch?.troveManager !== collateral.addresses.troveManager) return null
    return { key: `${collateral.collIndex}:${BigInt(troveId)}`, debts: null }
  },
}

const schemas: Readonly<Record<SchemaName, SubgraphSchema>> = {
  'aave-v3': aave,
  'aave-v2': aave,
  'liquity-v2': liquityV2,
  messari,
}

/** The schema as it lists the accounts of a protocol. */
export const schemaFor = (name: SchemaName, protocol: string): SubgraphSchema =>
  name === 'messari' && protocol === 'morpho-blue' ? morpho : schemas[name]

/**
 * Chain ids by Messari's name of the network (schema-lending.graphql, enum Network); its manifests have named a chain
 * wrongly before, so that it is held against the chain id.
 */
export const MESSARI_NETWORKS: Readonly<Record<string, number>> = {
  MAINNET: 1,
  ETHEREUM: 1,
  ARBITRUM_ONE: 42161,
  ARBITRUM: 42161,
  AVALANCHE: 43114,
  BASE: 8453,
  BSC: 56,
  MATIC: 137,
  POLYGON: 137,
  OPTIMISM: 10,
}
