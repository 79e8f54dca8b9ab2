/**
 * The Aave V4 functions and events that are called or read. Source: @aave-dao/aave-address-book 4.68.1 (ISpokeV4, IHubV4,
 * IAaveOracleV4), with which test/adapters/aave-v4-package.test.ts compares them.
 */
import { parseAbi } from 'viem'

export const aaveV4SpokeAbi = parseAbi([
  'struct Reserve { address underlying; address hub; uint16 assetId; uint8 decimals; uint24 collateralRisk; uint8 flags; uint32 dynamicConfigKey; }',
  'struct ReserveConfig { uint24 collateralRisk; bool paused; bool frozen; bool borrowable; bool receiveSharesEnabled; }',
  'struct DynamicReserveConfig { uint16 collateralFactor; uint32 maxLiquidationBonus; uint16 liquidationFee; }',
  'struct LiquidationConfig { uint128 targetHealthFactor; uint64 healthFactorForMaxBonus; uint16 liquidationBonusFactor; }',
  'struct UserPosition { uint120 drawnShares; uint120 premiumShares; int200 premiumOffsetRay; uint120 suppliedShares; uint32 dynamicConfigKey; }',
  'struct UserAccountData { uint256 riskPremium; uint256 avgCollateralFactor; uint256 healthFactor; uint256 totalCollateralValue; uint256 totalDebtValueRay; uint256 activeCollateralCount; uint256 borrowCount; }',
  'function ORACLE() view returns (address)',
  'function getReserveCount() view returns (uint256)',
  'function getReserve(uint256 reserveId) view returns (Reserve)',
  'function getReserveConfig(uint256 reserveId) view returns (ReserveConfig)',
  'function getDynamicReserveConfig(uint256 reserveId, uint32 dynamicConfigKey) view returns (DynamicReserveConfig)',
  'function getLiquidationConfig() view returns (LiquidationConfig)',
  'function getUserReserveStatus(uint256 reserveId, address user) view returns (bool, bool)',
  'function getUserPosition(uint256 reserveId, address user) view returns (UserPosition)',
  'function getUserAccountData(address user) view returns (UserAccountData)',
])

export const aaveV4HubAbi = parseAbi([
  'struct SpokeConfig { uint40 addCap; uint40 drawCap; uint24 riskPremiumThreshold; bool active; bool halted; }',
  'function getAssetDrawnIndex(uint256 assetId) view returns (uint256)',
  'function getAddedAssets(uint256 assetId) view returns (uint256)',
  'function getAddedShares(uint256 assetId) view returns (uint256)',
  'function previewRemoveByShares(uint256 assetId, uint256 shares) view returns (uint256)',
  'function getSpokeDrawnShares(uint256 assetId, address spoke) view returns (uint256)',
  'function getSpokePremiumRay(uint256 assetId, address spoke) view returns (uint256)',
  'function getSpokeConfig(uint256 assetId, address spoke) view returns (SpokeConfig)',
])

export const aaveV4OracleAbi = parseAbi([
  'function getReservePrice(uint256 reserveId) view returns (uint256)',
  'function getReserveSource(uint256 reserveId) view returns (address)',
])

export const aaveV4EventsAbi = parseAbi([
  'struct PremiumDelta { int256 sharesDelta; int256 offsetRayDelta; uint256 restoredPremiumRay; }',
  'event Borrow(uint256 indexed reserveId, address indexed caller, address indexed user, uint256 drawnShares, uint256 drawnAmount)',
  'event Supply(uint256 indexed reserveId, address indexed caller, address indexed user, uint256 suppliedShares, uint256 suppliedAmount)',
  'event Withdraw(uint256 indexed reserveId, address indexed caller, address indexed user, uint256 withdrawnShares, uint256 withdrawnAmount)',
  'event Repay(uint256 indexed reserveId, address indexed caller, address indexed user, uint256 drawnShares, uint256 totalAmountRepaid, PremiumDelta premiumDelta)',
  'event SetUsingAsCollateral(uint256 indexed reserveId, address indexed caller, address indexed user, bool usingAsCollateral)',
  'event LiquidationCall(uint256 indexed collateralReserveId, uint256 indexed debtReserveId, address indexed user, address liquidator, bool receiveShares, uint256 debtAmountRestored, uint256 drawnSharesLiquidated, PremiumDelta premiumDelta, uint256 collateralAmountRemoved, uint256 collateralSharesLiquidated, uint256 collateralSharesToLiquidator)',
  'event ReportDeficit(uint256 indexed reserveId, address indexed user, uint256 drawnShares, PremiumDelta premiumDelta)',
  'event RefreshAllUserDynamicConfig(address indexed user)',
  'event RefreshSingleUserDynamicConfig(address indexed user, uint256 reserveId)',
  'event RefreshPremiumDebt(uint256 indexed reserveId, address indexed user, PremiumDelta premiumDelta)',
])
