/**
 * The fields of published subgraph schemas that liqbands asks for, with their types: facts of the sources that each
 * names, and only of these entities.
 */

const SCALARS = 'scalar BigInt scalar BigDecimal scalar Bytes'

/** aave/protocol-subgraphs@975b22e, schemas/v3.schema.graphql. */
const aaveV3 = `
  type Query { userReserves: [UserReserve!]! }
  type Pool { id: ID! pool: Bytes }
  type Reserve { id: ID! underlyingAsset: Bytes! pool: Pool! }
  type EModeCategory { id: ID! ltv: BigInt! }
  type User { id: ID! borrowedReservesCount: Int! eModeCategoryId: EModeCategory }
  type UserReserve {
    id: ID! pool: Pool! reserve: Reserve! user: User! usageAsCollateralEnabledOnUser: Boolean!
    scaledATokenBalance: BigInt! currentATokenBalance: BigInt! scaledVariableDebt: BigInt! principalStableDebt: BigInt!
    currentTotalDebt: BigInt! stableBorrowRate: BigInt! stableBorrowLastUpdateTimestamp: Int!
  }`

/** The same, schemas/v2.schema.graphql. */
const aaveV2 = `
  type Query { userReserves: [UserReserve!]! }
  type Pool { id: ID! lendingPool: Bytes }
  type Reserve { id: ID! underlyingAsset: Bytes! pool: Pool! }
  type User { id: ID! borrowedReservesCount: Int! }
  type UserReserve {
    id: ID! pool: Pool! reserve: Reserve! user: User! usageAsCollateralEnabledOnUser: Boolean!
    scaledATokenBalance: BigInt! currentATokenBalance: BigInt! scaledVariableDebt: BigInt! principalStableDebt: BigInt!
    currentTotalDebt: BigInt! stableBorrowRate: BigInt! stableBorrowLastUpdateTimestamp: Int!
  }`

/** liquity/bold@405f9122, subgraph/schema.graphql. */
const liquityV2 = `
  type Query { troves: [Trove!]! }
  type Collateral { id: ID! collIndex: Int! minCollRatio: BigInt! addresses: CollateralAddresses! }
  type CollateralAddresses { id: ID! troveManager: Bytes! troveNft: Bytes! }
  enum TroveStatus { active closed liquidated redeemed }
  type InterestBatch {
    id: ID! batchManager: Bytes! debt: BigInt! annualInterestRate: BigInt! annualManagementFee: BigInt! updatedAt: BigInt!
  }
  type Trove {
    id: ID! borrower: Bytes! collateral: Collateral! status: TroveStatus! updatedAt: BigInt! debt: BigInt!
    deposit: BigInt! interestBatch: InterestBatch interestRate: BigInt! stake: BigInt! troveId: String!
  }`

/** papercliplabs/compound-v3-subgraph@21bb019e, schema.graphql; arguments as graph-node gives them to lists. */
const comet = `
  type Query { positions: [Position!]! }
  type Market { id: Bytes! cometProxy: Bytes! }
  type Account { id: Bytes! address: Bytes! }
  type Token { id: Bytes! address: Bytes! }
  type CollateralToken { id: Bytes! market: Market! token: Token! }
  type PositionCollateralBalance { id: Bytes! collateralToken: CollateralToken! balance: BigInt! }
  type PositionAccounting {
    id: Bytes! basePrincipal: BigInt! baseBalance: BigInt!
    collateralBalances(first: Int): [PositionCollateralBalance!]!
  }
  type Position { id: Bytes! market: Market! account: Account! accounting: PositionAccounting! }`

/** messari/subgraphs@2711ac91, subgraphs/aave-forks/schema.graphql (version 3.1.0). */
const messari = `
  type Query { positions: [Position!]! }
  enum PositionSide { COLLATERAL BORROWER }
  enum InterestRateType { STABLE VARIABLE FIXED }
  type Token { id: Bytes! }
  type Market { id: Bytes! inputToken: Token! outputToken: Token }
  type Account { id: Bytes! _enabledCollaterals(first: Int): [Market!] _eMode: Boolean }
  type Position {
    id: ID! account: Account! market: Market! asset: Token! hashClosed: Bytes side: PositionSide!
    type: InterestRateType isCollateral: Boolean balance: BigInt! principal: BigInt liquidationCount: Int!
  }`

export const PUBLISHED = {
  'aave-v3': `${SCALARS} ${aaveV3}`,
  'aave-v2': `${SCALARS} ${aaveV2}`,
  'liquity-v2': `${SCALARS} ${liquityV2}`,
  comet: `${SCALARS} ${comet}`,
  messari: `${SCALARS} ${messari}`,
} as const
