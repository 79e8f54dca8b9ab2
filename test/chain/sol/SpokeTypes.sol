// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {PremiumDelta} from './HubStandIn.sol';

/// Structs, events and errors of an Aave V4 spoke as ISpokeV4 of the address book publishes them, for SpokeStandIn.sol.
abstract contract SpokeTypes {
  struct Reserve {
    address underlying;
    address hub;
    uint16 assetId;
    uint8 decimals;
    uint24 collateralRisk;
    uint8 flags;
    uint32 dynamicConfigKey;
  }

  struct ReserveConfig {
    uint24 collateralRisk;
    bool paused;
    bool frozen;
    bool borrowable;
    bool receiveSharesEnabled;
  }

  struct DynamicReserveConfig {
    uint16 collateralFactor;
    uint32 maxLiquidationBonus;
    uint16 liquidationFee;
  }

  struct LiquidationConfig {
    uint128 targetHealthFactor;
    uint64 healthFactorForMaxBonus;
    uint16 liquidationBonusFactor;
  }

  struct UserPosition {
    uint120 drawnShares;
    uint120 premiumShares;
    int200 premiumOffsetRay;
    uint120 suppliedShares;
    uint32 dynamicConfigKey;
  }

  struct UserAccountData {
    uint256 riskPremium;
    uint256 avgCollateralFactor;
    uint256 healthFactor;
    uint256 totalCollateralValue;
    uint256 totalDebtValueRay;
    uint256 activeCollateralCount;
    uint256 borrowCount;
  }

  event Supply(uint256 indexed reserveId, address indexed caller, address indexed user, uint256 shares, uint256 amount);
  event Withdraw(uint256 indexed reserveId, address indexed caller, address indexed user, uint256 shares, uint256 amount);
  event Borrow(uint256 indexed reserveId, address indexed caller, address indexed user, uint256 shares, uint256 amount);
  event Repay(uint256 indexed reserveId, address indexed caller, address indexed user, uint256 shares, uint256 amount, PremiumDelta premiumDelta);
  event SetUsingAsCollateral(uint256 indexed reserveId, address indexed caller, address indexed user, bool usingAsCollateral);
  event LiquidationCall(
    uint256 indexed collateralReserveId,
    uint256 indexed debtReserveId,
    address indexed user,
    address liquidator,
    bool receiveShares,
    uint256 debtAmountRestored,
    uint256 drawnSharesLiquidated,
    PremiumDelta premiumDelta,
    uint256 collateralAmountRemoved,
    uint256 collateralSharesLiquidated,
    uint256 collateralSharesToLiquidator
  );
  event ReportDeficit(uint256 indexed reserveId, address indexed user, uint256 drawnShares, PremiumDelta premiumDelta);
  event RefreshAllUserDynamicConfig(address indexed user);
  event RefreshSingleUserDynamicConfig(address indexed user, uint256 reserveId);
  event RefreshPremiumDebt(uint256 indexed reserveId, address indexed user, PremiumDelta premiumDelta);

  error Unauthorized();
  error ReservePaused();
  error ReserveFrozen();
  error ReserveNotSupplied();
  error ReserveNotBorrowed();
  error ReserveNotEnabledAsCollateral();
  error CannotReceiveShares();
  error HealthFactorBelowThreshold();
  error HealthFactorNotBelowThreshold();
  error SelfLiquidation();
}
