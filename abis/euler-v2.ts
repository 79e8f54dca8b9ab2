/**
 * The functions and events of Euler V2 that are called or read. Source: euler-xyz/euler-vault-kit at 5b98b420
 * (src/EVault/IEVault.sol, shared/Events.sol, GenericFactory.sol), ethereum-vault-connector at 34bb7882
 * (IEthereumVaultConnector.sol, Events.sol), euler-price-oracle at 18a3e34d (EulerRouter.sol, adapter/*).
 */
import { parseAbi } from 'viem'

/** The EVC: accounts, what they enabled as collateral, and which vault controls them. */
export const eulerEvcAbi = parseAbi([
  'function getCollaterals(address account) view returns (address[])',
  'function getAccountOwner(address account) view returns (address)',
  'function getLastAccountStatusCheckTimestamp(address account) view returns (uint256)',
])

export const eulerEvcEventsAbi = parseAbi([
  'event ControllerStatus(address indexed account, address indexed controller, bool enabled)',
  'event CollateralStatus(address indexed account, address indexed collateral, bool enabled)',
  'event AccountStatusCheck(address indexed account, address indexed controller)',
])

export const eulerFactoryAbi = parseAbi([
  'function getProxyListLength() view returns (uint256)',
  'function getProxyListSlice(uint256 start, uint256 end) view returns (address[])',
])

export const eulerVaultAbi = parseAbi([
  'function asset() view returns (address)',
  'function unitOfAccount() view returns (address)',
  'function oracle() view returns (address)',
  'function symbol() view returns (string)',
  'function totalBorrowsExact() view returns (uint256)',
  'function debtOfExact(address account) view returns (uint256)',
  'function interestAccumulator() view returns (uint256)',
  'function maxLiquidationDiscount() view returns (uint16)',
  'function liquidationCoolOffTime() view returns (uint16)',
  'function hookConfig() view returns (address hookTarget, uint32 hookedOps)',
  'function LTVList() view returns (address[])',
  'function LTVFull(address collateral) view returns (uint16 borrowLTV, uint16 liquidationLTV, uint16 initialLiquidationLTV, uint48 targetTimestamp, uint32 rampDuration)',
  'function accountLiquidity(address account, bool liquidation) view returns (uint256 collateralValue, uint256 liabilityValue)',
])

export const eulerVaultEventsAbi = parseAbi([
  'event Borrow(address indexed account, uint256 assets)',
  'event Repay(address indexed account, uint256 assets)',
  'event PullDebt(address indexed from, address indexed to, uint256 assets)',
  'event Liquidate(address indexed liquidator, address indexed violator, address collateral, uint256 repayAssets, uint256 yieldBalance)',
  'event DebtSocialized(address indexed account, uint256 assets)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
])

/** Of shares that a router resolves, Euler's own vaults and any other ERC-4626. */
export const eulerShareAbi = parseAbi([
  'function balanceOf(address account) view returns (uint256)',
  'function totalAssets() view returns (uint256)',
  'function totalSupply() view returns (uint256)',
  'function convertToAssets(uint256 shares) view returns (uint256)',
])

/** Of routers and adapters; each has some of these. */
export const eulerOracleAbi = parseAbi([
  'function getQuote(uint256 inAmount, address base, address quote) view returns (uint256)',
  'function getConfiguredOracle(address base, address quote) view returns (address)',
  'function resolvedVaults(address vault) view returns (address)',
  'function fallbackOracle() view returns (address)',
  'function base() view returns (address)',
  'function cross() view returns (address)',
  'function quote() view returns (address)',
  'function oracleBaseCross() view returns (address)',
  'function oracleCrossQuote() view returns (address)',
  'function feed() view returns (address)',
])
