/**
 * The Liquity V2 functions that are called, as the protocol and its forks have them. `fetchPrice` is no view in the
 * source: it also records the price, which an eth_call throws away.
 * Source: liquity/bold at 405f9122, contracts/src (CollateralRegistry, AddressesRegistry, TroveManager, TroveNFT,
 * PriceFeeds, Types).
 */
import { parseAbi } from 'viem'

export const collateralRegistryAbi = parseAbi([
  'function totalCollaterals() view returns (uint256)',
  'function getTroveManager(uint256 index) view returns (address)',
])

export const addressesRegistryAbi = parseAbi([
  'function collToken() view returns (address)',
  'function troveManager() view returns (address)',
  'function troveNFT() view returns (address)',
  'function stabilityPool() view returns (address)',
  'function priceFeed() view returns (address)',
  'function boldToken() view returns (address)',
  'function WETH() view returns (address)',
  'function MCR() view returns (uint256)',
  'function LIQUIDATION_PENALTY_SP() view returns (uint256)',
])

export const troveManagerV2Abi = parseAbi([
  'struct LatestTroveData { uint256 entireDebt; uint256 entireColl; uint256 redistBoldDebtGain; uint256 redistCollGain; uint256 accruedInterest; uint256 recordedDebt; uint256 annualInterestRate; uint256 weightedRecordedDebt; uint256 accruedBatchManagementFee; uint256 lastInterestRateAdjTime; }',
  'struct LatestBatchData { uint256 totalDebtShares; uint256 entireDebtWithoutRedistribution; uint256 entireCollWithoutRedistribution; uint256 accruedInterest; uint256 recordedDebt; uint256 annualInterestRate; uint256 weightedRecordedDebt; uint256 annualManagementFee; uint256 accruedManagementFee; uint256 weightedRecordedBatchManagementFee; uint256 lastDebtUpdateTime; uint256 lastInterestRateAdjTime; }',
  'function shutdownTime() view returns (uint256)',
  'function getTroveIdsCount() view returns (uint256)',
  'function getTroveFromTroveIdsArray(uint256 index) view returns (uint256)',
  'function batchIds(uint256 index) view returns (address)',
  'function Troves(uint256 id) view returns (uint256 debt, uint256 coll, uint256 stake, uint8 status, uint64 arrayIndex, uint64 lastDebtUpdateTime, uint64 lastInterestRateAdjTime, uint256 annualInterestRate, address interestBatchManager, uint256 batchDebtShares)',
  'function getLatestTroveData(uint256 troveId) view returns (LatestTroveData trove)',
  'function getLatestBatchData(address batch) view returns (LatestBatchData batch)',
  'function getEntireBranchDebt() view returns (uint256)',
  'function getCurrentICR(uint256 troveId, uint256 price) view returns (uint256)',
])

export const troveNftAbi = parseAbi(['function ownerOf(uint256 id) view returns (address)'])

export const stabilityPoolV2Abi = parseAbi(['function getTotalBoldDeposits() view returns (uint256)'])

/** A branch's price feed, and the rate providers (rETH, wstETH) that it names. */
export const priceFeedV2Abi = parseAbi([
  'function fetchPrice() view returns (uint256 price, bool newFailure)',
  'function lastGoodPrice() view returns (uint256)',
  'function priceSource() view returns (uint8)',
  'function ethUsdOracle() view returns (address aggregator, uint256 stalenessThreshold, uint8 decimals)',
  'function rateProviderAddress() view returns (address)',
  'function getExchangeRate() view returns (uint256)',
  'function stEthPerToken() view returns (uint256)',
])

export const troveTokenAbi = parseAbi([
  'function symbol() view returns (string)',
  'function decimals() view returns (uint8)',
])
