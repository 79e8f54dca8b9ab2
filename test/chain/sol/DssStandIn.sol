// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

// Our stand-in of Maker, from its published rules (makerdao/dss at fa4f6630, the Vat's logs as at e2cdd97; makerdao/osm
// at e36c874b; dss-cdp-manager; lockstake at 602edbb6): same functions, storage of the OSM, refusals and logs as far as
// the adapter asks for them. None of the protocol's code; nobody is kept from administering it.

uint256 constant WAD = 1e18;
uint256 constant RAY = 1e27;

function plus(uint256 x, int256 y) pure returns (uint256) {
  return y < 0 ? x - uint256(-y) : x + uint256(y);
}

contract VatStandIn {
  struct Ilk {
    uint256 Art;
    uint256 rate;
    uint256 spot;
    uint256 line;
    uint256 dust;
  }

  struct Urn {
    uint256 ink;
    uint256 art;
  }

  mapping(address => uint256) public wards;
  mapping(address => mapping(address => uint256)) public can;
  mapping(bytes32 => Ilk) public ilks;
  mapping(bytes32 => mapping(address => Urn)) public urns;
  mapping(bytes32 => mapping(address => uint256)) public gem;
  mapping(address => uint256) public dai;
  uint256 public debt;
  uint256 public Line;
  uint256 public live = 1;

  /// The deployed Vat's own layout: selector and the first three arguments, then the call cut or filled to 224 bytes.
  modifier note() {
    _;
    assembly {
      let mark := mload(0x40)
      mstore(mark, 0x20)
      mstore(add(mark, 0x20), 224)
      calldatacopy(add(mark, 0x40), 0, 224)
      log4(mark, 288, shl(224, shr(224, calldataload(0))), calldataload(4), calldataload(36), calldataload(68))
    }
  }

  modifier auth() {
    require(wards[msg.sender] == 1, 'Vat/not-authorized');
    _;
  }

  constructor() {
    wards[msg.sender] = 1;
  }

  function rely(address usr) external note auth {
    wards[usr] = 1;
  }

  function hope(address usr) external note {
    can[msg.sender][usr] = 1;
  }

  function init(bytes32 ilk) external note auth {
    ilks[ilk].rate = RAY;
  }

  function file(bytes32, uint256 data) external note auth {
    Line = data;
  }

  function file(bytes32 ilk, bytes32 what, uint256 data) external note auth {
    require(live == 1, 'Vat/not-live');
    if (what == 'spot') ilks[ilk].spot = data;
    else if (what == 'line') ilks[ilk].line = data;
    else if (what == 'dust') ilks[ilk].dust = data;
  }

  function cage() external note auth {
    live = 0;
  }

  function slip(bytes32 ilk, address usr, int256 wad) external note auth {
    gem[ilk][usr] = plus(gem[ilk][usr], wad);
  }

  function suck(address, address v, uint256 rad) external note auth {
    dai[v] += rad;
  }

  function frob(bytes32 i, address u, address v, address w, int256 dink, int256 dart) external note {
    require(live == 1, 'Vat/not-live');
    Urn storage urn = urns[i][u];
    Ilk storage ilk = ilks[i];
    urn.ink = plus(urn.ink, dink);
    urn.art = plus(urn.art, dart);
    ilk.Art = plus(ilk.Art, dart);
    uint256 tab = ilk.rate * urn.art;
    debt = plus(debt, int256(ilk.rate) * dart);
    require(dart <= 0 || (ilk.Art * ilk.rate <= ilk.line && debt <= Line), 'Vat/ceiling-exceeded');
    bool less = dart <= 0 && dink >= 0;
    require(less || tab <= urn.ink * ilk.spot, 'Vat/not-safe');
    require(less || wish(u), 'Vat/not-allowed-u');
    require(dink <= 0 || wish(v), 'Vat/not-allowed-v');
    require(dart >= 0 || wish(w), 'Vat/not-allowed-w');
    require(urn.art == 0 || tab >= ilk.dust, 'Vat/dust');
    gem[i][v] = plus(gem[i][v], -dink);
    dai[w] = plus(dai[w], int256(ilk.rate) * dart);
  }

  function fork(bytes32 i, address src, address dst, int256 dink, int256 dart) external note {
    Urn storage u = urns[i][src];
    Urn storage v = urns[i][dst];
    (u.ink, u.art) = (plus(u.ink, -dink), plus(u.art, -dart));
    (v.ink, v.art) = (plus(v.ink, dink), plus(v.art, dart));
    require(wish(src) && wish(dst), 'Vat/not-allowed');
    require(u.art * ilks[i].rate <= u.ink * ilks[i].spot, 'Vat/not-safe-src');
    require(v.art * ilks[i].rate <= v.ink * ilks[i].spot, 'Vat/not-safe-dst');
    require(u.art == 0 || u.art * ilks[i].rate >= ilks[i].dust, 'Vat/dust-src');
    require(v.art == 0 || v.art * ilks[i].rate >= ilks[i].dust, 'Vat/dust-dst');
  }

  function grab(bytes32 i, address u, address v, address, int256 dink, int256 dart) external note auth {
    urns[i][u] = Urn(plus(urns[i][u].ink, dink), plus(urns[i][u].art, dart));
    ilks[i].Art = plus(ilks[i].Art, dart);
    gem[i][v] = plus(gem[i][v], -dink);
  }

  function fold(bytes32 i, address u, int256 rate) external note auth {
    require(live == 1, 'Vat/not-live');
    ilks[i].rate = plus(ilks[i].rate, rate);
    int256 rad = int256(ilks[i].Art) * rate;
    dai[u] = plus(dai[u], rad);
    debt = plus(debt, rad);
  }

  function wish(address bit) private view returns (bool) {
    return bit == msg.sender || can[bit][msg.sender] == 1;
  }
}

interface IPip {
  function peek() external returns (bytes32, bool);
}

contract SpotterStandIn {
  struct Ilk {
    IPip pip;
    uint256 mat;
  }

  VatStandIn public vat;
  mapping(bytes32 => Ilk) public ilks;
  uint256 public par = RAY;

  constructor(VatStandIn vat_) {
    vat = vat_;
  }

  function file(bytes32 ilk, bytes32, address pip) external {
    ilks[ilk].pip = IPip(pip);
  }

  function file(bytes32, uint256 data) external {
    par = data;
  }

  function file(bytes32 ilk, bytes32, uint256 data) external {
    ilks[ilk].mat = data;
  }

  function poke(bytes32 ilk) external {
    (bytes32 val, bool has) = ilks[ilk].pip.peek();
    uint256 price = (uint256(val) * 1e9 * RAY) / par;
    vat.file(ilk, 'spot', has ? (price * RAY) / ilks[ilk].mat : 0);
  }
}

contract JugStandIn {
  struct Ilk {
    uint256 duty;
    uint256 rho;
  }

  VatStandIn public vat;
  mapping(bytes32 => Ilk) public ilks;
  address public vow;
  uint256 public base;

  constructor(VatStandIn vat_) {
    vat = vat_;
  }

  function init(bytes32 ilk) external {
    ilks[ilk] = Ilk(RAY, block.timestamp);
  }

  function file(bytes32 ilk, bytes32, uint256 data) external {
    require(block.timestamp == ilks[ilk].rho, 'Jug/rho-not-updated');
    ilks[ilk].duty = data;
  }

  function file(bytes32, uint256 data) external {
    base = data;
  }

  function file(bytes32, address data) external {
    vow = data;
  }

  function drip(bytes32 ilk) external returns (uint256 rate) {
    (, uint256 last, , , ) = vat.ilks(ilk);
    rate = (power(base + ilks[ilk].duty, block.timestamp - ilks[ilk].rho) * last) / RAY;
    vat.fold(ilk, vow, int256(rate) - int256(last));
    ilks[ilk].rho = block.timestamp;
  }

  function half(uint256 x, uint256 y) private pure returns (uint256) {
    return (x * y + RAY / 2) / RAY;
  }

  function power(uint256 x, uint256 n) private pure returns (uint256 z) {
    z = n % 2 == 0 ? RAY : x;
    for (n /= 2; n > 0; n /= 2) {
      x = half(x, x);
      if (n % 2 == 1) z = half(z, x);
    }
  }
}

contract DogStandIn {
  struct Ilk {
    address clip;
    uint256 chop;
    uint256 hole;
    uint256 dirt;
  }

  VatStandIn public vat;
  mapping(bytes32 => Ilk) public ilks;
  uint256 public live = 1;
  address public vow;
  uint256 public Hole;
  uint256 public Dirt;

  constructor(VatStandIn vat_) {
    vat = vat_;
  }

  function file(bytes32, address data) external {
    vow = data;
  }

  function file(bytes32, uint256 data) external {
    Hole = data;
  }

  function file(bytes32 ilk, bytes32 what, uint256 data) external {
    if (what == 'chop') ilks[ilk].chop = data;
    else ilks[ilk].hole = data;
  }

  function file(bytes32 ilk, bytes32, address clip) external {
    ilks[ilk].clip = clip;
  }

  function bark(bytes32 ilk, address urn, address kpr) external returns (uint256) {
    require(live == 1, 'Dog/not-live');
    (uint256 dink, uint256 due) = seize(ilk, urn);
    VowStub(vow).fess(due);
    uint256 tab = (due * ilks[ilk].chop) / WAD;
    Dirt += tab;
    ilks[ilk].dirt += tab;
    return ClipperStandIn(ilks[ilk].clip).kick(tab, dink, urn, kpr);
  }

  function seize(bytes32 ilk, address urn) private returns (uint256 dink, uint256 due) {
    (uint256 ink, uint256 art) = vat.urns(ilk, urn);
    (, uint256 rate, uint256 spot, , uint256 dust) = vat.ilks(ilk);
    require(spot > 0 && ink * spot < art * rate, 'Dog/not-unsafe');
    uint256 dart = part(ilk, art, rate, dust);
    dink = (ink * dart) / art;
    require(dink > 0, 'Dog/null-auction');
    vat.grab(ilk, urn, ilks[ilk].clip, vow, -int256(dink), -int256(dart));
    due = dart * rate;
  }

  /// How much of a debt fits into what may still be put up for auction.
  function part(bytes32 ilk, uint256 art, uint256 rate, uint256 dust) private view returns (uint256 dart) {
    Ilk memory its = ilks[ilk];
    require(Hole > Dirt && its.hole > its.dirt, 'Dog/liquidation-limit-hit');
    uint256 room = Hole - Dirt < its.hole - its.dirt ? Hole - Dirt : its.hole - its.dirt;
    dart = (room * WAD) / rate / its.chop;
    if (dart >= art || (art - dart) * rate < dust) return art;
    require(dart * rate >= dust, 'Dog/dusty-auction-from-partial-liquidation');
  }

  function cage() external {
    live = 0;
  }
}

/// An auction house that only opens auctions.
contract ClipperStandIn {
  VatStandIn public vat;
  SpotterStandIn public spotter;
  DogStandIn public dog;
  bytes32 public ilk;
  uint256 public stopped;
  uint256 public kicks;

  constructor(VatStandIn vat_, SpotterStandIn spotter_, DogStandIn dog_, bytes32 ilk_) {
    (vat, spotter, dog, ilk) = (vat_, spotter_, dog_, ilk_);
  }

  function file(bytes32, uint256 data) external {
    stopped = data;
  }

  function kick(uint256, uint256, address, address) external returns (uint256) {
    require(stopped < 1, 'Clipper/stopped-incorrect');
    (IPip pip, ) = spotter.ilks(ilk);
    (bytes32 val, bool has) = pip.peek();
    require(has, 'Clipper/invalid-price');
    require(uint256(val) > 0, 'Clipper/zero-top-price');
    return ++kicks;
  }
}

/// The oracle security module, with the storage of the real one: slot 2 is src, hop and zzz; 3 and 4 are the prices.
contract OsmStandIn {
  mapping(address => uint256) public wards;
  uint256 public stopped;
  address public src;
  uint16 public hop = 3600;
  uint64 public zzz;
  uint128 private value;
  uint128 private has;
  uint128 private nextValue;
  uint128 private nextHas;
  mapping(address => uint256) public bud;

  constructor(address src_) {
    src = src_;
  }

  function kiss(address reader) external {
    bud[reader] = 1;
  }

  function stop() external {
    stopped = 1;
  }

  function void() external {
    (value, has, nextValue, nextHas, stopped) = (0, 0, 0, 0, 1);
  }

  function pass() public view returns (bool) {
    return block.timestamp >= zzz + hop;
  }

  function poke() external {
    require(stopped == 0, 'OSM/is-stopped');
    require(pass(), 'OSM/not-passed');
    (bytes32 price, bool ok) = IPip(src).peek();
    if (!ok) return;
    (value, has) = (nextValue, nextHas);
    (nextValue, nextHas) = (uint128(uint256(price)), 1);
    zzz = uint64(block.timestamp - (block.timestamp % hop));
  }

  function peek() external view returns (bytes32, bool) {
    require(bud[msg.sender] == 1, 'OSM/contract-not-whitelisted');
    return (bytes32(uint256(value)), has == 1);
  }
}

/// A vault of the manager: an address that lets its maker do as it likes.
contract UrnStandIn {
  constructor(VatStandIn vat) {
    vat.hope(msg.sender);
  }
}

contract CdpManagerStandIn {
  address public vat;
  uint256 public cdpi;
  mapping(uint256 => address) public urns;
  mapping(uint256 => address) public owns;
  mapping(uint256 => bytes32) public ilks;

  /// Not the Vat's layout: selector, caller, first two arguments.
  modifier note() {
    _;
    assembly {
      let mark := mload(0x40)
      mstore(mark, 0x20)
      mstore(add(mark, 0x20), 224)
      calldatacopy(add(mark, 0x40), 0, 224)
      log4(mark, 288, shl(224, shr(224, calldataload(0))), caller(), calldataload(4), calldataload(36))
    }
  }

  constructor(address vat_) {
    vat = vat_;
  }

  function open(bytes32 ilk, address usr) external returns (uint256) {
    cdpi++;
    (urns[cdpi], owns[cdpi], ilks[cdpi]) = (address(new UrnStandIn(VatStandIn(vat))), usr, ilk);
    return cdpi;
  }

  function give(uint256 cdp, address dst) external note {
    require(owns[cdp] == msg.sender, 'cdp-not-allowed');
    owns[cdp] = dst;
  }

  function frob(uint256 cdp, int256 dink, int256 dart) external note {
    require(owns[cdp] == msg.sender, 'cdp-not-allowed');
    VatStandIn(vat).frob(ilks[cdp], urns[cdp], urns[cdp], urns[cdp], dink, dart);
  }
}

contract LockstakeEngineStandIn {
  VatStandIn public vat;
  bytes32 public ilk;
  mapping(address => address) public urnOwners;
  address[] public opened;

  constructor(VatStandIn vat_, bytes32 ilk_) {
    (vat, ilk) = (vat_, ilk_);
  }

  function open(int256 ink, int256 art, address owner) external returns (address urn) {
    urn = address(new UrnStandIn(vat));
    urnOwners[urn] = owner;
    opened.push(urn);
    vat.slip(ilk, urn, ink);
    vat.frob(ilk, urn, urn, address(this), ink, art);
  }

  function all() external view returns (address[] memory) {
    return opened;
  }
}

contract IlkRegistryStandIn {
  bytes32[] private ilks;
  mapping(bytes32 => address) public gem;
  mapping(bytes32 => uint256) public dec;
  mapping(bytes32 => string) public symbol;

  function add(bytes32 ilk, address gem_, uint256 dec_, string calldata symbol_) external {
    ilks.push(ilk);
    (gem[ilk], dec[ilk], symbol[ilk]) = (gem_, dec_, symbol_);
  }

  function list() external view returns (bytes32[] memory) {
    return ilks;
  }
}

/// Takes note of bad debt, and does nothing about it.
contract VowStub {
  function fess(uint256) external {}
}
