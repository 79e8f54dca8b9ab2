/** `npm run addresses`: writes the Aave V3 and V4 deployments and the asset list from the installed Aave address book. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import * as book from '@aave-dao/aave-address-book'
import { getAddress } from 'viem'
import { InvalidDataError } from '../src/core/errors.ts'
import { renderAaveV4 } from './aave-v4-addresses.ts'

const PACKAGE = '@aave-dao/aave-address-book'
const DRIVERS = ['ETH', 'BTC'] as const

type Driver = (typeof DRIVERS)[number]
type BookAsset = { readonly decimals: number; readonly UNDERLYING: string; readonly ORACLE: string }
type Market = {
  readonly CHAIN_ID: number
  readonly POOL: string
  readonly POOL_ADDRESSES_PROVIDER: string
  readonly ORACLE: string
  readonly ASSETS: Readonly<Record<string, BookAsset>>
}
type Chain = { readonly chainId: number; readonly feeds: Readonly<Record<string, unknown>> }
type Deployment = {
  readonly pool: string
  readonly poolAddressesProvider: string
  readonly fromBlock: number
}
type Asset = {
  readonly symbol: string
  readonly decimals: number
  readonly driver?: Driver
  readonly weight?: number
}
type Reference = { readonly asset: string; readonly feed: string; readonly also: readonly string[] }
type ByChain<T> = Readonly<Record<string, T>>
type Assets = {
  readonly source: string
  readonly chains: ByChain<Readonly<Record<string, Asset>>>
  readonly drivers: Readonly<Record<Driver, ByChain<Reference>>>
  /** Oracle of each chain's core market: the USD price of tokens in protocols that know none. */
  readonly oracles: ByChain<string>
}

/** Chains in the order of the output; `feeds` is the address book's list of Chainlink feeds there. */
export const chains: ByChain<Chain> = {
  ethereum: { chainId: 1, feeds: book.ChainlinkEthereum },
  base: { chainId: 8453, feeds: book.ChainlinkBase },
  arbitrum: { chainId: 42161, feeds: book.ChainlinkArbitrum },
  optimism: { chainId: 10, feeds: book.ChainlinkOptimism },
  polygon: { chainId: 137, feeds: book.ChainlinkPolygon },
  avalanche: { chainId: 43114, feeds: book.ChainlinkAvalanche },
  bnb: { chainId: 56, feeds: book.ChainlinkBNB },
}

/** Production V3 markets by `chain/deployment`; every chain's main market is `core`. */
export const markets: Readonly<Record<string, Market>> = {
  'ethereum/core': book.AaveV3Ethereum,
  'ethereum/lido': book.AaveV3EthereumLido,
  'ethereum/etherfi': book.AaveV3EthereumEtherFi,
  // The Pool of V3.3 with transfer-restricted aTokens on the RWA side: read like any other (aave/aave-v3-horizon).
  'ethereum/horizon': book.AaveV3EthereumHorizon,
  'base/core': book.AaveV3Base,
  'arbitrum/core': book.AaveV3Arbitrum,
  'optimism/core': book.AaveV3Optimism,
  'polygon/core': book.AaveV3Polygon,
  'avalanche/core': book.AaveV3Avalanche,
  'bnb/core': book.AaveV3BNB,
}

/** Markets of Aave V2, for those of their assets that follow a driver. */
const olderMarkets: ByChain<readonly Pick<Market, 'ASSETS'>[]> = {
  ethereum: [book.AaveV2Ethereum, book.AaveV2EthereumAMM],
  polygon: [book.AaveV2Polygon],
  avalanche: [book.AaveV2Avalanche],
}

/**
 * Where to start reading a market's events: a block no later than the first event of its Pool.
 *
 * The address book has no blocks. Source: github.com/aave/protocol-subgraphs
 * @975b22e9de8e09c28b1d797174e3b1b6fc6540d2, config/<file>, the earlier of AaveOracleStartBlock and
 * PoolAddressesProviderRegistryStartBlock. The file's RewardsController does not count: the Lido file names
 * the one of core, four million blocks before that market. Every file names the oracle and the registry that
 * the address book has for the market. 0 would mean "not sourced"; no market is.
 */
const startBlocks: Readonly<Record<string, number>> = {
  'ethereum/core': 16291006, // mainnet-v3.json, registry
  'ethereum/lido': 20262370, // mainnetlido-v3.json, registry
  'ethereum/etherfi': 20625517, // mainnetetherfi-v3.json, oracle and registry
  // Not in that repository: github.com/archon-research/stl @7e2de750376e3da907b048af445fecacf753df20,
  // stl-verify/internal/pkg/blockchain/protocols.go, block of the PoolAddressesProvider (the Pool: 23125535).
  'ethereum/horizon': 23125530,
  'base/core': 2357105, // base-v3.json, registry
  'arbitrum/core': 7736400, // arbitrum-v3.json, registry
  'optimism/core': 4364782, // optimism-v3.json, registry
  'polygon/core': 25824300, // polygon-v3.json, registry
  'avalanche/core': 11970000, // avalanche-v3.json, oracle and registry
  'bnb/core': 33571624, // bnb-v3.json, registry
}

/**
 * Assets with weight 1, by the address book's name: each moves one for one with the driver in USD, and its basis
 * (exchange rate of a staked token, discount of a wrapper) is held constant. Everything else has weight 0.
 * No Pendle PT of these markets is on an ETH or BTC asset: all are on dollars.
 */
export const curated: Readonly<Record<Driver, readonly string[]>> = {
  ETH: [
    ...['WETH', 'WETHe', 'ETH'],
    ...['stETH', 'wstETH', 'rETH', 'cbETH', 'osETH', 'ETHx'],
    ...['weETH', 'rsETH', 'wrsETH', 'ezETH', 'tETH'],
  ],
  BTC: ['WBTC', 'WBTCe', 'cbBTC', 'tBTC', 'LBTC', 'eBTC', 'FBTC', 'BTCb', 'BTCB'],
}

/**
 * LP tokens with weight 0.5: what they are worth follows the root of the driver's price, near spot half of its moves. All
 * are of the AMM market of Aave V2; its BPT_BAL_WETH is no pair of halves, and left out.
 */
const halves: Readonly<Record<Driver, RegExp>> = { ETH: /^(UNI|BPT)_(?!BAL).*WETH$/, BTC: /^UNI_WBTC_USDC$/ }

/**
 * The asset that stands for the driver on a chain: the first of these that core lists with a plain driver/USD
 * feed as its price source. So cbBTC stands before WBTC: on Ethereum the source of WBTC (0xDaa4…) is no feed of
 * the address book but an adapter of its own, while cbBTC, tBTC, FBTC and BTC.b share the plain BTC/USD feed.
 */
const references: Readonly<Record<Driver, readonly string[]>> = {
  ETH: ['WETH', 'WETHe', 'ETH'],
  BTC: ['cbBTC', 'WBTC', 'BTCb', 'BTCB'],
}

/** The names under which the address book lists a driver's USD feed; SVR is the proxy that Aave itself reads. */
export const plainFeeds = (driver: Driver): readonly string[] => [`AAVE_SVR_${driver}__USD`, `${driver}__USD`]

const driverOf = (symbol: string): Driver | undefined =>
  DRIVERS.find((driver) => curated[driver].includes(symbol) || halves[driver].test(symbol))

const byChain = <T>(of: (name: string, chain: Chain) => T): ByChain<T> =>
  Object.fromEntries(Object.entries(chains).map(([name, chain]) => [name, of(name, chain)]))

const marketsOf = (chain: string): readonly Market[] =>
  Object.entries(markets)
    .filter(([key]) => key.startsWith(`${chain}/`))
    .map(([, market]) => market)

/** The deployments as `src/adapters/aave-v3-deployments.ts` holds them, by `chain/deployment`. */
export const deriveDeployments = (): Readonly<Record<string, Deployment>> =>
  Object.fromEntries(
    Object.entries(markets).map(([key, { POOL, POOL_ADDRESSES_PROVIDER }]) => [
      key,
      {
        pool: getAddress(POOL),
        poolAddressesProvider: getAddress(POOL_ADDRESSES_PROVIDER),
        fromBlock: startBlocks[key] ?? 0,
      },
    ]),
  )

const toAsset = (symbol: string, decimals: number): Asset => {
  const driver = driverOf(symbol)
  if (driver === undefined) return { symbol, decimals }
  return { symbol, decimals, driver, weight: halves[driver].test(symbol) ? 0.5 : 1 }
}

/** All underlying assets of a chain's markets, sorted by address. */
const assetsOf = (chain: string): Readonly<Record<string, Asset>> => {
  const found = new Map<string, Asset>()
  const older = (olderMarkets[chain] ?? [])
    .flatMap(({ ASSETS }) => Object.entries(ASSETS))
    .filter(([symbol]) => driverOf(symbol))
  const listed = marketsOf(chain).flatMap((m) => Object.entries(m.ASSETS))
  for (const [symbol, { UNDERLYING, decimals }] of [...listed, ...older]) {
    const address = getAddress(UNDERLYING)
    const known = found.get(address)
    if (known !== undefined && (known.symbol !== symbol || known.decimals !== decimals))
      throw new InvalidDataError(
        `${chain} ${address} is both ${known.symbol} and ${symbol}; expected one asset`,
      )
    found.set(address, toAsset(symbol, decimals))
  }
  const lower = (text: string): string => text.toLowerCase()
  return Object.fromEntries([...found].sort(([a], [b]) => (lower(a) < lower(b) ? -1 : 1)))
}

const referenceOf = (driver: Driver, name: string, { feeds }: Chain): Reference => {
  const listed = markets[`${name}/core`]?.ASSETS ?? {}
  const plain = plainFeeds(driver).map((feed) => feeds[feed])
  const found = references[driver].map((symbol) => listed[symbol]).find((a) => a && plain.includes(a.ORACLE))
  if (found === undefined)
    throw new InvalidDataError(
      `${name}/core lists no asset with a plain ${driver}/USD feed; extend references`,
    )
  const feed = getAddress(found.ORACLE)
  const listedFeeds = plain.flatMap((other) => (typeof other === 'string' ? [getAddress(other)] : []))
  return { asset: getAddress(found.UNDERLYING), feed, also: listedFeeds.filter((other) => other !== feed) }
}

const oracleOf = (name: string): string => {
  const core = markets[`${name}/core`]
  if (core === undefined) throw new InvalidDataError(`${name} has no core market`)
  return getAddress(core.ORACLE)
}

/** The assets and drivers as `data/assets.json` holds them. */
export const deriveAssets = (version: string): Assets => ({
  source: `${PACKAGE} ${version}, by scripts/addresses.ts: symbols are its names (unique in a chain), weights are curated there`,
  chains: byChain(assetsOf),
  drivers: {
    ETH: byChain((name, chain) => referenceOf('ETH', name, chain)),
    BTC: byChain((name, chain) => referenceOf('BTC', name, chain)),
  },
  oracles: byChain((name) => oracleOf(name)),
})

const renderDeployments = (version: string): string => {
  const entries = Object.entries(deriveDeployments()).map(
    ([key, { pool, poolAddressesProvider, fromBlock }]) => `  '${key}': {
    pool: '${pool}',
    poolAddressesProvider: '${poolAddressesProvider}',
    fromBlock: ${fromBlock},
  },
`,
  )
  return `/**
 * Aave V3 markets by \`chain/deployment\`; \`fromBlock\` is no later than the Pool's first event.
 * Generated by scripts/addresses.ts (\`npm run addresses\`) from ${PACKAGE} ${version}; do not edit.
 */
export const aaveV3Deployments = {
${entries.join('')}} as const
`
}

/** JSON with one line for each innermost object, so that a changed asset is one changed line. */
const renderJson = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replace(/\{[^{}]*\}/g, (leaf) => leaf.replace(/\s+/g, ' '))}\n`

/** The text of every generated file, by its path from the root of the repository. */
export const renderFiles = (version: string): Readonly<Record<string, string>> => ({
  'src/adapters/aave-v3-deployments.ts': renderDeployments(version),
  'src/adapters/aave-v4-deployments.ts': renderAaveV4(`${PACKAGE} ${version}`),
  'data/assets.json': renderJson(deriveAssets(version)),
})

/** Version of the address book that is installed. */
export const bookVersion = (): string => {
  const entry = createRequire(import.meta.url).resolve(PACKAGE)
  const { version } = JSON.parse(readFileSync(entry.replace(/dist.[^/\\]+$/, 'package.json'), 'utf8'))
  return String(version)
}

const main = (): void => {
  for (const [path, text] of Object.entries(renderFiles(bookVersion()))) {
    writeFileSync(new URL(`../${path}`, import.meta.url), text)
    process.stderr.write(`wrote ${path}\n`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
