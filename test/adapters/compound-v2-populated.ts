import { type Address, toHex } from 'viem'
import * as act from '../chain/actions.ts'
import type { Anvil } from '../chain/anvil.ts'
import type { CompoundMarket } from '../chain/compound-v2.ts'
import { askComptroller, compoundConfig, verdictOf } from '../chain/compound-v2-asks.ts'
import { openCompound, planCompound } from '../chain/compound-v2-positions.ts'
import type { Populated } from './conformance.ts'

/** Positions of every kind, 60 blocks of interest that nobody has booked, and a fall of ETH and of wstETH's ratio. */
export const populateCompound = async (
  anvil: Anvil,
  market: CompoundMarket,
  { count = 600, variant }: { readonly count?: number; readonly variant?: string } = {},
): Promise<Populated> => {
  const plans = planCompound(market.version, { count, seed: 20261125 })
  const debtors = await openCompound(anvil, market, plans)
  const { WETH, wstETH, WBTC } = market.markets
  await market.own.send('ComposedFeed', wstETH.feed, 'set', [92n * 10n ** 16n])
  await market.own.send('SettableFeed', WETH.feed, 'set', [2890_12345678n])
  await act.mine(anvil, 60, 1)
  const feeds: Readonly<Record<string, Address>> = { ETH: WETH.feed, BTC: WBTC.feed }
  return {
    config: compoundConfig(market, [anvil.url], variant),
    debtors,
    drivers: ['ETH', 'BTC'],
    liquidatable: async (keys) => {
      const asked = keys.map((key) => ({ account: key as Address }))
      return (await askComptroller(anvil, market, asked)).map((answer) => verdictOf(answer) === true)
    },
    liquidatableAt: async (driver, questions) => {
      const feed = feeds[driver] ?? WETH.feed
      const asked = questions.map(({ key, answer }) => ({ account: key as Address, feed, answer }))
      return (await askComptroller(anvil, market, asked)).map(verdictOf)
    },
    // a transaction would be a block, and a block is interest here
    setPrice: async (driver, answer) => {
      const words = [0n, answer].map((word) => toHex(word, { size: 32 }))
      await anvil.rpc('anvil_setStorageAt', [feeds[driver], ...words])
    },
    stop: anvil.stop,
  }
}
