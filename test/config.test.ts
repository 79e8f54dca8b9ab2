import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { arbitrum, avalanche, base, bsc, mainnet, optimism, polygon } from 'viem/chains'
import { afterAll, expect, test } from 'vitest'
import { knownChainId, loadConfig, parseConfig } from '../src/config.ts'
import { UsageError } from '../src/core/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'liqbands-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const parse = (json: unknown, env: Readonly<Record<string, string>> = {}) =>
  parseConfig(json, env, '/home/me')

/** As the file writes it. */
const variable = (name: string): string => `$\{${name}}`

/** The message of the refusal, without its opening word. */
const problemsOf = (json: unknown, env: Readonly<Record<string, string>> = {}): string => {
  try {
    parse(json, env)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as UsageError).message
  }
  throw new Error('the configuration was accepted')
}

test('without a file it is Ethereum mainnet on a public endpoint, ETH and BTC', () => {
  const config = loadConfig(undefined, {}, folder)
  expect(config.sources.map(({ key }) => key)).toEqual(['aave-v3/ethereum/core'])
  const { ethereum } = config.chains
  expect(ethereum).toMatchObject({ name: 'ethereum', chainId: 1, block: 'finalized' })
  expect(ethereum?.urls).toHaveLength(1)
  expect(ethereum?.urls[0]).toMatch(/^https:\/\//)
  expect(Object.keys(config.drivers)).toEqual(['ETH', 'BTC'])
  expect(config).toMatchObject({ bands: { minUsd: 100 }, entitiesFile: null, levels: {} })
})

test('an empty configuration says the same as none', () => {
  expect(parse({})).toEqual(loadConfig(undefined, {}, folder))
})

test('the chains known by name have the ids of the public chains', () => {
  const published = { ethereum: mainnet, base, arbitrum, optimism, polygon, avalanche, bnb: bsc }
  for (const [name, { id }] of Object.entries(published)) {
    expect(knownChainId(name), name).toBe(id)
    expect(parse({ sources: [`aave-v3/${name}/core`] }).chains[name]?.urls[0]).toMatch(/^https:/)
  }
  expect(knownChainId('mars')).toBe(null)
  expect(knownChainId('constructor')).toBe(null)
})

test('a variable is replaced from the environment, inside a text too', () => {
  const { chains } = parse(
    {
      chains: { ethereum: { rpc: [variable('MY_RPC_URL'), `https://rpc.example/${variable('KEY_2')}/v1`] } },
    },
    { MY_RPC_URL: 'https://one.example', KEY_2: 'abc' },
  )
  expect(chains.ethereum?.urls).toEqual(['https://one.example', 'https://rpc.example/abc/v1'])
})

test('a variable that is not set, or empty, is named once with the path of its key', () => {
  const json = { chains: { ethereum: { rpc: [variable('MY_RPC_URL')] } } }
  const message = 'configuration: chains.ethereum.rpc.0: the environment variable MY_RPC_URL is not set'
  expect(problemsOf(json)).toBe(message)
  expect(problemsOf(json, { MY_RPC_URL: '' })).toBe(message)
})

test('the entities file counts from the folder of the configuration', () => {
  expect(parse({ entities: 'labels/mine.json' }).entitiesFile).toBe('/home/me/labels/mine.json')
  writeFileSync(join(folder, 'other.json'), JSON.stringify({ entities: 'mine.json' }))
  expect(loadConfig(join(folder, 'other.json'), {}, '/elsewhere').entitiesFile).toBe(
    join(folder, 'mine.json'),
  )
})

test('a chain of one’s own, a source on it and a driver there are taken as written', () => {
  const config = parse({
    chains: { local: { chainId: 31337, rpc: ['http://127.0.0.1:8545'], block: 12 } },
    sources: [{ key: 'aave-v3/local/test', deployment: { anything: 1 } }],
    drivers: {
      SOL: {
        chains: {
          local: {
            feeds: ['0x322813fd9a801c5507c9de605d63cea4f2ce6c44'],
            assets: { '0xa85233c63b9ee964add6f2cffe00fd84eb32338f': 0.5 },
          },
        },
      },
    },
  })
  expect(config.chains.local).toEqual({
    name: 'local',
    chainId: 31337,
    urls: ['http://127.0.0.1:8545'],
    block: 12n,
    usd: { oracle: null, prices: {} },
  })
  expect(config.sources).toEqual([
    {
      key: 'aave-v3/local/test',
      protocol: 'aave-v3',
      chain: 'local',
      deployment: 'test',
      inline: { anything: 1 },
    },
  ])
  expect(config.drivers.SOL?.local).toEqual({
    feeds: ['0x322813Fd9A801c5507c9de605d63CEA4f2CE6c44'],
    byHand: { '0xa85233C63b9Ee964Add6F2cffe00Fd84eb32338f': 0.5 },
    pools: [],
  })
  expect(Object.keys(config.drivers)).toEqual(['ETH', 'BTC', 'SOL'])
})

const local = (chain: Readonly<Record<string, unknown>>) => ({
  chains: { local: { chainId: 31337, rpc: ['http://127.0.0.1:8545'], ...chain } },
})

test.each<readonly [name: string, json: unknown, message: string]>([
  [
    'a key of the root',
    { chain: {} },
    '(root): unknown key "chain"; known are chains, sources, drivers, entities, bands, levels',
  ],
  [
    'a key of a chain',
    local({ rpcs: [] }),
    'chains.local: unknown key "rpcs"; known are chainId, rpc, block, usd',
  ],
  [
    'a key of a source',
    { sources: [{ key: 'a/b/c', discovr: {} }] },
    'sources.0: unknown key "discovr"; known are key, deployment, discover',
  ],
  ['a key of bands', { bands: { minUSD: 1 } }, 'bands: unknown key "minUSD"; known are minUsd'],
  ['one endpoint as text', local({ rpc: 'http://x' }), 'chains.local.rpc: expected array, received string'],
  ['no endpoint', local({ rpc: [] }), 'chains.local.rpc: name at least one endpoint'],
  ['an endpoint of another kind', local({ rpc: ['ws://x'] }), 'chains.local.rpc.0: not an http(s) URL'],
  ['a chain id as text', local({ chainId: '1' }), 'chains.local.chainId: expected number, received string'],
  [
    'a block that is none',
    local({ block: 'newest' }),
    'chains.local.block: expected a block number, "finalized", "safe" or "latest"',
  ],
  ['no source', { sources: [] }, 'sources: name at least one source'],
  ['a source without key', { sources: [{}] }, 'sources.0.key: missing, expected string'],
  ['a source that is a number', { sources: [7] }, 'sources.0: expected object, received number'],
  [
    'a source key of two parts',
    { sources: ['aave-v3/ethereum'] },
    'sources.0: "aave-v3/ethereum" is not protocol/chain/deployment (like aave-v3/ethereum/core)',
  ],
  [
    'a source named twice',
    { sources: ['aave-v3/base/core', 'aave-v3/base/core'] },
    'sources: "aave-v3/base/core" is named twice',
  ],
  [
    'a source on an unknown chain',
    { sources: ['aave-v3/mars/core'] },
    'chains.mars: missing, but a source lies on it',
  ],
  [
    'a chain without id',
    { chains: { mars: { rpc: ['http://x'] } } },
    'chains.mars.chainId: missing, and mars is none of ethereum, base, arbitrum, optimism, polygon, avalanche, bnb',
  ],
  [
    'a driver on no chain',
    { drivers: { ETH: { chains: { mars: {} } } } },
    'drivers.ETH.chains.mars: no such chain',
  ],
  [
    'a feed that is no address',
    { drivers: { ETH: { chains: { ethereum: { feeds: ['0x12'] } } } } },
    'drivers.ETH.chains.ethereum.feeds.0: not an address',
  ],
  [
    'an asset that is no address',
    { drivers: { ETH: { chains: { ethereum: { assets: { '0x12': 1 } } } } } },
    'drivers.ETH.chains.ethereum.assets.0x12: not an address',
  ],
  [
    'a mode that is none',
    { sources: [{ key: 'aave-v3/ethereum/core', discover: { subgraph: 'https://x', mode: 'raed' } }] },
    'sources.0.discover.mode: expected one of "discover", "read"',
  ],
  ['dust below zero', { bands: { minUsd: -1 } }, 'bands.minUsd: expected number to be >=0'],
  ['a list', [], '(root): expected object, received array'],
])('%s is refused with its path', (_, json, message) => {
  expect(problemsOf(json)).toBe(`configuration: ${message}`)
})

test('numbers out of range are refused with their path', () => {
  expect(problemsOf({ levels: { ETH: [2000, -1] } })).toMatch(/^configuration: levels\.ETH\.1: /)
  expect(problemsOf({ bands: { minUsd: -1 } })).toMatch(/^configuration: bands\.minUsd: /)
})

test('several problems are reported at once, a line each', () => {
  const message = problemsOf({
    chains: { local: { chainId: 1, rpc: [variable('NOT_SET')], blok: 1 } },
    bands: { minUsd: 'much' },
    sources: [1],
  })
  expect(message.split('\n')).toEqual([
    'configuration, 4 problems:',
    '  chains.local.rpc.0: the environment variable NOT_SET is not set',
    '  chains.local: unknown key "blok"; known are chainId, rpc, block, usd',
    '  sources.0: expected object, received number',
    '  bands.minUsd: expected number, received string',
  ])
})

test('no message repeats the text of a variable', () => {
  const json = { chains: { ethereum: { rpc: [variable('MY_RPC_URL')] } }, sources: ['nonsense'] }
  expect(problemsOf(json, { MY_RPC_URL: 'sekret:sekret' })).not.toContain('sekret')
})

test('a file that is missing or no JSON is named, with the place', () => {
  expect(() => loadConfig('missing.json', {}, folder)).toThrow(
    'cannot read the configuration missing.json: check the path',
  )
  writeFileSync(join(folder, 'broken.json'), '{ "chains": ')
  expect(() => loadConfig('broken.json', {}, folder)).toThrow(/^broken\.json is not JSON: .+/)
})

test('the file in the folder is found without being named', () => {
  writeFileSync(join(folder, 'liqbands.config.json'), JSON.stringify({ bands: { minUsd: 5 } }))
  expect(loadConfig(undefined, {}, folder).bands.minUsd).toBe(5)
  rmSync(join(folder, 'liqbands.config.json'))
})

test('USD prices of a chain: an oracle, prices by hand, or the driver whose price it is', () => {
  const token = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2'
  const usdOf = (usd: unknown) =>
    parse({ chains: { ethereum: { rpc: ['https://rpc.example'], usd } } }).chains.ethereum?.usd
  expect(usdOf(undefined)).toEqual({ oracle: null, prices: {} })
  expect(usdOf({ prices: { [token.toLowerCase()]: 'ETH' } })).toEqual({
    oracle: null,
    prices: { [token]: 'ETH' },
  })
  expect(usdOf({ oracle: token, prices: { [token]: 1 } })).toEqual({ oracle: token, prices: { [token]: 1 } })
  const wrong = { rpc: ['https://rpc.example'], usd: { prices: { [token]: 'GOLD' } } }
  expect(problemsOf({ chains: { ethereum: wrong } })).toContain(
    `chains.ethereum.usd.prices.${token}: no driver "GOLD"`,
  )
  expect(problemsOf({ chains: { ethereum: { ...wrong, usd: { prices: { [token]: -1 } } } } })).toContain(
    'expected number to be >0',
  )
})
