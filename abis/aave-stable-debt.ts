/**
 * Debt at a user's own stable rate, the same in Aave V2 and V3 up to 3.1. Source: StableDebtToken of @aave/protocol-v2
 * 1.0.1 and @aave/core-v3 1.19.3; compared with both packages by test/adapters/aave-v2-addresses.test.ts.
 */
import { parseAbi } from 'viem'

export const aaveStableDebtAbi = parseAbi([
  'function principalBalanceOf(address user) view returns (uint256)',
  'function getUserStableRate(address user) view returns (uint256)',
  'function getUserLastUpdated(address user) view returns (uint40)',
  'function totalSupply() view returns (uint256)',
])
