import type { Address } from 'viem'

/**
 * Aave V2 markets by `chain/deployment`. Addresses: @aave-dao/aave-address-book 4.68.1 (AaveV2Ethereum, AaveV2EthereumAMM,
 * AaveV2Polygon, AaveV2Avalanche), compared with it by test/adapters/aave-v2-addresses.test.ts. `fromBlock` is no later
 * than the Pool's first event: aave/protocol-subgraphs@975b22e9, config/{mainnet,matic,avalanche}-v2.json, the earlier of
 * AaveOracleStartBlock and LendingPoolAddressesProviderRegistryStartBlock; the AMM market stands on the oracle and in the
 * registry of Ethereum's first market, which serve as its lower bound.
 */
export const aaveV2Deployments = {
  'ethereum/core': {
    pool: '0x7d2768dE32b0b80b7a3454c06BdAc94A69DDc7A9',
    poolAddressesProvider: '0xB53C1a33016B2DC2fF3653530bfF1848a515c8c5',
    fromBlock: 11275900,
  },
  'ethereum/amm': {
    pool: '0x7937D4799803FbBe595ed57278Bc4cA21f3bFfCB',
    poolAddressesProvider: '0xAcc030EF66f9dFEAE9CbB0cd1B25654b82cFA8d5',
    fromBlock: 11275900,
  },
  'polygon/core': {
    pool: '0x8dFf5E27EA6b7AC08EbFdf9eB090F32ee9a30fcf',
    poolAddressesProvider: '0xd05e3E715d945B59290df0ae8eF85c1BdB684744',
    fromBlock: 12687211,
  },
  'avalanche/core': {
    pool: '0x4F01AeD16D97E3aB5ab2B501154DC9bb0F1A5A2C',
    poolAddressesProvider: '0xb6A86025F0FE1862B372cb0ca18CE3EDe02A318f',
    fromBlock: 4606870,
  },
} as const

/**
 * Collateral managers that let one liquidation repay the whole of an asset's debt; any other one, half. Nothing on chain
 * tells them apart but their code. Source: bgd-labs/v2-deprecation, diffs/*_lendingPoolCollateralManager_*.diff (the
 * constant LIQUIDATION_CLOSE_FACTOR_PERCENT dropped) of Ethereum, its AMM market, Polygon and Avalanche.
 */
export const WHOLE_DEBT_MANAGERS: readonly Address[] = [
  '0xcc9632725266473ab5d42320E8Ae00437A1df3bB',
  '0xa5ea4371b3A8B18a7713193Cd3b2d7C1761901a4',
  '0x94d977c42C7880EC05aF5Ba6d913785462bf9346',
  '0xd01607c3C5eCABa394D8be377a08590149325722',
]
