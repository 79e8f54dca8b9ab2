// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IMorpho, MarketParams, Position, Id} from 'morpho/interfaces/IMorpho.sol';
import {MorphoBlueToken} from './MorphoBlueAssets.sol';
import {SettableFeed} from './Feeds.sol';

/// One borrower of one market.
struct Plan {
  bytes32 market;
  uint256 collateral;
  uint256 borrow;
}

/// An account that lives in its constructor only: there it is Morpho's msg.sender, and it leaves no code behind.
contract MorphoBlueAccount {
  constructor(IMorpho morpho, MarketParams memory params, uint256 borrow, address receiver) {
    if (borrow != 0) morpho.borrow(params, borrow, 0, address(this), receiver);
    assembly {
      return(0, 0)
    }
  }
}

/// Creates markets and opens many positions a transaction.
contract MorphoBlueFactory {
  event Opened(address[] accounts);

  IMorpho public immutable morpho;
  uint256 public count;

  constructor(IMorpho morpho_) {
    morpho = morpho_;
  }

  /// So many markets that nobody uses, of one loan token and made-up others.
  function spam(MarketParams memory params, uint256 markets) external {
    for (uint256 i; i < markets; i++) {
      params.collateralToken = address(uint160(uint256(keccak256(abi.encode(params.oracle, i)))));
      morpho.createMarket(params);
    }
  }

  function fund(bytes32 market, uint256 amount) external {
    MarketParams memory params = morpho.idToMarketParams(Id.wrap(market));
    MorphoBlueToken(params.loanToken).mint(address(this), amount);
    MorphoBlueToken(params.loanToken).approve(address(morpho), type(uint256).max);
    morpho.supply(params, amount, 0, address(this), '');
  }

  function open(Plan[] calldata plans) external {
    address[] memory accounts = new address[](plans.length);
    for (uint256 i; i < plans.length; i++) accounts[i] = _open(plans[i], bytes32(count + i));
    count += plans.length;
    emit Opened(accounts);
  }

  function _open(Plan calldata plan, bytes32 salt) private returns (address account) {
    MarketParams memory params = morpho.idToMarketParams(Id.wrap(plan.market));
    bytes memory code = abi.encodePacked(
      type(MorphoBlueAccount).creationCode,
      abi.encode(morpho, params, plan.borrow, address(this))
    );
    // the collateral is supplied to the address that the account will have: its first act can then be to borrow
    bytes32 hash = keccak256(abi.encodePacked(bytes1(0xff), address(this), salt, keccak256(code)));
    account = address(uint160(uint256(hash)));
    if (plan.collateral != 0) {
      MorphoBlueToken(params.collateralToken).mint(address(this), plan.collateral);
      MorphoBlueToken(params.collateralToken).approve(address(morpho), plan.collateral);
      morpho.supplyCollateral(params, plan.collateral, account, '');
    }
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
}

/// A question about a borrower, with a feed at an answer; 0 to leave the feed as it is.
struct Question {
  bytes32 market;
  address borrower;
  uint256 answer;
}

/// Asks Morpho by trying to liquidate a tenth of the debt with tokens in hand, and undoes everything.
contract MorphoBlueAsker {
  error Outcome(uint256 outcome);

  uint256 constant HEALTHY = 1;
  uint256 constant LIQUIDATED = 2;
  uint256 constant REFUSED = 3;

  /// By question: 1 healthy, 2 liquidated, 3 refused for another reason.
  function ask(IMorpho morpho, SettableFeed feed, Question[] calldata questions) external returns (uint256[] memory outcomes) {
    outcomes = new uint256[](questions.length);
    for (uint256 i; i < questions.length; i++) {
      try this.probe(morpho, feed, questions[i]) {} catch (bytes memory reason) {
        outcomes[i] = reason.length == 36 ? uint256(bytes32(_tail(reason))) : REFUSED;
      }
    }
  }

  function probe(IMorpho morpho, SettableFeed feed, Question calldata question) external {
    if (question.answer != 0) feed.set(int256(question.answer));
    MarketParams memory params = morpho.idToMarketParams(Id.wrap(question.market));
    MorphoBlueToken(params.loanToken).mint(address(this), type(uint128).max);
    MorphoBlueToken(params.loanToken).approve(address(morpho), type(uint256).max);
    Position memory position = morpho.position(Id.wrap(question.market), question.borrower);
    try morpho.liquidate(params, question.borrower, 0, position.borrowShares / 10 + 1, '') {
      revert Outcome(LIQUIDATED);
    } catch Error(string memory reason) {
      revert Outcome(keccak256(bytes(reason)) == keccak256('position is healthy') ? HEALTHY : REFUSED);
    } catch {
      revert Outcome(REFUSED);
    }
  }

  function _tail(bytes memory reason) private pure returns (bytes32 word) {
    assembly {
      word := mload(add(reason, 36))
    }
  }
}
