import type { Address } from 'viem'

/**
 * The Uniswap v3 factory of each chain. Source: V3_CORE_FACTORY_ADDRESSES of @uniswap/sdk-core 7.19.4; compared with the
 * package by test/engine/pools.test.ts.
 */
export const UNISWAP_V3_FACTORIES: Readonly<Record<string, Address>> = {
  ethereum: '0x1F98431c8aD98523631AE4a59f267346ea31F984',
  base: '0x33128a8fC17869897dcE68Ed026d694621f6FDfD',
  arbitrum: '0x1F98431c8aD98523631AE4a59f267346ea31F984',
  optimism: '0x1F98431c8aD98523631AE4a59f267346ea31F984',
  polygon: '0x1F98431c8aD98523631AE4a59f267346ea31F984',
  avalanche: '0x740b1c1de25031C31FF4fC9A62f554A55cdC1baD',
  bnb: '0xdB1d10011AD0Ff90774D0C6Bb92e5C5c8b4461F7',
}

/** Fee tiers asked for, in millionths; a factory that has no such tier answers with no pool. */
export const FEE_TIERS = [100, 500, 3000, 10_000] as const

/** Dollars against which a driver is looked for, by their symbols in data/assets.json (unique in a chain). */
export const DOLLARS: readonly string[] = [
  ...['USDC', 'USDCn', 'USDbC'],
  ...['USDT', 'USDT0', 'USDt'],
  ...['DAI', 'DAIe', 'USDS'],
  ...['GHO', 'LUSD', 'FRAX', 'crvUSD', 'PYUSD'],
]
