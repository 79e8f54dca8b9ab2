// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Feed} from './Feeds.sol';

/// Tokens and price oracles for the stand-ins of CurveStandIn.sol.

interface IPriceOracle {
  function price() external view returns (uint256);
}

/// A token that nobody holds.
contract CurveToken {
  string public symbol;
  uint8 public immutable decimals;

  constructor(string memory symbol_, uint8 decimals_) {
    symbol = symbol_;
    decimals = decimals_;
  }
}

/// A price oracle on a USD feed of 8 decimals, times a ratio; inverse for a market that lends what the feed prices.
contract CurveFeedOracle is IPriceOracle {
  Feed public immutable feed;
  uint256 public immutable ratio;
  bool public immutable inverse;

  constructor(Feed feed_, uint256 ratio_, bool inverse_) {
    feed = feed_;
    ratio = ratio_;
    inverse = inverse_;
  }

  function price() external view returns (uint256) {
    uint256 answer = uint256(feed.latestAnswer()) * 1e10;
    return inverse ? (ratio * 1e18) / answer : (answer * ratio) / 1e18;
  }
}

/// A price oracle that stands on pools: no feed moves it.
contract CurvePoolOracle is IPriceOracle {
  uint256 public price;

  constructor(uint256 price_) {
    price = price_;
  }

  function set(uint256 price_) external {
    price = price_;
  }
}
