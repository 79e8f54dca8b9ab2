/**
 * What crvUSD mint markets and LlamaLend (v1 and v2) are asked: the factory that lists markets, a market's controller
 * (loans), its AMM (bands) and the AMM's price oracle. All versions answer these alike.
 * Source: curvefi/curve-stablecoin at cf1d05fb (v2) and cc5274c6 (v1); compared with @curvefi/llamalend-api 2.5.2 by
 * test/adapters/curve-package.test.ts, but for the oracle, of which the package has no ABI.
 */
import { parseAbi } from 'viem'

/** ControllerFactory: mint markets. */
export const curveMintFactoryAbi = parseAbi([
  'function n_collaterals() view returns (uint256)',
  'function controllers(uint256 n) view returns (address)',
])

/** OneWayLendingFactory: LlamaLend v1. */
export const curveLendFactoryAbi = parseAbi([
  'function market_count() view returns (uint256)',
  'function controllers(uint256 n) view returns (address)',
])

/** LendFactory: LlamaLend v2. */
export const curveLendFactoryV2Abi = parseAbi([
  'function market_count() view returns (uint256)',
  'function markets(uint256 n) view returns ((address vault, address controller, address amm, address collateral_token, address borrowed_token, address price_oracle, address monetary_policy))',
])

export const curveControllerAbi = parseAbi([
  'function amm() view returns (address)',
  'function total_debt() view returns (uint256)',
  'function n_loans() view returns (uint256)',
  'function loans(uint256 n) view returns (address)',
  'function debt(address user) view returns (uint256)',
  'function health(address user, bool full) view returns (int256)',
  'function user_prices(address user) view returns (uint256[2])',
  'function liquidation_discounts(address user) view returns (uint256)',
])

export const curveAmmAbi = parseAbi([
  'function coins(uint256 i) view returns (address)',
  'function A() view returns (uint256)',
  'function active_band() view returns (int256)',
  'function price_oracle() view returns (uint256)',
  'function price_oracle_contract() view returns (address)',
  'function read_user_tick_numbers(address user) view returns (int256[2])',
  'function get_xy(address user) view returns (uint256[][2])',
])

export const curveOracleAbi = parseAbi(['function price() view returns (uint256)'])
