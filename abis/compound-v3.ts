/**
 * The Comet functions and events that are called or read, as all versions of the contract have them, and the getters by
 * which its own price adapters name the feed below them.
 * Source: compound-finance/comet at d5a30b0a (CometMainInterface, CometExtInterface, CometStorage, pricefeeds) and
 * woof-software/compound-capo at 6ef57a6c (PriceCapAdapterBase); the former compared with
 * @compound-finance/compound-js 0.6.2 by test/adapters/compound-v3-deployments.test.ts.
 */
import { parseAbi } from 'viem'

export const cometAbi = parseAbi([
  'struct TotalsBasic { uint64 baseSupplyIndex; uint64 baseBorrowIndex; uint64 trackingSupplyIndex; uint64 trackingBorrowIndex; uint104 totalSupplyBase; uint104 totalBorrowBase; uint40 lastAccrualTime; uint8 pauseFlags; }',
  'struct AssetInfo { uint8 offset; address asset; address priceFeed; uint64 scale; uint64 borrowCollateralFactor; uint64 liquidateCollateralFactor; uint64 liquidationFactor; uint128 supplyCap; }',
  'function baseToken() view returns (address)',
  'function baseTokenPriceFeed() view returns (address)',
  'function baseScale() view returns (uint256)',
  'function baseBorrowMin() view returns (uint256)',
  'function storeFrontPriceFactor() view returns (uint256)',
  'function numAssets() view returns (uint8)',
  'function getAssetInfo(uint8 i) view returns (AssetInfo)',
  'function getPrice(address priceFeed) view returns (uint256)',
  'function totalsBasic() view returns (TotalsBasic)',
  'function totalBorrow() view returns (uint256)',
  'function getUtilization() view returns (uint256)',
  'function getBorrowRate(uint256 utilization) view returns (uint64)',
  'function isAbsorbPaused() view returns (bool)',
  'function userBasic(address account) view returns (int104 principal, uint64 baseTrackingIndex, uint64 baseTrackingAccrued, uint16 assetsIn, uint8 _reserved)',
  'function userCollateral(address account, address asset) view returns (uint128 balance, uint128 _reserved)',
  'function isLiquidatable(address account) view returns (bool)',
  'function accrueAccount(address account)',
])

export const cometEventsAbi = parseAbi([
  'event SupplyCollateral(address indexed from, address indexed dst, address indexed asset, uint256 amount)',
  'event TransferCollateral(address indexed from, address indexed to, address indexed asset, uint256 amount)',
])

/** Base token and collateral. */
export const cometTokenAbi = parseAbi(['function symbol() view returns (string)'])

/** Chainlink feeds and the adapters that Comet puts before them. */
export const cometFeedAbi = parseAbi([
  'function description() view returns (string)',
  'function underlyingPriceFeed() view returns (address)',
  'function priceFeedA() view returns (address)',
  'function priceFeedB() view returns (address)',
  'function priceFeedAScale() view returns (int256)',
  'function BTCToUSDPriceFeed() view returns (address)',
  'function assetToBaseAggregator() view returns (address)',
])
