import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BaseError } from '../../src/core/errors.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { openSubgraph, type SubgraphOptions } from '../../src/sources/subgraph.ts'
import { refusalOf, type SubgraphRefusal } from '../../src/sources/subgraph-errors.ts'
import { pinSubgraph, type Row } from '../../src/sources/subgraph-pin.ts'
import { refusal, type SubgraphServer, startSubgraphServer, type Wire } from '../helpers/subgraph-server.ts'

const HASH = `0x${'ab'.repeat(32)}` as const
const KEY = '0123456789abcdef0123456789abcdef'
const block = { number: 900n, hash: HASH, timestamp: 0n }
const list = { entity: 'positions', fields: 'balance', where: 'side: BORROWER' }

/** Ids as The Graph sorts them, by their letters: p-10 before p-2. */
const rowsOf = (count: number): readonly Row[] =>
  Array.from({ length: count }, (_, i) => ({ id: `p-${i}`, balance: String(i) }))

let server: SubgraphServer
let slept: number[]

beforeEach(async () => {
  server = await startSubgraphServer({ rows: { positions: rowsOf(2500) } })
  slept = []
})
afterEach(() => server.stop())

const open = (options: Partial<SubgraphOptions> = {}) =>
  openSubgraph({
    url: server.url,
    key: null,
    sleep: async (ms) => {
      slept.push(ms)
    },
    ...options,
  })

const hashOf = async (): Promise<string | null> => null

/** The whole list, or the error in its place. */
const readAll = async (options: Partial<SubgraphOptions> = {}): Promise<readonly string[] | BaseError> => {
  const meter = newMeter()
  try {
    const pinned = await pinSubgraph(open(options), { block, hashOf }, meter)
    const ids: string[] = []
    for await (const { id } of pinned.rows(list)) ids.push(id)
    await pinned.confirm()
    return ids
  } catch (error) {
    if (error instanceof BaseError) return error
    throw error
  }
}

const pages = () => server.asked.filter(({ field }) => field === 'positions')

describe('a list', () => {
  test('20,000 rows come in 20 pages and an empty one, each after the last id of the one before', async () => {
    server.state.rows = { positions: rowsOf(20_000) }
    const ids = await readAll()
    expect(ids).toHaveLength(20_000)
    expect(new Set(ids as string[]).size).toBe(20_000)
    expect(pages()).toHaveLength(21)
    const sorted = rowsOf(20_000)
      .map(({ id }) => id)
      .toSorted()
    const cursors = pages().map(({ args }) => (args.where as { id_gt?: string }).id_gt)
    expect(cursors).toEqual([undefined, ...Array.from({ length: 20 }, (_, i) => sorted[i * 1000 + 999])])
    // _meta, the pin by hash, 21 pages, _meta
    expect(server.asked.map(({ field }) => field)).toEqual([
      '_meta',
      '_meta',
      ...Array.from({ length: 21 }, () => 'positions'),
      '_meta',
    ])
  })

  test('every page is pinned to the block, by its hash, and none skips', async () => {
    await readAll()
    expect(pages()).toHaveLength(4)
    for (const { args } of pages()) {
      expect(args.block).toEqual({ hash: HASH })
      expect(args.skip).toBeUndefined()
      expect(args.where).toMatchObject({ side: 'BORROWER' })
    }
  })

  test('a server that knows no such hash is asked for the number', async () => {
    server.state.hashes = []
    expect(await readAll()).toHaveLength(2500)
    for (const { args } of pages()) expect(args.block).toEqual({ number: 900 })
  })

  test('a number is of no use where the subgraph follows another chain', async () => {
    server.state.hashes = []
    server.state.meta.hash = `0x${'cd'.repeat(32)}`
    const other = pinSubgraph(open(), { block, hashOf: async () => HASH }, newMeter())
    await expect(other).rejects.toThrow(/has another block 1000 than the endpoint/)
  })

  test('a server that gives fewer rows than asked for loses none', async () => {
    server.state.cap = 100
    expect(await readAll()).toHaveLength(2500)
  })

  test('an empty list is a list', async () => {
    server.state.rows = {}
    expect(await readAll()).toEqual([])
  })

  test('the key goes into the header, and into no message', async () => {
    server.state.intercept = ({ field }) =>
      field === 'positions' ? refusal(`auth error: API key not found: ${KEY}`) : null
    const error = await readAll({ key: KEY })
    expect(server.asked.every(({ authorization }) => authorization === `Bearer ${KEY}`)).toBe(true)
    expect(String((error as BaseError).message)).toMatch(/API key not found/)
    expect(JSON.stringify([error, (error as BaseError).message, (error as BaseError).stack])).not.toContain(
      KEY,
    )
  })

  test('a key in the path of the URL is in no message either', async () => {
    server.state.intercept = () => refusal(`no such thing at /api/${KEY}/subgraphs`)
    const error = await readAll({ url: server.url.replace('/subgraphs', `/api/${KEY}/subgraphs`) })
    expect((error as BaseError).message).not.toContain(KEY)
  })
})

/** How a refusal of every page ends: asked so often, and as what. */
type Ending = {
  readonly refusal: SubgraphRefusal
  readonly retryable: boolean
  /** Sizes of the pages that were asked for. */
  readonly firsts: readonly number[]
}

const HALVES = [1000, 500, 250, 125, 63, 32, 16]
const thrice = [1000, 1000, 1000]
const final = (of: SubgraphRefusal): Ending => ({ refusal: of, retryable: false, firsts: [1000] })
const again: Ending = { refusal: 'again', retryable: true, firsts: thrice }
const shrinks: Ending = { refusal: 'again-smaller', retryable: true, firsts: [...HALVES, 16, 16] }
const smaller: Ending = { refusal: 'smaller', retryable: true, firsts: HALVES }

const indexers = (reason: string) => `bad indexers: {0x1234: ${reason}}`

describe('a page that is refused', () => {
  test.each<readonly [string, Wire, Ending]>([
    ['no key', refusal('auth error: missing authorization header'), final('access')],
    ['a malformed key', refusal('auth error: malformed API key'), final('access')],
    ['an unknown key', refusal('auth error: API key not found'), final('access')],
    ['a domain', refusal('auth error: domain not authorized'), final('access')],
    ['another subgraph', refusal('auth error: subgraph not authorized'), final('access')],
    ['nobody paid', refusal('auth error: payment required for subsequent requests'), final('billing')],
    ['a spend limit', refusal('auth error: spend limit exceeded for this API key'), final('billing')],
    ['an unknown id', refusal('subgraph not found: 5zvR82'), final('gone')],
    ['no allocations', refusal('subgraph not found: no allocations'), final('gone')],
    ['no versions', refusal('subgraph not found: no valid versions'), final('gone')],
    ['no indexers', refusal('no indexers found'), final('gone')],
    [
      'a block before its start',
      refusal('bad query: requested block 900, before minimum startBlock'),
      final('too-old'),
    ],
    ['indexers in time-out', refusal(indexers('Timeout')), again],
    ['indexers that fail', refusal(indexers('BadResponse(503)')), again],
    ['indexers that nobody reaches', refusal(indexers('failed to connect')), again],
    ['an indexer whose store fails', refusal(indexers('unattestable response: Store error')), shrinks],
    ['indexing errors at an indexer', refusal(indexers('no attestation: indexing_error')), final('indexing')],
    ['indexing errors', refusal('indexing_error'), final('indexing')],
    ['pruned history', refusal('subgraph QmX only has data starting at block number 950'), final('pruned')],
    ['a failing store', refusal('Store error: database unavailable'), shrinks],
    ['a slow query', refusal('Query timed out'), shrinks],
    ['an overload', refusal('service is overloaded and can not run the query right now'), shrinks],
    ['a reorganisation', refusal('the chain was reorganized while executing the query'), shrinks],
    ['a panic', refusal('panic processing query: oops'), shrinks],
    ['a result too large', refusal('result size 200 is larger than the allowed limit of 100'), smaller],
    ['a query too expensive', refusal('query is too expensive'), smaller],
    ['another schema', refusal('Type `Query` has no field `positions`'), final('schema')],
    ['another filter', refusal('Invalid value provided for argument `where`'), final('schema')],
    ['another attribute', refusal('Entity Position has no attribute `side`'), final('schema')],
    ['words nobody knows', refusal('something new'), again],
    ['HTML of a proxy', { type: 'text/html', body: '<html>502</html>' }, again],
    ['HTML with its status', { status: 502, type: 'text/html', body: '<html>502</html>' }, again],
    ['a rate limit', { status: 429, type: 'text/plain', body: 'slow down' }, again],
    ['a forbidden door', { status: 403, type: 'text/html', body: 'no' }, final('access')],
    ['nothing at the path', { status: 404, type: 'text/plain', body: 'no' }, final('gone')],
    ['payment asked for by HTTP', { status: 402, body: '{}' }, final('billing')],
    ['a body that is too large', { status: 413, type: 'text/html', body: 'no' }, smaller],
    ['JSON cut short', { body: '{"data":{"page":[{"id":"p-1"' }, again],
    ['JSON of something else', { body: '[1]' }, again],
    [
      'data beside an error',
      { body: JSON.stringify({ data: { page: [{ id: 'p-1' }] }, errors: [{ message: 'indexing_error' }] }) },
      final('indexing'),
    ],
  ])('%s', async (_, wire, ending) => {
    server.state.intercept = ({ field }) => (field === 'positions' ? wire : null)
    const error = await readAll()
    expect(error).toBeInstanceOf(BaseError)
    expect({
      refusal: refusalOf(error),
      retryable: (error as BaseError).retryable,
      firsts: pages().map(({ args }) => args.first),
    }).toEqual(ending)
    expect((error as BaseError).message).toMatch(/^the subgraph at 127\.0\.0\.1:\d+ .*; .*\S$/)
    expect((error as BaseError).message).not.toContain('\n')
  })

  test('once only is no loss', async () => {
    for (const message of [
      'Store error: once',
      'something new',
      'result size 2 is larger than the allowed limit',
    ]) {
      server.asked.length = 0
      server.state.intercept = ({ field }, count) =>
        field === 'positions' && count === 2 ? refusal(message) : null
      expect(await readAll(), message).toHaveLength(2500)
    }
  })

  test('a page that comes twice is asked again, and given up if it keeps coming', async () => {
    const page = (from: number) => ({
      body: JSON.stringify({
        data: {
          page: rowsOf(2500)
            .toSorted((a, b) => (a.id < b.id ? -1 : 1))
            .slice(from, from + 1000),
        },
      }),
    })
    server.state.intercept = ({ field }, count) => (field === 'positions' && count === 2 ? page(0) : null)
    expect(await readAll()).toHaveLength(2500)
    server.asked.length = 0
    server.state.intercept = ({ field }, count) => (field === 'positions' && count > 1 ? page(0) : null)
    expect((await readAll()) as BaseError).toMatchObject({ retryable: true })
    expect(pages()).toHaveLength(4)
  })
})

describe('what it says of itself', () => {
  test('behind: it is waited for, and the list is whole', async () => {
    server.state.meta.number = 890
    server.state.intercept = (_, count) => {
      if (count > 3) server.state.meta.number = 1000
      return null
    }
    expect(await readAll()).toHaveLength(2500)
    expect(slept.filter((ms) => ms === 5000)).toHaveLength(3)
  })

  test('behind for too long: says by how much', async () => {
    server.state.meta.number = 890
    const error = await readAll({ waitSeconds: 20 })
    expect(error).toMatchObject({ retryable: true })
    expect((error as BaseError).message).toMatch(/is at block 890, 10 behind the scan; try later/)
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBe(20_000)
  })

  test('all indexers of the gateway behind: waited for as well', async () => {
    server.state.intercept = ({ args }, count) =>
      args.block && count < 4 ? refusal(indexers('missing block: 900, latest: 890')) : null
    expect(await readAll()).toHaveLength(2500)
  })

  test('indexing errors rule it out', async () => {
    server.state.meta.hasIndexingErrors = true
    expect(await readAll()).toMatchObject({ retryable: false, message: /reports indexing errors/ })
  })

  test('another deployment at the end than at the beginning: no list', async () => {
    server.state.intercept = ({ field }) => {
      if (field === 'positions') server.state.meta.deployment = 'QmTwo'
      return null
    }
    const error = await readAll()
    expect((error as BaseError).message).toMatch(/changed from deployment QmOne to QmTwo meanwhile/)
  })

  test('nobody there', async () => {
    const error = await readAll({ url: 'http://127.0.0.1:1/x' })
    expect((error as BaseError).message).toMatch(/127\.0\.0\.1:1 is unreachable: .*; try later/)
  })

  test('an answer that never comes', async () => {
    server.state.intercept = () => 'hang'
    const error = await readAll({ timeoutMs: 50 })
    expect((error as BaseError).message).toMatch(/did not answer in time; try later/)
    expect(server.asked).toHaveLength(3)
  })
})
