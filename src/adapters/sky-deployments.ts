/**
 * The Maker protocol, by `chain/deployment`. Source: sky-ecosystem/spells-mainnet at 17aee91e,
 * src/test/addresses_mainnet.sol (MCD_VAT, MCD_SPOT, MCD_DOG, MCD_JUG, ILK_REGISTRY, CDP_MANAGER, MCD_DAI,
 * LOCKSTAKE_ENGINE and LOCKSTAKE_ENGINE_OLD_V1). `fromBlock` is a safe lower bound: the protocol was deployed at
 * 8928152, where vulcanize/vdb-mcd-transformers finds the first log of its Spotter.
 */
export const skyDeployments = {
  'ethereum/main': {
    vat: '0x35D1b3F3D7966A1DFe207aa4514C12a259A0492B',
    spotter: '0x65C79fcB50Ca1594B025960e539eD7A9a6D434A3',
    dog: '0x135954d155898D42C90D2a57824C690e0c7BEf1B',
    jug: '0x19c0976f590D67707E62397C87829d896Dc0f1F1',
    registry: '0x5a464C28D19848f44199D003BeF5ecc87d090F87',
    manager: '0x5ef30b9986345249bc32d8928B7ee64DE9435E39',
    engines: ['0xCe01C90dE7FD1bcFa39e237FE6D8D9F569e8A6a3', '0x2b16C07D5fD5cC701a0a871eae2aad6DA5fc8f12'],
    dai: '0x6B175474E89094C44Da98b954EedeAC495271d0F',
    fromBlock: 8_900_000,
  },
} as const
