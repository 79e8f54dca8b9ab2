/** What is read of a price feed, and what our own feed stub (abis/feed-stub.sol) is set with. Source: Chainlink AggregatorInterface and AggregatorV3Interface. */
import { parseAbi } from 'viem'

export const chainlinkFeedAbi = parseAbi([
  'function latestAnswer() view returns (int256)',
  'function decimals() view returns (uint8)',
  'function description() view returns (string)',
])

export const feedStubAbi = parseAbi(['function set(int256 newAnswer, uint8 newScale)'])

/** What our own oracle stub (abis/getter-stub.sol) is set with. */
export const getterStubAbi = parseAbi(['function set(bytes32 key, uint256 answer)'])
