// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What every feed of the test markets shares: a value that a test may set, and a switch that breaks it.
abstract contract Feed {
  int256 public value; // slot 0: stays first, so that a test can also override it in an eth_call
  uint256 public updatedAt;
  bool public broken;

  uint8 public constant decimals = 8;

  constructor(int256 initial) {
    value = initial;
    updatedAt = block.timestamp;
  }

  function set(int256 next) external {
    value = next;
    updatedAt = block.timestamp;
  }

  function setBroken(bool next) external {
    broken = next;
  }

  function latestAnswer() public view returns (int256) {
    require(!broken, 'feed is broken');
    return _answer();
  }

  function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
    return (1, latestAnswer(), updatedAt, updatedAt, 1);
  }

  function _answer() internal view virtual returns (int256);
}

/// A Chainlink-style feed whose answer is set by the test.
contract SettableFeed is Feed {
  constructor(int256 answer) Feed(answer) {}

  function _answer() internal view override returns (int256) {
    return value;
  }
}

/// A feed of a staked asset: ratio (value, 1e18) times another feed, rounded down as real adapters do.
contract RatioFeed is Feed {
  Feed public immutable base;

  constructor(Feed feed, int256 ratio) Feed(ratio) {
    base = feed;
  }

  function _answer() internal view override returns (int256) {
    return (base.latestAnswer() * value) / 1e18;
  }
}
