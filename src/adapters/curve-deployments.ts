/**
 * Factories of crvUSD mint markets and of LlamaLend, by `chain/deployment`; each lists all its markets itself.
 * Source: @curvefi/llamalend-api 2.5.2, lib/llamalend.js (mint) and lib/constants/aliases.js (`one_way_factory`,
 * `one_way_factory_v2`); v2 also in curvefi/curve-stablecoin at cf1d05fb, deployments/llamalend.
 * `fromBlock` is 0: loans are enumerated by the controllers, no log is ever read.
 */
export const curveDeployments = {
  'ethereum/mint': { factory: '0xC9332fdCB1C491Dcc683bAe86Fe3cb70360738BC', kind: 'mint', fromBlock: 0 },
  'ethereum/lend': { factory: '0xeA6876DDE9e3467564acBeE1Ed5bac88783205E0', kind: 'lend', fromBlock: 0 },
  'ethereum/lend-v2': {
    factory: '0x8f6B56EC5ddF1F2691a1059f1D3cd97Ac9EaB0bd',
    kind: 'lend-v2',
    fromBlock: 0,
  },
  'arbitrum/lend': { factory: '0xcaEC110C784c9DF37240a8Ce096D352A75922DeA', kind: 'lend', fromBlock: 0 },
  'optimism/lend': { factory: '0x5EA8f3D674C70b020586933A0a5b250734798BeF', kind: 'lend', fromBlock: 0 },
  'optimism/lend-v2': {
    factory: '0x5F94073E3f51c1FFf92ffc6b4B06b7Af193B3640',
    kind: 'lend-v2',
    fromBlock: 0,
  },
} as const
