// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {CometToken} from './CometOpener.sol';

interface ISpoke {
  function supply(uint256 reserveId, uint256 amount, address onBehalfOf) external;
  function setUsingAsCollateral(uint256 reserveId, bool use, address onBehalfOf) external;
  function borrow(uint256 reserveId, uint256 amount, address onBehalfOf) external;
}

struct Amount {
  uint256 reserveId;
  address token;
  uint256 amount;
}

/// What one account does: supplies and uses all of `collateral`, supplies `idle` without using it, then borrows.
struct Plan {
  Amount[] collateral;
  Amount[] idle;
  Amount[] debt;
}

/// An account that lives in its constructor only: there it is the spoke's msg.sender, and it leaves no code behind.
contract SpokeAccount {
  constructor(ISpoke spoke, Plan memory plan) {
    for (uint256 i; i < plan.collateral.length; i++) {
      supply(spoke, plan.collateral[i]);
      spoke.setUsingAsCollateral(plan.collateral[i].reserveId, true, address(this));
    }
    for (uint256 i; i < plan.idle.length; i++) supply(spoke, plan.idle[i]);
    for (uint256 i; i < plan.debt.length; i++)
      spoke.borrow(plan.debt[i].reserveId, plan.debt[i].amount, address(this));
    assembly {
      return(0, 0)
    }
  }

  function supply(ISpoke spoke, Amount memory what) private {
    CometToken token = CometToken(what.token);
    token.mint(address(this), what.amount);
    token.approve(address(spoke), what.amount);
    spoke.supply(what.reserveId, what.amount, address(this));
  }
}

/// Opens many positions a transaction at any Aave V4 spoke, real or not.
contract SpokeOpener {
  event Opened(address[] accounts);

  ISpoke public immutable spoke;

  constructor(ISpoke spoke_) {
    spoke = spoke_;
  }

  function open(Plan[] calldata plans) external {
    address[] memory accounts = new address[](plans.length);
    for (uint256 i; i < plans.length; i++) accounts[i] = address(new SpokeAccount(spoke, plans[i]));
    emit Opened(accounts);
  }
}
