import type { Address } from 'viem'
import type { Config, UsdConfig } from '../config.ts'
import { knownAssets } from '../known.ts'

/** A driver on one chain as the configuration and data/assets.json describe it. */
export type DriverConfig = {
  readonly symbol: string
  /** Root price feeds; the first one's answer is the driver's price. */
  readonly feeds: readonly Address[]
  /** By asset, share of its price that moves with the driver: by the user's hand. */
  readonly byHand: Readonly<Record<string, number>>
  /** By asset, the same from data/assets.json. */
  readonly known: Readonly<Record<string, number>>
  /** The asset that stands for the driver where there is no feed (WETH for ETH). */
  readonly reference: string | null
}

/**
 * What is known of every configured driver on a chain: the configuration's feeds and weights, and beside them
 * data/assets.json. A driver of which nothing is known there is left out.
 */
export const driversOn = (config: Config, chain: string): readonly DriverConfig[] => {
  const assets = knownAssets()
  return Object.entries(config.drivers).flatMap(([symbol, chains]) => {
    const own = chains[chain]
    const published = assets.drivers[symbol]?.[chain]
    const known = Object.fromEntries(
      Object.entries(assets.chains[chain] ?? {}).flatMap(([asset, { driver, weight }]) =>
        driver === symbol && weight !== undefined ? [[asset, weight] as const] : [],
      ),
    )
    const feeds =
      own && own.feeds.length > 0 ? own.feeds : published ? [published.feed, ...published.also] : []
    const byHand = own?.byHand ?? {}
    if (feeds.length === 0 && Object.keys(byHand).length === 0 && Object.keys(known).length === 0) return []
    return [
      {
        symbol,
        feeds: feeds as DriverConfig['feeds'],
        byHand,
        known,
        reference: published?.asset ?? null,
      },
    ]
  })
}

/** Where a chain's USD prices come from: the configuration, and beside it the oracle of data/assets.json. */
export const usdOn = (config: Config, chain: string): UsdConfig => {
  const { oracle = null, prices = {} } = config.chains[chain]?.usd ?? {}
  return {
    oracle: oracle ?? (knownAssets().oracles[chain] as UsdConfig['oracle'] | undefined) ?? null,
    prices,
  }
}
