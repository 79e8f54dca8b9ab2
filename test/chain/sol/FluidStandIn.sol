// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Feed} from './Feeds.sol';

/// Stand-ins of our own for Fluid's vault factory, its vaults and their oracles, written from the published rule
/// (Instadapp/fluid-contracts-public at a9949b48). Positions are put where a test wants them, in the published storage
/// layout; a liquidation moves every position above the limit to one tick instead of walking through branches.

/// A token that nobody holds.
contract FluidToken {
  string public symbol;
  uint8 public immutable decimals;

  constructor(string memory symbol_, uint8 decimals_) {
    symbol = symbol_;
    decimals = decimals_;
  }
}

/// Raw debt tokens for one raw collateral token, 27 decimals, from USD feeds of 8 decimals; without one a token counts 1.
contract FluidOracleStandIn {
  Feed public immutable collateral;
  Feed public immutable debt;
  uint256 private immutable scale;
  bool public refuses;

  constructor(Feed collateral_, Feed debt_, uint256 scale_) {
    collateral = collateral_;
    debt = debt_;
    scale = scale_;
  }

  function setRefuses(bool next) external {
    refuses = next;
  }

  function getExchangeRateLiquidate() external view returns (uint256) {
    require(!refuses, 'stale');
    uint256 over = address(collateral) == address(0) ? 1e8 : uint256(collateral.latestAnswer());
    uint256 under = address(debt) == address(0) ? 1e8 : uint256(debt.latestAnswer());
    return (over * scale) / under;
  }
}

abstract contract Storage {
  /// The published layout is written by slot: nothing of ours may lie there.
  uint256[64] private published;

  function readFromStorage(bytes32 slot) external view returns (uint256 word) {
    assembly {
      word := sload(slot)
    }
  }

  function put(bytes32 slot, uint256 word) internal {
    assembly {
      sstore(slot, word)
    }
  }

  function get(bytes32 slot) internal view returns (uint256 word) {
    assembly {
      word := sload(slot)
    }
  }
}

interface IFluidOracle {
  function getExchangeRateLiquidate() external view returns (uint256);
}

/// What vaults of every type share.
abstract contract FluidVaultBase is Storage {
  struct Plan {
    address owner;
    int256 tick;
    uint256 supply;
    uint256 dust;
  }

  FluidFactoryStandIn internal immutable factory;
  uint256 public immutable VAULT_ID;
  uint256 private immutable supplyPrice;
  uint256 private immutable borrowPrice;

  /// What liquidations left of a tick's positions, by tick: a share (1e18) of the debt, at another tick.
  struct Branch {
    bool closed;
    int256 tick;
    uint256 partials;
    uint256 share;
  }
  mapping(int256 => Branch) private branches;
  uint256[] private ids;

  constructor(FluidFactoryStandIn factory_, uint256 id, uint256[2] memory exchangePrices, uint256 terms) {
    factory = factory_;
    VAULT_ID = id;
    (supplyPrice, borrowPrice) = (exchangePrices[0], exchangePrices[1]);
    put(bytes32(uint256(1)), terms);
  }

  function oracleOf(uint256 terms) internal view virtual returns (address);

  function updateExchangePrices(uint256) external view returns (uint256, uint256, uint256, uint256) {
    return (1e12, 1e12, supplyPrice, borrowPrice);
  }

  function positionSlot(uint256 id) private pure returns (bytes32) {
    return keccak256(abi.encode(id, uint256(3)));
  }

  function tickSlot(int256 tick) private pure returns (bytes32) {
    return keccak256(abi.encode(tick, uint256(5)));
  }

  function toBig(uint256 amount) private pure returns (uint256) {
    uint256 exponent;
    while (amount >> exponent >= 1 << 56) exponent++;
    return ((amount >> exponent) << 8) | exponent;
  }

  /// A tick of type(int256).min only supplies.
  function open(Plan[] calldata plans) external {
    for (uint256 i; i < plans.length; i++) {
      Plan calldata plan = plans[i];
      uint256 id = factory.mint(plan.owner, VAULT_ID);
      ids.push(id);
      uint256 word = (toBig(plan.supply) << 45) | (toBig(plan.dust) << 109);
      if (plan.tick == type(int256).min) word |= 1;
      else {
        uint256 ticks = get(tickSlot(plan.tick));
        // a tick that was liquidated starts anew under the next id
        if (ticks == 0 || ticks & 1 == 1) put(tickSlot(plan.tick), ticks = (((ticks >> 1) & 0xffffff) + 1) << 1);
        word |= (plan.tick < 0 ? uint256(-plan.tick) << 2 : (uint256(plan.tick) << 2) | 2) | ((ticks >> 1) << 21);
        uint256 owed = (exact(plan.tick) * held(word)) >> 96;
        book(owed > plan.dust ? owed - plan.dust : 0, true);
      }
      put(positionSlot(id), word);
    }
  }

  function held(uint256 word) private pure returns (uint256) {
    uint256 big = (word >> 45) & (2 ** 64 - 1);
    return (big >> 8) << (big & 0xff);
  }

  function book(uint256 amount, bool more) private {
    uint256 word = get(bytes32(0));
    uint256 big = (word >> 146) & (2 ** 64 - 1);
    uint256 total = (big >> 8) << (big & 0xff);
    total = more ? total + amount : total - amount;
    put(bytes32(0), (word & ~(uint256(2 ** 64 - 1) << 146)) | (toBig(total) << 146));
  }

  /// 1.0015^tick times 2^96, by squaring with 2^128: not the published algorithm, and more exact than it.
  function exact(int256 tick) public pure returns (uint256 ratio) {
    uint256 power = uint256(tick < 0 ? -tick : tick);
    uint256 factor = (uint256(10000) << 120) / 10015;
    ratio = 1 << 120;
    for (; power > 0; power >>= 1) {
      if (power & 1 == 1) ratio = (ratio * factor) >> 120;
      factor = (factor * factor) >> 120;
    }
    return tick < 0 ? ratio >> 24 : (uint256(1) << 216) / ratio;
  }

  /// Liquidates what is left of a tick's positions: a share of the debt stays, on another tick.
  function liquidateTick(int256 from, int256 to, uint256 share, uint256 partials) external {
    put(tickSlot(from), get(tickSlot(from)) | 1);
    branches[from] = Branch(share == 0, to, partials, share);
    uint256 before;
    uint256 later;
    for (uint256 i; i < ids.length; i++) {
      uint256 word = get(positionSlot(ids[i]));
      if (word & 1 == 1 || tickOf(word) != from) continue;
      uint256 debt = (exact(from) * held(word)) >> 96;
      before += debt;
      (, uint256 left, , , ) = fetchLatestPosition(from, 1, debt, 0);
      later += left;
    }
    book(before - later, false);
  }

  function tickOf(uint256 word) private pure returns (int256) {
    int256 size = int256((word >> 2) & (2 ** 19 - 1));
    return word & 2 == 2 ? size : -size;
  }

  function fetchLatestPosition(
    int256 tick,
    uint256,
    uint256 debt,
    uint256
  ) public view returns (int256, uint256, uint256, uint256, uint256) {
    Branch memory branch = branches[tick];
    if (branch.closed) return (type(int256).min, 0, 0, 1, 3);
    uint256 left = (((debt * branch.share) / 1e18) * 9999) / 10000;
    uint256 top = exact(branch.tick);
    uint256 under = (top * 10000) / 10015;
    uint256 ratio = under + ((top - under) * branch.partials) / (2 ** 30 - 1);
    return (branch.tick, left, (left << 96) / ratio, 1, branch.partials << 22);
  }

  /// Whether a liquidation of now takes of a position: its own ratio, not its tick, against the limit's.
  function takes(uint256 id) external view returns (bool) {
    uint256 terms = get(bytes32(uint256(1)));
    uint256 price = IFluidOracle(oracleOf(terms)).getExchangeRateLiquidate();
    uint256 raw = (price * supplyPrice) / borrowPrice;
    uint256 limit = (((raw << 96) / 1e27) * ((terms >> 42) & 0x3ff)) / 1000;
    uint256 word = get(positionSlot(id));
    if (word & 1 == 1) return false;
    int256 tick = tickOf(word);
    if (get(tickSlot(tick)) & 1 == 1) {
      Branch memory branch = branches[tick];
      if (branch.closed) return false;
      if (branch.partials == 1) return exact(branch.tick - 1) > limit;
      return exact(branch.tick) > limit;
    }
    return exact(tick) > limit;
  }
}

/// A vault of type 1: a token on both sides; its terms hold the address of its oracle.
contract FluidVaultStandIn is FluidVaultBase {
  struct ConstantViews {
    address liquidity;
    address factory;
    address adminImplementation;
    address secondaryImplementation;
    address supplyToken;
    address borrowToken;
    uint8 supplyDecimals;
    uint8 borrowDecimals;
    uint256 vaultId;
    bytes32[4] slots;
  }

  address private immutable supplyToken;
  address private immutable borrowToken;

  constructor(
    FluidFactoryStandIn factory_,
    address[2] memory tokens,
    uint256 id,
    uint256[2] memory exchangePrices,
    uint256 terms
  ) FluidVaultBase(factory_, id, exchangePrices, terms) {
    (supplyToken, borrowToken) = (tokens[0], tokens[1]);
  }

  function constantsView() external view returns (ConstantViews memory views) {
    views.factory = address(factory);
    (views.supplyToken, views.borrowToken, views.vaultId) = (supplyToken, borrowToken, VAULT_ID);
  }

  function oracleOf(uint256 terms) internal pure override returns (address) {
    return address(uint160(terms >> 96));
  }
}

contract FluidFactoryStandIn is Storage {
  address[] private vaults;
  uint256 public totalSupply;

  function add(address vault) external {
    vaults.push(vault);
  }

  function totalVaults() external view returns (uint256) {
    return vaults.length;
  }

  function getVaultAddress(uint256 id) external view returns (address) {
    return vaults[id - 1];
  }

  function mint(address owner, uint256 vaultId) external returns (uint256 id) {
    id = ++totalSupply;
    put(keccak256(abi.encode(id, uint256(3))), uint256(uint160(owner)) | (vaultId << 192));
  }

  function transfer(uint256 id, address to) external {
    bytes32 slot = keccak256(abi.encode(id, uint256(3)));
    put(slot, ((get(slot) >> 160) << 160) | uint256(uint160(to)));
  }
}
