// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Reads what an Aave V4 spoke stores of many accounts in one eth_call, through public getters only. Run by code override
/// or deployless; never deployed.
///
/// calldata: spoke(20) reserveCount(2) accounts(20 each)
/// returns, per account: count(2), then count times reserve(2) flags(1) drawnShares(15) premiumShares(15)
/// premiumOffsetRay(25, signed) suppliedShares(15) dynamicConfigKey(4); flags: 1 collateral, 2 borrowing
/// A reserve is read only where the account uses it as collateral or borrows it.
contract AaveV4Lens {
  fallback() external {
    assembly {
      // asks a getter of the spoke that takes a reserve and a user; the answer lies at 0x80
      function ask(selector, i, account, size) {
        mstore(0, shl(224, selector))
        mstore(4, i)
        mstore(36, account)
        if iszero(staticcall(gas(), shr(96, calldataload(0)), 0, 68, 0x80, size)) {
          revert(0, 0)
        }
        if lt(returndatasize(), size) {
          revert(0, 0)
        }
      }
      let count := shr(240, calldataload(20))
      let end := 0x200
      for {
        let cursor := 22
      } lt(cursor, calldatasize()) {
        cursor := add(cursor, 20)
      } {
        let account := shr(96, calldataload(cursor))
        let counter := end
        let found := 0
        end := add(end, 2)
        for {
          let i := 0
        } lt(i, count) {
          i := add(i, 1)
        } {
          ask(0xa2a522f1, i, account, 64) // getUserReserveStatus(uint256,address)
          let flags := or(mload(0x80), shl(1, mload(0xa0)))
          if flags {
            ask(0x869da9db, i, account, 160) // getUserPosition(uint256,address)
            mstore(end, shl(240, i))
            mstore8(add(end, 2), flags)
            mstore(add(end, 3), shl(136, mload(0x80)))
            mstore(add(end, 18), shl(136, mload(0xa0)))
            mstore(add(end, 33), shl(56, mload(0xc0)))
            mstore(add(end, 58), shl(136, mload(0xe0)))
            mstore(add(end, 73), shl(224, mload(0x100)))
            end := add(end, 77)
            found := add(found, 1)
          }
        }
        mstore8(counter, shr(8, found))
        mstore8(add(counter, 1), found)
      }
      return(0x200, sub(end, 0x200))
    }
  }
}
