// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface ILendingPool {
  function deposit(address asset, uint256 amount, address onBehalfOf, uint16 referral) external;
  function borrow(address asset, uint256 amount, uint256 rateMode, uint16 referral, address onBehalfOf) external;
  function setUserUseReserveAsCollateral(address asset, bool use) external;
}

interface IMintable {
  function mint(uint256 amount) external returns (bool);
  function approve(address spender, uint256 amount) external returns (bool);
}

/// What an account does once its collateral is deposited; the zero address or a zero amount means "nothing".
struct V2Steps {
  address switchOff0;
  address switchOff1;
  address debt0;
  uint256 amount0;
  uint256 rateMode0;
  address debt1;
  uint256 amount1;
  uint256 rateMode1;
}

/// An account that lives in its constructor only: there it is the Pool's msg.sender, and it leaves no code behind.
contract V2ConstructorAccount {
  constructor(ILendingPool pool, V2Steps memory s) {
    if (s.switchOff0 != address(0)) pool.setUserUseReserveAsCollateral(s.switchOff0, false);
    if (s.switchOff1 != address(0)) pool.setUserUseReserveAsCollateral(s.switchOff1, false);
    if (s.amount0 != 0) pool.borrow(s.debt0, s.amount0, s.rateMode0, 0, address(this));
    if (s.amount1 != 0) pool.borrow(s.debt1, s.amount1, s.rateMode1, 0, address(this));
    assembly {
      return(0, 0)
    }
  }
}

/// Opens many positions a transaction, each described by one word (its layout is in position-word.ts; where that has the
/// e-mode stands here, bit by bit, which of the two debts is at the stable rate).
contract AaveV2PositionFactory {
  event Opened(address[] accounts);

  ILendingPool public immutable pool;
  address[] public tokens;
  uint256 public count;

  constructor(ILendingPool pool_, address[] memory tokens_) {
    pool = pool_;
    tokens = tokens_;
    for (uint256 i; i < tokens_.length; i++) IMintable(tokens_[i]).approve(address(pool_), type(uint256).max);
  }

  function open(uint256[] calldata words) external {
    address[] memory accounts = new address[](words.length);
    uint256 salt = count;
    for (uint256 i; i < words.length; i++) accounts[i] = _open(words[i], bytes32(salt + i));
    count = salt + words.length;
    emit Opened(accounts);
  }

  function _open(uint256 word, bytes32 salt) private returns (address account) {
    bytes memory code = abi.encodePacked(type(V2ConstructorAccount).creationCode, abi.encode(pool, _steps(word)));
    // The collateral is deposited for the address that the account will have: its first act can then be to borrow.
    bytes32 hash = keccak256(abi.encodePacked(bytes1(0xff), address(this), salt, keccak256(code)));
    account = address(uint160(uint256(hash)));
    _deposit(word, 244, 168, account);
    _deposit(word, 240, 112, account);
    address made;
    assembly {
      made := create2(0, add(code, 32), mload(code), salt)
      if iszero(made) {
        returndatacopy(0, 0, returndatasize())
        revert(0, returndatasize())
      }
    }
    require(made == account, 'unexpected address');
  }

  function _deposit(uint256 word, uint256 tokenShift, uint256 amountShift, address account) private {
    uint256 amount = _amount(word >> amountShift);
    if (amount == 0) return;
    IMintable(_token(word >> tokenShift)).mint(amount);
    pool.deposit(_token(word >> tokenShift), amount, account, 0);
  }

  function _steps(uint256 word) private view returns (V2Steps memory s) {
    s.rateMode0 = (word >> 248) & 1 != 0 ? 1 : 2;
    s.rateMode1 = (word >> 248) & 2 != 0 ? 1 : 2;
    if ((word >> 224) & 1 != 0) s.switchOff0 = _token(word >> 244);
    if ((word >> 224) & 2 != 0) s.switchOff1 = _token(word >> 240);
    s.debt0 = _token(word >> 236);
    s.amount0 = _amount(word >> 56);
    s.debt1 = _token(word >> 232);
    s.amount1 = _amount(word);
  }

  function _token(uint256 bits) private view returns (address) {
    return tokens[bits & 15];
  }

  /// A decimal floating-point number: mantissa (50 bits) above exponent (6 bits).
  function _amount(uint256 bits) private pure returns (uint256) {
    return ((bits >> 6) & (2 ** 50 - 1)) * 10 ** (bits & 63);
  }
}
