import { readFileSync } from 'node:fs'
import { getAddress } from 'viem'
import * as viemChains from 'viem/chains'
import { describe, expect, test } from 'vitest'
import {
  bookVersion,
  chains,
  curated,
  deriveAssets,
  deriveDeployments,
  markets,
  plainFeeds,
  renderFiles,
} from '../scripts/addresses.ts'
import { aaveV3Deployments } from '../src/adapters/aave-v3-deployments.ts'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const assets = deriveAssets(bookVersion())
const perChain = Object.entries(assets.chains)
const drivers = ['ETH', 'BTC'] as const

/** Everything in a text that looks like an address. */
const addressesIn = (text: string): readonly string[] => text.match(/\b0x[0-9a-fA-F]{40}\b/g) ?? []

describe('committed files', () => {
  test.each(Object.entries(renderFiles(bookVersion())))('%s: as the address book gives it', (path, text) => {
    expect(read(path)).toBe(text)
  })

  test('default: made from the version that package.json pins', () => {
    expect(JSON.parse(read('package.json')).devDependencies['@aave-dao/aave-address-book']).toBe(
      bookVersion(),
    )
  })

  test.each(['src/adapters/aave-v3-deployments.ts', 'data/assets.json', 'data/entities.json'])(
    '%s: every address is checksummed',
    (path) => {
      const found = addressesIn(read(path))
      expect(found.length).toBeGreaterThan(0)
      expect(found).toEqual(found.map((address) => getAddress(address)))
    },
  )
})

describe('deployments', () => {
  test('default: the module holds what is derived', () => {
    expect(aaveV3Deployments).toEqual(deriveDeployments())
  })

  test('default: ten markets on seven chains, one core each', () => {
    const keys = Object.keys(aaveV3Deployments)
    expect(keys).toHaveLength(10)
    expect(keys.filter((key) => key.endsWith('/core'))).toEqual(Object.keys(chains).map((c) => `${c}/core`))
  })

  test.each(Object.entries(aaveV3Deployments))('%s: pool, provider and start block', (key, deployment) => {
    expect(deployment.pool).toBe(markets[key]?.POOL)
    expect(deployment.poolAddressesProvider).toBe(markets[key]?.POOL_ADDRESSES_PROVIDER)
    expect(Number.isSafeInteger(deployment.fromBlock)).toBe(true)
    expect(deployment.fromBlock).toBeGreaterThan(0)
  })

  test.each([
    ['ethereum', viemChains.mainnet.id],
    ['base', viemChains.base.id],
    ['arbitrum', viemChains.arbitrum.id],
    ['optimism', viemChains.optimism.id],
    ['polygon', viemChains.polygon.id],
    ['avalanche', viemChains.avalanche.id],
    ['bnb', viemChains.bsc.id],
  ])('%s: chain id %i, also in the address book', (chain, id) => {
    const own = Object.entries(markets).filter(([key]) => key.startsWith(`${chain}/`))
    expect(own.length).toBeGreaterThan(0)
    expect(chains[chain]?.chainId).toBe(id)
    expect(own.map(([, market]) => market.CHAIN_ID)).toEqual(own.map(() => id))
  })
})

describe('assets', () => {
  test.each(Object.keys(markets))('%s: every underlying is listed with its decimals', (key) => {
    const listed = assets.chains[key.split('/')[0] ?? '']
    for (const [symbol, { UNDERLYING, decimals }] of Object.entries(markets[key]?.ASSETS ?? {}))
      expect(listed?.[getAddress(UNDERLYING)]).toMatchObject({ symbol, decimals })
  })

  test.each(perChain)('%s: symbols are unique', (_, listed) => {
    const symbols = Object.values(listed).map(({ symbol }) => symbol)
    expect(new Set(symbols).size).toBe(symbols.length)
  })

  test.each(perChain)('%s: driver and weight come together, and by name', (_, listed) => {
    for (const { symbol, driver, weight } of Object.values(listed)) {
      const pair = /^(UNI|BPT)_/.test(symbol)
      expect([symbol, weight]).toEqual([symbol, driver === undefined ? undefined : pair ? 0.5 : 1])
      if (pair) continue
      // A newly listed ETH or BTC asset must be put on the curated list or argued away here.
      expect([symbol, driver]).toEqual([symbol, symbol.match(/ETH|BTC/)?.[0]])
    }
  })

  test('default: no curated symbol is stale', () => {
    const listed = new Set(perChain.flatMap(([, of]) => Object.values(of).map(({ symbol }) => symbol)))
    expect(Object.values(curated).flat()).toEqual(
      Object.values(curated)
        .flat()
        .filter((symbol) => listed.has(symbol)),
    )
  })
})

describe.each(drivers)('driver %s', (driver) => {
  test.each(Object.keys(chains))('%s: a listed asset of the driver, priced by a plain USD feed', (chain) => {
    const { asset, feed } = assets.drivers[driver][chain] ?? { asset: '', feed: '' }
    expect(assets.chains[chain]?.[asset]).toMatchObject({ driver, weight: 1 })
    expect(plainFeeds(driver).map((name) => chains[chain]?.feeds[name])).toContain(feed)
  })
})
