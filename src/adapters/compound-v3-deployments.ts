/**
 * Comet markets by `chain/deployment`, named as their folders in the protocol's repository.
 * Source: compound-finance/comet at d5a30b0a, deployments/<net>/<market>/roots.json (`comet`) and configuration.json
 * (`baseTokenAddress` as the quote of the markets whose feeds are not in USD).
 * `fromBlock` is a safe lower bound, not the market's own first block: that of the chain's Configurator, which was
 * deployed with its first market, from papercliplabs/compound-v3-subgraph at 21bb019e, networks.json, rounded down.
 */
export const compoundV3Deployments = {
  'ethereum/usdc': { comet: '0xc3d688B66703497DAA19211EEdff47f25384cdc3', fromBlock: 15_331_000 },
  'ethereum/weth': {
    comet: '0xA17581A9E3356d9A858b789D68B4d866e593aE94',
    quote: '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2',
    fromBlock: 15_331_000,
  },
  'ethereum/usdt': { comet: '0x3Afdc9BCA9213A35503b077a6072F3D0d5AB0840', fromBlock: 15_331_000 },
  'ethereum/usds': { comet: '0x5D409e56D886231aDAf00c8775665AD0f9897b56', fromBlock: 15_331_000 },
  'ethereum/wsteth': {
    comet: '0x3D0bb1ccaB520A66e607822fC55BC921738fAFE3',
    quote: '0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0',
    fromBlock: 15_331_000,
  },
  'ethereum/wbtc': {
    comet: '0xe85Dc543813B8c2CFEaAc371517b925a166a9293',
    quote: '0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599',
    fromBlock: 15_331_000,
  },
  'base/usdc': { comet: '0xb125E6687d4313864e53df431d5425969c15Eb2F', fromBlock: 2_197_000 },
  'base/weth': {
    comet: '0x46e6b214b524310239732D51387075E0e70970bf',
    quote: '0x4200000000000000000000000000000000000006',
    fromBlock: 2_197_000,
  },
  'base/usdbc': { comet: '0x9c4ec768c28520B50860ea7a15bd7213a9fF58bf', fromBlock: 2_197_000 },
  'base/usds': { comet: '0x2c776041CCFe903071AF44aa147368a9c8EEA518', fromBlock: 2_197_000 },
  'base/aero': { comet: '0x784efeB622244d2348d4F2522f8860B96fbEcE89', fromBlock: 2_197_000 },
  'arbitrum/usdc': { comet: '0x9c4ec768c28520B50860ea7a15bd7213a9fF58bf', fromBlock: 87_335_000 },
  'arbitrum/usdc.e': { comet: '0xA5EDBDD9646f8dFF606d7448e414884C7d905dCA', fromBlock: 87_335_000 },
  'arbitrum/usdt': { comet: '0xd98Be00b5D27fc98112BdE293e487f8D4cA57d07', fromBlock: 87_335_000 },
  'arbitrum/weth': {
    comet: '0x6f7D514bbD4aFf3BcD1140B7344b32f063dEe486',
    quote: '0x82aF49447D8a07e3bd95BD0d56f35241523fBab1',
    fromBlock: 87_335_000,
  },
  'optimism/usdc': { comet: '0x2e44e174f7D53F0212823acC11C01A11d58c5bCB', fromBlock: 118_406_000 },
  'optimism/usdt': { comet: '0x995E394b8B2437aC8Ce61Ee0bC610D617962B214', fromBlock: 118_406_000 },
  'optimism/weth': {
    comet: '0xE36A30D249f7761327fd973001A32010b521b6Fd',
    quote: '0x4200000000000000000000000000000000000006',
    fromBlock: 118_406_000,
  },
  'polygon/usdc': { comet: '0xF25212E676D1F7F89Cd72fFEe66158f541246445', fromBlock: 39_412_000 },
  'polygon/usdt': { comet: '0xaeB318360f27748Acb200CE616E389A6C9409a07', fromBlock: 39_412_000 },
} as const
