/**
 * Liquity V1 systems by `chain/deployment`. Source: @liquity/lib-ethers 3.4.0, deployments/default/mainnet.json
 * (`troveManager`, `startBlock`); WETH, which stands for ETH, from liquity/bold at 405f9122, contracts/addresses/1.json.
 */
export const liquityV1Deployments = {
  'ethereum/lusd': {
    troveManager: '0xA39739EF8b0231DbFA0DcdA07d7e29faAbCf4bb2',
    native: '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2',
    fromBlock: 12178551,
  },
} as const
