// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Feed} from './Feeds.sol';

/// An ERC-20 that anyone may mint.
contract MorphoBlueToken {
  string public symbol;
  uint8 public immutable decimals;
  mapping(address => uint256) public balanceOf;
  mapping(address => mapping(address => uint256)) public allowance;

  constructor(string memory symbol_, uint8 decimals_) {
    symbol = symbol_;
    decimals = decimals_;
  }

  function mint(address to, uint256 amount) external {
    balanceOf[to] += amount;
  }

  function approve(address spender, uint256 amount) external returns (bool) {
    allowance[msg.sender][spender] = amount;
    return true;
  }

  function transfer(address to, uint256 amount) external returns (bool) {
    balanceOf[msg.sender] -= amount;
    balanceOf[to] += amount;
    return true;
  }

  function transferFrom(address from, address to, uint256 amount) external returns (bool) {
    allowance[from][msg.sender] -= amount;
    balanceOf[from] -= amount;
    balanceOf[to] += amount;
    return true;
  }
}

/// A settable feed that says what it is, as Chainlink's do.
contract MorphoBlueNamedFeed is Feed {
  string public description;

  constructor(int256 answer, string memory description_) Feed(answer) {
    description = description_;
  }

  function _answer() internal view override returns (int256) {
    return value;
  }
}

/// STAND-IN for MorphoChainlinkOracleV2 (morpho-org/morpho-blue-oracles, on no registry), by its published formula:
/// price = floor(SCALE_FACTOR · vault · BASE_FEED_1 · BASE_FEED_2 / (QUOTE_FEED_1 · QUOTE_FEED_2)), missing feeds 1.
/// The base vault is a settable number of assets for SAMPLE shares; 1 for 1 where there is none.
contract MorphoBlueFeedOracle {
  Feed public immutable BASE_FEED_1;
  Feed public immutable BASE_FEED_2;
  Feed public immutable QUOTE_FEED_1;
  Feed public immutable QUOTE_FEED_2;
  uint256 public immutable SCALE_FACTOR;
  uint256 public vault;

  constructor(Feed[4] memory feeds, uint256 baseDecimals, uint256 quoteDecimals, uint256 vault_, uint256 sample) {
    BASE_FEED_1 = feeds[0];
    BASE_FEED_2 = feeds[1];
    QUOTE_FEED_1 = feeds[2];
    QUOTE_FEED_2 = feeds[3];
    vault = vault_;
    uint256 up = 36 + quoteDecimals + _decimals(feeds[2]) + _decimals(feeds[3]);
    SCALE_FACTOR = 10 ** (up - baseDecimals - _decimals(feeds[0]) - _decimals(feeds[1])) / sample;
  }

  function setVault(uint256 next) external {
    vault = next;
  }

  function price() external view returns (uint256) {
    uint256 base = vault * _price(BASE_FEED_1) * _price(BASE_FEED_2);
    return (SCALE_FACTOR * base) / (_price(QUOTE_FEED_1) * _price(QUOTE_FEED_2));
  }

  function _decimals(Feed feed) private pure returns (uint256) {
    return address(feed) == address(0) ? 0 : 8;
  }

  function _price(Feed feed) private view returns (uint256) {
    if (address(feed) == address(0)) return 1;
    (, int256 answer, , , ) = feed.latestRoundData();
    require(answer >= 0, 'negative answer');
    return uint256(answer);
  }
}

/// An oracle that anyone could list: it answers a constant, refuses, or burns all the gas it is given.
contract MorphoBlueOddOracle {
  uint256 public value;
  uint256 public mode;

  function set(uint256 value_, uint256 mode_) external {
    value = value_;
    mode = mode_;
  }

  function price() external view returns (uint256) {
    require(mode != 1, 'no price');
    if (mode == 2) assembly {
      invalid()
    }
    return value;
  }
}

/// An interest model that stops answering.
contract MorphoBlueOddIrm {
  struct MarketParams {
    address loanToken;
    address collateralToken;
    address oracle;
    address irm;
    uint256 lltv;
  }

  struct Market {
    uint128 totalSupplyAssets;
    uint128 totalSupplyShares;
    uint128 totalBorrowAssets;
    uint128 totalBorrowShares;
    uint128 lastUpdate;
    uint128 fee;
  }

  bool public broken;

  function setBroken(bool next) external {
    broken = next;
  }

  function borrowRate(MarketParams memory params, Market memory market) external view returns (uint256) {
    return borrowRateView(params, market);
  }

  function borrowRateView(MarketParams memory, Market memory) public view returns (uint256) {
    require(!broken, 'no rate');
    return 0;
  }
}

/// A token as the oldest ones are: its symbol is 32 bytes.
contract MorphoBlueOldToken {
  bytes32 public constant symbol = 'OLD';
  uint8 public constant decimals = 18;
}
