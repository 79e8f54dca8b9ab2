import type { Hex } from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import type { MorphoChain } from '../chain/morpho-blue.ts'

export const MORPHO_SOURCE = 'morpho-blue/local/test'

/** The configuration of a local Morpho as a user would write it: loan tokens priced by hand and by a driver. */
export const morphoConfig = (
  { anvil, morpho, fromBlock, tokens, feeds }: MorphoChain,
  more: {
    readonly assets?: Readonly<Record<string, Readonly<Record<string, number>>>>
    readonly prices?: Readonly<Record<string, number | string>>
    readonly block?: string | number
  } = {},
): Config => {
  const driver = (symbol: 'ETH' | 'BTC') => ({
    chains: { local: { feeds: [feeds[symbol]], assets: more.assets?.[symbol] ?? {} } },
  })
  const prices = more.prices ?? { [tokens.USDC]: 1, [tokens.DAI]: 1, [tokens.WETH]: 'ETH' }
  return parseConfig(
    {
      chains: {
        local: { chainId: 31337, rpc: [anvil.url], block: more.block ?? 'latest', usd: { prices } },
      },
      sources: [{ key: MORPHO_SOURCE, deployment: { morpho, fromBlock: Number(fromBlock) } }],
      drivers: { ETH: driver('ETH'), BTC: driver('BTC') },
    },
    {},
    '/',
  )
}

/** The key of an account and its two halves. */
export const morphoKey = (market: Hex, owner: string): string => `${market}:${owner}`
