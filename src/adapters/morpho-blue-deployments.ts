/**
 * Morpho Blue by `chain/deployment`: `morpho`, `preLiquidationFactory` and the block of Morpho's deployment from
 * @morpho-org/morpho-ts 2.8.0 (`addresses`, `deployments`, which @morpho-org/blue-sdk 6.4.0 hands on); compared with
 * that package by test/adapters/morpho-blue-package.test.ts. It lists nothing on Avalanche.
 */
export const morphoBlueDeployments = {
  'ethereum/main': {
    morpho: '0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb',
    preLiquidationFactory: '0x6FF33615e792E35ed1026ea7cACCf42D9BF83476',
    fromBlock: 18883124,
  },
  'base/main': {
    morpho: '0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb',
    preLiquidationFactory: '0x8cd16b62E170Ee0bA83D80e1F80E6085367e2aef',
    fromBlock: 13977148,
  },
  'arbitrum/main': {
    morpho: '0x6c247b1F6182318877311737BaC0844bAa518F5e',
    preLiquidationFactory: '0x635c31B5DF1F7EFbCbC07E302335Ef4230758e3d',
    fromBlock: 296446593,
  },
  'optimism/main': {
    morpho: '0xce95AfbB8EA029495c66020883F87aaE8864AF92',
    preLiquidationFactory: '0x3d05C01EE8e97361b9E19D172128255eaE5F98B9',
    fromBlock: 130770075,
  },
  'polygon/main': {
    morpho: '0x1bF0c2541F820E775182832f06c0B7Fc27A25f67',
    preLiquidationFactory: '0xeDadDe37D76c72b98725614d0b41C20Fe612d304',
    fromBlock: 66931042,
  },
  'bnb/main': {
    morpho: '0x01b0Bd309AA75547f7a37Ad7B1219A898E67a83a',
    preLiquidationFactory: '0xEB8871F0FA8aB787AbCD28d1095f7B486d241D42',
    fromBlock: 54344680,
  },
} as const
