import { createRequire } from 'node:module'
import {
  type Abi,
  type AbiFunction,
  type Address,
  decodeFunctionResult,
  encodeFunctionResult,
  getAddress,
  toFunctionSelector,
  toHex,
  zeroAddress,
} from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { multicall3Abi } from '../../abis/multicall3.ts'
import { tokenNameAbi, uniswapV3FactoryAbi, uniswapV3PoolAbi } from '../../abis/uniswap-v3.ts'
import { knownChainId, parseConfig } from '../../src/config.ts'
import { sellInto } from '../../src/core/cascade/pool-sale.ts'
import { EndpointError, InvalidDataError, UsageError } from '../../src/core/errors.ts'
import type { Block } from '../../src/core/report.ts'
import { type NamedPool, type ReadPools, readPools } from '../../src/engine/read-pools.ts'
import { tokenPricesOf } from '../../src/engine/token-prices.ts'
import { DOLLARS, UNISWAP_V3_FACTORIES } from '../../src/engine/uniswap-v3-factories.ts'
import { knownAssets } from '../../src/known.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  deployPair,
  deployUniswapV3,
  openPool,
  type PoolPlan,
  placeFactory,
  placeTokens,
  type Token,
  type UniswapV3,
  uniswapArtifact,
} from '../chain/uniswap-v3.ts'
import { type Rule, startGateway } from '../helpers/gateway.ts'

const require = createRequire(import.meta.url)
/** Its modules for import point to source maps that it does not ship. */
const { V3_CORE_FACTORY_ADDRESSES } = require('@uniswap/sdk-core') as typeof import('@uniswap/sdk-core')

const assetOf = (symbol: string): Address => {
  const found = Object.entries(knownAssets().chains.ethereum ?? {}).find(([, a]) => a.symbol === symbol)
  return getAddress(found?.[0] ?? zeroAddress)
}
const WETH: Token = { address: assetOf('WETH'), decimals: 18 }
const USDC: Token = { address: assetOf('USDC'), decimals: 6 }
const USDT: Token = { address: assetOf('USDT'), decimals: 6 }
const DAI: Token = { address: assetOf('DAI'), decimals: 18 }
const LINK: Token = { address: assetOf('LINK'), decimals: 18 }
const ranges = [
  { low: 1e-3, high: 1e7, usd: 1e6 },
  { low: 1700, high: 2300, usd: 2e6 },
]

let anvil: Anvil
let uniswap: UniswapV3
let block: Block
const pools: Record<string, Address> = {}

const open = async (name: string, plan: Partial<PoolPlan>): Promise<void> => {
  const usual = { driver: WETH, dollar: USDC, fee: 500, price: 2000, ranges }
  pools[name] = await openPool(uniswap, { ...usual, ...plan })
}

beforeAll(async () => {
  anvil = await startAnvil()
  const first = await deployUniswapV3(anvil)
  await placeTokens(anvil, first, {
    [WETH.address]: ['WETH', 18],
    [USDC.address]: ['USDC', 6],
    [USDT.address]: ['USDT', 6],
    [DAI.address]: ['DAI', 18],
    [LINK.address]: ['LINK', 18],
  })
  uniswap = await placeFactory(anvil, first, UNISWAP_V3_FACTORIES.ethereum ?? zeroAddress)
  await open('USDC 0.05', {})
  await open('USDC 1', { fee: 10_000, price: 1990 })
  await open('USDT 0.3', { dollar: USDT, fee: 3000 })
  await open('DAI 0.3', { dollar: DAI, fee: 3000, ranges: [] })
  await open('LINK 0.3', { dollar: LINK, fee: 3000, price: 150 })
  const latest = await anvil.rpc<{ number: string; hash: string }>('eth_getBlockByNumber', ['latest', false])
  block = {
    chain: 'ethereum',
    chainId: 31337,
    number: Number(latest.number),
    hash: latest.hash,
    timestamp: null,
  }
  // whatever happens later is not the scan's
  await open('later', { dollar: DAI, fee: 500 })
})
afterAll(() => anvil?.stop())

type Ask = {
  readonly url?: string
  readonly named?: readonly NamedPool[]
  readonly configured?: readonly string[]
  readonly blocks?: readonly Block[]
  readonly driver?: string
}

const read = ({ url = anvil.url, named = [], configured = [], blocks = [block], driver = 'ETH' }: Ask = {}) =>
  readPools({
    config: parseConfig(
      {
        chains: { ethereum: { chainId: 31337, rpc: [url] } },
        drivers: { ETH: { chains: { ethereum: { pools: configured } } } },
      },
      {},
      '/',
    ),
    blocks,
    driver,
    prices: tokenPricesOf(driver, []),
    named,
  })

const name = (of: string, chain: string | null = null): NamedPool => ({
  chain,
  address: pools[of] ?? zeroAddress,
})
const names = ({ documents }: ReadPools) =>
  documents.map(({ address }) => Object.entries(pools).find(([, pool]) => pool === address)?.[0])

/** The error of a read that must fail. */
const refusal = async (asked: Promise<unknown>): Promise<Error> => {
  const error = await asked.then(
    () => new Error('it went through'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) throw new Error('no error')
  return error
}

describe('the pools of a scan', () => {
  test('are those of the factory against the known dollars, at the scan’s block, in both token orders', async () => {
    const found = await read()
    expect(names(found).sort()).toEqual(['DAI 0.3', 'USDC 0.05', 'USDC 1', 'USDT 0.3'])
    expect(found.pools).toHaveLength(3)
    expect(new Set(found.pools.map(({ driver }) => driver))).toEqual(new Set(['token0', 'token1']))
    for (const { priceUsd, quoteUsd, quoteUsdFrom, depthUsd, note } of found.documents.filter(
      (d) => !d.note,
    )) {
      expect(priceUsd).toBeGreaterThan(1989)
      expect(priceUsd).toBeLessThan(2001)
      expect({ quoteUsd, quoteUsdFrom, note }).toEqual({ quoteUsd: 1, quoteUsdFrom: 'assumed', note: null })
      expect(depthUsd).toBeGreaterThan(1e5)
    }
    const byName = new Map(names(found).map((of, i) => [of, found.documents[i]]))
    expect(byName.get('USDC 1')).toMatchObject({
      chain: 'ethereum',
      driver: { asset: WETH.address, symbol: 'WETH' },
      quote: { asset: USDC.address, symbol: 'USDC' },
      feePct: 1,
      ticks: 2,
    })
    expect(byName.get('USDC 1')?.priceUsd).toBeCloseTo(1990, 6)
  })

  test('cost few requests, although every word of their bitmaps is read', async () => {
    const gateway = await startGateway(anvil.url)
    try {
      await read({ url: gateway.url })
      const calls = gateway.requests.filter(({ method }) => method === 'eth_call')
      expect(calls.length).toBeLessThan(15)
      const [, at] = calls[0]?.params ?? []
      expect(new Set(calls.map(({ params }) => JSON.stringify(params[1])))).toEqual(
        new Set([JSON.stringify(at)]),
      )
      expect(at).toMatchObject({ blockHash: block.hash })
    } finally {
      await gateway.stop()
    }
  })

  test('say so where they have no liquidity, and take no part', async () => {
    const { documents } = await read()
    const empty = documents.find(({ address }) => address === pools['DAI 0.3'])
    expect(empty).toMatchObject({
      liquidity: '0',
      ticks: 0,
      depthUsd: 0,
      note: 'no liquidity below its price',
    })
    const error = await refusal(read({ named: [name('DAI 0.3')] }))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(/^no liquidity below the price in any of 1 Uniswap v3 pools? of ETH \(0x/)
  })

  test('are the configured ones instead, and the named ones before those', async () => {
    const configured = [pools['USDC 1'] ?? '', pools['USDT 0.3'] ?? '']
    expect(names(await read({ configured }))).toEqual(['USDC 1', 'USDT 0.3'])
    const named = [name('USDC 0.05', 'ethereum'), name('USDC 0.05')]
    expect(names(await read({ configured, named }))).toEqual(['USDC 0.05'])
  })

  test('quote the depth at which QuoterV2 ends 2 % lower', async () => {
    const { pools: found, documents } = await read({ named: [name('USDT 0.3')] })
    const [pool, document] = [found[0], documents[0]]
    if (!pool || !document) throw new Error('one pool')
    const amount =
      BigInt(Math.round(((document.depthUsd / (document.priceUsd ?? 1)) * 1e18) / 1e6)) * 1_000_000n
    const { sqrtPriceX96 } = sellInto(pool, { amount })
    const fall = 2 * Math.abs(Math.log(Number(sqrtPriceX96) / Number(pool.sqrtPriceX96)))
    expect(fall).toBeCloseTo(0.02, 6)
  })

  test('that cannot be used are told all at once', async () => {
    const other = await deployPair(uniswap, { driverIs: 'token0', decimals: [18, 6] })
    const foreign = await openPool(uniswap, { ...other, fee: 500, price: 2, ranges: [] })
    const number = await anvil.rpc<{ number: string; hash: string }>('eth_getBlockByNumber', [
      'latest',
      false,
    ])
    const now = { ...block, number: Number(number.number), hash: number.hash }
    const error = await refusal(
      read({
        blocks: [now],
        named: [{ chain: null, address: foreign }, name('LINK 0.3'), name('USDC 0.05')],
      }),
    )
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message.split('\n')).toHaveLength(2)
    expect(error.message).toMatch(/neither of its tokens \(.*\) is known as ETH/)
    expect(error.message).toMatch(/the scan prices its other token .* nowhere, and it is no known dollar/)
  })

  test('are asked for by chain where the scan lies on several, and refused on another', async () => {
    const base = { ...block, chain: 'base' }
    const [several, elsewhere] = [
      await refusal(read({ blocks: [block, base], named: [name('USDC 0.05')] })),
      await refusal(read({ named: [name('USDC 0.05', 'base')] })),
    ]
    expect(several?.message).toMatch(/on which chain\? The scan lies on ethereum, base; write CHAIN\/ADDRESS/)
    expect(elsewhere?.message).toMatch(/the scan has no block of base; it lies on ethereum/)
  })

  test('of a driver that no factory knows: says what to name', async () => {
    const error = await refusal(read({ driver: 'SOL' }))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(/no Uniswap v3 pool of SOL is known on ethereum: name one with --pool/)
  })

  test('are refused where the address is none, where it was not there yet, and at a block that is gone', async () => {
    const token = await refusal(read({ named: [{ chain: null, address: USDC.address }] }))
    expect(token.message).toMatch(/gave no answer to token0\(\) at block .*: is the address right/)
    const later = await refusal(read({ named: [name('later')] }))
    expect(later.message).toMatch(/was it deployed by then\?/)
    const gone = await refusal(read({ blocks: [{ ...block, hash: `0x${'ab'.repeat(32)}` }] }))
    expect(gone).toBeInstanceOf(InvalidDataError)
    expect(gone.message).toMatch(/no longer the one that was scanned .*: scan again/)
  })
})

describe('a pool that cannot be read', () => {
  const readThrough = async (rule: Rule): Promise<Error> => {
    const gateway = await startGateway(anvil.url, [rule])
    try {
      return await refusal(read({ url: gateway.url, named: [name('USDC 0.05')] }))
    } finally {
      await gateway.stop()
    }
  }

  test('is an error to try again, never a pool without depth: an endpoint that fails', async () => {
    let calls = 0
    const error = await readThrough({
      before: ({ method }) =>
        method === 'eth_call' && ++calls > 3 ? { status: 503, body: 'overloaded' } : undefined,
    })
    expect(error).toBeInstanceOf(EndpointError)
  })

  test('the same where the block is reorganised away, at an endpoint that reads by number only', async () => {
    let blocks = 0
    const error = await readThrough({
      before: ({ method, params }) =>
        method === 'eth_call' && typeof params[1] === 'object'
          ? { error: { code: -32602, message: 'invalid argument 1: hex string expected' } }
          : undefined,
      after: ({ method }, answer) =>
        method === 'eth_getBlockByNumber' && ++blocks > 1
          ? { result: { ...JSON.parse(answer).result, hash: `0x${'cd'.repeat(32)}` } }
          : undefined,
    })
    expect(error).toBeInstanceOf(EndpointError)
    expect(error.message).toMatch(/was reorganised away meanwhile: scan again/)
  })

  test('the same where its ticks do not add up: a word of the bitmap that is empty by mistake', async () => {
    const batch = { abi: multicall3Abi, functionName: 'aggregate3' } as const
    const error = await readThrough({
      after: ({ method }, answer) => {
        if (method !== 'eth_call' || answer.length < 20_000) return undefined
        const results = decodeFunctionResult({ ...batch, data: JSON.parse(answer).result })
        const result = results.map(({ success }) => ({ success, returnData: toHex(0, { size: 32 }) }))
        return { result: encodeFunctionResult({ ...batch, result }) }
      },
    })
    expect(error).toBeInstanceOf(EndpointError)
    expect(error.message).toMatch(/its ticks add up to a liquidity of \d+, the pool says \d+; try again/)
  })
})

describe('what is known of Uniswap v3', () => {
  test('the factories are those of its own package', () => {
    for (const [chain, factory] of Object.entries(UNISWAP_V3_FACTORIES))
      expect([chain, getAddress(V3_CORE_FACTORY_ADDRESSES[knownChainId(chain) ?? 0] ?? zeroAddress)]).toEqual(
        [chain, factory],
      )
    expect(Object.keys(UNISWAP_V3_FACTORIES)).toEqual(Object.keys(knownAssets().chains))
  })

  test('every known dollar is listed somewhere, and each chain has one', () => {
    const symbols = Object.values(knownAssets().chains).map((assets) =>
      Object.values(assets).map(({ symbol }) => symbol),
    )
    expect(DOLLARS.filter((dollar) => !symbols.flat().includes(dollar))).toEqual([])
    for (const chain of symbols) expect(chain.some((symbol) => DOLLARS.includes(symbol))).toBe(true)
  })

  test('abis/uniswap-v3.ts is what the packages say', () => {
    const shape = (item: AbiFunction): string =>
      `${toFunctionSelector(item)} ${item.name}(${item.inputs.map(({ type }) => type)}) → ${item.outputs.map(({ type }) => type)}`
    const shapesOf = (abi: Abi): readonly string[] =>
      abi.flatMap((item) => (item.type === 'function' ? [shape(item)] : []))
    const pairs: readonly (readonly [Abi, Abi])[] = [
      [uniswapV3FactoryAbi, uniswapArtifact('UniswapV3Factory').abi],
      [uniswapV3PoolAbi, uniswapArtifact('UniswapV3Pool').abi],
      [tokenNameAbi, uniswapArtifact('IERC20Metadata').abi],
    ]
    for (const [ours, theirs] of pairs) {
      const known = shapesOf(theirs)
      expect(shapesOf(ours).filter((one) => !known.includes(one))).toEqual([])
    }
  })
})
