// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Many calls in one eth_call, run by code override or deployless; same interface as Multicall3's aggregate3.
contract Batch {
  struct Call {
    address target;
    bool allowFailure;
    bytes callData;
  }

  struct Result {
    bool success;
    bytes returnData;
  }

  function aggregate3(Call[] calldata calls) external payable returns (Result[] memory results) {
    uint256 count = calls.length;
    results = new Result[](count);
    for (uint256 i; i < count; ++i) {
      // CALL, not STATICCALL: a measurement sets the feed stub between two reads. Half of what nodes allow: an oracle
      // that burns whatever it is given refuses, and costs the others nothing
      (bool success, bytes memory data) = calls[i].target.call{gas: 25_000_000}(calls[i].callData);
      require(success || calls[i].allowFailure);
      // a call that failed without a word because it ran out of gas must not pass for a refusal
      require(success || data.length > 0 || gasleft() > 1_000_000);
      results[i] = Result(success, data);
    }
  }
}
