import type { Address, Hex } from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import type { PositionRow } from '../../src/store/rows.ts'
import {
  createMarket,
  lltvOf,
  type MorphoChain,
  type MorphoToken,
  openMorphoPositions,
} from '../chain/morpho-blue.ts'
import type { Scanned } from './scanning.ts'

export const MORPHO_SOURCE = 'morpho-blue/local/test'

/** The configuration of a local Morpho as a user would write it: loan tokens priced by hand and by a driver. */
export const morphoConfig = (
  { anvil, morpho, fromBlock, tokens, feeds }: MorphoChain,
  more: {
    readonly assets?: Readonly<Record<string, Readonly<Record<string, number>>>>
    readonly prices?: Readonly<Record<string, number | string>>
    readonly block?: string | number
    /** Instead of the chain itself. */
    readonly url?: string
  } = {},
): Config => {
  const driver = (symbol: 'ETH' | 'BTC') => ({
    chains: { local: { feeds: [feeds[symbol]], assets: more.assets?.[symbol] ?? {} } },
  })
  const prices = more.prices ?? { [tokens.USDC]: 1, [tokens.DAI]: 1, [tokens.WETH]: 'ETH' }
  return parseConfig(
    {
      chains: {
        local: {
          chainId: 31337,
          rpc: [more.url ?? anvil.url],
          block: more.block ?? 'latest',
          usd: { prices },
        },
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

/** A position that a test opens, in a market of its own. */
export type MorphoWish = {
  readonly collateral: MorphoToken
  readonly loan: MorphoToken
  readonly oracle: Address
  /** Percent; 86 unless told. */
  readonly lltv?: number
  readonly irm?: Address
  readonly has: bigint
  readonly owes: bigint
  /** Lent to the market; a thousand times the debt unless told. */
  readonly lent?: bigint
}

type Opened = {
  readonly market: Hex
  readonly owner: Address
  readonly key: string
  readonly oracle: Address
}

/** Opens positions and finds them again by the names that a test gives them. */
export const createMorphoBook = (chain: MorphoChain) => {
  const opened = new Map<string, Opened>()
  const at = (name: string): Opened => {
    const found = opened.get(name)
    if (!found) throw new Error(`no position ${name}`)
    return found
  }
  return {
    at,
    open: async (name: string, wish: MorphoWish): Promise<Opened> => {
      const { collateral, loan, oracle, lltv = 86, irm = chain.irm, has, owes, lent = owes * 1000n } = wish
      const params = {
        loanToken: chain.tokens[loan],
        collateralToken: chain.tokens[collateral],
        oracle,
        irm,
        lltv: lltvOf(lltv),
      }
      const market = await createMarket(chain, params, lent)
      const [owner] = await openMorphoPositions(chain, [{ market, collateral: has, borrow: owes }])
      if (!owner) throw new Error('no position was opened')
      const result = { market, owner, oracle, key: morphoKey(market, owner) }
      opened.set(name, result)
      return result
    },
    rowIn: (scanned: Scanned, name: string, driver = 'ETH'): PositionRow => {
      const row = scanned.book(driver).rows.find(({ id }) => id === at(name).key)
      if (!row) throw new Error(`no row ${name}`)
      return row
    },
  }
}

export type MorphoBook = ReturnType<typeof createMorphoBook>
