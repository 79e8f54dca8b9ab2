// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Reads the stored state of many Aave V3 accounts in one eth_call, through public getters only, so that no storage
/// layout is assumed. Run by code override or deployless; never deployed.
///
/// calldata: pool(20) tokenCount(2) tokens(20 each: aToken and variable debt token of reserve 0, 1, …) accounts(20 each)
/// returns, per account: eMode(1) count(1), then count times tokenIndex(1) scaledBalance(16)
/// A token is read only where the account's configuration has the bit set (collateral on, or borrowing).
contract AaveV3Lens {
  fallback() external {
    assembly {
      function ask(target, selector, account) -> answer {
        mstore(0, shl(224, selector))
        mstore(4, account)
        if iszero(staticcall(gas(), target, 0, 36, 0, 32)) {
          revert(0, 0)
        }
        if lt(returndatasize(), 32) {
          revert(0, 0)
        }
        answer := mload(0)
      }
      let pool := shr(96, calldataload(0))
      let accounts := add(22, mul(20, shr(240, calldataload(20))))
      let start := 0x80
      let end := start
      for {
        let cursor := accounts
      } lt(cursor, calldatasize()) {
        cursor := add(cursor, 20)
      } {
        let account := shr(96, calldataload(cursor))
        let flags := ask(pool, 0x4417a583, account) // getUserConfiguration(address)
        mstore8(end, ask(pool, 0xeddf1b79, account)) // getUserEMode(address)
        let counter := add(end, 1)
        let count := 0
        end := add(end, 2)
        // bit 2i: borrowing reserve i; bit 2i+1: reserve i is collateral. Token 2i is its aToken, 2i+1 its debt token.
        for {
          let i := 0
        } flags {
          i := add(i, 2)
          flags := shr(2, flags)
        } {
          if and(flags, 2) {
            let token := shr(96, calldataload(add(22, mul(20, i))))
            mstore8(end, i)
            mstore(add(end, 1), shl(128, ask(token, 0x1da24f3e, account))) // scaledBalanceOf(address)
            end := add(end, 17)
            count := add(count, 1)
          }
          if and(flags, 1) {
            let token := shr(96, calldataload(add(42, mul(20, i))))
            mstore8(end, add(i, 1))
            mstore(add(end, 1), shl(128, ask(token, 0x1da24f3e, account)))
            end := add(end, 17)
            count := add(count, 1)
          }
        }
        mstore8(counter, count)
      }
      return(start, sub(end, start))
    }
  }
}
