// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Stand-ins, ours, of Euler's router and price adapters, and what the tests need around them: tokens, a savings vault,
/// an interest model, and a helper that deposits for many.

import {Feed, SettableFeed} from './Feeds.sol';

contract EulerStandInRouter {
  address public fallbackOracle;
  mapping(address => address) public resolvedVaults;
  mapping(address => mapping(address => address)) private oracles;

  function govSetConfig(address base, address quote, address oracle) external {
    (address a, address b) = base < quote ? (base, quote) : (quote, base);
    oracles[a][b] = oracle;
  }

  function govSetResolvedVault(address vault, bool set) external {
    resolvedVaults[vault] = set ? EulerSavings(vault).asset() : address(0);
  }

  function govSetFallbackOracle(address oracle) external {
    fallbackOracle = oracle;
  }

  function getConfiguredOracle(address base, address quote) public view returns (address) {
    return base < quote ? oracles[base][quote] : oracles[quote][base];
  }

  /// Bid and ask are the same.
  function getQuotes(uint256 amount, address base, address quote) external view returns (uint256, uint256) {
    uint256 value = getQuote(amount, base, quote);
    return (value, value);
  }

  function getQuote(uint256 amount, address base, address quote) public view returns (uint256) {
    while (base != quote) {
      address oracle = getConfiguredOracle(base, quote);
      address inside = resolvedVaults[base];
      if (oracle == address(0) && inside != address(0)) {
        amount = EulerSavings(base).convertToAssets(amount);
        base = inside;
        continue;
      }
      if (oracle == address(0)) oracle = fallbackOracle;
      require(oracle != address(0), 'not supported');
      return EulerStandInRouter(oracle).getQuote(amount, base, quote);
    }
    return amount;
  }
}

abstract contract EulerStandInAdapter {
  address public immutable base;
  address public immutable quote;
  uint256 private immutable up;
  uint256 private immutable down;

  constructor(address base_, address quote_, uint8 decimals) {
    (base, quote) = (base_, quote_);
    up = 10 ** _decimals(quote_);
    down = 10 ** (uint256(decimals) + _decimals(base_));
  }

  function getQuote(uint256 amount, address from, address to) external view returns (uint256) {
    if (from == quote && to == base) return _mulDiv(amount, down, up * _price());
    require(from == base && to == quote, 'not supported');
    return _mulDiv(amount, up * _price(), down);
  }

  function _price() internal view virtual returns (uint256);

  function _decimals(address token) private view returns (uint256) {
    return token.code.length == 0 ? 18 : EulerToken(token).decimals();
  }

  /// Without overflow in between: whole parts and rests apart.
  function _mulDiv(uint256 a, uint256 b, uint256 c) private pure returns (uint256) {
    return (a / c) * b + ((a % c) * b) / c;
  }
}

/// By a Chainlink feed that is no older than three days.
contract EulerStandInFeedAdapter is EulerStandInAdapter {
  Feed public immutable feed;
  uint256 private constant OLDEST = 72 hours;

  constructor(address base_, address quote_, Feed feed_) EulerStandInAdapter(base_, quote_, feed_.decimals()) {
    feed = feed_;
  }

  function _price() internal view override returns (uint256) {
    (, int256 answer, , uint256 updatedAt, ) = feed.latestRoundData();
    require(answer > 0, 'invalid answer');
    require(block.timestamp - updatedAt <= OLDEST, 'too stale');
    return uint256(answer);
  }
}

/// By a rate of 18 decimals: a staked token in what it stands for.
contract EulerStandInRateAdapter is EulerStandInAdapter {
  uint256 public rate;

  constructor(address base_, address quote_, uint256 rate_) EulerStandInAdapter(base_, quote_, 18) {
    rate = rate_;
  }

  function set(uint256 next) external {
    rate = next;
  }

  function _price() internal view override returns (uint256) {
    return rate;
  }
}

/// Through a third asset.
contract EulerStandInCross {
  address public immutable base;
  address public immutable cross;
  address public immutable quote;
  address public immutable oracleBaseCross;
  address public immutable oracleCrossQuote;

  constructor(address base_, address cross_, address quote_, address first, address second) {
    (base, cross, quote, oracleBaseCross, oracleCrossQuote) = (base_, cross_, quote_, first, second);
  }

  function getQuote(uint256 amount, address from, address to) public view virtual returns (uint256) {
    bool inverse = from == quote && to == base;
    require(inverse || (from == base && to == quote), 'not supported');
    (address first, address second) = inverse ? (oracleCrossQuote, oracleBaseCross) : (oracleBaseCross, oracleCrossQuote);
    return EulerStandInRouter(second).getQuote(EulerStandInRouter(first).getQuote(amount, from, cross), cross, to);
  }
}

/// It names two adapters like a crossing, and takes a fifth off what they say.
contract EulerOddCross is EulerStandInCross {
  constructor(
    address base_,
    address cross_,
    address quote_,
    address first,
    address second
  ) EulerStandInCross(base_, cross_, quote_, first, second) {}

  function getQuote(uint256 amount, address from, address to) public view override returns (uint256) {
    return (super.getQuote(amount, from, to) / 5) * 4;
  }
}

/// A feed that says what it states.
contract EulerNamedFeed is SettableFeed {
  string public description;

  constructor(int256 answer, string memory text) SettableFeed(answer) {
    description = text;
  }
}

/// One to one, scaled to 18 decimals, until it stops making sense: it refuses, burns all gas, or answers with a byte.
contract EulerOddOracle {
  uint256 public mode;

  function set(uint256 mode_) external {
    mode = mode_;
  }

  function getQuotes(uint256 amount, address, address) external pure returns (uint256, uint256) {
    return (amount, amount);
  }

  function getQuote(uint256 amount, address, address) external view returns (uint256) {
    require(mode != 1, 'no price');
    if (mode == 2) assembly {
      invalid()
    }
    if (mode == 3) assembly {
      return(0, 1)
    }
    return amount;
  }
}

contract EulerToken {
  event Transfer(address indexed from, address indexed to, uint256 value);

  string public symbol;
  uint8 public immutable decimals;
  mapping(address => uint256) public balanceOf;
  mapping(address => mapping(address => uint256)) public allowance;

  constructor(string memory symbol_, uint8 decimals_) {
    (symbol, decimals) = (symbol_, decimals_);
  }

  function mint(address to, uint256 amount) external {
    balanceOf[to] += amount;
    emit Transfer(address(0), to, amount);
  }

  function approve(address spender, uint256 amount) external returns (bool) {
    allowance[msg.sender][spender] = amount;
    return true;
  }

  function transfer(address to, uint256 amount) external returns (bool) {
    return _move(msg.sender, to, amount);
  }

  function transferFrom(address from, address to, uint256 amount) external returns (bool) {
    allowance[from][msg.sender] -= amount;
    return _move(from, to, amount);
  }

  function _move(address from, address to, uint256 amount) private returns (bool) {
    balanceOf[from] -= amount;
    balanceOf[to] += amount;
    emit Transfer(from, to, amount);
    return true;
  }
}

/// A savings token: shares that grow in value, without the virtual amounts of Euler's own vaults.
contract EulerSavings is EulerToken {
  address public immutable asset;
  uint256 public totalAssets = 1_137_000_000_123_456_789;
  uint256 public totalSupply = 1e18;

  constructor(string memory symbol_, EulerToken asset_) EulerToken(symbol_, asset_.decimals()) {
    asset = address(asset_);
  }

  function setTotals(uint256 assets, uint256 shares) external {
    (totalAssets, totalSupply) = (assets, shares);
  }

  function convertToAssets(uint256 shares) external view returns (uint256) {
    return (shares * totalAssets) / totalSupply;
  }
}

/// What a vault's governor may put before an operation.
contract EulerHook {
  function isHookTarget() external pure returns (bytes4) {
    return this.isHookTarget.selector;
  }
}

contract EulerRates {
  uint256 private immutable rate;

  constructor(uint256 perSecond) {
    rate = perSecond;
  }

  function computeInterestRate(address, uint256, uint256) external view returns (uint256) {
    return rate;
  }

  function computeInterestRateView(address, uint256, uint256) external view returns (uint256) {
    return rate;
  }
}

interface IEulerDeposit {
  function asset() external view returns (address);
  function deposit(uint256 amount, address receiver) external returns (uint256);
}

contract EulerDepositor {
  struct Deposit {
    address vault;
    address receiver;
    uint256 amount;
  }

  function deposit(Deposit[] calldata deposits) external {
    for (uint256 i; i < deposits.length; i++) {
      EulerToken token = EulerToken(IEulerDeposit(deposits[i].vault).asset());
      token.mint(address(this), deposits[i].amount);
      token.approve(deposits[i].vault, deposits[i].amount);
      IEulerDeposit(deposits[i].vault).deposit(deposits[i].amount, deposits[i].receiver);
    }
  }
}
