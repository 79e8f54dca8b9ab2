// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Feed} from './Feeds.sol';

/// Follows its base but never falls below a floor (value): straight above it, flat below.
contract FloorFeed is Feed {
  Feed public immutable base;

  constructor(Feed feed, int256 floor) Feed(floor) {
    base = feed;
  }

  function _answer() internal view override returns (int256) {
    int256 answer = base.latestAnswer();
    return answer < value ? value : answer;
  }
}

/// Half its base, half a constant (value): a straight line that does not go through zero.
contract BasketFeed is Feed {
  Feed public immutable base;

  constructor(Feed feed, int256 constant_) Feed(constant_) {
    base = feed;
  }

  function _answer() internal view override returns (int256) {
    return (base.latestAnswer() + value) / 2;
  }
}

/// The square root of its base times a constant (value): a pool's share, a curve throughout.
contract RootFeed is Feed {
  Feed public immutable base;

  constructor(Feed feed, int256 constant_) Feed(constant_) {
    base = feed;
  }

  function _answer() internal view override returns (int256) {
    int256 square = base.latestAnswer() * value;
    int256 root = square;
    for (int256 next = (square + 1) / 2; next < root; next = (root + square / root) / 2) root = next;
    return root;
  }
}

/// What its base is away from a peak (value) it loses, upwards and downwards: never rising or falling throughout.
contract PeakFeed is Feed {
  Feed public immutable base;

  constructor(Feed feed, int256 peak) Feed(peak) {
    base = feed;
  }

  function _answer() internal view override returns (int256) {
    int256 answer = base.latestAnswer();
    return answer < value ? answer : 2 * value > answer ? 2 * value - answer : int256(1);
  }
}
