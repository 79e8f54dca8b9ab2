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

/// Its base, cut down to whole steps of a size (value): it jumps, and is nothing below the first step.
contract StepFeed is Feed {
  Feed public immutable base;

  constructor(Feed feed, int256 step) Feed(step) {
    base = feed;
  }

  function _answer() internal view override returns (int256) {
    return (base.latestAnswer() / value) * value;
  }
}

/// Follows its base but never rises above a cap (value).
contract CapFeed is Feed {
  Feed public immutable base;

  constructor(Feed feed, int256 cap) Feed(cap) {
    base = feed;
  }

  function _answer() internal view override returns (int256) {
    int256 answer = base.latestAnswer();
    return answer > value ? value : answer;
  }
}

/// Another feed (shape), but while the driver stands within [from, to] it says something else (value), or refuses if
/// that is the least number there is.
contract GapFeed is Feed {
  Feed public immutable shape;
  Feed public immutable driver;
  int256 public immutable from;
  int256 public immutable to;

  constructor(Feed shape_, Feed driver_, int256 from_, int256 to_, int256 said) Feed(said) {
    shape = shape_;
    driver = driver_;
    from = from_;
    to = to_;
  }

  function _answer() internal view override returns (int256) {
    int256 answer = driver.latestAnswer();
    if (answer < from || answer > to) return shape.latestAnswer();
    require(value != type(int256).min, 'no answer');
    return value;
  }
}
