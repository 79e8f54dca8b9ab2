// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// `aggregate3` as the public Multicall3 has it (https://github.com/mds1/multicall3): a call that runs out of gas is
/// told as a failed one, without a word.
contract Multicall3 {
  struct Call3 {
    address target;
    bool allowFailure;
    bytes callData;
  }

  struct Result {
    bool success;
    bytes returnData;
  }

  function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory returnData) {
    returnData = new Result[](calls.length);
    for (uint256 i; i < calls.length; i++) {
      Result memory result = returnData[i];
      (result.success, result.returnData) = calls[i].target.call(calls[i].callData);
      require(result.success || calls[i].allowFailure, 'Multicall3: call failed');
    }
  }
}
