// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IVat {
  function hope(address usr) external;
  function slip(bytes32 ilk, address usr, int256 wad) external;
  function frob(bytes32 i, address u, address v, address w, int256 dink, int256 dart) external;
}

interface ICdpManager {
  function open(bytes32 ilk, address usr) external returns (uint256);
  function urns(uint256 cdp) external view returns (address);
  function give(uint256 cdp, address dst) external;
  function frob(uint256 cdp, int256 dink, int256 dart) external;
}

interface IDssOsm {
  function poke() external;
}

interface IDssSpotter {
  function poke(bytes32 ilk) external;
  function ilks(bytes32 ilk) external view returns (address pip, uint256 mat);
}

interface IDssJug {
  function drip(bytes32 ilk) external returns (uint256);
}

interface IDssDog {
  function bark(bytes32 ilk, address urn, address kpr) external returns (uint256);
}

interface IFeed {
  function latestAnswer() external view returns (int256);
}

/// The source of an OSM: a feed with 8 decimals times a ratio (wad).
contract RatioPip {
  IFeed public feed;
  uint256 public ratio;
  bool public broken;

  constructor(IFeed feed_, uint256 ratio_) {
    (feed, ratio) = (feed_, ratio_);
  }

  function setBroken(bool next) external {
    broken = next;
  }

  function peek() external view returns (bytes32, bool) {
    return (bytes32((uint256(feed.latestAnswer()) * ratio) / 1e8), !broken);
  }
}

/// A vault that belongs to nobody but itself, as far as anyone can see.
contract LoneUrn {
  constructor(IVat vat) {
    vat.hope(msg.sender);
  }
}

struct DssPlan {
  bytes32 ilk;
  int256 ink;
  int256 art;
  /// Zero for a vault without a manager.
  address owner;
}

/// Opens many vaults a transaction, at the manager or without it. It must be a ward of the Vat, real or not.
contract DssOpener {
  event Opened(address[] urns);

  IVat public immutable vat;
  ICdpManager public immutable manager;

  constructor(IVat vat_, ICdpManager manager_) {
    (vat, manager) = (vat_, manager_);
  }

  function open(DssPlan[] calldata plans) external {
    address[] memory urns = new address[](plans.length);
    for (uint256 i; i < plans.length; i++) urns[i] = openOne(plans[i]);
    emit Opened(urns);
  }

  function openOne(DssPlan calldata plan) private returns (address urn) {
    if (plan.owner == address(0)) {
      urn = address(new LoneUrn(vat));
      vat.slip(plan.ilk, urn, plan.ink);
      vat.frob(plan.ilk, urn, urn, urn, plan.ink, plan.art);
    } else {
      uint256 cdp = manager.open(plan.ilk, address(this));
      urn = manager.urns(cdp);
      vat.slip(plan.ilk, urn, plan.ink);
      manager.frob(cdp, plan.ink, plan.art);
      manager.give(cdp, plan.owner);
    }
  }

  /// What an owner would do, for vaults opened without a manager.
  function frob(bytes32 ilk, address urn, int256 ink, int256 art) external {
    if (ink > 0) vat.slip(ilk, urn, ink);
    vat.frob(ilk, urn, urn, urn, ink, art);
  }

  function fork(bytes32 ilk, address src, address dst, int256 ink, int256 art) external {
    IForkable(address(vat)).fork(ilk, src, dst, ink, art);
  }
}

interface IForkable {
  function fork(bytes32 ilk, address src, address dst, int256 ink, int256 art) external;
}

/// Does what a keeper does, step by step, and tells what the Dog says in the end.
contract DssKeeper {
  IDssSpotter public immutable spotter;
  IDssJug public immutable jug;
  IDssDog public immutable dog;

  constructor(IDssSpotter spotter_, IDssJug jug_, IDssDog dog_) {
    (spotter, jug, dog) = (spotter_, jug_, dog_);
  }

  /// Empty where the vault was taken; else the refusal.
  function bark(bytes32 ilk, address urn) external returns (string memory) {
    (address pip, ) = spotter.ilks(ilk);
    try IDssOsm(pip).poke() {} catch {}
    jug.drip(ilk);
    spotter.poke(ilk);
    try dog.bark(ilk, urn, address(this)) {
      return '';
    } catch Error(string memory reason) {
      return reason;
    }
  }
}
