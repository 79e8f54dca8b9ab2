/**
 * Comptrollers by `chain/deployment`; `fromBlock` is no later than the first event. test/adapters/compound-v2-abis.test.ts
 * holds the addresses against the teams' packages.
 * Sources: Compound @compound-finance/compound-js 0.6.2 and compound-protocol@a3214f6 networks/mainnet.json (Unitroller,
 * block 7710671). Venus @venusprotocol/venus-protocol 10.3.0 deployments/bscmainnet_addresses.json; block of the team's
 * own subgraph (VenusProtocol/subgraphs subgraphs/venus/config/bsc.json). Moonwell @moonwell-fi/moonwell-sdk 1.0.0 and
 * moonwell-contracts-v2@45866f4 chains/8453.json, chains/10.json; block on Base of messari/subgraphs
 * (compound-forks/protocols/moonwell), on Optimism a safe lower bound: that of Multicall3, which is years older.
 */
export const compoundV2Deployments = {
  'ethereum/compound': {
    comptroller: '0x3d9819210A31b4961b30EF54bE2aeD79B9c9Cd3B',
    variant: 'compound',
    native: '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2',
    fromBlock: 7710671,
  },
  'bnb/venus': {
    comptroller: '0xfD36E2c2a6789Db23113685031d7F16329158384',
    variant: 'venus',
    native: '0xbb4CdB9CBd36B01bD1cBaEBF2De08d9173bc095c',
    fromBlock: 2470000,
  },
  'base/moonwell': {
    comptroller: '0xfBb21d0380beE3312B33c4353c8936a0F13EF26C',
    variant: 'moonwell',
    fromBlock: 2162390,
  },
  'optimism/moonwell': {
    comptroller: '0xCa889f40aae37FFf165BccF69aeF1E82b5C511B9',
    variant: 'moonwell',
    fromBlock: 4286263,
  },
} as const
