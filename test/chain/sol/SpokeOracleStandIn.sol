// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IFeed {
  function latestAnswer() external view returns (int256);
}

/// STAND-IN, not Aave's contract: the oracle of one spoke.
contract SpokeOracleStandIn {
  error InvalidPrice(uint256 reserveId);

  mapping(uint256 => address) public getReserveSource;

  function setReserveSource(uint256 id, address source) external {
    getReserveSource[id] = source;
  }

  function getReservePrice(uint256 id) external view returns (uint256) {
    int256 price = IFeed(getReserveSource[id]).latestAnswer();
    if (price <= 0) revert InvalidPrice(id);
    return uint256(price);
  }
}
