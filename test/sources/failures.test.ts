import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BaseError } from '../../src/core/errors.ts'
import { createReader } from '../../src/sources/batch.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { connect } from '../../src/sources/rpc.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type AaveMarket, poolAbi } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import {
  answerAlways,
  failAll,
  failFirst,
  type Gateway,
  type Reply,
  type Rule,
  startGateway,
} from '../helpers/gateway.ts'
import { localConfig, type Scanned, scanAfresh, sorted } from '../helpers/scanning.ts'

const error = (code: number, message: string): Reply => ({ error: { code, message } })
const HTML: Reply = { status: 502, type: 'text/html', body: '<html><h1>502 Bad Gateway</h1></html>' }

/** A secret in every place of a URL where one may stand. */
const SECRET = 'deadbeefcafe4242'

describe.concurrent('endpoints that fail', () => {
  let anvil: Anvil
  let market: AaveMarket
  let plain: Scanned
  const gateways: Gateway[] = []

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployAaveV36(anvil)
    await openPositions(anvil, market, { count: 30, seed: 2 })
    plain = await scanAfresh(localConfig(market, { urls: [anvil.url] }))
  })
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()))
    await anvil?.stop()
  })

  const gate = async (...rules: Rule[]): Promise<Gateway> => {
    const gateway = await startGateway(anvil.url, rules)
    gateways.push(gateway)
    return gateway
  }
  const scanAt = (...urls: string[]) => scanAfresh(localConfig(market, { urls }))
  const failureOf = async (promise: Promise<unknown>): Promise<BaseError> => {
    const failure = await promise.then(
      () => null,
      (reason: BaseError) => reason,
    )
    if (failure === null) throw new Error('it should have failed')
    return failure
  }
  const expectSame = (scanned: Scanned): void => {
    expect(sorted(scanned.accounts)).toEqual(sorted(plain.accounts))
    expect(scanned.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
  }

  /** Failures that pass: the request is made again, and the scan is whole. */
  const PASSING: Readonly<Record<string, Reply>> = {
    'HTTP 429': { status: 429, type: 'text/plain', body: 'Too Many Requests' },
    'HTTP 429 with a JSON-RPC error': { status: 429, error: { code: 429, message: 'Too many requests' } },
    'rate limit in HTTP 200': error(-32005, 'project ID request rate exceeded'),
    'compute units (Alchemy)': error(429, 'Your app has exceeded its compute units per second capacity'),
    'HTTP 502 in HTML': HTML,
    'HTTP 503': { status: 503, type: 'text/plain', body: '' },
    'an answer cut off': { body: '{"jsonrpc":"2.0","id":1,"result":"0x00' },
    'an empty answer': { body: '' },
    'HTML with HTTP 200': { type: 'text/html', body: '<html>please wait</html>' },
    'an internal error': error(-32603, 'Internal error'),
  }

  test.each(Object.entries(PASSING))('%s, twice, then well: the scan is whole', async (_, reply) => {
    const methods = ['eth_call', 'eth_getLogs', 'eth_getBlockByNumber']
    const gates = await Promise.all(methods.map((method) => gate(failFirst(2, reply, method))))
    const scans = await Promise.all(gates.map(({ url }) => scanAt(url)))
    for (const scanned of scans) expectSame(scanned)
  })

  /** Failures that last: class, whether to try later, and the words for the user. `HOST` is the endpoint's. */
  const LASTING: readonly (readonly [
    what: string,
    Rule,
    { name: string; retryable: boolean; message: RegExp },
  ])[] = [
    [
      'HTTP 429',
      failAll({ status: 429, type: 'text/plain', body: 'no' }, 'eth_call'),
      {
        name: 'EndpointError',
        retryable: true,
        message: /^HOST answered HTTP 429: a rate or quota limit; lower the load or use another endpoint$/,
      },
    ],
    [
      'HTTP 502',
      failAll(HTML),
      {
        name: 'EndpointError',
        retryable: true,
        message: /^HOST answered HTTP 502; check the URL and the network, or try later$/,
      },
    ],
    [
      'cut off answers',
      failAll({ body: '{"jsonrpc":' }, 'eth_getLogs'),
      {
        name: 'EndpointError',
        retryable: true,
        message: /^HOST answered something that is not JSON; check the URL, or try later$/,
      },
    ],
    [
      'answers that are no JSON-RPC',
      failAll({ body: '{"hello":"world"}' }),
      {
        name: 'EndpointError',
        retryable: true,
        message: /^HOST answered something that is not JSON-RPC; check the URL$/,
      },
    ],
    [
      'a key that is not accepted',
      failAll({ status: 401, type: 'text/plain', body: 'unauthorized' }),
      {
        name: 'EndpointUnfitError',
        retryable: false,
        message: /^HOST refused access \(HTTP 401\): check the API key$/,
      },
    ],
    [
      'a wrong path',
      failAll({ status: 404, type: 'text/html', body: '<html>not found</html>' }),
      {
        name: 'EndpointUnfitError',
        retryable: false,
        message: /^HOST has nothing at this path \(HTTP 404\): check the URL$/,
      },
    ],
    [
      'another chain',
      answerAlways('eth_chainId', '0x1'),
      {
        name: 'EndpointUnfitError',
        retryable: false,
        message: /^HOST serves chain 1, but chains\.local expects 31337: check the URL or chainId$/,
      },
    ],
    [
      'no state of the block (geth)',
      failAll(
        error(-32000, 'missing trie node 4294ac0ffee42911 (path ) state 0x42901 is not available'),
        'eth_call',
      ),
      {
        name: 'EndpointUnfitError',
        retryable: false,
        message:
          /^HOST has no state for the pinned block: missing trie node .*; use an archive endpoint or a newer --block$/,
      },
    ],
    [
      'no state of the block (public node)',
      failAll(error(-32603, 'Archive, Debug and Trace requests require a personal token'), 'eth_call'),
      {
        name: 'EndpointUnfitError',
        retryable: false,
        message: /^HOST has no state for the pinned block: .*; use an archive endpoint or a newer --block$/,
      },
    ],
    [
      'a method that is not offered',
      failAll(error(-32601, 'the method eth_getLogs does not exist/is not available'), 'eth_getLogs'),
      {
        name: 'EndpointUnfitError',
        retryable: false,
        message: /^HOST refused eth_getLogs: the method eth_getLogs does not exist.*; use another endpoint$/,
      },
    ],
    [
      'logs that are none',
      answerAlways('eth_getLogs', { logs: [] }),
      {
        name: 'EndpointError',
        retryable: true,
        message: /^HOST answered eth_getLogs with something that is no list of logs; try another endpoint$/,
      },
    ],
    [
      'logs of another shape',
      answerAlways('eth_getLogs', [{ topics: 'none' }]),
      {
        name: 'EndpointError',
        retryable: true,
        message: /^HOST answered eth_getLogs with something that is no list of logs; try another endpoint$/,
      },
    ],
    [
      'logs that are null',
      answerAlways('eth_getLogs', null),
      {
        name: 'EndpointError',
        retryable: true,
        message: /^HOST answered eth_getLogs with something that is no list of logs; try another endpoint$/,
      },
    ],
    [
      'a block without a hash',
      answerAlways('eth_getBlockByNumber', { number: '0x1' }),
      {
        name: 'EndpointError',
        retryable: true,
        message: /^HOST answered a block without number, hash or timestamp; try another endpoint$/,
      },
    ],
    [
      'calls that answer null',
      answerAlways('eth_call', null),
      {
        name: 'EndpointError',
        retryable: true,
        message: /^HOST answered eth_call with null; try another endpoint$/,
      },
    ],
  ]

  test.each(LASTING)('%s: says what, and what to do', async (_, rule, { name, retryable, message }) => {
    const gateway = await gate(rule)
    const failure = await failureOf(scanAt(gateway.url))
    expect({ name: failure.name, retryable: failure.retryable }).toEqual({ name, retryable })
    expect(failure.message.replaceAll(gateway.host, 'HOST')).toMatch(message)
    expect(failure.message).not.toContain('\n')
    // the next endpoint takes over, whatever the first one does
    expectSame(await scanAt(gateway.url, anvil.url))
  })

  test('calls cut short', async () => {
    const gateway = await gate({
      after: ({ method }, text) => {
        const { result } = JSON.parse(text)
        return method === 'eth_call' && typeof result === 'string' && result.length > 1000
          ? { result: result.slice(0, 1000) }
          : undefined
      },
    })
    expect(await failureOf(scanAt(gateway.url))).toMatchObject({
      name: 'EndpointError',
      retryable: true,
      message: 'the answer to a batch of calls is cut short or garbled; try another endpoint',
    })
  })

  test('nobody there', async () => {
    const gateway = await startGateway(anvil.url)
    await gateway.stop()
    const failure = await failureOf(scanAt(gateway.url))
    expect(failure).toMatchObject({ name: 'EndpointError', retryable: true })
    expect(failure.message).toBe(
      `${gateway.host} is unreachable: connect ECONNREFUSED ${gateway.host}; check the URL and the network, or try later`,
    )
    expectSame(await scanAt(gateway.url, anvil.url))
  })

  test('a name that no server has', async () => {
    const failure = await failureOf(scanAt('http://no-such-host.invalid:8545/key'))
    expect(failure).toMatchObject({ name: 'EndpointError', retryable: true })
    expect(failure.message).toMatch(
      /^no-such-host\.invalid:8545 is unreachable: getaddrinfo \w+ no-such-host\.invalid; check/,
    )
  })

  const connectTo = (urls: readonly string[], more = {}) =>
    connect(
      { chain: 'local', chainId: 31337, urls, block: 'latest', attempts: 2, timeoutMs: 400, ...more },
      newMeter(),
    )

  test('no answer at all: in time the next endpoint is asked', async () => {
    const silent = await gate(failAll('hang'))
    const failure = await failureOf(connectTo([silent.url]))
    expect(failure).toMatchObject({
      name: 'EndpointError',
      retryable: true,
      message: `${silent.host} did not answer in time (eth_chainId); check the network, or use another endpoint`,
    })
    const rpc = await connectTo([silent.url, anvil.url])
    expect(rpc.block.number).toBeGreaterThan(0n)
    // and is asked first from then on
    const asked = silent.requests.length
    const { read } = createReader(rpc, newMeter())
    await read({ address: market.pool, abi: poolAbi, functionName: 'getReservesList' })
    expect(silent.requests.length).toBe(asked)
  })

  test('requests that take the endpoint too long are cut until they do not', async () => {
    const slow = await gate({
      before: ({ method, params }) =>
        method === 'eth_call' && JSON.stringify(params).length > 12_000 ? 'hang' : undefined,
    })
    const rpc = await connectTo([slow.url], { block: BigInt(plain.stored.blocks[0]?.number ?? 0) })
    const { read } = createReader(rpc, newMeter())
    const keys = Array.from({ length: 60 }, (_, i) => [...plain.accounts.keys()][i % 30] as Address)
    const flags = await Promise.all(
      keys.map((key) =>
        read({ address: market.pool, abi: poolAbi, functionName: 'getUserConfiguration', args: [key] }),
      ),
    )
    expect(flags.map(({ data }) => data > 0n)).toEqual(keys.map(() => true))
    const cut = slow.requests.filter(({ method }) => method === 'eth_call').length
    expect(cut).toBeGreaterThan(4)
  })

  test('an endpoint that fails half-way is left for the next, at the same block', async () => {
    let calls = 0
    const dying = await gate({
      before: ({ method }) => (method === 'eth_call' && ++calls > 2 ? HTML : undefined),
    })
    const second = await gate()
    const scanned = await scanAt(dying.url, second.url)
    expectSame(scanned)
    const pins = second.requests.filter(({ method }) => method === 'eth_call').map(({ params }) => params[1])
    expect(pins.length).toBeGreaterThan(0)
    const pin = { blockHash: scanned.stored.blocks[0]?.hash, requireCanonical: true }
    expect(pins.filter((p) => JSON.stringify(p) !== JSON.stringify(pin))).toEqual([])
  })

  test('a second endpoint of another chain, or with another block at that height, is refused', async () => {
    const half = (): Rule => {
      let calls = 0
      return { before: ({ method }) => (method === 'eth_call' && ++calls > 2 ? HTML : undefined) }
    }
    const first = await gate(half())
    const wrongChain = await gate(answerAlways('eth_chainId', '0x2105'))
    const failure = await failureOf(scanAt(first.url, wrongChain.url))
    expect(failure).toMatchObject({ name: 'EndpointError', retryable: true })
    expect(failure.message).toContain(`${first.host} answered HTTP 502`)
    expect(failure.message).toContain(`${wrongChain.host} serves chain 8453, but chains.local expects 31337`)

    const again = await gate(half())
    const forked = await gate({
      after: ({ method }, text) => {
        const { result } = JSON.parse(text)
        const hash = `0x${'42'.repeat(32)}`
        return method === 'eth_getBlockByNumber' ? { result: { ...result, hash } } : undefined
      },
    })
    const other = await failureOf(scanAt(again.url, forked.url))
    expect(other.message).toContain(`${forked.host} does not have the pinned block`)
    expect(forked.requests.filter(({ method }) => method === 'eth_call')).toEqual([])
  })

  test('no message holds a credential, wherever in the URL it stands and however the endpoint fails', async () => {
    const replies: readonly Reply[] = [
      HTML,
      { status: 401, type: 'text/plain', body: 'bad key' },
      { body: '{"jsonrpc":' },
      error(-32603, 'Internal error'),
      { status: 429, error: { code: 429, message: 'slow down' } },
      // some repeat the key in what they say
      error(-32600, `Must be authenticated, ${SECRET} is no key`),
      { status: 403, error: { code: -32000, message: `key ${SECRET} is disabled` } },
    ]
    const shapes = (host: string) => [
      `http://${host}/v3/${SECRET}`,
      `http://${host}/?apikey=${SECRET}`,
      `http://user:${SECRET}@${host}/`,
    ]
    const everything = (failure: unknown): string => {
      const seen: string[] = []
      for (let at: unknown = failure; at instanceof Error; at = at.cause)
        seen.push(at.message, JSON.stringify(at), 'details' in at ? JSON.stringify(at.details) : '')
      return seen.join('\n')
    }
    for (const reply of replies) {
      const gateway = await gate(failAll(reply))
      for (const url of shapes(gateway.host)) {
        const failure = await failureOf(connectTo([url]))
        expect(failure).toHaveProperty('retryable')
        expect(everything(failure)).not.toContain(SECRET)
      }
    }
    const closed = await startGateway(anvil.url)
    await closed.stop()
    for (const url of [...shapes(closed.host), ...shapes('no-such-host.invalid'), `not a URL ${SECRET}`])
      expect(everything(await failureOf(connectTo([url])))).not.toContain(SECRET)
  })

  test('a user and a password in the URL are used', async () => {
    expectSame(await scanAt(anvil.url.replace('http://', `http://user:${SECRET}@`)))
  })

  test('a provider address that is no contract names itself', async () => {
    const nowhere = '0x00000000000000000000000000000000000000A1'
    const config = localConfig({ ...market, addressesProvider: nowhere }, { urls: [anvil.url] })
    const failure = await failureOf(scanAfresh(config))
    expect(failure).toMatchObject({ name: 'RevertedError', retryable: false })
    expect(failure.message).toMatch(
      /^0x0+A1 gave no answer to getPool\(\) at block \d+: is the address right, and was it deployed by then\?$/,
    )
  })
})
