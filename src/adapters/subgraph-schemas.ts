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
  /** Empty for all of them. */
  readonly where: string
  /** What else to ask for where the markets are known and the subgraph has more than theirs. Pure. */
  readonly within?: (markets: unknown) => string
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
  pool: z.object({ pool: address.nullish(), lendingPool: address.nullish() }),
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
    const of = pool.pool ?? pool.lendingPool
    if (of && of !== getAddress(aavePool.parse(markets).pool)) return null
    return { key: user.id, debts: { [reserve.underlyingAsset]: scaledVariableDebt } }
  },
}

/** The version 2 calls its pool another name. */
const aaveV2: SubgraphSchema = {
  ...aave,
  fields: 'user { id } reserve { underlyingAsset } pool { lendingPool } scaledVariableDebt',
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

/** Of Morpho's markets, those to which the deployment keeps; all where it names none. */
const morphoMarkets = z.object({ only: z.array(z.string()).optional() })

const withinMorpho = (filter: string) => (markets: unknown) => {
  const { only } = morphoMarkets.parse(markets)
  return only ? `${filter}: ${JSON.stringify(only)}` : ''
}

const morphoAccount = (id: string, owner: string, markets: unknown): ListedAccount | null => {
  const market = id.toLowerCase()
  const { only } = morphoMarkets.parse(markets)
  return only && !only.includes(market) ? null : { key: `${market}:${owner}`, debts: null }
}

const morpho: SubgraphSchema = {
  ...messari,
  within: withinMorpho('market_in'),
  account: (row, markets) => {
    const { account, market } = position.parse(row)
    return morphoAccount(market.id, account.id, markets)
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

const cometPosition = z.object({
  account: ofAddress,
  market: z.object({ id: address }),
  accounting: z.object({ basePrincipal: amount }),
})
const cometMarkets = z.object({ comet: address, base: z.object({ asset: z.string() }) })

/**
 * The community's for Compound v3, whose one subgraph has every Comet of its chain. A transfer of base tokens between
 * borrowers leaves no log, and one in a transaction that supplies or withdraws as well is passed over, so that a row may
 * show a lender who has become a borrower: every position of the Comet is listed, whatever its principal. Nobody borrows
 * without collateral, whose logs give each its row. Source: papercliplabs/compound-v3-subgraph@21bb019e, schema.graphql
 * (Position, PositionAccounting), src/mappings/comet.ts (handleTransfer), README (Usage Notes);
 * compound-finance/comet@d5a30b0a, Comet.sol (transferBase).
 */
const comet: SubgraphSchema = {
  entity: 'positions',
  fields: 'account { id } market { id } accounting { basePrincipal }',
  where: '',
  within: (markets) => `market: "${cometMarkets.parse(markets).comet.toLowerCase()}"`,
  account: (row, markets) => {
    const { account, market, accounting } = cometPosition.parse(row)
    const { comet: own, base } = cometMarkets.parse(markets)
    if (market.id !== own) return null
    const { basePrincipal } = accounting
    return { key: account.id, debts: { [base.asset]: basePrincipal < 0n ? -basePrincipal : 0n } }
  },
}

const marketPosition = z.object({
  user: z.object({ address }),
  market: z.object({ marketId: z.string().regex(/^0x[0-9a-f]{64}$/i, 'not a market id') }),
})

/**
 * Morpho's own API, which is GraphQL but no subgraph; it filters by chain and debt by itself. Source:
 * morpho-org/sdks@cdff8c45, packages/liquidity-sdk-viem (src/api/types.ts: MarketPosition, User;
 * graphql/GetMarkets.query.gql: marketId, once uniqueKey).
 */
const morphoApi: SubgraphSchema = {
  entity: 'marketPositions',
  fields: 'user { address } market { marketId }',
  where: '',
  within: withinMorpho('marketUniqueKey_in'),
  account: (row, markets) => {
    const { user, market } = marketPosition.parse(row)
    return morphoAccount(market.marketId, user.address, markets)
  },
}

const schemas: Readonly<Record<SchemaName, SubgraphSchema>> = {
  'aave-v3': aave,
  'aave-v2': aaveV2,
  'liquity-v2': liquityV2,
  comet,
  'morpho-api': morphoApi,
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
