import { type Address, getAddress, zeroAddress } from 'viem'
import { uniswapV3FactoryAbi } from '../../abis/uniswap-v3.ts'
import type { Config } from '../config.ts'
import { sellInto } from '../core/cascade/pool-sale.ts'
import type { TickPool } from '../core/cascade/tick-curve.ts'
import type { PoolDocument } from '../core/documents.ts'
import { EndpointError, InvalidDataError, UsageError } from '../core/errors.ts'
import type { Block } from '../core/report.ts'
import { toNumber } from '../core/units.ts'
import { knownAssets } from '../known.ts'
import { createReader, type Reader } from '../sources/batch.ts'
import { newMeter } from '../sources/endpoint.ts'
import { runModeOf } from '../sources/programs.ts'
import { connect } from '../sources/rpc.ts'
import { type PoolFacts, readPoolFacts, readPoolState, readToken } from './read-pool.ts'
import type { TokenPrices } from './token-prices.ts'
import { DOLLARS, FEE_TIERS, UNISWAP_V3_FACTORIES } from './uniswap-v3-factories.ts'

/** A pool that someone named; without a chain, that of the scan where it has one. */
export type NamedPool = { readonly chain: string | null; readonly address: Address }

export type PoolsOptions = {
  readonly config: Config
  readonly blocks: readonly Block[]
  readonly driver: string
  readonly prices: TokenPrices
  /** Instead of those configured and those found. */
  readonly named: readonly NamedPool[]
}

/** Pools as the cascade takes them, and as the document shows them; those without liquidity only there. */
export type ReadPools = {
  readonly pools: readonly TickPool[]
  readonly documents: readonly PoolDocument[]
}

/**
 * Pools of the driver against other assets, at the blocks of a scan: the named ones, else the configured ones, else
 * those of the chain's factory against the known dollars.
 * @throws UsageError naming every pool that cannot be used, or where there is none; retryable errors where one cannot
 * be read, since a pool that was not read is not a pool without depth.
 */
export const readPools = async (options: PoolsOptions): Promise<ReadPools> => {
  const { config, blocks, driver } = options
  const problems: string[] = []
  const chains = chainsOf(options, problems)
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  const found = await Promise.all(
    chains.map(({ block, addresses }) => readOn(options, { block, addresses }, problems)),
  )
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  const all = found.flat()
  const pools = all.flatMap(({ pool }) => (pool === null ? [] : [pool]))
  const documents = all.map(({ document }) => document)
  if (pools.length === 0) {
    const known = blocks.filter(({ chain }) => config.chains[chain]).map(({ chain }) => chain)
    const where = known.length === 0 ? 'no chain' : known.join(', ')
    throw new UsageError(
      documents.length === 0
        ? `no Uniswap v3 pool of ${driver} is known on ${where}: name one with --pool, or in drivers.${driver}.chains.….pools`
        : `no liquidity below the price in any of ${documents.length} Uniswap v3 pools of ${driver} (${documents.map(({ address }) => address).join(', ')}): name others with --pool`,
    )
  }
  return { pools, documents }
}

type ChainPools = {
  readonly block: Block
  /** null to look for them. */
  readonly addresses: readonly Address[] | null
}

/** Where to read, and what there. */
const chainsOf = (
  { config, blocks, driver, named }: PoolsOptions,
  problems: string[],
): readonly ChainPools[] => {
  const byChain = new Map<string, Address[]>()
  for (const { chain, address } of named) {
    const name = chain ?? (blocks.length === 1 ? blocks[0]?.chain : undefined)
    if (name !== undefined && blocks.some((block) => block.chain === name))
      byChain.set(name, [...(byChain.get(name) ?? []), address])
    else
      problems.push(
        name === undefined
          ? `--pool ${address}: on which chain? The scan lies on ${blocks.map((b) => b.chain).join(', ') || 'none'}; write CHAIN/ADDRESS`
          : `--pool ${name}/${address}: the scan has no block of ${name}; it lies on ${blocks.map((b) => b.chain).join(', ') || 'no chain'}`,
      )
  }
  const read = blocks.flatMap((block): readonly ChainPools[] => {
    const { chain } = block
    const own = config.drivers[driver]?.[chain]?.pools ?? []
    const addresses = named.length > 0 ? (byChain.get(chain) ?? []) : own.length > 0 ? own : null
    const wanted = addresses === null ? UNISWAP_V3_FACTORIES[chain] !== undefined : addresses.length > 0
    return wanted ? [{ block, addresses }] : []
  })
  for (const { block } of read)
    if (!config.chains[block.chain])
      problems.push(`pools on ${block.chain}: the chain is not configured, so no endpoint is known`)
    else if (block.number === null || block.hash === null)
      problems.push(`pools on ${block.chain}: the scan does not say at which block`)
  return read
}

type OnePool = { readonly pool: TickPool | null; readonly document: PoolDocument }

const readOn = async (
  { config, driver, prices }: PoolsOptions,
  { block, addresses }: ChainPools,
  problems: string[],
): Promise<readonly OnePool[]> => {
  const { chain } = block
  const settings = config.chains[chain]
  if (!settings || block.number === null) return []
  const meter = newMeter()
  const rpc = await connect({ ...settings, chain, block: BigInt(block.number) }, meter)
  if (rpc.block.hash !== block.hash)
    throw new InvalidDataError(
      `block ${block.number} of ${chain} is no longer the one that was scanned (${block.hash?.slice(0, 10)}…): scan again`,
    )
  const { byHash } = await runModeOf(rpc, meter)
  const reader = createReader(rpc, meter)
  const where = { chain, driver, prices }
  const all = addresses ?? (await findPools(reader, where))
  const distinct = [...new Set(all.map((address) => getAddress(address)))]
  const facts = await Promise.all(distinct.map((address) => readPoolFacts(reader, address)))
  const read = await Promise.all(facts.map((pool) => readOne(reader, pool, where)))
  // where an endpoint reads by number only, a reorganisation meanwhile would have gone unnoticed
  if (!byHash && (await rpc.hashOf(rpc.block.number, meter)) !== block.hash)
    throw new EndpointError(`block ${block.number} of ${chain} was reorganised away meanwhile: scan again`)
  return read.flatMap((one) => {
    if (typeof one !== 'string') return [one]
    problems.push(one)
    return []
  })
}

type Where = { readonly chain: string; readonly driver: string; readonly prices: TokenPrices }

/** Every pool of the driver's tokens against the known dollars of the chain. */
const findPools = async ({ read }: Reader, { chain, driver, prices }: Where): Promise<readonly Address[]> => {
  const address = UNISWAP_V3_FACTORIES[chain]
  if (address === undefined) return []
  const reference = knownAssets().drivers[driver]?.[chain]?.asset
  const dollars = Object.entries(knownAssets().chains[chain] ?? {}).flatMap(([asset, { symbol }]) =>
    DOLLARS.includes(symbol) && !prices.isDriver(chain, getAddress(asset)) ? [getAddress(asset)] : [],
  )
  if (reference === undefined) return []
  const found = await Promise.all(
    dollars.flatMap((dollar) =>
      FEE_TIERS.map((fee) =>
        read({
          address,
          abi: uniswapV3FactoryAbi,
          functionName: 'getPool',
          args: [getAddress(reference), dollar, fee],
        }),
      ),
    ),
  )
  return found.filter((pool) => pool !== zeroAddress)
}

/** A pool's state and value; a text where it is no pool of the driver against something that keeps its price. */
const readOne = async (
  reader: Reader,
  facts: PoolFacts,
  { chain, driver: symbol, prices }: Where,
): Promise<OnePool | string> => {
  const { address, token0, token1, fee, tickSpacing } = facts
  const of = `pool ${address} on ${chain}`
  const side = [token0, token1].map((token) => prices.isDriver(chain, token))
  if (side[0] === side[1])
    return side[0]
      ? `${of}: both of its tokens are ${symbol}`
      : `${of}: neither of its tokens (${token0}, ${token1}) is known as ${symbol}`
  const driver = side[0] ? 'token0' : 'token1'
  const [base, quote] = driver === 'token0' ? [token0, token1] : [token1, token0]
  const price = prices.of(chain, quote)
  if (price === null)
    return `${of}: the scan prices its other token ${quote} nowhere, and it is no known dollar`
  if (price.moves) return `${of}: its other token ${quote} moves with ${symbol} itself`
  const [state, baseToken, quoteToken] = await Promise.all([
    readPoolState(reader, facts, driver),
    readToken(reader, base),
    readToken(reader, quote),
  ])
  const nameOf = (token: Address, own: string | null): string =>
    prices.symbolOf(chain, token) ?? own ?? `${token.slice(0, 8)}…`
  const bare = {
    chain,
    address,
    driver: { asset: base, symbol: nameOf(base, baseToken.symbol) },
    quote: { asset: quote, symbol: nameOf(quote, quoteToken.symbol) },
    quoteUsd: price.usd,
    quoteUsdFrom: price.from,
    feePct: fee / 10_000,
  }
  if (state === null) {
    const document = { ...bare, priceUsd: null, liquidity: '0', ticks: 0, depthUsd: 0 }
    return { pool: null, document: { ...document, note: 'the pool was never given a price' } }
  }
  const decimals = { driverDecimals: baseToken.decimals, quoteDecimals: quoteToken.decimals }
  const pool: TickPool = { ...state, tickSpacing, fee, driver, ...decimals, quoteUsd: price.usd }
  const empty = state.liquidity === 0n && state.ticks.length === 0
  const priceUsd = ownPrice(pool)
  const sale = sellInto(pool, { amount: 2n ** 128n, limitX96: twoPercentLower(pool) })
  const document = {
    ...bare,
    priceUsd,
    liquidity: state.liquidity.toString(),
    ticks: state.ticks.length,
    depthUsd: toNumber(sale.amountIn, baseToken.decimals) * priceUsd,
    note: empty ? 'no liquidity below its price' : null,
  }
  return { pool: empty ? null : pool, document }
}

/** USD of the driver in the pool itself. */
const ownPrice = ({ sqrtPriceX96, driver, driverDecimals, quoteDecimals, quoteUsd }: TickPool): number => {
  const raw = (Number(sqrtPriceX96) / 2 ** 96) ** 2
  return (driver === 'token0' ? raw : 1 / raw) * 10 ** (driverDecimals - quoteDecimals) * quoteUsd
}

/** The √price once the driver has lost 2 % (in ln), as everywhere where depth is quoted. */
const twoPercentLower = ({ sqrtPriceX96, driver }: TickPool): bigint => {
  const scale = 10n ** 15n
  const factor = BigInt(Math.round(Math.exp(driver === 'token0' ? -0.01 : 0.01) * 1e15))
  return (sqrtPriceX96 * factor) / scale
}
