// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IFeed {
  function latestAnswer() external view returns (int256);
}

/// A stand-in of ours for the later AaveOracle of Aave V2, whose base may be USD (the package has only the one in WETH):
/// the read interface of aave/protocol-v2 at ce53c4a8, contracts/misc/AaveOracle.sol.
contract BaseOracle {
  address public immutable BASE_CURRENCY;
  uint256 public immutable BASE_CURRENCY_UNIT;
  mapping(address => address) public getSourceOfAsset;

  constructor(address[] memory assets, address[] memory sources, address base, uint256 unit) {
    for (uint256 i; i < assets.length; i++) getSourceOfAsset[assets[i]] = sources[i];
    BASE_CURRENCY = base;
    BASE_CURRENCY_UNIT = unit;
  }

  function getAssetPrice(address asset) external view returns (uint256) {
    if (asset == BASE_CURRENCY) return BASE_CURRENCY_UNIT;
    int256 price = IFeed(getSourceOfAsset[asset]).latestAnswer();
    require(price > 0, 'no price');
    return uint256(price);
  }
}

/// A stand-in of ours for the collateral manager and the sentinel that the guardian of Aave V2 sets grace periods with:
/// only what is read of them (bgd-labs/stable-rate-patch, LiquidationsGraceSentinel.sol).
contract GraceSentinel {
  mapping(address => uint40) public gracePeriodUntil;

  function LIQUIDATIONS_GRACE_SENTINEL() external view returns (address) {
    return address(this);
  }

  function set(address asset, uint40 until) external {
    gracePeriodUntil[asset] = until;
  }
}

/// A stand-in of ours for stETH: shares, and how much a share is worth.
contract RebasingToken {
  string public constant symbol = 'stETH';
  uint8 public constant decimals = 18;
  uint256 public index = 1e27;

  function rebase(uint256 next) external {
    index = next;
  }

  function getPooledEthByShares(uint256 shares) external view returns (uint256) {
    return (shares * index) / 1e27;
  }

  function transfer(address, uint256) external pure returns (bool) {
    return true;
  }

  function transferFrom(address, address, uint256) external pure returns (bool) {
    return true;
  }

  function balanceOf(address) external pure returns (uint256) {
    return type(uint128).max;
  }
}

interface IIncome {
  function getReserveNormalizedIncome(address asset) external view returns (uint256);
}

/// A stand-in of ours for the aToken of stETH (lidofinance/aave-asteth-deployment, verification/AStETH): it stores shares,
/// and its balances grow with every rebase. The real LendingPool mints and asks it.
contract RebasingAToken {
  string public constant name = 'Aave stETH';
  string public constant symbol = 'astETH';
  IIncome public immutable POOL;
  RebasingToken public immutable UNDERLYING_ASSET_ADDRESS;
  mapping(address => uint256) public internalBalanceOf;
  uint256 public internalTotalSupply;

  constructor(IIncome pool, RebasingToken token) {
    POOL = pool;
    UNDERLYING_ASSET_ADDRESS = token;
  }

  function initialize(uint8, string calldata, string calldata) external {}

  function mint(address user, uint256 amount, uint256 index) external returns (bool first) {
    first = internalBalanceOf[user] == 0;
    uint256 shares = _rayDiv((amount * 1e27) / UNDERLYING_ASSET_ADDRESS.index(), index);
    internalBalanceOf[user] += shares;
    internalTotalSupply += shares;
  }

  function scaledBalanceOf(address user) public view returns (uint256) {
    return (internalBalanceOf[user] * UNDERLYING_ASSET_ADDRESS.index()) / 1e27;
  }

  function balanceOf(address user) external view returns (uint256) {
    return (scaledBalanceOf(user) * POOL.getReserveNormalizedIncome(address(UNDERLYING_ASSET_ADDRESS)) + 5e26) / 1e27;
  }

  function scaledTotalSupply() external view returns (uint256) {
    return (internalTotalSupply * UNDERLYING_ASSET_ADDRESS.index()) / 1e27;
  }

  function _rayDiv(uint256 a, uint256 b) private pure returns (uint256) {
    return (a * 1e27 + b / 2) / b;
  }
}
