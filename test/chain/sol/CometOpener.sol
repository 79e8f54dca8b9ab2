// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IComet {
  function supplyTo(address dst, address asset, uint256 amount) external;
  function withdraw(address asset, uint256 amount) external;
  function transfer(address dst, uint256 amount) external returns (bool);
}

/// A token of any decimals that anyone may mint.
contract CometToken {
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

/// What one account does: gets collateral, then borrows by a withdrawal or by a transfer of base tokens to `payee`.
struct Plan {
  address[] assets;
  uint256[] amounts;
  uint256 borrowed;
  address payee;
}

/// An account that lives in its constructor only: there it is Comet's msg.sender, and it leaves no code behind.
contract CometAccount {
  constructor(IComet comet, address baseToken, uint256 borrowed, address payee) {
    if (borrowed > 0) {
      if (payee == address(0)) comet.withdraw(baseToken, borrowed);
      else comet.transfer(payee, borrowed);
    }
    assembly {
      return(0, 0)
    }
  }
}

/// Opens many positions a transaction at any Comet, real or not.
contract CometOpener {
  event Opened(address[] accounts);

  IComet public immutable comet;
  address public immutable baseToken;
  uint256 public count;

  constructor(IComet comet_, address baseToken_) {
    comet = comet_;
    baseToken = baseToken_;
  }

  function approve(address[] calldata tokens) external {
    for (uint256 i; i < tokens.length; i++) CometToken(tokens[i]).approve(address(comet), type(uint256).max);
  }

  function open(Plan[] calldata plans) external {
    address[] memory accounts = new address[](plans.length);
    for (uint256 i; i < plans.length; i++) accounts[i] = openOne(plans[i], bytes32(count + i));
    count += plans.length;
    emit Opened(accounts);
  }

  function openOne(Plan calldata plan, bytes32 salt) private returns (address account) {
    bytes memory code = abi.encodePacked(
      type(CometAccount).creationCode,
      abi.encode(comet, baseToken, plan.borrowed, plan.payee)
    );
    // The collateral is supplied to the address that the account will have: its first act can then be to borrow.
    bytes32 hash = keccak256(abi.encodePacked(bytes1(0xff), address(this), salt, keccak256(code)));
    account = address(uint160(uint256(hash)));
    for (uint256 i; i < plan.assets.length; i++) comet.supplyTo(account, plan.assets[i], plan.amounts[i]);
    assembly {
      let made := create2(0, add(code, 32), mload(code), salt)
      if iszero(made) {
        returndatacopy(0, 0, returndatasize())
        revert(0, returndatasize())
      }
    }
  }
}
