/**
 * Liquity V2 systems by `chain/deployment`: the CollateralRegistry, and the AddressesRegistry of every branch in it.
 * Source: liquity/bold at 405f9122, contracts/addresses/1.json; `fromBlock` is the start block of its
 * subgraph/subgraph.yaml. A fork is the same three fields in the configuration.
 */
export const liquityV2Deployments = {
  'ethereum/bold': {
    collateralRegistry: '0xf949982B91C8c61e952B3bA942cbbfaef5386684',
    branches: [
      '0x20F7C9ad66983F6523a0881d0f82406541417526',
      '0x8d733F7ea7c23Cbea7C613B6eBd845d46d3aAc54',
      '0x6106046F031a22713697e04C08B330dDaf3e8789',
    ],
    fromBlock: 22483043,
  },
} as const
