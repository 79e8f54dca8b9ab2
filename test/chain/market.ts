import { type Address, parseAbi } from 'viem'

/** The reserves of every test market, in the order of their reserve ids. */
export const RESERVE_SYMBOLS = ['WETH', 'wstETH', 'WBTC', 'USDC', 'DAI'] as const

export type ReserveSymbol = (typeof RESERVE_SYMBOLS)[number]

export type Reserve = {
  readonly symbol: ReserveSymbol
  readonly asset: Address
  readonly aToken: Address
  readonly variableDebtToken: Address
  readonly feed: Address
  readonly decimals: number
}

/** A deployed Aave V3 market; it looks the same from outside in both versions. */
export type AaveMarket = {
  readonly version: '3.6' | '3.0.2'
  readonly pool: Address
  readonly addressesProvider: Address
  readonly dataProvider: Address
  readonly oracle: Address
  readonly configurator: Address
  /** The block in which the addresses provider was created: no event of the market is older. */
  readonly fromBlock: bigint
  /** Owner of everything, and the liquidity provider. */
  readonly admin: Address
  /** PositionFactory, see positions.ts. */
  readonly factory: Address
  readonly reserves: Readonly<Record<ReserveSymbol, Reserve>>
}

/** Risk parameters in basis points; the bonus includes the 100 %. */
export type RiskParameters = { readonly ltv: bigint; readonly threshold: bigint; readonly bonus: bigint }

export const RESERVE_PARAMETERS: Readonly<
  Record<ReserveSymbol, RiskParameters & { readonly decimals: number }>
> = {
  WETH: { decimals: 18, ltv: 8050n, threshold: 8300n, bonus: 10500n },
  wstETH: { decimals: 18, ltv: 7850n, threshold: 8100n, bonus: 10600n },
  WBTC: { decimals: 8, ltv: 7300n, threshold: 7800n, bonus: 10500n },
  USDC: { decimals: 6, ltv: 7500n, threshold: 7800n, bonus: 10450n },
  DAI: { decimals: 18, ltv: 6300n, threshold: 7700n, bonus: 10500n },
}

/** E-mode 1 of both versions: the members can be collateral and debt in it. */
export const ETH_EMODE: RiskParameters & { readonly id: number; readonly members: readonly ReserveSymbol[] } =
  {
    id: 1,
    ltv: 9300n,
    threshold: 9500n,
    bonus: 10100n,
    members: ['WETH', 'wstETH'],
  }

/** WETH per wstETH when a market opens, 1e18. */
export const WSTETH_RATIO = 12n * 10n ** 17n

/** The part of Aave's Pool that tests call, the same in v3.0.2 and v3.6. */
export const poolAbi = parseAbi([
  'function POOL_REVISION() view returns (uint256)',
  'function ADDRESSES_PROVIDER() view returns (address)',
  'function getReservesList() view returns (address[])',
  'function getUserAccountData(address user) view returns (uint256 totalCollateralBase, uint256 totalDebtBase, uint256 availableBorrowsBase, uint256 currentLiquidationThreshold, uint256 ltv, uint256 healthFactor)',
  'function getUserConfiguration(address user) view returns ((uint256 data))',
  'function getUserEMode(address user) view returns (uint256)',
  'function getConfiguration(address asset) view returns ((uint256 data))',
  'function getReserveNormalizedIncome(address asset) view returns (uint256)',
  'function getReserveNormalizedVariableDebt(address asset) view returns (uint256)',
  'function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)',
  'function withdraw(address asset, uint256 amount, address to) returns (uint256)',
  'function borrow(address asset, uint256 amount, uint256 interestRateMode, uint16 referralCode, address onBehalfOf)',
  'function repay(address asset, uint256 amount, uint256 interestRateMode, address onBehalfOf) returns (uint256)',
  'function setUserUseReserveAsCollateral(address asset, bool useAsCollateral)',
  'function setUserEMode(uint8 categoryId)',
  'function liquidationCall(address collateralAsset, address debtAsset, address user, uint256 debtToCover, bool receiveAToken)',
  'event Borrow(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint8 interestRateMode, uint256 borrowRate, uint16 indexed referralCode)',
  'event UserEModeSet(address indexed user, uint8 categoryId)',
  'event LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed user, uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken)',
])
