import { concatHex, numberToHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildReport } from '../../src/report.ts'
import { runMany } from '../../src/sources/batch.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { connect } from '../../src/sources/rpc.ts'
import { verify } from '../../src/verify.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import {
  capGas,
  capResponse,
  type Gateway,
  type Rule,
  refuseBlockHash,
  refuseOverrides,
  startGateway,
  stripErrorData,
} from '../helpers/gateway.ts'
import { placeMulticall3 } from '../helpers/multicall3.ts'
import {
  localConfig,
  memoryDatabase,
  type Scanned,
  scanAfresh,
  scanLocal,
  sorted,
} from '../helpers/scanning.ts'

/** What an endpoint must refuse for each way of reading to be the best one left. */
const LADDER: Readonly<Record<string, readonly Rule[]>> = {
  override: [],
  'override, block by number': [refuseBlockHash],
  deployless: [refuseOverrides],
  'deployless, block by number': [refuseOverrides, refuseBlockHash],
  multicall3: [refuseOverrides, stripErrorData],
  'multicall3, block by number': [refuseOverrides, stripErrorData, refuseBlockHash],
}

const ACCOUNTS = 150

describe('reading accounts in whatever way the endpoint allows', () => {
  let anvil: Anvil
  let market: AaveMarket
  let plain: Scanned

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployAaveV36(anvil)
    await openPositions(anvil, market, { count: ACCOUNTS, seed: 5 })
    await placeMulticall3(anvil, market)
    await act.mine(anvil, 1)
    plain = await scanAfresh(localConfig(market, { urls: [anvil.url] }))
  })
  afterAll(() => anvil?.stop())

  /** The exposures by hand, for endpoints at which they cannot be measured. */
  const byHand = () => {
    const { WETH, wstETH, WBTC } = market.reserves
    const driver = (feed: string, assets: Readonly<Record<string, number>>) => ({
      chains: { local: { feeds: [feed], assets } },
    })
    return {
      ETH: driver(WETH.feed, { [WETH.asset]: 1, [wstETH.asset]: 1 }),
      BTC: driver(WBTC.feed, { [WBTC.asset]: 1 }),
    }
  }

  const through = async <T>(
    rules: readonly Rule[],
    work: (gateway: Gateway) => Promise<T>,
  ): Promise<{ readonly result: T; readonly requests: Gateway['requests'] }> => {
    const gateway = await startGateway(anvil.url, rules)
    try {
      return { result: await work(gateway), requests: gateway.requests }
    } finally {
      await gateway.stop()
    }
  }
  const scanThrough = (rules: readonly Rule[]) =>
    through(rules, ({ url }) => scanAfresh(localConfig(market, { urls: [url], drivers: byHand() })))

  const expectSame = (scanned: Scanned): void => {
    expect(sorted(scanned.accounts)).toEqual(sorted(plain.accounts))
    expect(scanned.markets).toEqual(plain.markets)
    expect(scanned.read).toBe(ACCOUNTS)
    expect(scanned.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
  }

  test.each(Object.entries(LADDER))('%s: the same states', async (way, rules) => {
    const { result, requests } = await scanThrough(rules)
    expectSame(result)
    // and it was read in that way: an override is sent where it is taken, a creation where it is not
    const reads = requests.filter(({ method }) => method === 'eth_call').slice(-3)
    const [{ to = null } = {}, , overrides] = (reads.at(-1)?.params ?? []) as [
      { to?: string }?,
      unknown?,
      unknown?,
    ]
    expect(overrides !== undefined).toBe(way.startsWith('override'))
    if (way.startsWith('deployless')) expect(to).toBe(null)
    if (way.startsWith('multicall3')) expect(to).toBe('0xcA11bde05977b3631167028862bE2a173976CA11')
  })

  /** Refusals in the words of nodes, when a request was too much. */
  const LIMITS: Readonly<Record<string, Rule>> = {
    'gas of a call capped at 12M, so that it runs out': capGas(12_000_000),
    'answers beyond 20 kB refused (erigon)': capResponse(20_000, {
      error: { code: -32000, message: 'eth_call response size exceeds limit 20000' },
    }),
    'answers beyond 20 kB cut off by a proxy with HTTP 413': capResponse(20_000, {
      status: 413,
      type: 'text/html',
      body: '<html>Request Entity Too Large</html>',
    }),
    'long answers timed out (geth)': capResponse(20_000, {
      error: { code: -32000, message: 'execution aborted (timeout = 5s)' },
    }),
  }

  describe.each(Object.entries(LADDER).filter(([way]) => !way.includes('by number')))('%s', (_, rules) => {
    test.each(Object.entries(LIMITS))('%s: every account is still read, once', async (__, limit) => {
      const { result } = await scanThrough([...rules, limit])
      expectSame(result)
    })
  })

  test.each([
    ['our own batch', []],
    ['Multicall3', [refuseOverrides, stripErrorData]],
  ])('a call that ran out of gas inside %s never passes for a refusal', async (_, rules) => {
    // a modular exponentiation of 22M gas
    const lengths = [4096n, 32n, 4096n].map((length) => numberToHex(length, { size: 32 }))
    const data = concatHex([...lengths, `0x${'00'.repeat(4096)}`, `0x${'ff'.repeat(32)}`])
    const heavy = { to: numberToHex(5, { size: 20 }), data }
    const run = (gas: number) =>
      through([...rules, capGas(gas)], async ({ url }) => {
        const rpc = await connect(
          { chain: 'local', chainId: 31337, urls: [url], block: 'latest', attempts: 1 },
          newMeter(),
        )
        return runMany(rpc, [heavy], newMeter())
      })
    expect((await run(200_000_000)).result.map(({ success }) => success)).toEqual([true])
    await expect(run(6_000_000)).rejects.toMatchObject({ name: 'TooLargeError', retryable: true })
  })

  test('verify asks in parts where all at once is too much gas', async () => {
    const db = memoryDatabase()
    const scanned = await scanLocal(localConfig(market, { urls: [anvil.url] }), db)
    const book = scanned.book('ETH')
    const { result, requests } = await through([capGas(3_000_000)], ({ url }) =>
      verify({ config: localConfig(market, { urls: [url] }), db, book, sample: null }),
    )
    expect(result.disagreed).toEqual([])
    expect(result.sampled).toBe(book.rows.filter(({ priceRaw }) => priceRaw !== null).length)
    expect(result.agreed).toBe(result.sampled)
    expect(requests.length).toBeGreaterThan(8)
  })

  test('exposures are measured under a gas cap as without one', async () => {
    const { result } = await through([capGas(3_000_000)], ({ url }) =>
      scanAfresh(localConfig(market, { urls: [url] })),
    )
    expect(result.stored.drivers).toEqual(plain.stored.drivers)
    expect(sorted(result.accounts)).toEqual(sorted(plain.accounts))
  })

  test('an endpoint that runs no program, on a chain without Multicall3, is told so', async () => {
    const bare = await startAnvil()
    try {
      const other = await deployAaveV36(bare)
      const gateway = await startGateway(bare.url, [refuseOverrides, stripErrorData])
      await expect(scanAfresh(localConfig(other, { urls: [gateway.url] }))).rejects.toMatchObject({
        name: 'EndpointUnfitError',
        retryable: false,
        message: expect.stringMatching(
          /^local: the endpoint runs no program of ours, and there is no Multicall3 at block \d+: use an endpoint with state overrides$/,
        ),
      })
      await gateway.stop()
    } finally {
      await bare.stop()
    }
  })

  test('a proxy that refuses overrides in its own words is still read', async () => {
    const words: readonly [number, string][] = [
      [-32000, 'state override is not supported'],
      [-32600, 'eth_call with overrides is not allowed on this plan'],
      [-32603, 'Unsupported parameter: stateOverride'],
    ]
    for (const [code, message] of words) {
      const refuse: Rule = {
        before: ({ method, params }) =>
          method === 'eth_call' && params.length > 2 ? { error: { code, message } } : undefined,
      }
      expectSame((await scanThrough([refuse])).result)
    }
  })

  test('where nothing can be overridden, the report says that exposures are declared', async () => {
    const { result } = await scanThrough(LADDER.deployless ?? [])
    expect(result.coverage.notes).toContain(
      'ETH: the endpoint refuses state overrides, so no exposure is measured; taken to stand still: WBTC, USDC, DAI',
    )
    const book = result.book('ETH')
    const report = buildReport(book, { entities: new Map(), minUsd: 0, levels: [] })
    expect(report.assumptions.join('\n')).toContain('exposure to ETH of 2 assets set in the configuration')
    expect(book.rows.map(({ outcome }) => outcome)).toEqual(
      plain.book('ETH').rows.map(({ outcome }) => outcome),
    )
    // exact for WETH itself; for wstETH within the rounding of its feed
    const far = book.rows.filter(({ price }, i) => {
      const measured = plain.book('ETH').rows[i]?.price ?? null
      return price !== null && measured !== null && Math.abs(price / measured - 1) > 1e-6
    })
    expect(far).toEqual([])
  })

  test('a second scan with nothing changed costs ten requests at most in the best way', async () => {
    const db = memoryDatabase()
    await scanLocal(localConfig(market, { urls: [anvil.url] }), db)
    const { result, requests } = await through([], ({ url }) =>
      scanLocal(localConfig(market, { urls: [url] }), db),
    )
    expect(result.read).toBe(0)
    expect(result.coverage.requests).toBeLessThanOrEqual(10)
    // and what connecting costs: chain id, block, probe, hash of the last block
    expect(requests.length).toBeLessThanOrEqual(14)
  })
})
