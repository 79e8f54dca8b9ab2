/**
 * SparkLend markets by `chain/deployment`. Addresses: sparkdotfi/spark-address-registry@2934ba2a, src/SparkLend.sol (POOL,
 * POOL_ADDRESSES_PROVIDER); no package of the team has them. `fromBlock` is the block of the provider: messari/subgraphs,
 * aave-forks/protocols/spark-lend/config/deployments/spark-lend-ethereum/configurations.json (its Pool: 16776401).
 */
export const sparkDeployments = {
  'ethereum/main': {
    pool: '0xC13e21B648A5Ee794902342038FF3aDAB66BE987',
    poolAddressesProvider: '0x02C3eA4e34C0cBd694D2adFa2c690EECbC1793eE',
    fromBlock: 16776389,
  },
} as const
