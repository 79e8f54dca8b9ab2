// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Stand-in for a Safe: the two questions that are asked of one, and nothing else.
contract SafeStandIn {
  address[] private owners;
  uint256 public immutable getThreshold;

  constructor(address[] memory owners_, uint256 threshold) {
    owners = owners_;
    getThreshold = threshold;
  }

  function getOwners() external view returns (address[] memory) {
    return owners;
  }
}

/// Stand-in for a smart account with one owner (DSProxy, an Ownable wallet).
contract OwnedStandIn {
  address public immutable owner;

  constructor(address owner_) {
    owner = owner_;
  }
}

/// Stand-in for a public gateway: whoever asks is served, and it belongs to a company.
contract GatewayStandIn {
  address public immutable owner = msg.sender;

  function serves() external pure returns (bool) {
    return true;
  }
}

/// Answers every question with two words that look like something.
contract ChattyStandIn {
  fallback() external {
    assembly {
      mstore(0, 0x20)
      mstore(32, 0)
      return(0, 64)
    }
  }
}
