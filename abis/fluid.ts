/**
 * The factory, vaults, oracles and DEXes of Fluid, and the Liquidity layer below them: what they are asked.
 * `constantsView` of a vault of type 1 is another one than that of the types with smart collateral or debt, and only
 * those tell their `TYPE`.
 * Source: Instadapp/fluid-contracts-public at a9949b48, contracts/protocols/vault (factory, vaultT1, vaultTypesCommon),
 * contracts/oracle/fluidOracle.sol and implementations/chainlinkOracleImpl.sol, contracts/protocols/dex/interfaces/iDexT1.sol, contracts/libraries/storageRead.sol.
 */
import { parseAbi } from 'viem'

export const fluidFactoryAbi = parseAbi([
  'function totalVaults() view returns (uint256)',
  'function totalSupply() view returns (uint256)',
  'function getVaultAddress(uint256 vaultId) view returns (address)',
  'function readFromStorage(bytes32 slot) view returns (uint256)',
])

export const fluidVaultAbi = parseAbi([
  'function TYPE() view returns (uint256)',
  'function readFromStorage(bytes32 slot) view returns (uint256)',
  'function updateExchangePrices(uint256 vaultVariables2) view returns (uint256 liqSupplyExPrice, uint256 liqBorrowExPrice, uint256 vaultSupplyExPrice, uint256 vaultBorrowExPrice)',
  'function fetchLatestPosition(int256 positionTick, uint256 positionTickId, uint256 positionRawDebt, uint256 tickData) view returns (int256 tick, uint256 rawDebt, uint256 rawCol, uint256 branchId, uint256 branchData)',
])

export const fluidVaultT1Abi = parseAbi([
  'struct ConstantViews { address liquidity; address factory; address adminImplementation; address secondaryImplementation; address supplyToken; address borrowToken; uint8 supplyDecimals; uint8 borrowDecimals; uint256 vaultId; bytes32 liquiditySupplyExchangePriceSlot; bytes32 liquidityBorrowExchangePriceSlot; bytes32 liquidityUserSupplySlot; bytes32 liquidityUserBorrowSlot; }',
  'function constantsView() view returns (ConstantViews)',
])

export const fluidSmartVaultAbi = parseAbi([
  'struct Tokens { address token0; address token1; }',
  'struct ConstantViews { address liquidity; address factory; address operateImplementation; address adminImplementation; address secondaryImplementation; address deployer; address supply; address borrow; Tokens supplyToken; Tokens borrowToken; uint256 vaultId; uint256 vaultType; bytes32 supplyExchangePriceSlot; bytes32 borrowExchangePriceSlot; bytes32 userSupplySlot; bytes32 userBorrowSlot; }',
  'function constantsView() view returns (ConstantViews)',
])

export const fluidOracleAbi = parseAbi([
  'function getExchangeRateLiquidate() view returns (uint256)',
  'function chainlinkOracleData() view returns (uint256 rate, address feed1, bool invertRate1, uint256 rate1, address feed2, bool invertRate2, uint256 rate2, address feed3, bool invertRate3, uint256 rate3)',
])

export const fluidDexAbi = parseAbi([
  'struct Implementations { address shift; address admin; address colOperations; address debtOperations; address perfectOperationsAndSwapOut; }',
  'struct ConstantViews { uint256 dexId; address liquidity; address factory; Implementations implementations; address deployerContract; address token0; address token1; bytes32 supplyToken0Slot; bytes32 borrowToken0Slot; bytes32 supplyToken1Slot; bytes32 borrowToken1Slot; bytes32 exchangePriceToken0Slot; bytes32 exchangePriceToken1Slot; uint256 oracleMapping; }',
  'function constantsView() view returns (ConstantViews)',
  'function readFromStorage(bytes32 slot) view returns (uint256)',
])

export const fluidLiquidityAbi = parseAbi(['function readFromStorage(bytes32 slot) view returns (uint256)'])
