// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Runs a program without deploying it and without a state override: the constructor creates it, calls it and hands
/// the answer back by REVERT, because returned bytes would be treated as code (24,576 bytes at most, 200 gas each).
contract Deployless {
  constructor(bytes memory creation, bytes memory data) {
    assembly {
      let program := create(0, add(creation, 32), mload(creation))
      let success := call(gas(), program, 0, add(data, 32), mload(data), 0, 0)
      if iszero(success) {
        invalid()
      }
      returndatacopy(0, 0, returndatasize())
      revert(0, returndatasize())
    }
  }
}
