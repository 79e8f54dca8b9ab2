// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IFaucetToken {
  function allocateTo(address owner, uint256 value) external;
  function approve(address spender, uint256 value) external returns (bool);
}

interface ICToken {
  function underlying() external view returns (address);
  function mint(uint256 amount) external returns (uint256);
  function borrow(uint256 amount) external returns (uint256);
  function accrueInterest() external returns (uint256);
}

interface IComptroller {
  function enterMarkets(address[] calldata cTokens) external returns (uint256[] memory);
  function enterPool(uint96 poolId) external;
  function vaiController() external view returns (address);
  function getAccountLiquidity(address account) external view returns (uint256, uint256, uint256);
}

interface IVaiController {
  function mintVAI(uint256 amount) external returns (uint256);
  function accrueVAIInterest() external;
}

/// What one account does, in this order: supplies, enters markets, chooses a pool, borrows, mints VAI.
struct Plan {
  address[] supplied;
  uint256[] supplyAmounts;
  address[] entered;
  uint96 pool;
  address[] borrowed;
  uint256[] borrowAmounts;
  uint256 vai;
}

/// An account that lives in its constructor only: there it is the cTokens' msg.sender, and it leaves no code behind.
contract CompoundActor {
  constructor(IComptroller comptroller, Plan memory plan) {
    for (uint256 i; i < plan.supplied.length; i++) {
      ICToken cToken = ICToken(plan.supplied[i]);
      IFaucetToken token = IFaucetToken(cToken.underlying());
      token.allocateTo(address(this), plan.supplyAmounts[i]);
      token.approve(address(cToken), plan.supplyAmounts[i]);
      require(cToken.mint(plan.supplyAmounts[i]) == 0, 'mint refused');
    }
    comptroller.enterMarkets(plan.entered);
    if (plan.pool > 0) comptroller.enterPool(plan.pool);
    for (uint256 i; i < plan.borrowed.length; i++)
      require(ICToken(plan.borrowed[i]).borrow(plan.borrowAmounts[i]) == 0, 'borrow refused');
    if (plan.vai > 0)
      require(IVaiController(comptroller.vaiController()).mintVAI(plan.vai) == 0, 'VAI refused');
    assembly {
      return(0, 0)
    }
  }
}

/// Opens many positions a transaction, and asks the comptroller about accounts after all interest is booked.
contract CompoundOpener {
  event Opened(address[] accounts);

  IComptroller public immutable comptroller;

  constructor(IComptroller comptroller_) {
    comptroller = comptroller_;
  }

  function open(Plan[] calldata plans) external {
    address[] memory accounts = new address[](plans.length);
    for (uint256 i; i < plans.length; i++) accounts[i] = address(new CompoundActor(comptroller, plans[i]));
    emit Opened(accounts);
  }

  /// Error code and shortfall of each account, with the interest of every market booked first.
  function ask(
    address[] calldata cTokens,
    address vaiController,
    address[] calldata accounts
  ) external returns (uint256[2][] memory answers) {
    for (uint256 i; i < cTokens.length; i++) ICToken(cTokens[i]).accrueInterest();
    if (vaiController != address(0)) IVaiController(vaiController).accrueVAIInterest();
    answers = new uint256[2][](accounts.length);
    for (uint256 i; i < accounts.length; i++)
      (answers[i][0], , answers[i][1]) = comptroller.getAccountLiquidity(accounts[i]);
  }
}

interface IFeed {
  function latestAnswer() external view returns (int256);
}

/// A feed of a staked asset as Venus and Moonwell compose them: ratio (value, 1e18) times an 8-digit feed, 18 digits.
contract ComposedFeed {
  int256 public value; // slot 0, as in Feeds.sol
  IFeed public immutable base;
  uint8 public constant decimals = 18;

  constructor(IFeed base_, int256 ratio) {
    base = base_;
    value = ratio;
  }

  function set(int256 next) external {
    value = next;
  }

  function latestAnswer() public view returns (int256) {
    return (base.latestAnswer() * 1e10 * value) / 1e18;
  }

  function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
    return (1, latestAnswer(), block.timestamp, block.timestamp, 1);
  }
}

/// Stand-in for Venus' deviation-bounded oracle, which borrowing asks and liquidation does not: both bounds are the
/// spot price.
contract UnboundedOracle {
  address public immutable oracle;

  constructor(address oracle_) {
    oracle = oracle_;
  }

  function getBoundedPrices(address vToken) external view returns (uint256, uint256) {
    return both(vToken);
  }

  function getBoundedPricesView(address vToken) external view returns (uint256, uint256) {
    return both(vToken);
  }

  function getBoundedCollateralPriceView(address vToken) external view returns (uint256 price) {
    (price, ) = both(vToken);
  }

  function getBoundedDebtPriceView(address vToken) external view returns (uint256 price) {
    (price, ) = both(vToken);
  }

  function both(address vToken) private view returns (uint256, uint256) {
    (bool ok, bytes memory data) = oracle.staticcall(abi.encodeWithSignature('getUnderlyingPrice(address)', vToken));
    require(ok, 'no price');
    uint256 price = abi.decode(data, (uint256));
    return (price, price);
  }

  fallback() external {}
}
