/**
 * The Liquity V1 functions and the event that are called or read. `fetchPrice` is no view in the source: it also records
 * the price, which an eth_call throws away. `getMaxAmountToOffset` is of the source after the audit of 2025; the system
 * on Ethereum does not have it.
 * Source: liquity/dev at 39f1f7f8, packages/contracts/contracts (TroveManager, StabilityPool, PriceFeed); compared with
 * @liquity/lib-ethers 3.4.0 by test/adapters/liquity-v1-package.test.ts.
 */
import { parseAbi } from 'viem'

export const troveManagerV1Abi = parseAbi([
  'function borrowerOperationsAddress() view returns (address)',
  'function stabilityPool() view returns (address)',
  'function priceFeed() view returns (address)',
  'function lusdToken() view returns (address)',
  'function MCR() view returns (uint256)',
  'function CCR() view returns (uint256)',
  'function L_ETH() view returns (uint256)',
  'function L_LUSDDebt() view returns (uint256)',
  'function getEntireSystemColl() view returns (uint256 entireSystemColl)',
  'function getEntireSystemDebt() view returns (uint256 entireSystemDebt)',
  'function getTroveOwnersCount() view returns (uint256)',
  'function getTroveFromTroveOwnersArray(uint256 index) view returns (address)',
  'function Troves(address borrower) view returns (uint256 debt, uint256 coll, uint256 stake, uint8 status, uint128 arrayIndex)',
  'function rewardSnapshots(address borrower) view returns (uint256 ETH, uint256 LUSDDebt)',
  'function liquidate(address borrower)',
])

export const troveEventsV1Abi = parseAbi([
  'event TroveUpdated(address indexed _borrower, uint256 _debt, uint256 _coll, uint256 _stake, uint8 _operation)',
])

export const stabilityPoolV1Abi = parseAbi(['function getTotalLUSDDeposits() view returns (uint256)'])

export const stabilityPoolAuditedAbi = parseAbi(['function getMaxAmountToOffset() view returns (uint256)'])

export const priceFeedV1Abi = parseAbi(['function fetchPrice() view returns (uint256)'])

export const priceFeedStateV1Abi = parseAbi([
  'function priceAggregator() view returns (address)',
  'function status() view returns (uint8)',
])

export const lusdAbi = parseAbi(['function symbol() view returns (string)'])
