// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Placed over a price feed by a state override: answers what it was set to, as a Chainlink aggregator would. It is in
/// its second round, because Liquity V1 compares an answer with that of the round before, which round 0 would not be.
contract FeedStub {
  int256 private answer;
  uint8 private scale;

  function set(int256 newAnswer, uint8 newScale) external {
    answer = newAnswer;
    scale = newScale;
  }

  function decimals() external view returns (uint8) {
    return scale;
  }

  function latestAnswer() external view returns (int256) {
    return answer;
  }

  function latestTimestamp() external view returns (uint256) {
    return block.timestamp;
  }

  function latestRound() external pure returns (uint256) {
    return 2;
  }

  function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
    return (2, answer, block.timestamp, block.timestamp, 2);
  }

  function getRoundData(uint80 round) external view returns (uint80, int256, uint256, uint256, uint80) {
    return (round, answer, block.timestamp, block.timestamp, round);
  }
}
