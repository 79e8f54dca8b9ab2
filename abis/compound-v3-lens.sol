// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Reads what a Compound v3 Comet stores of many accounts in one eth_call, through public getters only. An account
/// without debt costs one read: the collateral of lenders and idle depositors is not looked at.
/// Run by code override or deployless; never deployed.
///
/// calldata: comet(20) assetCount(1) assets(20 each, in Comet's own order) accounts(20 each)
/// returns, per account: debtPrincipal(13), and where that is not 0: count(1), then count times asset(1) balance(16)
/// Bits 0 … 15 of an account's assets are in assetsIn, 16 … 23 in _reserved.
contract CompoundV3Lens {
  fallback() external {
    assembly {
      function ask(target, length, needed) {
        if iszero(staticcall(gas(), target, 0, length, 0, needed)) {
          revert(0, 0)
        }
        if lt(returndatasize(), needed) {
          revert(0, 0)
        }
      }
      let comet := shr(96, calldataload(0))
      let assets := shr(248, calldataload(20))
      let end := 0x100
      for {
        let cursor := add(21, mul(20, assets))
      } lt(cursor, calldatasize()) {
        cursor := add(cursor, 20)
      } {
        let account := shr(96, calldataload(cursor))
        mstore(0, shl(224, 0xdc4abafd)) // userBasic(address)
        mstore(4, account)
        ask(comet, 36, 160)
        let debt := sub(0, mload(0))
        if slt(debt, 0) {
          debt := 0
        }
        mstore(end, shl(152, debt))
        end := add(end, 13)
        if debt {
          // a bit without an asset counts for nothing in Comet either
          let flags := and(or(mload(96), shl(16, mload(128))), sub(shl(assets, 1), 1))
          let counter := end
          let count := 0
          end := add(end, 1)
          for {
            let i := 0
          } flags {
            i := add(i, 1)
            flags := shr(1, flags)
          } {
            if and(flags, 1) {
              mstore(0, shl(224, 0x2b92a07d)) // userCollateral(address,address)
              mstore(4, account)
              mstore(36, shr(96, calldataload(add(21, mul(20, i)))))
              ask(comet, 68, 64)
              mstore8(end, i)
              mstore(add(end, 1), shl(128, mload(0)))
              end := add(end, 17)
              count := add(count, 1)
            }
          }
          mstore8(counter, count)
        }
      }
      return(0x100, sub(end, 0x100))
    }
  }
}
