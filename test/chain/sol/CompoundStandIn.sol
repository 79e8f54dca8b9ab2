// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Stand-ins written by us from the published rule (compound-protocol a3214f6 and moonwell-contracts-v2 45866f4,
/// Comptroller and CToken), for what no npm package holds: interest by the second (Moonwell), deprecated markets
/// (Compound), and the storage layouts of older cTokens. One rate, no reserves, no rewards.

interface IStandInOracle {
  function getUnderlyingPrice(address cToken) external view returns (uint256);
}

interface IStandInToken {
  function transferFrom(address from, address to, uint256 value) external returns (bool);
  function transfer(address to, uint256 value) external returns (bool);
}

contract StandInComptroller {
  struct Market {
    bool isListed;
    uint256 collateralFactorMantissa;
  }

  IStandInOracle public oracle;
  uint256 public closeFactorMantissa = 0.5e18;
  uint256 public liquidationIncentiveMantissa = 1.1e18;
  bool public seizeGuardianPaused;
  mapping(address => Market) public markets;
  mapping(address => bool) public isDeprecated;
  mapping(address => address[]) private assetsIn;
  address[] private all;

  event MarketEntered(address cToken, address account);

  constructor(IStandInOracle oracle_) {
    oracle = oracle_;
  }

  function list(address cToken, uint256 factor) external {
    if (!markets[cToken].isListed) all.push(cToken);
    markets[cToken] = Market(true, factor);
  }

  function setDeprecated(address cToken, bool deprecated) external {
    isDeprecated[cToken] = deprecated;
  }

  function setSeizePaused(bool paused) external {
    seizeGuardianPaused = paused;
  }

  function vaiController() external pure returns (address) {
    return address(0);
  }

  function getAllMarkets() external view returns (address[] memory) {
    return all;
  }

  function getAssetsIn(address account) external view returns (address[] memory) {
    return assetsIn[account];
  }

  function enterMarkets(address[] calldata cTokens) external returns (uint256[] memory) {
    for (uint256 i; i < cTokens.length; i++) enter(cTokens[i], msg.sender);
    return new uint256[](cTokens.length);
  }

  function enterFor(address account) external {
    require(markets[msg.sender].isListed, 'not listed');
    enter(msg.sender, account);
  }

  function enter(address cToken, address account) private {
    address[] storage assets = assetsIn[account];
    for (uint256 i; i < assets.length; i++) if (assets[i] == cToken) return;
    assets.push(cToken);
    emit MarketEntered(cToken, account);
  }

  function getAccountLiquidity(address account) public view returns (uint256, uint256, uint256) {
    uint256 collateral;
    uint256 debt;
    address[] memory assets = assetsIn[account];
    for (uint256 i; i < assets.length; i++) {
      (, uint256 tokens, uint256 borrowed, uint256 rate) = StandInCToken(assets[i]).getAccountSnapshot(account);
      uint256 price = oracle.getUnderlyingPrice(assets[i]);
      if (price == 0) return (13, 0, 0);
      uint256 perToken = (((markets[assets[i]].collateralFactorMantissa * rate) / 1e18) * price) / 1e18;
      collateral += (perToken * tokens) / 1e18;
      debt += (price * borrowed) / 1e18;
    }
    return collateral > debt ? (0, collateral - debt, uint256(0)) : (0, uint256(0), debt - collateral);
  }

  /// 0 where a liquidation is allowed, 3 (INSUFFICIENT_SHORTFALL) where it is not.
  function liquidateBorrowAllowed(
    address borrowedToken,
    address,
    address,
    address borrower,
    uint256
  ) external view returns (uint256) {
    if (isDeprecated[borrowedToken]) return 0;
    (uint256 code, , uint256 shortfall) = getAccountLiquidity(borrower);
    if (code != 0) return code;
    return shortfall == 0 ? 3 : 0;
  }
}

/// Variables in the places that CTokenStorage gives them: accountBorrows is slot 16.
abstract contract StandInCToken {
  struct BorrowSnapshot {
    uint256 principal;
    uint256 interestIndex;
  }

  bool internal notEntered;
  string public name;
  string public symbol;
  uint8 public decimals;
  address internal admin;
  address internal pendingAdmin;
  StandInComptroller public comptroller;
  address public interestRateModel;
  uint256 internal initialExchangeRate;
  uint256 public reserveFactorMantissa;
  uint256 internal accruedTo;
  uint256 public borrowIndex;
  uint256 public totalBorrows;
  uint256 public totalReserves;
  uint256 public totalSupply;
  mapping(address => uint256) public balanceOf;
  mapping(address => mapping(address => uint256)) internal allowances;
  mapping(address => BorrowSnapshot) internal accountBorrows;
  address public underlying;
  uint256 public constant protocolSeizeShareMantissa = 0.03e18;

  event Transfer(address indexed from, address indexed to, uint256 amount);
  event Borrow(address borrower, uint256 borrowAmount, uint256 accountBorrows, uint256 totalBorrows);

  constructor(address underlying_, StandInComptroller comptroller_, string memory symbol_, uint256 initialRate) {
    (underlying, comptroller, symbol, name, decimals) = (underlying_, comptroller_, symbol_, symbol_, 8);
    (initialExchangeRate, borrowIndex, accruedTo) = (initialRate, 1e18, moment());
  }

  /// Block or second.
  function moment() internal view virtual returns (uint256);

  /// Interest of one moment, WAD.
  function rate() internal pure virtual returns (uint256);

  function accrueInterest() public returns (uint256) {
    uint256 factor = rate() * (moment() - accruedTo);
    accruedTo = moment();
    totalBorrows += (factor * totalBorrows) / 1e18;
    borrowIndex += (factor * borrowIndex) / 1e18;
    return 0;
  }

  function exchangeRateStored() public view returns (uint256) {
    if (totalSupply == 0) return initialExchangeRate;
    (, bytes memory cash) = underlying.staticcall(abi.encodeWithSignature('balanceOf(address)', address(this)));
    return ((abi.decode(cash, (uint256)) + totalBorrows) * 1e18) / totalSupply;
  }

  function borrowBalanceStored(address account) public view returns (uint256) {
    BorrowSnapshot storage debt = accountBorrows[account];
    return debt.principal == 0 ? 0 : (debt.principal * borrowIndex) / debt.interestIndex;
  }

  function borrowBalanceCurrent(address account) external returns (uint256) {
    accrueInterest();
    return borrowBalanceStored(account);
  }

  function getAccountSnapshot(address account) external view returns (uint256, uint256, uint256, uint256) {
    return (0, balanceOf[account], borrowBalanceStored(account), exchangeRateStored());
  }

  function mint(uint256 amount) external returns (uint256) {
    accrueInterest();
    uint256 tokens = (amount * 1e18) / exchangeRateStored();
    IStandInToken(underlying).transferFrom(msg.sender, address(this), amount);
    totalSupply += tokens;
    balanceOf[msg.sender] += tokens;
    emit Transfer(address(this), msg.sender, tokens);
    return 0;
  }

  function borrow(uint256 amount) external returns (uint256) {
    accrueInterest();
    comptroller.enterFor(msg.sender);
    uint256 owed = borrowBalanceStored(msg.sender) + amount;
    accountBorrows[msg.sender] = BorrowSnapshot(owed, borrowIndex);
    totalBorrows += amount;
    IStandInToken(underlying).transfer(msg.sender, amount);
    (, , uint256 shortfall) = comptroller.getAccountLiquidity(msg.sender);
    require(shortfall == 0, 'insufficient liquidity');
    emit Borrow(msg.sender, amount, owed, totalBorrows);
    return 0;
  }
}

/// Interest by the second, as Moonwell.
contract SecondsCToken is StandInCToken {
  constructor(address token, StandInComptroller comptroller_, string memory symbol_, uint256 initialRate)
    StandInCToken(token, comptroller_, symbol_, initialRate)
  {}

  function moment() internal view override returns (uint256) {
    return block.timestamp;
  }

  function rate() internal pure override returns (uint256) {
    return 1e11;
  }

  function accrualBlockTimestamp() external view returns (uint256) {
    return accruedTo;
  }
}

/// Interest by the block, as Compound.
contract BlocksCToken is StandInCToken {
  constructor(address token, StandInComptroller comptroller_, string memory symbol_, uint256 initialRate)
    StandInCToken(token, comptroller_, symbol_, initialRate)
  {}

  function moment() internal view virtual override returns (uint256) {
    return block.number;
  }

  function rate() internal pure override returns (uint256) {
    return 1e12;
  }

  function accrualBlockNumber() external view returns (uint256) {
    return accruedTo;
  }
}

abstract contract OneSlot {
  uint256 internal guardCounter;
}

abstract contract ManySlots {
  uint256[40] internal guardCounters;
}

/// accountBorrows is slot 17, as in the cTokens of 2019.
contract FirstCToken is OneSlot, BlocksCToken {
  constructor(address token, StandInComptroller comptroller_, string memory symbol_, uint256 initialRate)
    BlocksCToken(token, comptroller_, symbol_, initialRate)
  {}
}

/// accountBorrows where nobody looks for it.
contract OddCToken is ManySlots, BlocksCToken {
  constructor(address token, StandInComptroller comptroller_, string memory symbol_, uint256 initialRate)
    BlocksCToken(token, comptroller_, symbol_, initialRate)
  {}
}

/// Its interest cannot be booked: the rate model is out of bounds.
contract StuckCToken is BlocksCToken {
  constructor(address token, StandInComptroller comptroller_, string memory symbol_, uint256 initialRate)
    BlocksCToken(token, comptroller_, symbol_, initialRate)
  {}

  function moment() internal view override returns (uint256) {
    require(!stuck, 'borrow rate is absurdly high');
    return block.number;
  }

  bool private stuck;

  function setStuck(bool next) external {
    stuck = next;
  }
}
