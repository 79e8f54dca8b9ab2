import type { Config, UsdConfig } from '../config.ts'
import { knownAssets } from '../known.ts'
import type { DriverConfig } from './measure-driver.ts'

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
