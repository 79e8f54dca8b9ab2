/**
 * Fluid's vault factories by `chain/deployment`: one address on every chain. `native` is the wrapped form of the chain's
 * own coin, by which that is priced.
 * Source: Instadapp/fluid-contracts-public at a9949b48, deployments/<chain>/VaultFactory.json; `native` from
 * @aave-dao/aave-address-book 4.68.1 (data/assets.json).
 * `fromBlock` is 0: positions are enumerated by the factory, no log is ever read.
 */
const FACTORY = '0x324c5Dc1fC42c7a4D43d92df1eBA58a54d13Bf2d'

export const fluidDeployments = {
  'ethereum/core': { factory: FACTORY, native: '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2', fromBlock: 0 },
  'base/core': { factory: FACTORY, native: '0x4200000000000000000000000000000000000006', fromBlock: 0 },
  'arbitrum/core': { factory: FACTORY, native: '0x82aF49447D8a07e3bd95BD0d56f35241523fBab1', fromBlock: 0 },
  'polygon/core': { factory: FACTORY, native: '0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270', fromBlock: 0 },
  'bnb/core': { factory: FACTORY, native: '0xbb4CdB9CBd36B01bD1cBaEBF2De08d9173bc095c', fromBlock: 0 },
} as const
