/**
 * The Aave V2 functions and events that are called or read and are not those of V3.
 * Sources: @aave/protocol-v2 1.0.1 (LendingPoolAddressesProvider, LendingPool, AaveOracle), compared with the package by
 * test/adapters/aave-v2-addresses.test.ts; aave/protocol-v2@ce53c4a8 (the AaveOracle of markets whose base is not WETH);
 * bgd-labs/stable-rate-patch@d52994b (LIQUIDATIONS_GRACE_SENTINEL, gracePeriodUntil);
 * lidofinance/aave-asteth-deployment@4a4af1d, verification/AStETH (internalBalanceOf, internalTotalSupply, getPooledEthByShares).
 */
import { parseAbi } from 'viem'

export const aaveV2ProviderAbi = parseAbi([
  'function getLendingPool() view returns (address)',
  'function getPriceOracle() view returns (address)',
  'function getLendingPoolCollateralManager() view returns (address)',
])

export const aaveV2PoolAbi = parseAbi([
  'struct ReserveConfigurationMap { uint256 data; }',
  'struct ReserveData { ReserveConfigurationMap configuration; uint128 liquidityIndex; uint128 variableBorrowIndex; uint128 currentLiquidityRate; uint128 currentVariableBorrowRate; uint128 currentStableBorrowRate; uint40 lastUpdateTimestamp; address aTokenAddress; address stableDebtTokenAddress; address variableDebtTokenAddress; address interestRateStrategyAddress; uint8 id; }',
  'function LENDINGPOOL_REVISION() view returns (uint256)',
  'function paused() view returns (bool)',
  'function getReservesList() view returns (address[])',
  'function getReserveData(address asset) view returns (ReserveData)',
  'function getReserveNormalizedIncome(address asset) view returns (uint256)',
  'function getReserveNormalizedVariableDebt(address asset) view returns (uint256)',
])

export const aaveV2OracleAbi = parseAbi([
  'function getAssetPrice(address asset) view returns (uint256)',
  'function getSourceOfAsset(address asset) view returns (address)',
  'function WETH() view returns (address)',
])

/** The later AaveOracle says itself what its prices are expressed in; the zero address stands for USD. */
export const aaveV2BaseAbi = parseAbi([
  'function BASE_CURRENCY() view returns (address)',
  'function BASE_CURRENCY_UNIT() view returns (uint256)',
])

/** Of the collateral manager and its sentinel, since the end of 2023. */
export const aaveV2GraceAbi = parseAbi([
  'function LIQUIDATIONS_GRACE_SENTINEL() view returns (address)',
  'function gracePeriodUntil(address asset) view returns (uint40)',
])

/** The aToken of stETH stores shares; the index to stETH stands in stETH itself. */
export const aaveV2RebasingAbi = parseAbi([
  'function internalBalanceOf(address user) view returns (uint256)',
  'function internalTotalSupply() view returns (uint256)',
  'function getPooledEthByShares(uint256 shares) view returns (uint256)',
])

export const aaveV2EventsAbi = parseAbi([
  'event Borrow(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint256 borrowRateMode, uint256 borrowRate, uint16 indexed referral)',
  'event Deposit(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint16 indexed referral)',
  'event Withdraw(address indexed reserve, address indexed user, address indexed to, uint256 amount)',
  'event Repay(address indexed reserve, address indexed user, address indexed repayer, uint256 amount)',
  'event Swap(address indexed reserve, address indexed user, uint256 rateMode)',
  'event RebalanceStableBorrowRate(address indexed reserve, address indexed user)',
  'event LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed user, uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken)',
  'event ReserveUsedAsCollateralEnabled(address indexed reserve, address indexed user)',
  'event ReserveUsedAsCollateralDisabled(address indexed reserve, address indexed user)',
  'event BalanceTransfer(address indexed from, address indexed to, uint256 value, uint256 index)',
])
