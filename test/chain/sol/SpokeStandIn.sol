// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Math} from 'openzeppelin-contracts/contracts/utils/math/Math.sol';
import {HubStandIn, IToken, PremiumDelta, RAY} from './HubStandIn.sol';
import {SpokeOracleStandIn} from './SpokeOracleStandIn.sol';
import {SpokeTypes} from './SpokeTypes.sol';

/// STAND-IN, not Aave's contract: the published interface of an Aave V4 spoke (ISpokeV4 of the address book) and its
/// published rules (protocols.md §2), written for these tests, because no npm package holds the real one. Same integer
/// arithmetic for shares, premium, risk premium, health and the size of a liquidation. Left out: access control, caps,
/// signatures, fees, and the dust rule for collateral.
contract SpokeStandIn is SpokeTypes {
  /// What a liquidation is about to move.
  struct Seizure {
    uint256 price;
    uint256 debtPrice;
    uint256 bonus;
    uint256 shares;
    uint256 drawnShares;
    uint256 premiumRay;
  }

  uint256 private constant BPS = 1e4;
  uint256 private constant WAD = 1e18;

  SpokeOracleStandIn public immutable ORACLE;
  uint256 public getReserveCount;
  LiquidationConfig private liquidation;
  mapping(uint256 => Reserve) private reserves;
  mapping(uint256 => ReserveConfig) private configs;
  mapping(uint256 => mapping(uint32 => DynamicReserveConfig)) private dynamicConfigs;
  mapping(address => mapping(uint256 => UserPosition)) private positions;
  mapping(address => mapping(uint256 => bool)) private isCollateral;
  mapping(address => mapping(uint256 => bool)) private isBorrowing;
  mapping(address => uint256) public getUserLastRiskPremium;
  mapping(address => bool) public isPositionManagerActive;
  mapping(address => mapping(address => bool)) private approvals;

  modifier onlyPositionManager(address user) {
    if (user != msg.sender && !(isPositionManagerActive[msg.sender] && approvals[user][msg.sender])) revert Unauthorized();
    _;
  }

  constructor() {
    ORACLE = new SpokeOracleStandIn();
  }

  function updateLiquidationConfig(LiquidationConfig calldata config) external {
    liquidation = config;
  }

  function addReserve(
    address hub,
    uint256 assetId,
    address priceSource,
    ReserveConfig calldata config,
    DynamicReserveConfig calldata dynamicConfig
  ) external {
    uint256 id = getReserveCount++;
    (address underlying, uint8 decimals) = HubStandIn(hub).getAssetUnderlyingAndDecimals(assetId);
    reserves[id] = Reserve(underlying, hub, uint16(assetId), decimals, config.collateralRisk, 0, 0);
    configs[id] = config;
    dynamicConfigs[id][0] = dynamicConfig;
    ORACLE.setReserveSource(id, priceSource);
  }

  function updateReserveConfig(uint256 id, ReserveConfig calldata config) external {
    configs[id] = config;
    reserves[id].collateralRisk = config.collateralRisk;
  }

  function updateReservePriceSource(uint256 id, address priceSource) external {
    ORACLE.setReserveSource(id, priceSource);
  }

  function addDynamicReserveConfig(uint256 id, DynamicReserveConfig calldata config) external {
    dynamicConfigs[id][++reserves[id].dynamicConfigKey] = config;
  }

  function updateDynamicReserveConfig(uint256 id, uint32 key, DynamicReserveConfig calldata config) external {
    dynamicConfigs[id][key] = config;
  }

  function updatePositionManager(address manager, bool active) external {
    isPositionManagerActive[manager] = active;
  }

  function setUserPositionManager(address manager, bool approve) external {
    approvals[msg.sender][manager] = approve;
  }

  function supply(uint256 id, uint256 amount, address user) external onlyPositionManager(user) {
    Reserve storage reserve = reserves[id];
    if (configs[id].paused) revert ReservePaused();
    if (configs[id].frozen) revert ReserveFrozen();
    IToken(reserve.underlying).transferFrom(msg.sender, reserve.hub, amount);
    uint256 shares = HubStandIn(reserve.hub).add(reserve.assetId, amount);
    positions[user][id].suppliedShares += uint120(shares);
    emit Supply(id, msg.sender, user, shares, amount);
  }

  function withdraw(uint256 id, uint256 amount, address user) external onlyPositionManager(user) {
    Reserve storage reserve = reserves[id];
    if (configs[id].paused) revert ReservePaused();
    HubStandIn hub = HubStandIn(reserve.hub);
    uint256 most = hub.previewRemoveByShares(reserve.assetId, positions[user][id].suppliedShares);
    if (amount > most) amount = most;
    uint256 shares = hub.remove(reserve.assetId, amount, msg.sender);
    positions[user][id].suppliedShares -= uint120(shares);
    if (isCollateral[user][id]) refreshAll(user);
    emit Withdraw(id, msg.sender, user, shares, amount);
  }

  function borrow(uint256 id, uint256 amount, address user) external onlyPositionManager(user) {
    Reserve storage reserve = reserves[id];
    if (configs[id].paused) revert ReservePaused();
    uint256 shares = HubStandIn(reserve.hub).draw(reserve.assetId, amount, msg.sender);
    positions[user][id].drawnShares += uint120(shares);
    isBorrowing[user][id] = true;
    refreshAll(user);
    emit Borrow(id, msg.sender, user, shares, amount);
  }

  function repay(uint256 id, uint256 amount, address user) external onlyPositionManager(user) {
    if (configs[id].paused) revert ReservePaused();
    uint256 index = indexOf(id);
    UserPosition memory position = positions[user][id];
    uint256 drawn = divUp(position.drawnShares * index, RAY);
    uint256 premiumRay = premiumOf(position, index);
    uint256 premium = divUp(premiumRay, RAY);
    if (amount < premium) {
      premiumRay = amount * RAY;
      drawn = 0;
    } else if (amount < drawn + premium) drawn = amount - premium;
    uint256 shares = (drawn * RAY) / index;
    PremiumDelta memory delta = settle(id, user, shares, drawn, premiumRay);
    emit Repay(id, msg.sender, user, shares, drawn + divUp(premiumRay, RAY), delta);
  }

  function setUsingAsCollateral(uint256 id, bool use, address user) external onlyPositionManager(user) {
    if (isCollateral[user][id] == use) return;
    if (configs[id].paused) revert ReservePaused();
    isCollateral[user][id] = use;
    if (use) {
      positions[user][id].dynamicConfigKey = reserves[id].dynamicConfigKey;
      emit RefreshSingleUserDynamicConfig(user, id);
    } else refreshAll(user);
    emit SetUsingAsCollateral(id, msg.sender, user, use);
  }

  function updateUserRiskPremium(address user) external onlyPositionManager(user) {
    refreshPremium(user, getUserAccountData(user).riskPremium);
  }

  function updateUserDynamicConfig(address user) external onlyPositionManager(user) {
    refreshAll(user);
  }

  function liquidationCall(uint256 id, uint256 debtId, address user, uint256 debtToCover, bool receiveShares) external {
    UserAccountData memory data = getUserAccountData(user);
    UserPosition memory held = positions[user][id];
    if (user == msg.sender) revert SelfLiquidation();
    if (configs[id].paused || configs[debtId].paused) revert ReservePaused();
    if (held.suppliedShares == 0) revert ReserveNotSupplied();
    if (positions[user][debtId].drawnShares == 0) revert ReserveNotBorrowed();
    if (data.healthFactor >= WAD) revert HealthFactorNotBelowThreshold();
    if (dynamicConfigs[id][held.dynamicConfigKey].collateralFactor == 0 || !isCollateral[user][id])
      revert ReserveNotEnabledAsCollateral();
    if (receiveShares && (configs[id].frozen || !configs[id].receiveSharesEnabled)) revert CannotReceiveShares();
    Seizure memory seizure = sizeOf(id, debtId, user, debtToCover, data);
    positions[user][id].suppliedShares -= uint120(seizure.shares);
    uint256 amount = seize(id, seizure.shares, receiveShares);
    uint256 drawn = divUp(seizure.drawnShares * indexOf(debtId), RAY);
    PremiumDelta memory delta = settle(debtId, user, seizure.drawnShares, drawn, seizure.premiumRay);
    emit LiquidationCall(
      id,
      debtId,
      user,
      msg.sender,
      receiveShares,
      drawn + divUp(seizure.premiumRay, RAY),
      seizure.drawnShares,
      delta,
      amount,
      seizure.shares,
      seizure.shares
    );
    bool emptied = positions[user][id].suppliedShares == 0 && data.activeCollateralCount == 1;
    if (emptied && getUserAccountData(user).borrowCount > 0) reportDeficit(user);
    else refreshPremium(user, getUserAccountData(user).riskPremium);
  }

  function getReserve(uint256 id) external view returns (Reserve memory) {
    return reserves[id];
  }

  function getReserveConfig(uint256 id) external view returns (ReserveConfig memory) {
    return configs[id];
  }

  function getDynamicReserveConfig(uint256 id, uint32 key) external view returns (DynamicReserveConfig memory) {
    return dynamicConfigs[id][key];
  }

  function getLiquidationConfig() external view returns (LiquidationConfig memory) {
    return liquidation;
  }

  function getUserReserveStatus(uint256 id, address user) external view returns (bool, bool) {
    return (isCollateral[user][id], isBorrowing[user][id]);
  }

  function getUserPosition(uint256 id, address user) external view returns (UserPosition memory) {
    return positions[user][id];
  }

  function getLiquidationBonus(uint256 id, address user, uint256 health) public view returns (uint256) {
    uint256 most = dynamicConfigs[id][positions[user][id].dynamicConfigKey].maxLiquidationBonus;
    if (health <= liquidation.healthFactorForMaxBonus) return most;
    uint256 least = ((most - BPS) * liquidation.liquidationBonusFactor) / BPS + BPS;
    return least + ((most - least) * (WAD - health)) / (WAD - liquidation.healthFactorForMaxBonus);
  }

  /// Health and risk premium by the user's own keys. The premium is the average risk of the collateral, taken from the
  /// least risky up, until the debt is covered.
  function getUserAccountData(address user) public view returns (UserAccountData memory data) {
    uint256 count = getReserveCount;
    uint256[] memory values = new uint256[](count);
    for (uint256 id; id < count; id++) {
      if (!isCollateral[user][id] && !isBorrowing[user][id]) continue;
      uint256 price = ORACLE.getReservePrice(id) * 10 ** (18 - reserves[id].decimals);
      UserPosition memory position = positions[user][id];
      uint256 factor = dynamicConfigs[id][position.dynamicConfigKey].collateralFactor;
      if (isCollateral[user][id] && factor > 0 && position.suppliedShares > 0) {
        values[id] = assetsOf(id, position.suppliedShares) * price;
        data.totalCollateralValue += values[id];
        data.avgCollateralFactor += factor * values[id];
        data.activeCollateralCount++;
      }
      if (isBorrowing[user][id]) {
        uint256 index = indexOf(id);
        data.totalDebtValueRay += (position.drawnShares * index + premiumOf(position, index)) * price;
        data.borrowCount++;
      }
    }
    data.healthFactor = data.totalDebtValueRay == 0
      ? type(uint256).max
      : Math.mulDiv(data.avgCollateralFactor * (WAD / BPS), RAY, data.totalDebtValueRay);
    if (data.totalCollateralValue > 0)
      data.avgCollateralFactor = (data.avgCollateralFactor * (WAD / BPS)) / data.totalCollateralValue;
    data.riskPremium = riskPremiumOf(values, divUp(data.totalDebtValueRay, RAY));
  }

  function riskPremiumOf(uint256[] memory values, uint256 debt) private view returns (uint256 premium) {
    uint256 left = debt;
    while (left > 0) {
      uint256 best = type(uint256).max;
      for (uint256 id; id < values.length; id++)
        if (values[id] > 0 && (best == type(uint256).max || reserves[id].collateralRisk < reserves[best].collateralRisk))
          best = id;
      if (best == type(uint256).max) break;
      uint256 covered = values[best] < left ? values[best] : left;
      premium += covered * reserves[best].collateralRisk;
      left -= covered;
      values[best] = 0;
    }
    if (left < debt) premium = divUp(premium, debt - left);
  }

  function refreshAll(address user) private {
    for (uint256 id; id < getReserveCount; id++)
      if (isCollateral[user][id]) positions[user][id].dynamicConfigKey = reserves[id].dynamicConfigKey;
    emit RefreshAllUserDynamicConfig(user);
    UserAccountData memory data = getUserAccountData(user);
    if (data.healthFactor < WAD) revert HealthFactorBelowThreshold();
    refreshPremium(user, data.riskPremium);
  }

  function refreshPremium(address user, uint256 premium) private {
    if (premium == 0 && getUserLastRiskPremium[user] == 0) return;
    getUserLastRiskPremium[user] = premium;
    for (uint256 id; id < getReserveCount; id++) {
      if (!isBorrowing[user][id]) continue;
      PremiumDelta memory delta = deltaOf(id, user, 0, premium, 0);
      HubStandIn(reserves[id].hub).refreshPremium(reserves[id].assetId, delta);
      apply_(id, user, delta);
      emit RefreshPremiumDebt(id, user, delta);
    }
  }

  function reportDeficit(address user) private {
    getUserLastRiskPremium[user] = 0;
    for (uint256 id; id < getReserveCount; id++) {
      if (!isBorrowing[user][id]) continue;
      UserPosition memory position = positions[user][id];
      PremiumDelta memory delta = deltaOf(id, user, position.drawnShares, 0, premiumOf(position, indexOf(id)));
      HubStandIn(reserves[id].hub).reportDeficit(reserves[id].assetId, position.drawnShares, delta);
      apply_(id, user, delta);
      positions[user][id].drawnShares = 0;
      isBorrowing[user][id] = false;
      emit ReportDeficit(id, user, position.drawnShares, delta);
    }
  }

  /// Takes the tokens from the caller and books them on the user's debt.
  function settle(uint256 id, address user, uint256 shares, uint256 drawn, uint256 premiumRay) private returns (PremiumDelta memory delta) {
    Reserve storage reserve = reserves[id];
    delta = deltaOf(id, user, shares, getUserLastRiskPremium[user], premiumRay);
    IToken(reserve.underlying).transferFrom(msg.sender, reserve.hub, drawn + divUp(premiumRay, RAY));
    HubStandIn(reserve.hub).restore(reserve.assetId, drawn, delta);
    apply_(id, user, delta);
    positions[user][id].drawnShares -= uint120(shares);
    if (positions[user][id].drawnShares == 0) isBorrowing[user][id] = false;
  }

  function seize(uint256 id, uint256 shares, bool receiveShares) private returns (uint256 amount) {
    amount = assetsOf(id, shares);
    if (receiveShares) positions[msg.sender][id].suppliedShares += uint120(shares);
    else HubStandIn(reserves[id].hub).remove(reserves[id].assetId, amount, msg.sender);
  }

  function sizeOf(
    uint256 id,
    uint256 debtId,
    address user,
    uint256 debtToCover,
    UserAccountData memory data
  ) private view returns (Seizure memory s) {
    UserPosition memory owed = positions[user][debtId];
    uint256 index = indexOf(debtId);
    s.price = ORACLE.getReservePrice(id) * 10 ** (18 - reserves[id].decimals);
    s.debtPrice = ORACLE.getReservePrice(debtId) * 10 ** (18 - reserves[debtId].decimals);
    s.bonus = getLiquidationBonus(id, user, data.healthFactor);
    uint256 premium = premiumOf(owed, index);
    uint256 debtRay = owed.drawnShares * index + premium;
    uint256 toRepay = debtToTarget(id, user, data, s);
    if (debtToCover < toRepay / RAY) toRepay = debtToCover * RAY;
    // nothing is left that would be worth less than 1000 USD
    if (toRepay > debtRay || (debtRay - toRepay) * s.debtPrice < 1000e26 * RAY) toRepay = debtRay;
    s.shares = HubStandIn(reserves[id].hub).previewAddByAssets(
      reserves[id].assetId,
      Math.mulDiv(toRepay / RAY, s.debtPrice * s.bonus, s.price * BPS)
    );
    uint256 held = positions[user][id].suppliedShares;
    if (s.shares > held) {
      s.shares = held;
      toRepay = Math.mulDiv(assetsOf(id, held) * s.price, BPS * RAY, s.debtPrice * s.bonus);
      if (toRepay > debtRay) toRepay = debtRay;
    }
    s.premiumRay = toRepay < premium ? toRepay : premium;
    s.drawnShares = divUp(toRepay - s.premiumRay, index);
    if (s.drawnShares > owed.drawnShares) s.drawnShares = owed.drawnShares;
  }

  /// Debt (RAY) whose repayment brings the user back to the target.
  function debtToTarget(uint256 id, address user, UserAccountData memory data, Seizure memory s) private view returns (uint256) {
    uint256 factor = dynamicConfigs[id][positions[user][id].dynamicConfigKey].collateralFactor;
    uint256 target = liquidation.targetHealthFactor;
    uint256 relief = target - divUp(s.bonus * (WAD / BPS) * factor, BPS);
    return Math.mulDiv(data.totalDebtValueRay, target - data.healthFactor, relief) / s.debtPrice;
  }

  function deltaOf(
    uint256 id,
    address user,
    uint256 taken,
    uint256 riskPremium,
    uint256 restored
  ) private view returns (PremiumDelta memory) {
    UserPosition memory position = positions[user][id];
    uint256 index = indexOf(id);
    uint256 shares = divUp((position.drawnShares - taken) * riskPremium, BPS);
    int256 offset = int256(shares * index) - int256(premiumOf(position, index) - restored);
    return PremiumDelta(int256(shares) - int256(uint256(position.premiumShares)), offset - position.premiumOffsetRay, restored);
  }

  function apply_(uint256 id, address user, PremiumDelta memory delta) private {
    UserPosition storage position = positions[user][id];
    position.premiumShares = uint120(uint256(int256(uint256(position.premiumShares)) + delta.sharesDelta));
    position.premiumOffsetRay = int200(position.premiumOffsetRay + delta.offsetRayDelta);
  }

  function premiumOf(UserPosition memory position, uint256 index) private pure returns (uint256) {
    return uint256(int256(position.premiumShares * index) - position.premiumOffsetRay);
  }

  function indexOf(uint256 id) private view returns (uint256) {
    return HubStandIn(reserves[id].hub).getAssetDrawnIndex(reserves[id].assetId);
  }

  function assetsOf(uint256 id, uint256 shares) private view returns (uint256) {
    return HubStandIn(reserves[id].hub).previewRemoveByShares(reserves[id].assetId, shares);
  }

  function divUp(uint256 a, uint256 b) private pure returns (uint256) {
    return (a + b - 1) / b;
  }
}
