// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// STAND-IN, not Compound's contract: the read interface and the published rules of Comet (protocols.md §6), written for
/// these tests, because no npm package holds the real one. Same integer arithmetic for principals, indices, borrowing,
/// `isLiquidatable` and `absorb`, up to 24 collateral assets. Left out: rewards, reserves and the sale of collateral,
/// permissions, kinks of the rates. Configuration lies in storage, so that a test can change it.
contract CometStandIn {
  struct Asset {
    address asset;
    address priceFeed;
    uint64 scale;
    uint64 borrowCollateralFactor;
    uint64 liquidateCollateralFactor;
    uint64 liquidationFactor;
  }

  struct AssetInfo {
    uint8 offset;
    address asset;
    address priceFeed;
    uint64 scale;
    uint64 borrowCollateralFactor;
    uint64 liquidateCollateralFactor;
    uint64 liquidationFactor;
    uint128 supplyCap;
  }

  struct TotalsBasic {
    uint64 baseSupplyIndex;
    uint64 baseBorrowIndex;
    uint64 trackingSupplyIndex;
    uint64 trackingBorrowIndex;
    uint104 totalSupplyBase;
    uint104 totalBorrowBase;
    uint40 lastAccrualTime;
    uint8 pauseFlags;
  }

  struct UserBasic {
    int104 principal;
    uint64 baseTrackingIndex;
    uint64 baseTrackingAccrued;
    uint16 assetsIn;
    uint8 _reserved;
  }

  struct UserCollateral {
    uint128 balance;
    uint128 _reserved;
  }

  event Supply(address indexed from, address indexed dst, uint256 amount);
  event Withdraw(address indexed src, address indexed to, uint256 amount);
  event Transfer(address indexed from, address indexed to, uint256 amount);
  event SupplyCollateral(address indexed from, address indexed dst, address indexed asset, uint256 amount);
  event TransferCollateral(address indexed from, address indexed to, address indexed asset, uint256 amount);
  event WithdrawCollateral(address indexed src, address indexed to, address indexed asset, uint256 amount);
  event AbsorbDebt(address indexed absorber, address indexed borrower, uint256 basePaidOut, uint256 usdValue);
  event AbsorbCollateral(
    address indexed absorber,
    address indexed borrower,
    address indexed asset,
    uint256 collateralAbsorbed,
    uint256 usdValue
  );

  error BadAsset();
  error BadPrice();
  error BorrowTooSmall();
  error NotCollateralized();
  error NotLiquidatable();
  error Paused();

  uint256 private constant INDEX = 1e15;
  uint256 private constant FACTOR = 1e18;

  address public baseToken;
  address public baseTokenPriceFeed;
  uint256 public baseScale;
  uint256 public baseBorrowMin;
  uint256 public storeFrontPriceFactor = 0.5e18;
  /// Per second, at no utilization and added up to full utilization.
  uint64 public borrowBase;
  uint64 public borrowSlope;
  bool public isAbsorbPaused;
  uint8 public numAssets;

  TotalsBasic private totals;
  mapping(uint256 => Asset) private assets;
  mapping(address => UserBasic) public userBasic;
  mapping(address => mapping(address => UserCollateral)) public userCollateral;

  constructor(address token, address feed, uint256 scale, uint256 borrowMin, Asset[] memory list) {
    baseToken = token;
    baseTokenPriceFeed = feed;
    baseScale = scale;
    baseBorrowMin = borrowMin;
    numAssets = uint8(list.length);
    for (uint256 i; i < list.length; i++) assets[i] = list[i];
    totals.baseSupplyIndex = uint64(INDEX);
    totals.baseBorrowIndex = uint64(INDEX);
    totals.lastAccrualTime = uint40(block.timestamp);
  }

  function setAsset(uint8 i, Asset calldata next) external {
    assets[i] = next;
  }

  function setAbsorbPaused(bool paused) external {
    isAbsorbPaused = paused;
  }

  function setBorrowRate(uint64 base, uint64 slope) external {
    accrue();
    borrowBase = base;
    borrowSlope = slope;
  }

  function totalsBasic() external view returns (TotalsBasic memory) {
    return totals;
  }

  function getAssetInfo(uint8 i) public view returns (AssetInfo memory) {
    if (i >= numAssets) revert BadAsset();
    Asset memory a = assets[i];
    return
      AssetInfo({
        offset: i,
        asset: a.asset,
        priceFeed: a.priceFeed,
        scale: a.scale,
        borrowCollateralFactor: a.borrowCollateralFactor,
        liquidateCollateralFactor: a.liquidateCollateralFactor,
        liquidationFactor: a.liquidationFactor,
        supplyCap: type(uint128).max
      });
  }

  function getPrice(address feed) public view returns (uint256) {
    (, int256 price, , , ) = IFeed(feed).latestRoundData();
    if (price <= 0) revert BadPrice();
    return uint256(price);
  }

  function getUtilization() public view returns (uint256) {
    uint256 supplied = (uint256(totals.totalSupplyBase) * totals.baseSupplyIndex) / INDEX;
    uint256 borrowed = (uint256(totals.totalBorrowBase) * totals.baseBorrowIndex) / INDEX;
    return supplied == 0 ? 0 : (borrowed * FACTOR) / supplied;
  }

  function getBorrowRate(uint256 utilization) public view returns (uint64) {
    return uint64(borrowBase + (borrowSlope * utilization) / FACTOR);
  }

  function totalBorrow() external view returns (uint256) {
    (, uint64 index) = accruedIndices();
    return (uint256(totals.totalBorrowBase) * index) / INDEX;
  }

  function accrueAccount(address) external {
    accrue();
  }

  function isLiquidatable(address account) public view returns (bool) {
    return liquidity(account, false) < 0;
  }

  function supplyTo(address dst, address asset, uint256 amount) external {
    if (asset != baseToken) {
      require(IToken(asset).transferFrom(msg.sender, address(this), amount));
      moveCollateral(address(0), dst, asset, uint128(amount));
      emit SupplyCollateral(msg.sender, dst, asset, amount);
      return;
    }
    accrue();
    if (amount == type(uint256).max) amount = uint256(-present(userBasic[dst].principal));
    require(IToken(asset).transferFrom(msg.sender, address(this), amount));
    uint256 supplied = raise(dst, amount);
    emit Supply(msg.sender, dst, amount);
    if (supplied > 0) emit Transfer(address(0), dst, supplied);
  }

  function withdrawTo(address to, address asset, uint256 amount) external {
    withdrawOf(to, asset, amount);
  }

  function withdraw(address asset, uint256 amount) external {
    withdrawOf(msg.sender, asset, amount);
  }

  /// Of base tokens. Where it only moves debt from one account to another, no event is emitted at all.
  function transfer(address dst, uint256 amount) external returns (bool) {
    accrue();
    uint256 withdrawn = lower(msg.sender, amount);
    uint256 supplied = raise(dst, amount);
    requireBorrowable(msg.sender);
    if (withdrawn > 0) emit Transfer(msg.sender, address(0), withdrawn);
    if (supplied > 0) emit Transfer(address(0), dst, supplied);
    return true;
  }

  function transferAsset(address dst, address asset, uint256 amount) external {
    moveCollateral(msg.sender, dst, asset, uint128(amount));
    if (liquidity(msg.sender, true) < 0) revert NotCollateralized();
    emit TransferCollateral(msg.sender, dst, asset, amount);
  }

  function absorb(address absorber, address[] calldata accounts) external {
    if (isAbsorbPaused) revert Paused();
    accrue();
    for (uint256 i; i < accounts.length; i++) absorbOne(absorber, accounts[i]);
  }

  function absorbOne(address absorber, address account) private {
    if (!isLiquidatable(account)) revert NotLiquidatable();
    int256 owed = present(userBasic[account].principal);
    uint256 basePrice = getPrice(baseTokenPriceFeed);
    uint256 value;
    uint256 flags = flagsOf(account);
    for (uint8 i; i < numAssets; i++) {
      if ((flags >> i) & 1 == 0) continue;
      Asset memory a = assets[i];
      uint128 seized = userCollateral[account][a.asset].balance;
      userCollateral[account][a.asset].balance = 0;
      uint256 worth = (seized * getPrice(a.priceFeed)) / a.scale;
      value += (worth * a.liquidationFactor) / FACTOR;
      emit AbsorbCollateral(absorber, account, a.asset, seized, worth);
    }
    int256 left = owed + int256((value * baseScale) / basePrice);
    if (left < 0) left = 0;
    setPrincipal(account, principalOf(left));
    userBasic[account].assetsIn = 0;
    userBasic[account]._reserved = 0;
    uint256 paid = uint256(left - owed);
    emit AbsorbDebt(absorber, account, paid, (paid * basePrice) / baseScale);
    if (left > 0) emit Transfer(address(0), account, uint256(left));
  }

  function withdrawOf(address to, address asset, uint256 amount) private {
    if (asset != baseToken) {
      moveCollateral(msg.sender, address(0), asset, uint128(amount));
      if (liquidity(msg.sender, true) < 0) revert NotCollateralized();
      require(IToken(asset).transfer(to, amount));
      emit WithdrawCollateral(msg.sender, to, asset, amount);
      return;
    }
    accrue();
    uint256 withdrawn = lower(msg.sender, amount);
    requireBorrowable(msg.sender);
    require(IToken(asset).transfer(to, amount));
    emit Withdraw(msg.sender, to, amount);
    if (withdrawn > 0) emit Transfer(msg.sender, address(0), withdrawn);
  }

  function requireBorrowable(address account) private view {
    int256 balance = present(userBasic[account].principal);
    if (balance >= 0) return;
    if (uint256(-balance) < baseBorrowMin) revert BorrowTooSmall();
    if (liquidity(account, true) < 0) revert NotCollateralized();
  }

  /// Below 0: short of collateral. The debt's value is cut toward zero, the collateral's twice.
  function liquidity(address account, bool forBorrowing) private view returns (int256 sum) {
    int256 balance = present(userBasic[account].principal);
    if (balance >= 0) return 0;
    sum = (balance * int256(getPrice(baseTokenPriceFeed))) / int256(baseScale);
    uint256 flags = flagsOf(account);
    for (uint8 i; i < numAssets; i++) {
      if ((flags >> i) & 1 == 0) continue;
      if (sum >= 0) return sum;
      Asset memory a = assets[i];
      uint256 value = (userCollateral[account][a.asset].balance * getPrice(a.priceFeed)) / a.scale;
      uint256 factor = forBorrowing ? a.borrowCollateralFactor : a.liquidateCollateralFactor;
      sum += int256((value * factor) / FACTOR);
    }
  }

  /// Bits 0 to 15 in assetsIn, 16 to 23 in what was reserved in the first version.
  function flagsOf(address account) private view returns (uint256) {
    return userBasic[account].assetsIn | (uint256(userBasic[account]._reserved) << 16);
  }

  function moveCollateral(address from, address to, address asset, uint128 amount) private {
    uint8 i;
    while (i < numAssets && assets[i].asset != asset) i++;
    if (i == numAssets) revert BadAsset();
    if (from != address(0)) setCollateral(from, i, userCollateral[from][asset].balance - amount);
    if (to != address(0)) setCollateral(to, i, userCollateral[to][asset].balance + amount);
  }

  function setCollateral(address account, uint8 i, uint128 balance) private {
    userCollateral[account][assets[i].asset].balance = balance;
    UserBasic storage basic = userBasic[account];
    if (i < 16) {
      uint16 bit = uint16(1) << i;
      basic.assetsIn = balance > 0 ? basic.assetsIn | bit : basic.assetsIn & ~bit;
    } else {
      uint8 bit = uint8(1) << (i - 16);
      basic._reserved = balance > 0 ? basic._reserved | bit : basic._reserved & ~bit;
    }
  }

  /// Base tokens to an account. Returns what of it is newly supplied.
  function raise(address account, uint256 amount) private returns (uint256) {
    int104 was = userBasic[account].principal;
    int104 now_ = principalOf(present(was) + int256(amount));
    setPrincipal(account, now_);
    return now_ > 0 ? uint256(present(was > 0 ? now_ - was : now_)) : 0;
  }

  /// Base tokens from an account. Returns what of it had been supplied.
  function lower(address account, uint256 amount) private returns (uint256) {
    int104 was = userBasic[account].principal;
    int104 now_ = principalOf(present(was) - int256(amount));
    setPrincipal(account, now_);
    return was > 0 ? uint256(present(now_ > 0 ? was - now_ : was)) : 0;
  }

  function setPrincipal(address account, int104 next) private {
    int104 was = userBasic[account].principal;
    if (was > 0) totals.totalSupplyBase -= uint104(was);
    else totals.totalBorrowBase -= uint104(-was);
    if (next > 0) totals.totalSupplyBase += uint104(next);
    else totals.totalBorrowBase += uint104(-next);
    userBasic[account].principal = next;
  }

  function present(int104 principal) private view returns (int256) {
    return
      principal >= 0
        ? (int256(principal) * int256(uint256(totals.baseSupplyIndex))) / int256(INDEX)
        : -((int256(-principal) * int256(uint256(totals.baseBorrowIndex))) / int256(INDEX));
  }

  /// What is supplied is rounded down, what is owed up.
  function principalOf(int256 value) private view returns (int104) {
    if (value >= 0) return int104((value * int256(INDEX)) / int256(uint256(totals.baseSupplyIndex)));
    uint256 index = totals.baseBorrowIndex;
    return -int104(int256((uint256(-value) * INDEX + index - 1) / index));
  }

  function accruedIndices() private view returns (uint64 supplyIndex, uint64 borrowIndex) {
    uint256 elapsed = block.timestamp - totals.lastAccrualTime;
    uint256 utilization = getUtilization();
    uint256 rate = getBorrowRate(utilization);
    uint256 supplyRate = (rate * utilization) / FACTOR;
    supplyIndex = totals.baseSupplyIndex + uint64((totals.baseSupplyIndex * supplyRate * elapsed) / FACTOR);
    borrowIndex = totals.baseBorrowIndex + uint64((totals.baseBorrowIndex * rate * elapsed) / FACTOR);
  }

  function accrue() private {
    if (block.timestamp == totals.lastAccrualTime) return;
    (totals.baseSupplyIndex, totals.baseBorrowIndex) = accruedIndices();
    totals.lastAccrualTime = uint40(block.timestamp);
  }
}

interface IFeed {
  function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

interface IToken {
  function transfer(address to, uint256 amount) external returns (bool);
  function transferFrom(address from, address to, uint256 amount) external returns (bool);
}
