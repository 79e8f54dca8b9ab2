// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// A stand-in of Euler V2, ours, written from its published rules (protocols.md, section 11) with the functions and events
/// of the real one that liqbands and the tests use: EVC, factory, vaults. Not here: caps, fees, permits, operators, and
/// hooks but for the one that switches liquidations off.

interface IEulerToken {
  function transfer(address to, uint256 amount) external returns (bool);
  function transferFrom(address from, address to, uint256 amount) external returns (bool);
  function balanceOf(address account) external view returns (uint256);
  function decimals() external view returns (uint8);
  function symbol() external view returns (string memory);
}

interface IEulerOracle {
  function getQuote(uint256 amount, address base, address quote) external view returns (uint256);
}

interface IEulerRates {
  function computeInterestRate(address vault, uint256 cash, uint256 borrows) external returns (uint256);
}

/// Accounts of owners: the last byte of an address is one of 256, all others say whose it is.
contract EulerStandInEvc {
  event ControllerStatus(address indexed account, address indexed controller, bool enabled);
  event CollateralStatus(address indexed account, address indexed collateral, bool enabled);
  event AccountStatusCheck(address indexed account, address indexed controller);

  struct BatchItem {
    address targetContract;
    address onBehalfOfAccount;
    uint256 value;
    bytes data;
  }

  mapping(uint160 => address) private owners;
  mapping(address => address[]) private collaterals;
  mapping(address => address[]) private controllers;
  mapping(address => uint256) public getLastAccountStatusCheckTimestamp;
  address private acting;
  bool private deferred;
  address[] private toCheck;

  function getAccountOwner(address account) external view returns (address) {
    return owners[uint160(account) >> 8];
  }

  function getCollaterals(address account) external view returns (address[] memory) {
    return collaterals[account];
  }

  function getControllers(address account) external view returns (address[] memory) {
    return controllers[account];
  }

  /// On whose behalf the EVC calls a vault at the moment.
  function actingAccount() external view returns (address) {
    return acting;
  }

  function enableCollateral(address account, address vault) external {
    _own(account);
    if (_add(collaterals[account], vault)) emit CollateralStatus(account, vault, true);
    _require(account);
  }

  function disableCollateral(address account, address vault) external {
    _own(account);
    if (_remove(collaterals[account], vault)) emit CollateralStatus(account, vault, false);
    _require(account);
  }

  function enableController(address account, address vault) external {
    _own(account);
    if (_add(controllers[account], vault)) emit ControllerStatus(account, vault, true);
    _require(account);
  }

  /// By the controller itself.
  function disableController(address account) external {
    if (_remove(controllers[account], msg.sender)) emit ControllerStatus(account, msg.sender, false);
    _require(account);
  }

  function call(address target, address account, uint256, bytes calldata data) external returns (bytes memory result) {
    bool first = _begin();
    if (msg.sender != target) _own(account);
    result = _call(target, account, data);
    if (first) _end();
  }

  function batch(BatchItem[] calldata items) external {
    bool first = _begin();
    for (uint256 i; i < items.length; i++) {
      if (items[i].targetContract == address(this)) {
        (bool done, bytes memory result) = address(this).delegatecall(items[i].data);
        if (!done) _fail(result);
      } else {
        _own(items[i].onBehalfOfAccount);
        _call(items[i].targetContract, items[i].onBehalfOfAccount, items[i].data);
      }
    }
    if (first) _end();
  }

  /// A controller takes its debtor's collateral; the debtor's health is not asked.
  function controlCollateral(address collateral, address account, uint256, bytes calldata data) external {
    require(controllers[account].length == 1 && controllers[account][0] == msg.sender, 'not the controller');
    require(_has(collaterals[account], collateral), 'not enabled');
    _call(collateral, account, data);
  }

  function forgiveAccountStatusCheck(address account) external {
    require(controllers[account].length == 1 && controllers[account][0] == msg.sender, 'not the controller');
    _remove(toCheck, account);
  }

  function requireAccountStatusCheck(address account) external {
    _require(account);
  }

  function _own(address account) private {
    require(uint160(account) >> 8 == uint160(msg.sender) >> 8, 'not an account of the caller');
    address owner = owners[uint160(account) >> 8];
    if (owner == address(0)) owners[uint160(account) >> 8] = msg.sender;
    else require(owner == msg.sender, 'another owner');
  }

  function _call(address target, address account, bytes calldata data) private returns (bytes memory) {
    address outer = acting;
    acting = account;
    (bool done, bytes memory result) = target.call(data);
    if (!done) _fail(result);
    acting = outer;
    return result;
  }

  function _begin() private returns (bool first) {
    first = !deferred;
    deferred = true;
  }

  function _end() private {
    deferred = false;
    while (toCheck.length != 0) {
      address account = toCheck[toCheck.length - 1];
      toCheck.pop();
      _check(account);
    }
  }

  function _require(address account) private {
    if (deferred) _add(toCheck, account);
    else _check(account);
  }

  function _check(address account) private {
    address[] memory by = controllers[account];
    if (by.length == 0) return;
    require(by.length == 1, 'more than one controller');
    EulerStandInVault(by[0]).checkAccountStatus(account);
    getLastAccountStatusCheckTimestamp[account] = block.timestamp;
    emit AccountStatusCheck(account, by[0]);
  }

  function _has(address[] storage set, address item) private view returns (bool) {
    for (uint256 i; i < set.length; i++) if (set[i] == item) return true;
    return false;
  }

  function _add(address[] storage set, address item) private returns (bool) {
    if (_has(set, item)) return false;
    set.push(item);
    return true;
  }

  function _remove(address[] storage set, address item) private returns (bool) {
    for (uint256 i; i < set.length; i++) {
      if (set[i] != item) continue;
      set[i] = set[set.length - 1];
      set.pop();
      return true;
    }
    return false;
  }

  function _fail(bytes memory reason) private pure {
    assembly {
      revert(add(reason, 32), mload(reason))
    }
  }
}

contract EulerStandInFactory {
  address[] private list;
  mapping(string => uint256) private numbers;
  EulerStandInEvc private immutable evc;

  constructor(EulerStandInEvc evc_) {
    evc = evc_;
  }

  /// `data` is the asset, the oracle and the unit of account, 20 bytes each.
  function createProxy(address, bool, bytes calldata data) external returns (address vault) {
    address asset = address(bytes20(data[:20]));
    uint256 number = ++numbers[IEulerToken(asset).symbol()];
    vault = address(
      new EulerStandInVault(evc, asset, address(bytes20(data[20:40])), address(bytes20(data[40:])), number)
    );
    list.push(vault);
  }

  function getProxyListLength() external view returns (uint256) {
    return list.length;
  }

  function getProxyListSlice(uint256 start, uint256 end) external view returns (address[] memory slice) {
    slice = new address[](end - start);
    for (uint256 i = start; i < end; i++) slice[i - start] = list[i];
  }
}

contract EulerStandInVault {
  event Transfer(address indexed from, address indexed to, uint256 value);
  event Borrow(address indexed account, uint256 assets);
  event Repay(address indexed account, uint256 assets);
  event PullDebt(address indexed from, address indexed to, uint256 assets);
  event Liquidate(
    address indexed liquidator,
    address indexed violator,
    address collateral,
    uint256 repayAssets,
    uint256 yieldBalance
  );
  event DebtSocialized(address indexed account, uint256 assets);

  struct Ltv {
    uint16 borrowing;
    uint16 target;
    uint16 initial;
    uint48 targetTime;
    uint32 duration;
  }

  uint256 private constant SHIFT = 31;
  uint256 private constant VIRTUAL = 1e6;
  uint256 private constant SCALE = 1e4;
  uint256 private constant RAY = 1e27;

  EulerStandInEvc private immutable evc;
  address public immutable asset;
  address public immutable oracle;
  address public immutable unitOfAccount;
  string public symbol;

  mapping(address => uint256) public balanceOf;
  mapping(address => uint256) private owed;
  mapping(address => uint256) private ownAccumulator;
  mapping(address => Ltv) public LTVFull;
  address[] private listed;
  uint256 private shares;
  uint256 private cash;
  uint256 private borrows;
  uint256 private accumulator = RAY;
  uint256 private rate;
  uint256 private updated = block.timestamp;
  address private rates;
  address private hookTarget;
  uint32 private hookedOps;
  uint16 public maxLiquidationDiscount;
  uint16 public liquidationCoolOffTime;

  constructor(EulerStandInEvc evc_, address asset_, address oracle_, address unit, uint256 number) {
    (evc, asset, oracle, unitOfAccount) = (evc_, asset_, oracle_, unit);
    symbol = string.concat('e', IEulerToken(asset_).symbol(), '-', _digits(number));
  }

  // ---- what the governor sets; here anybody

  function setLTV(address collateral, uint16 borrowing, uint16 target, uint32 duration) external {
    Ltv memory old = LTVFull[collateral];
    if (old.targetTime == 0) listed.push(collateral);
    LTVFull[collateral] = Ltv(borrowing, target, uint16(_ltv(old)), uint48(block.timestamp + duration), duration);
  }

  function setMaxLiquidationDiscount(uint16 discount) external {
    maxLiquidationDiscount = discount;
  }

  function setLiquidationCoolOffTime(uint16 time) external {
    liquidationCoolOffTime = time;
  }

  function setInterestRateModel(address model) external {
    _update();
    rates = model;
    _rate();
  }

  function setHookConfig(address target, uint32 operations) external {
    (hookTarget, hookedOps) = (target, operations);
  }

  // ---- views

  function decimals() external view returns (uint8) {
    return IEulerToken(asset).decimals();
  }

  function hookConfig() external view returns (address, uint32) {
    return (hookTarget, hookedOps);
  }

  function LTVList() external view returns (address[] memory) {
    return listed;
  }

  function interestAccumulator() public view returns (uint256) {
    return (accumulator * _pow(rate + RAY, block.timestamp - updated)) / RAY;
  }

  function totalBorrowsExact() public view returns (uint256) {
    return (borrows * interestAccumulator()) / accumulator;
  }

  function totalSupply() external view returns (uint256) {
    return shares;
  }

  function totalAssets() public view returns (uint256) {
    return cash + _up(totalBorrowsExact());
  }

  function convertToAssets(uint256 amount) public view returns (uint256) {
    return (amount * (totalAssets() + VIRTUAL)) / (shares + VIRTUAL);
  }

  function debtOfExact(address account) public view returns (uint256) {
    uint256 own = owed[account];
    return own == 0 ? 0 : (own * interestAccumulator()) / ownAccumulator[account];
  }

  function debtOf(address account) public view returns (uint256) {
    return _up(debtOfExact(account));
  }

  /// By mid prices; `liquidation` chooses between the two loan-to-values.
  function accountLiquidity(address account, bool liquidation) public view returns (uint256 backing, uint256 liability) {
    address[] memory by = evc.getControllers(account);
    require(by.length == 1 && by[0] == address(this), 'not the controller');
    require(oracle != address(0), 'no oracle');
    address[] memory enabled = evc.getCollaterals(account);
    for (uint256 i; i < enabled.length; i++) {
      Ltv memory ltv = LTVFull[enabled[i]];
      uint256 share = liquidation ? _ltv(ltv) : ltv.borrowing;
      if (share == 0) continue;
      uint256 balance = IEulerToken(enabled[i]).balanceOf(account);
      if (balance == 0) continue;
      backing += (IEulerOracle(oracle).getQuote(balance, enabled[i], unitOfAccount) * share) / SCALE;
    }
    uint256 debt = debtOf(account);
    if (debt == 0) return (backing, 0);
    liability = asset == unitOfAccount ? debt : IEulerOracle(oracle).getQuote(debt, asset, unitOfAccount);
  }

  function checkAccountStatus(address account) external view {
    if (owed[account] == 0) return;
    (uint256 backing, uint256 liability) = accountLiquidity(account, false);
    require(backing > liability, 'account liquidity');
  }

  /// What a liquidator could repay and would get; (0, 0) for a healthy account.
  function checkLiquidation(address liquidator, address violator, address collateral)
    public
    view
    returns (uint256 repaid, uint256 yield)
  {
    require(liquidator != violator, 'self liquidation');
    require(LTVFull[collateral].targetTime != 0, 'bad collateral');
    require(
      block.timestamp >= evc.getLastAccountStatusCheckTimestamp(violator) + liquidationCoolOffTime,
      'liquidation cool-off'
    );
    (uint256 backing, uint256 liability) = accountLiquidity(violator, true);
    if (backing > liability || liability == 0) return (0, 0);
    uint256 factor = (backing * 1e18) / liability;
    uint256 least = 1e18 - (1e18 * uint256(maxLiquidationDiscount)) / SCALE;
    if (factor < least) factor = least;
    uint256 balance = IEulerToken(collateral).balanceOf(violator);
    uint256 value = IEulerOracle(oracle).getQuote(balance, collateral, unitOfAccount);
    if (value == 0) return (0, balance);
    uint256 repayValue = liability;
    uint256 yieldValue = (repayValue * 1e18) / factor;
    if (value < yieldValue) {
      repayValue = (value * factor) / 1e18;
      yieldValue = value;
    }
    repaid = (repayValue * debtOf(violator)) / liability;
    yield = (yieldValue * balance) / value;
  }

  // ---- what accounts do

  function deposit(uint256 amount, address receiver) external returns (uint256 made) {
    address account = _act();
    if (account == address(0)) return abi.decode(_forward(), (uint256));
    made = (amount * (shares + VIRTUAL)) / (totalAssets() + VIRTUAL);
    IEulerToken(asset).transferFrom(account, address(this), amount);
    cash += amount;
    _mint(receiver, made);
    _rate();
  }

  function withdraw(uint256 amount, address receiver, address owner) external returns (uint256 burnt) {
    address account = _act();
    if (account == address(0)) return abi.decode(_forward(), (uint256));
    require(account == owner, 'not the owner');
    uint256 total = totalAssets() + VIRTUAL;
    burnt = (amount * (shares + VIRTUAL) + total - 1) / total;
    balanceOf[owner] -= burnt;
    shares -= burnt;
    cash -= amount;
    emit Transfer(owner, address(0), burnt);
    evc.requireAccountStatusCheck(owner);
    IEulerToken(asset).transfer(receiver, amount);
    _rate();
  }

  function transfer(address to, uint256 amount) external returns (bool) {
    address account = _act();
    if (account == address(0)) return abi.decode(_forward(), (bool));
    balanceOf[account] -= amount;
    balanceOf[to] += amount;
    emit Transfer(account, to, amount);
    evc.requireAccountStatusCheck(account);
    return true;
  }

  function borrow(uint256 amount, address receiver) external returns (uint256) {
    address account = _act();
    if (account == address(0)) return abi.decode(_forward(), (uint256));
    _controls(account);
    cash -= amount;
    _setDebt(account, debtOfExact(account) + (amount << SHIFT));
    borrows += amount << SHIFT;
    emit Borrow(account, amount);
    evc.requireAccountStatusCheck(account);
    IEulerToken(asset).transfer(receiver, amount);
    _rate();
    return amount;
  }

  function repay(uint256 amount, address receiver) external returns (uint256) {
    address account = _act();
    if (account == address(0)) return abi.decode(_forward(), (uint256));
    if (amount == type(uint256).max) amount = debtOf(receiver);
    IEulerToken(asset).transferFrom(account, address(this), amount);
    cash += amount;
    _reduce(receiver, amount);
    _rate();
    return amount;
  }

  function pullDebt(uint256 amount, address from) external {
    address account = _act();
    if (account == address(0)) {
      _forward();
      return;
    }
    _controls(account);
    if (amount == type(uint256).max) amount = debtOf(from);
    _move(from, account, amount);
    emit PullDebt(from, account, amount);
    evc.requireAccountStatusCheck(account);
    _rate();
  }

  function disableController() external {
    address account = msg.sender == address(evc) ? evc.actingAccount() : msg.sender;
    require(owed[account] == 0, 'outstanding debt');
    evc.disableController(account);
  }

  function touch() external {
    _update();
    _rate();
  }

  function liquidate(address violator, address collateral, uint256 repayAssets, uint256) external {
    address liquidator = _act();
    if (liquidator == address(0)) {
      _forward();
      return;
    }
    _controls(liquidator);
    require(hookedOps & (1 << 11) == 0 || hookTarget != address(0), 'operation disabled');
    uint256 debt = debtOf(violator);
    (, uint256 liability) = accountLiquidity(violator, true);
    (uint256 repaid, uint256 yield) = checkLiquidation(liquidator, violator, collateral);
    if (repayAssets < repaid) {
      yield = (repayAssets * yield) / repaid;
      repaid = repayAssets;
    }
    if (repaid != 0) _move(violator, liquidator, repaid);
    if (yield != 0) {
      bytes memory data = abi.encodeCall(IEulerToken.transfer, (liquidator, yield));
      evc.controlCollateral(collateral, violator, 0, data);
      evc.forgiveAccountStatusCheck(violator);
    }
    if (liability >= 1e6 && debt > repaid && _bare(violator)) {
      _reduce(violator, debt - repaid);
      emit DebtSocialized(violator, debt - repaid);
    }
    emit Liquidate(liquidator, violator, collateral, repaid, yield);
    evc.requireAccountStatusCheck(liquidator);
    _rate();
  }

  // ---- inside

  /// The account that acts; 0 where the EVC has to be asked to call again on the caller's behalf.
  function _act() private returns (address account) {
    if (msg.sender != address(evc)) return address(0);
    _update();
    return evc.actingAccount();
  }

  function _forward() private returns (bytes memory) {
    return evc.call(address(this), msg.sender, 0, msg.data);
  }

  function _controls(address account) private view {
    address[] memory by = evc.getControllers(account);
    for (uint256 i; i < by.length; i++) if (by[i] == address(this)) return;
    revert('controller disabled');
  }

  function _bare(address account) private view returns (bool) {
    address[] memory enabled = evc.getCollaterals(account);
    for (uint256 i; i < enabled.length; i++)
      if (LTVFull[enabled[i]].targetTime != 0 && IEulerToken(enabled[i]).balanceOf(account) != 0) return false;
    return true;
  }

  function _update() private {
    uint256 now_ = interestAccumulator();
    borrows = (borrows * now_) / accumulator;
    (accumulator, updated) = (now_, block.timestamp);
  }

  function _rate() private {
    if (rates != address(0)) rate = IEulerRates(rates).computeInterestRate(address(this), cash, _up(borrows));
  }

  function _setDebt(address account, uint256 exact) private {
    (owed[account], ownAccumulator[account]) = (exact, accumulator);
  }

  /// What is left is rounded up to a whole unit of the asset.
  function _reduce(address account, uint256 amount) private {
    uint256 exact = debtOfExact(account);
    uint256 left = (_up(exact) - amount) << SHIFT;
    _setDebt(account, left);
    borrows = borrows > exact ? borrows - exact + left : left;
    emit Repay(account, amount);
  }

  function _move(address from, address to, uint256 amount) private {
    uint256 exact = amount << SHIFT;
    uint256 all = debtOfExact(from);
    if (exact > all ? exact - all < 1 << SHIFT : all - exact < 1 << SHIFT) exact = all;
    _setDebt(from, all - exact);
    _setDebt(to, debtOfExact(to) + exact);
    emit Repay(from, amount);
    emit Borrow(to, amount);
  }

  function _mint(address to, uint256 amount) private {
    balanceOf[to] += amount;
    shares += amount;
    emit Transfer(address(0), to, amount);
  }

  function _ltv(Ltv memory ltv) private view returns (uint256) {
    if (block.timestamp >= ltv.targetTime || ltv.target >= ltv.initial) return ltv.target;
    return ltv.target + (uint256(ltv.initial - ltv.target) * (ltv.targetTime - block.timestamp)) / ltv.duration;
  }

  function _up(uint256 exact) private pure returns (uint256) {
    return (exact + (1 << SHIFT) - 1) >> SHIFT;
  }

  /// By squares, each rounded half up.
  function _pow(uint256 x, uint256 n) private pure returns (uint256 z) {
    z = n % 2 == 0 ? RAY : x;
    for (n /= 2; n != 0; n /= 2) {
      x = (x * x + RAY / 2) / RAY;
      if (n % 2 != 0) z = (z * x + RAY / 2) / RAY;
    }
  }

  function _digits(uint256 n) private pure returns (string memory text) {
    for (; n != 0; n /= 10) text = string.concat(string(abi.encodePacked(bytes1(uint8(48 + (n % 10))))), text);
  }
}
