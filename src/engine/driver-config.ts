import type { Config } from '../config.ts'
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
    const feeds = own && own.feeds.length > 0 ? own.feeds : published ? [published.feed] : []
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
