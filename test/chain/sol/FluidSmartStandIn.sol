// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Feed} from './Feeds.sol';
import {FluidFactoryStandIn, FluidVaultBase, Storage} from './FluidStandIn.sol';

/// Stand-ins of our own for what Fluid's vaults of types 2 to 4 have beside those of type 1, written from the published
/// rule (Instadapp/fluid-contracts-public at a9949b48): shares of a DEX, and an oracle that is known by the nonce at
/// which a deployer created it.

/// Creates contracts; which one came of which nonce it remembers instead of computing it.
contract FluidDeployerStandIn {
  mapping(uint256 => address) public deployed;
  uint256 public nonce;

  function deploy(bytes memory code) external {
    address made;
    assembly {
      made := create(0, add(code, 32), mload(code))
    }
    require(made != address(0), 'not created');
    deployed[++nonce] = made;
  }

  /// So many contracts without code, so that a nonce takes more than one byte.
  function skip(uint256 count) external {
    for (uint256 i; i < count; i++) {
      assembly {
        pop(create(0, 0, 0))
      }
    }
    nonce += count;
  }
}

/// A vault with shares of a DEX on one side or both; its terms hold its oracle's nonce.
contract FluidSmartVaultStandIn is FluidVaultBase {
  struct Tokens {
    address token0;
    address token1;
  }
  struct ConstantViews {
    address liquidity;
    address factory;
    address operateImplementation;
    address adminImplementation;
    address secondaryImplementation;
    address deployer;
    address supply;
    address borrow;
    Tokens supplyToken;
    Tokens borrowToken;
    uint256 vaultId;
    uint256 vaultType;
    bytes32[4] slots;
  }

  uint256 public immutable TYPE;
  FluidDeployerStandIn private immutable deployer;
  /// A DEX and its tokens, or a token alone behind the Liquidity layer.
  address[3] private supply;
  address[3] private borrow;

  constructor(
    FluidFactoryStandIn factory_,
    FluidDeployerStandIn deployer_,
    address[3][2] memory sides,
    uint256 id,
    uint256[2] memory exchangePrices,
    uint256 terms
  ) FluidVaultBase(factory_, id, exchangePrices, terms) {
    deployer = deployer_;
    (supply, borrow) = (sides[0], sides[1]);
    TYPE = 10000 + (supply[2] == address(0) ? 0 : 10000) + (borrow[2] == address(0) ? 0 : 20000);
  }

  function constantsView() external view returns (ConstantViews memory views) {
    (views.factory, views.deployer) = (address(factory), address(deployer));
    (views.supply, views.borrow) = (supply[0], borrow[0]);
    (views.supplyToken, views.borrowToken) = (Tokens(supply[1], supply[2]), Tokens(borrow[1], borrow[2]));
    (views.vaultId, views.vaultType) = (VAULT_ID, TYPE);
  }

  function oracleOf(uint256 terms) internal view override returns (address) {
    return deployer.deployed((terms >> 92) & 0x3fffffff);
  }
}

/// A DEX and the Liquidity layer below it in one: what it holds and owes stands in words of the published layout.
contract FluidDexStandIn is Storage {
  struct ConstantViews {
    uint256 dexId;
    address liquidity;
    address factory;
    address[5] implementations;
    address deployerContract;
    address token0;
    address token1;
    bytes32[6] slots;
    uint256 oracleMapping;
  }

  address[2] private tokens;

  /// `words`: supply and borrow of token 0, of token 1, exchange prices of token 0, of token 1.
  constructor(address[2] memory tokens_, uint256[2] memory shares, uint256[6] memory words) {
    tokens = tokens_;
    put(bytes32(uint256(2)), shares[0] | (type(uint256).max << 128));
    put(bytes32(uint256(4)), shares[1] | (type(uint256).max << 128));
    for (uint256 i; i < 6; i++) put(bytes32(40 + i), words[i]);
  }

  function constantsView() external view returns (ConstantViews memory views) {
    views.liquidity = address(this);
    (views.token0, views.token1) = (tokens[0], tokens[1]);
    for (uint256 i; i < 6; i++) views.slots[i] = bytes32(40 + i);
  }
}

/// Shares by the shape of a pool's curve, over the ratio of two feeds: what is held is worth the geometric mean of its
/// tokens, 2·√(product·P), or, where that is 0, moving·P; what is owed is worth debtMoving·P + debtStill. So the
/// answer follows P in no plain proportion, and with shares on both sides falls when P moves far either way.
contract FluidShareOracleStandIn {
  struct Shape {
    uint256 product;
    uint256 moving;
    uint256 debtMoving;
    uint256 debtStill;
  }

  Feed private immutable over;
  Feed private immutable under;
  Shape private shape;
  uint256 private immutable scale;

  /// The shape in WAD; without a feed below P is the answer above alone.
  constructor(Feed over_, Feed under_, Shape memory shape_, uint256 scale_) {
    (over, under, shape, scale) = (over_, under_, shape_, scale_);
  }

  function getExchangeRateLiquidate() external view returns (uint256) {
    uint256 price = uint256(over.latestAnswer()) * 1e10;
    if (address(under) != address(0)) price = (price * 1e8) / uint256(under.latestAnswer());
    uint256 held = shape.product > 0
      ? 2 * root(shape.product * price)
      : (shape.moving * price) / 1e18;
    return (held * scale) / (shape.debtStill + (shape.debtMoving * price) / 1e18);
  }

  /// Its feeds, as an oracle that takes the price of its pair from Chainlink tells them.
  function chainlinkOracleData()
    external
    view
    returns (uint256, address, bool, uint256, address, bool, uint256, address, bool, uint256)
  {
    return (0, address(over), false, 0, address(under), true, 0, address(0), false, 0);
  }

  function root(uint256 square) private pure returns (uint256 value) {
    value = square;
    for (uint256 next = square / 2 + 1; next < value; next = (square / next + next) / 2) value = next;
  }
}

/// A feed that says which pair it prices, as Chainlink's do.
contract FluidPairFeed is Feed {
  string public description;

  constructor(int256 answer, string memory pair) Feed(answer) {
    description = pair;
  }

  function _answer() internal view override returns (int256) {
    return value;
  }
}
