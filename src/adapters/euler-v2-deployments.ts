/**
 * Euler V2 by `chain/deployment`. Source: euler-xyz/euler-interfaces at 8007d05e, addresses/<chain>/CoreAddresses.json
 * (`evc`, `eVaultFactory`); it lists nothing on Optimism. `fromBlock` is where the team's own subgraph starts
 * (euler-xyz/euler-subgraph at 7be1b140, scripts/config.ts, startBlock). That leaves out Polygon: there it is a lower
 * bound, a block of about July 2024, a month before the protocol's first deployment on any chain.
 */
export const eulerV2Deployments = {
  'ethereum/main': {
    evc: '0x0C9a3dd6b8F28529d72d7f9cE918D493519EE383',
    factory: '0x29a56a1b8214D9Cf7c5561811750D5cBDb45CC8e',
    fromBlock: 20_529_207,
  },
  'base/main': {
    evc: '0x5301c7dD20bD945D2013b48ed0DEE3A284ca8989',
    factory: '0x7F321498A801A191a93C840750ed637149dDf8D0',
    fromBlock: 22_282_411,
  },
  'arbitrum/main': {
    evc: '0x6302ef0F34100CDDFb5489fbcB6eE1AA95CD1066',
    factory: '0x78Df1CF5bf06a7f27f2ACc580B934238C1b80D50',
    fromBlock: 238_643_655,
  },
  'polygon/main': {
    evc: '0x90811DacA4BD23Fc79A87FBdff7522bED2d24B4B',
    factory: '0xB1771a13e2a13fCafA89B00335915E732B9466b7',
    fromBlock: 60_000_000,
  },
  'avalanche/main': {
    evc: '0xddcbe30A761Edd2e19bba930A977475265F36Fa1',
    factory: '0xaf4B4c18B17F6a2B32F6c398a3910bdCD7f26181',
    fromBlock: 56_805_796,
  },
  'bnb/main': {
    evc: '0xb2E5a73CeE08593d1a076a2AE7A6e02925a640ea',
    factory: '0x7F53E2755eB3c43824E162F7F6F087832B9C9Df6',
    fromBlock: 46_370_000,
  },
} as const
