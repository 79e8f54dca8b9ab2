// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Feed, SettableFeed} from './Feeds.sol';

/// A Chainlink-style feed that says what it states, like 'ETH / USD'.
contract DescribedFeed is SettableFeed {
  string public description;

  constructor(string memory what, int256 answer) SettableFeed(answer) {
    description = what;
  }
}

/// As Comet's base token feed in a market that counts in its base token.
contract ConstantFeed is SettableFeed {
  string public constant description = 'Constant price feed';

  constructor() SettableFeed(1e8) {}
}

/// As Comet's ScalingPriceFeed: hands on what another feed says.
contract ScalingFeed is Feed {
  string public constant description = 'scaled';
  Feed public immutable underlyingPriceFeed;

  constructor(Feed feed) Feed(0) {
    underlyingPriceFeed = feed;
  }

  function _answer() internal view override returns (int256) {
    return underlyingPriceFeed.latestAnswer();
  }
}

/// As Comet's MultiplicativePriceFeed: a ratio times a price.
contract ProductFeed is Feed {
  string public constant description = 'product';
  Feed public immutable priceFeedA;
  Feed public immutable priceFeedB;

  constructor(Feed a, Feed b) Feed(0) {
    priceFeedA = a;
    priceFeedB = b;
  }

  function _answer() internal view override returns (int256) {
    return (priceFeedA.latestAnswer() * priceFeedB.latestAnswer()) / 1e8;
  }
}

/// As Comet's ReverseMultiplicativePriceFeed: one price in terms of another.
contract QuotientFeed is Feed {
  string public constant description = 'quotient';
  Feed public immutable priceFeedA;
  Feed public immutable priceFeedB;
  int256 public constant priceFeedAScale = 1e8;

  constructor(Feed a, Feed b) Feed(0) {
    priceFeedA = a;
    priceFeedB = b;
  }

  function _answer() internal view override returns (int256) {
    return (priceFeedA.latestAnswer() * 1e8) / priceFeedB.latestAnswer();
  }
}
