// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Reads the stored state of many Aave accounts (V2, V3 and their forks) in one eth_call, through public getters only, so
/// that no storage layout is assumed. Run by code override or deployless; never deployed.
///
/// calldata: pool(20) hasEModes(1) reserves(2), then of reserve 0, 1, …: aToken(20), the selector of what it stores of an
/// account(4), variable debt token(20), stable debt token or zero(20); then accounts(20 each)
/// returns, per account: eMode(1) count(1), then count times token(1) balance(16), where token 2i is the aToken of reserve
/// i and 2i + 1 its variable debt; then count(1), and count times i(1) principal(16) rate(16) since(5) of stable debt
/// A token is read only where the account's configuration has the bit set (collateral on, or borrowing).
contract AaveLens {
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
      // where the tokens of reserve i stand in the calldata
      function at(i) -> place {
        place := add(23, mul(64, i))
      }
      function write(end, token, amount) -> next {
        mstore8(end, token)
        mstore(add(end, 1), shl(128, amount))
        next := add(end, 17)
      }
      // bit 2i: borrowing reserve i; bit 2i+1: reserve i is collateral
      function balances(account, flags, from) -> end {
        end := add(from, 1)
        let count := 0
        for {
          let i := 0
        } flags {
          i := add(i, 1)
          flags := shr(2, flags)
        } {
          if and(flags, 2) {
            let entry := calldataload(at(i))
            let held := ask(shr(96, entry), and(shr(64, entry), 0xffffffff), account)
            end := write(end, mul(2, i), held)
            count := add(count, 1)
          }
          if and(flags, 1) {
            let held := ask(shr(96, calldataload(add(at(i), 24))), 0x1da24f3e, account) // scaledBalanceOf(address)
            end := write(end, add(mul(2, i), 1), held)
            count := add(count, 1)
          }
        }
        mstore8(from, count)
      }
      function stableDebts(account, flags, from) -> end {
        end := add(from, 1)
        let count := 0
        for {
          let i := 0
        } flags {
          i := add(i, 1)
          flags := shr(2, flags)
        } {
          let token := shr(96, calldataload(add(at(i), 44)))
          if iszero(and(flags, 1)) {
            token := 0
          }
          if token {
            let principal := ask(token, 0xc634dfaa, account) // principalBalanceOf(address)
            if principal {
              end := write(end, i, principal)
              mstore(end, shl(128, ask(token, 0xe78c9b3b, account))) // getUserStableRate(address)
              mstore(add(end, 16), shl(216, ask(token, 0x79ce6b8c, account))) // getUserLastUpdated(address)
              end := add(end, 21)
              count := add(count, 1)
            }
          }
        }
        mstore8(from, count)
      }
      let accounts := at(shr(240, calldataload(21)))
      let start := 0x80
      let end := start
      for {
        let cursor := accounts
      } lt(cursor, calldatasize()) {
        cursor := add(cursor, 20)
      } {
        let account := shr(96, calldataload(cursor))
        let pool := shr(96, calldataload(0))
        let flags := ask(pool, 0x4417a583, account) // getUserConfiguration(address)
        mstore8(end, 0)
        if byte(0, calldataload(20)) {
          mstore8(end, ask(pool, 0xeddf1b79, account)) // getUserEMode(address)
        }
        end := balances(account, flags, add(end, 1))
        end := stableDebts(account, flags, end)
      }
      return(start, sub(end, start))
    }
  }
}
