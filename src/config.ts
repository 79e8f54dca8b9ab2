import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Address, getAddress, isAddress } from 'viem'
import { z } from 'zod'
import { UsageError } from './core/errors.ts'
import { problemsOf } from './core/problems.ts'
import { SCHEMA_NAMES, type SchemaName, schemasOf } from './core/subgraph.ts'
import { balancesOf } from './core/subgraph-balances.ts'
import type { BlockTag } from './sources/rpc.ts'

/**
 * Chains by the name that source keys use, each with a public endpoint for trying things out. Written out, because
 * loading all of viem/chains for seven of them takes a second of every start.
 */
const KNOWN_CHAINS: Readonly<Record<string, { readonly id: number; readonly rpc: string }>> = {
  ethereum: { id: 1, rpc: 'https://ethereum.reth.rs/rpc' },
  base: { id: 8453, rpc: 'https://mainnet.base.org' },
  arbitrum: { id: 42161, rpc: 'https://arb1.arbitrum.io/rpc' },
  optimism: { id: 10, rpc: 'https://mainnet.optimism.io' },
  polygon: { id: 137, rpc: 'https://polygon.drpc.org' },
  avalanche: { id: 43114, rpc: 'https://api.avax.network/ext/bc/C/rpc' },
  bnb: { id: 56, rpc: 'https://56.rpc.thirdweb.com' },
}

/** Id of a public chain; null for a name that is none. */
export const knownChainId = (name: string): number | null => knownChain(name)?.id ?? null

const knownChain = (name: string) => (Object.hasOwn(KNOWN_CHAINS, name) ? KNOWN_CHAINS[name] : undefined)

/** Where USD prices come from on a chain, for protocols that price in something else. */
export type UsdConfig = {
  /** A contract with Aave's `getAssetPrice(address)` and `BASE_CURRENCY_UNIT()`; null for the one that is known there. */
  readonly oracle: Address | null
  /** By token: USD by hand, or the driver whose feed gives its price. */
  readonly prices: Readonly<Record<string, number | string>>
}

export type ChainConfig = {
  readonly name: string
  readonly chainId: number
  readonly urls: readonly string[]
  readonly block: BlockTag | bigint
  readonly usd: UsdConfig
}

export type SourceConfig = {
  readonly key: string
  readonly protocol: string
  readonly chain: string
  readonly deployment: string
  /** A deployment written in the configuration; null for one that the adapter knows. */
  readonly inline: unknown
  /** Missing where accounts are found by logs. */
  readonly discover?: DiscoverConfig
}

/** A subgraph that lists the accounts of a source. */
export type DiscoverConfig = {
  readonly url: string
  /** `discover` takes the list of accounts from it, and every number from the chain; `read` their balances as well. */
  readonly mode: 'discover' | 'read'
  /** null to ask the subgraph which one it is. */
  readonly schema: SchemaName | null
  readonly key: string | null
  /** How long to wait for it where it lags. */
  readonly waitSeconds: number
  /** Find the accounts by logs as well, and say where the lists differ. */
  readonly crosscheck: boolean
}

/** Of one driver on one chain. */
export type DriverChainConfig = {
  readonly feeds: readonly Address[]
  readonly byHand: Readonly<Record<string, number>>
  /** Uniswap v3 pools into which a cascade sells; empty to look for them. */
  readonly pools: readonly Address[]
}

export type Config = {
  readonly chains: Readonly<Record<string, ChainConfig>>
  readonly sources: readonly SourceConfig[]
  /** By driver, then by chain. */
  readonly drivers: Readonly<Record<string, Readonly<Record<string, DriverChainConfig>>>>
  /** The user's own labels; beside data/entities.json. */
  readonly entitiesFile: string | null
  readonly bands: { readonly minUsd: number }
  /** Watch prices by driver. */
  readonly levels: Readonly<Record<string, readonly number[]>>
}

/** No keys but these: a misspelt one is answered with those that are known. */
const strict = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject(shape, {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys'
        ? `unknown key ${(keys as readonly string[]).map((key) => `"${key}"`).join(', ')}; known are ${Object.keys(shape).join(', ')}`
        : undefined,
  })

const address = z
  .string()
  .refine((text) => isAddress(text), 'not an address')
  .transform((text) => getAddress(text))

const addressKeys = <T extends z.ZodType>(value: T) =>
  z.record(
    z.string().refine((text) => isAddress(text), 'not an address'),
    value,
  )

const blockSchema = z.union(
  [
    z.enum(['finalized', 'safe', 'latest']),
    z
      .number()
      .int()
      .nonnegative()
      .transform((number) => BigInt(number)),
  ],
  'expected a block number, "finalized", "safe" or "latest"',
)

const chainSchema = strict({
  chainId: z.number().int().positive().optional(),
  rpc: z
    .array(z.url({ protocol: /^https?$/, message: 'not an http(s) URL' }))
    .min(1, 'name at least one endpoint'),
  block: blockSchema.optional(),
  usd: strict({
    oracle: address.optional(),
    prices: addressKeys(
      z.union([z.number().positive(), z.string()], 'expected a price in USD, or the name of a driver'),
    ).default({}),
  }).optional(),
})

const discoverSchema = strict({
  subgraph: z.string().pipe(z.url({ protocol: /^https?$/, message: 'not an http(s) URL' })),
  mode: z.enum(['discover', 'read']).default('discover'),
  schema: z.enum(SCHEMA_NAMES).optional(),
  key: z.string().min(1, 'an empty key').optional(),
  waitSeconds: z.number().int().nonnegative().default(60),
  crosscheck: z.boolean().default(false),
})

/** A key alone is short for an object with that key. */
const sourceSchema = z.preprocess(
  (source) => (typeof source === 'string' ? { key: source } : source),
  strict({
    key: z.string(),
    deployment: z.record(z.string(), z.unknown()).optional(),
    discover: discoverSchema.optional(),
  }),
)

const configSchema = strict({
  chains: z.record(z.string(), chainSchema).default({}),
  sources: z
    .array(sourceSchema)
    .min(1, 'name at least one source')
    .default([{ key: 'aave-v3/ethereum/core' }]),
  drivers: z
    .record(
      z.string(),
      strict({
        chains: z
          .record(
            z.string(),
            strict({
              feeds: z.array(address).default([]),
              assets: addressKeys(z.number().min(0).max(1)).default({}),
              pools: z.array(address).default([]),
            }),
          )
          .default({}),
      }),
    )
    .default({}),
  entities: z.string().optional(),
  bands: strict({ minUsd: z.number().nonnegative().default(100) }).default({ minUsd: 100 }),
  levels: z.record(z.string(), z.array(z.number().positive())).default({}),
})

/** Drivers priced without being asked for. */
const DEFAULT_DRIVERS = ['ETH', 'BTC']

const DEFAULT_FILE = 'liqbands.config.json'

/** Names of environment variables whose text is a secret: whatever stands in a `${NAME}`. */
const VARIABLE = /\$\{([A-Z_][A-Z0-9_]*)\}/g

/**
 * Reads and checks the configuration; without a file, Ethereum mainnet on public endpoints.
 * @throws UsageError naming every problem and the path of its key.
 */
export const loadConfig = (
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  directory: string,
): Config => {
  const path = resolve(directory, file ?? DEFAULT_FILE)
  if (file === undefined && !existsSync(path)) return parseConfig({}, env, directory)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UsageError(`cannot read the configuration ${file ?? DEFAULT_FILE}: check the path`, { cause })
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : ''
    throw new UsageError(`${file ?? DEFAULT_FILE} is not JSON: ${reason}`, { cause })
  }
  return parseConfig(json, env, dirname(path))
}

/** Checks a configuration that is already JSON; relative paths count from `directory`. */
export const parseConfig = (
  json: unknown,
  env: Readonly<Record<string, string | undefined>>,
  directory: string,
): Config => {
  const problems: string[] = []
  const filled = substitute(json, env, [], problems)
  const parsed = configSchema.safeParse(filled)
  // what is wrong with the text of a variable that is not set, is that it is not set
  const known = new Set(problems.map((problem) => problem.split(': ')[0]))
  if (!parsed.success)
    problems.push(...problemsOf(parsed.error).filter((problem) => !known.has(problem.split(': ')[0])))
  problems.push(...writtenKeys(json))
  if (!parsed.success || problems.length > 0) throw configError(problems)
  const { data } = parsed
  const sources = data.sources.flatMap(({ key, deployment, discover: given }, i) => {
    const parts = key.split('/')
    const [protocol, chain, name] = parts
    if (parts.length !== 3 || !protocol || !chain || !name) {
      problems.push(`sources.${i}: "${key}" is not protocol/chain/deployment (like aave-v3/ethereum/core)`)
      return []
    }
    const source = { key, protocol, chain, deployment: name, inline: deployment ?? null }
    if (!given) return [source]
    const discover = discoverConfig(given)
    problems.push(...discoverProblems(discover, protocol).map((text) => `sources.${i}.discover.${text}`))
    return [{ ...source, discover }]
  })
  const twice = sources.find(({ key }, i) => sources.findIndex((other) => other.key === key) !== i)
  if (twice) problems.push(`sources: "${twice.key}" is named twice`)
  const names = [...new Set([...Object.keys(data.chains), ...sources.map(({ chain }) => chain)])]
  const chains = names.flatMap((name) => {
    const chain = chainConfig(name, data.chains[name], problems)
    return chain ? [[name, chain] as const] : []
  })
  for (const [name, chain] of Object.entries(data.chains))
    for (const [token, price] of Object.entries(chain.usd?.prices ?? {}))
      if (typeof price === 'string' && !(price in data.drivers) && !DEFAULT_DRIVERS.includes(price))
        problems.push(`chains.${name}.usd.prices.${token}: no driver "${price}"`)
  for (const [symbol, { chains: byChain }] of Object.entries(data.drivers))
    for (const chain of Object.keys(byChain))
      if (!names.includes(chain)) problems.push(`drivers.${symbol}.chains.${chain}: no such chain`)
  if (problems.length > 0) throw configError(problems)
  const symbols = [...new Set([...DEFAULT_DRIVERS, ...Object.keys(data.drivers)])]
  return {
    chains: Object.fromEntries(chains),
    sources,
    drivers: Object.fromEntries(
      symbols.map((symbol) => [
        symbol,
        Object.fromEntries(
          Object.entries(data.drivers[symbol]?.chains ?? {}).map(([chain, { feeds, assets, pools }]) => [
            chain,
            {
              feeds,
              byHand: Object.fromEntries(
                Object.entries(assets).map(([asset, share]) => [getAddress(asset), share]),
              ),
              pools,
            },
          ]),
        ),
      ]),
    ),
    entitiesFile: data.entities === undefined ? null : resolve(directory, data.entities),
    bands: data.bands,
    levels: data.levels,
  }
}

const discoverConfig = ({ subgraph, ...given }: z.infer<typeof discoverSchema>): DiscoverConfig => ({
  ...given,
  url: subgraph,
  schema: given.schema ?? null,
  key: given.key ?? null,
})

/** What can be said of a subgraph without asking it. */
const discoverProblems = (discover: DiscoverConfig, protocol: string): readonly string[] => {
  const { url, schema, key } = discover
  const own = schemasOf(protocol)
  return [
    ...(own.length === 0 ? [`subgraph: no subgraph schema that lists ${protocol} accounts is known`] : []),
    ...(own.length > 0 && schema !== null && !own.includes(schema)
      ? [`schema: "${schema}" does not list ${protocol} accounts; these do: ${own.join(', ')}`]
      : []),
    ...(key !== null && /\.thegraph\.com$/.test(new URL(url).hostname) && !/^[0-9a-f]{32}$/i.test(key)
      ? ['key: a key of The Graph has 32 hexadecimal digits']
      : []),
    ...(own.length > 0 ? modeProblems(discover, protocol) : []),
  ]
}

const modeProblems = ({ mode, schema, crosscheck }: DiscoverConfig, protocol: string): readonly string[] => {
  if (mode === 'discover') return []
  const readable = balancesOf(protocol)
  const LEAVE = 'leave "mode" out, so that the chain is read'
  return [
    ...(readable.length === 0
      ? [`mode: no subgraph schema has the balances of ${protocol} accounts: ${LEAVE}`]
      : []),
    ...(readable.length > 0 &&
    schema !== null &&
    schemasOf(protocol).includes(schema) &&
    !readable.includes(schema)
      ? [
          `mode: "${schema}" does not have the balances of ${protocol} accounts; these do: ${readable.join(', ')}; or ${LEAVE}`,
        ]
      : []),
    ...(crosscheck
      ? [
          'crosscheck: it reads every account from the chain, which "mode": "read" is there to avoid: leave one of them out (liqbands doctor --crosscheck compares in either mode)',
        ]
      : []),
  ]
}

const rawSchema = z.object({ sources: z.array(z.unknown()) })

/** Keys that stand in the file itself, before anything was filled in. */
const writtenKeys = (json: unknown): readonly string[] => {
  const { data } = rawSchema.safeParse(json)
  return (data?.sources ?? []).flatMap((source, i) => {
    const key = (source as { discover?: { key?: unknown } } | null)?.discover?.key
    return typeof key === 'string' && !/^\$\{[A-Z_][A-Z0-9_]*\}$/.test(key)
      ? [`sources.${i}.discover.key: a secret belongs into the environment: write "\${NAME}"`]
      : []
  })
}

const chainConfig = (
  name: string,
  given: z.infer<typeof chainSchema> | undefined,
  problems: string[],
): ChainConfig | null => {
  const known = knownChain(name)
  const chainId = given?.chainId ?? known?.id
  if (chainId === undefined) {
    problems.push(
      given
        ? `chains.${name}.chainId: missing, and ${name} is none of ${Object.keys(KNOWN_CHAINS).join(', ')}`
        : `chains.${name}: missing, but a source lies on it`,
    )
    return null
  }
  const urls = given?.rpc ?? (known ? [known.rpc] : [])
  const prices = Object.entries(given?.usd?.prices ?? {}).map(([token, price]) => [getAddress(token), price])
  const usd = { oracle: given?.usd?.oracle ?? null, prices: Object.fromEntries(prices) }
  return { name, chainId, urls, block: given?.block ?? 'finalized', usd }
}

const configError = (problems: readonly string[]): UsageError =>
  new UsageError(
    problems.length === 1
      ? `configuration: ${problems[0]}`
      : `configuration, ${problems.length} problems:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
  )

const substitute = (
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  path: readonly string[],
  problems: string[],
): unknown => {
  if (typeof value === 'string')
    return value.replace(VARIABLE, (whole, name: string) => {
      const found = env[name]
      if (found === undefined || found === '') {
        problems.push(`${path.join('.')}: the environment variable ${name} is not set`)
        return whole
      }
      return found
    })
  if (Array.isArray(value))
    return value.map((item, i) => substitute(item, env, [...path, String(i)], problems))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, substitute(item, env, [...path, key], problems)]),
    )
  return value
}
