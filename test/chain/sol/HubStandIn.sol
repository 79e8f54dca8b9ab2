// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IToken {
  function transfer(address to, uint256 amount) external returns (bool);
  function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

struct PremiumDelta {
  int256 sharesDelta;
  int256 offsetRayDelta;
  uint256 restoredPremiumRay;
}

uint256 constant RAY = 1e27;

/// STAND-IN, not Aave's contract: what an Aave V4 hub does for its spokes by the published rules (protocols.md §2): shares
/// with virtual ones on top, a drawn index with linear interest, drawn and premium debt by spoke. Left out: access
/// control, caps, fees, reinvestment, and the curve of the rate, which stands still.
contract HubStandIn {
  struct SpokeConfig {
    uint40 addCap;
    uint40 drawCap;
    uint24 riskPremiumThreshold;
    bool active;
    bool halted;
  }

  struct Asset {
    address underlying;
    uint8 decimals;
    uint256 liquidity;
    uint256 addedShares;
    uint256 drawnShares;
    uint256 premiumShares;
    int256 premiumOffsetRay;
    uint256 deficitRay;
    uint256 drawnIndex;
    uint256 drawnRate;
    uint256 updated;
  }

  struct Line {
    uint256 drawnShares;
    uint256 premiumShares;
    int256 premiumOffsetRay;
  }

  error SpokeNotActive();
  error SpokeHalted();
  error InvalidPremiumChange();

  uint256 private constant VIRTUAL = 1e6;

  Asset[] private assets;
  mapping(uint256 => mapping(address => Line)) private lines;
  mapping(uint256 => mapping(address => SpokeConfig)) private configs;

  function addAsset(address underlying, uint8 decimals, uint256 drawnRate) external {
    Asset storage asset = assets.push();
    asset.underlying = underlying;
    asset.decimals = decimals;
    asset.drawnIndex = RAY;
    asset.drawnRate = drawnRate;
    asset.updated = block.timestamp;
  }

  function updateSpokeConfig(uint256 id, address spoke, SpokeConfig calldata config) external {
    configs[id][spoke] = config;
  }

  function add(uint256 id, uint256 amount) external returns (uint256 shares) {
    Asset storage asset = open(id);
    shares = previewAddByAssets(id, amount);
    asset.addedShares += shares;
    asset.liquidity += amount;
  }

  function remove(uint256 id, uint256 amount, address to) external returns (uint256 shares) {
    Asset storage asset = open(id);
    shares = divUp(amount * (asset.addedShares + VIRTUAL), getAddedAssets(id) + VIRTUAL);
    asset.addedShares -= shares;
    asset.liquidity -= amount;
    IToken(asset.underlying).transfer(to, amount);
  }

  function draw(uint256 id, uint256 amount, address to) external returns (uint256 shares) {
    Asset storage asset = open(id);
    shares = divUp(amount * RAY, asset.drawnIndex);
    asset.drawnShares += shares;
    lines[id][msg.sender].drawnShares += shares;
    asset.liquidity -= amount;
    IToken(asset.underlying).transfer(to, amount);
  }

  function restore(uint256 id, uint256 drawn, PremiumDelta calldata delta) external returns (uint256 shares) {
    Asset storage asset = open(id);
    shares = (drawn * RAY) / asset.drawnIndex;
    asset.drawnShares -= shares;
    lines[id][msg.sender].drawnShares -= shares;
    applyDelta(id, delta);
    asset.liquidity += drawn + divUp(delta.restoredPremiumRay, RAY);
  }

  function reportDeficit(uint256 id, uint256 drawnShares, PremiumDelta calldata delta) external {
    accrue(id);
    Asset storage asset = assets[id];
    asset.drawnShares -= drawnShares;
    lines[id][msg.sender].drawnShares -= drawnShares;
    applyDelta(id, delta);
    asset.deficitRay += drawnShares * asset.drawnIndex + delta.restoredPremiumRay;
  }

  function refreshPremium(uint256 id, PremiumDelta calldata delta) external {
    if (!configs[id][msg.sender].active) revert SpokeNotActive();
    accrue(id);
    applyDelta(id, delta);
  }

  function getAssetUnderlyingAndDecimals(uint256 id) external view returns (address, uint8) {
    return (assets[id].underlying, assets[id].decimals);
  }

  function getAssetDrawnIndex(uint256 id) public view returns (uint256) {
    Asset storage asset = assets[id];
    if (asset.updated == block.timestamp || (asset.drawnShares == 0 && asset.premiumShares == 0)) return asset.drawnIndex;
    uint256 growth = RAY + (asset.drawnRate * (block.timestamp - asset.updated)) / 365 days;
    return divUp(asset.drawnIndex * growth, RAY);
  }

  function getAddedAssets(uint256 id) public view returns (uint256) {
    Asset storage asset = assets[id];
    uint256 index = getAssetDrawnIndex(id);
    uint256 premium = uint256(int256(asset.premiumShares * index) - asset.premiumOffsetRay);
    return asset.liquidity + divUp(asset.drawnShares * index + premium + asset.deficitRay, RAY);
  }

  function getAddedShares(uint256 id) external view returns (uint256) {
    return assets[id].addedShares;
  }

  function previewRemoveByShares(uint256 id, uint256 shares) external view returns (uint256) {
    return (shares * (getAddedAssets(id) + VIRTUAL)) / (assets[id].addedShares + VIRTUAL);
  }

  function previewAddByAssets(uint256 id, uint256 amount) public view returns (uint256) {
    return (amount * (assets[id].addedShares + VIRTUAL)) / (getAddedAssets(id) + VIRTUAL);
  }

  function getSpokeDrawnShares(uint256 id, address spoke) external view returns (uint256) {
    return lines[id][spoke].drawnShares;
  }

  function getSpokePremiumRay(uint256 id, address spoke) external view returns (uint256) {
    Line storage line = lines[id][spoke];
    return uint256(int256(line.premiumShares * getAssetDrawnIndex(id)) - line.premiumOffsetRay);
  }

  function getSpokeConfig(uint256 id, address spoke) external view returns (SpokeConfig memory) {
    return configs[id][spoke];
  }

  function open(uint256 id) private returns (Asset storage) {
    if (!configs[id][msg.sender].active) revert SpokeNotActive();
    if (configs[id][msg.sender].halted) revert SpokeHalted();
    accrue(id);
    return assets[id];
  }

  function accrue(uint256 id) private {
    assets[id].drawnIndex = getAssetDrawnIndex(id);
    assets[id].updated = block.timestamp;
  }

  /// The premium falls by exactly what is restored of it.
  function applyDelta(uint256 id, PremiumDelta calldata delta) private {
    Asset storage asset = assets[id];
    Line storage line = lines[id][msg.sender];
    int256 change = delta.sharesDelta * int256(asset.drawnIndex) - delta.offsetRayDelta;
    if (change + int256(delta.restoredPremiumRay) != 0) revert InvalidPremiumChange();
    asset.premiumShares = uint256(int256(asset.premiumShares) + delta.sharesDelta);
    asset.premiumOffsetRay += delta.offsetRayDelta;
    line.premiumShares = uint256(int256(line.premiumShares) + delta.sharesDelta);
    line.premiumOffsetRay += delta.offsetRayDelta;
  }

  function divUp(uint256 a, uint256 b) private pure returns (uint256) {
    return (a + b - 1) / b;
  }
}
