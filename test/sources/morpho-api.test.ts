import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BaseError } from '../../src/core/errors.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { openMorphoApi } from '../../src/sources/morpho-api.ts'
import { openSubgraph, type Subgraph } from '../../src/sources/subgraph.ts'
import { refusalOf } from '../../src/sources/subgraph-errors.ts'
import {
  type ApiPosition,
  type ApiState,
  createMorphoApi,
  type MorphoApi,
  startMorphoApi,
} from '../helpers/morpho-api.ts'

const LIST = { entity: 'marketPositions', fields: 'user { address } market { marketId }', where: '' }
const MARKET = `0x${'ab'.repeat(32)}`

const position = (user: number, borrowShares: bigint): ApiPosition => ({
  market: MARKET,
  user: `0x${user.toString(16).padStart(40, '0')}`,
  borrowShares,
})

const positionsOf = (count: number): readonly ApiPosition[] =>
  Array.from({ length: count }, (_, i) => position(i, BigInt(((i * 7919) % count) + 1) * 10n ** 15n))

/** Every user in the order of arrival, or the error in their place. */
const readAll = async (api: Subgraph, chainId = 31337): Promise<readonly string[] | BaseError> => {
  try {
    const users: string[] = []
    const { rows } = await openMorphoApi(api, { chainId }, newMeter())
    for await (const { user } of rows(LIST)) users.push((user as { readonly address: string }).address)
    return users
  } catch (error) {
    if (error instanceof BaseError) return error
    throw error
  }
}

/** Without a wire: what the API answers is what arrives. */
const readDirectly = async (state: Partial<ApiState>) => {
  const api = createMorphoApi(state)
  const ask = async (query: string) => {
    const { data, errors } = await api.answer(query)
    if (errors) throw errors[0]
    return JSON.parse(JSON.stringify(data))
  }
  const found = await readAll({ host: 'api', waitSeconds: 0, sleep: async () => {}, ask })
  return { found, asked: api.asked }
}

const sortedUsers = (positions: readonly ApiPosition[]) => positions.map(({ user }) => user).toSorted()
const usersIn = (found: readonly string[] | BaseError) =>
  found instanceof BaseError ? found : found.toSorted()

describe('a list without a block', () => {
  test('2,500 borrowers in pages of 1,000, each page from the shares of the one before', async () => {
    const positions = positionsOf(2500)
    const { found, asked } = await readDirectly({ positions })
    expect(usersIn(found)).toEqual(sortedUsers(positions))
    expect(asked.map(({ first }) => first)).toEqual([1000, 1000, 1000, 1000, 1000])
    expect(asked.map(({ skip }) => skip)).toEqual([0, 0, 0, 0, 1])
  })

  test('shares beyond what a number holds, and pages full of equal ones', async () => {
    const equal = Array.from({ length: 10 }, (_, i) => position(i, 7n))
    const large = [position(90, 2n ** 120n), position(91, 2n ** 120n + 1n), position(92, 2n ** 53n)]
    const positions = [...large, ...equal]
    const { found } = await readDirectly({ positions, cap: 3 })
    expect(usersIn(found)).toEqual(sortedUsers(positions))
  })

  test('whoever repays meanwhile takes nobody else along', async () => {
    const positions = positionsOf(40)
    const api: Partial<ApiState> = { positions, cap: 5 }
    // the smallest are gone once they have been read: every later one moves up a page by offset
    const [first, second, third] = positions.toSorted((a, b) => (a.borrowShares < b.borrowShares ? -1 : 1))
    const gone = [first, second, third]
    const { found } = await readDirectly({
      ...api,
      beforePage(this: ApiState, page) {
        if (page === 3) this.positions = positions.filter((one) => !gone.includes(one))
      },
    })
    expect(usersIn(found)).toEqual(sortedUsers(positions))
  })

  test('whoever slips through by repaying in part is found by reading again', async () => {
    const positions = positionsOf(40)
    const largest = positions.toSorted((a, b) => (a.borrowShares > b.borrowShares ? -1 : 1))[0]
    const { found, asked } = await readDirectly({
      positions,
      cap: 5,
      beforePage(this: ApiState, page) {
        if (page === 3)
          this.positions = positions.map((one) => (one === largest ? { ...one, borrowShares: 1n } : one))
      },
    })
    expect(usersIn(found)).toEqual(sortedUsers(positions))
    expect(asked.filter(({ from }) => from === 1n)).toHaveLength(2)
  })

  test('shorter than its own count, three times over: an error, and no list', async () => {
    const { found, asked } = await readDirectly({ positions: positionsOf(30), overcount: 1 })
    expect(found).toMatchObject({
      message: 'the subgraph at api counts 31 borrowers and lists 30 of them, 3 times over; try later',
    })
    expect(asked.filter(({ from }) => from === 1n)).toHaveLength(3)
  })

  test('a server that repeats itself is left', async () => {
    const positions = Array.from({ length: 10 }, (_, i) => position(i, 7n))
    const api = createMorphoApi({ positions, cap: 3 })
    const ask = async (query: string) => (await api.answer(query.replace(/skip: \d+/, 'skip: 0'))).data
    const found = await readAll({ host: 'api', waitSeconds: 0, sleep: async () => {}, ask })
    expect(found).toMatchObject({ message: expect.stringMatching(/gives the same rows again and again/) })
  })

  test('nobody whose loan stays as it is can be missed, whatever the others do', async () => {
    const users = fc.uniqueArray(fc.nat(60), { maxLength: 15 })
    const amount = fc.oneof(fc.bigInt({ min: 1n, max: 6n }), fc.bigInt({ min: 1n, max: 2n ** 100n }))
    const change = fc.record({
      page: fc.nat(12),
      user: fc.integer({ min: 100, max: 140 }),
      to: fc.option(amount),
    })
    await fc.assert(
      fc.asyncProperty(
        users.chain((all) => fc.tuple(...all.map((user) => amount.map((debt) => position(user, debt))))),
        fc.array(change, { maxLength: 12 }),
        fc.integer({ min: 2, max: 9 }),
        async (still, changes, cap) => {
          const moving = new Map<number, bigint>(changes.map(({ user }, i) => [user, BigInt(i + 1)]))
          const now = () => [...still, ...[...moving].map(([user, debt]) => position(user, debt))]
          const { found } = await readDirectly({
            positions: now(),
            cap,
            beforePage(this: ApiState, page) {
              for (const { user, to } of changes.filter((one) => one.page === page))
                if (to === null) moving.delete(user)
                else moving.set(user, to)
              this.positions = now()
            },
          })
          if (found instanceof BaseError) expect(found.message).toMatch(/counts \d+ borrowers and lists/)
          else expect(found).toEqual(expect.arrayContaining(still.map(({ user }) => user)))
          if (!(found instanceof BaseError)) expect(new Set(found).size).toBe(found.length)
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('on the wire', () => {
  let api: MorphoApi
  let slept: number[]
  beforeEach(async () => {
    api = await startMorphoApi({ positions: positionsOf(60) })
    slept = []
  })
  afterEach(() => api.stop())

  const open = () =>
    openSubgraph({
      url: api.url,
      key: null,
      sleep: async (ms) => {
        slept.push(ms)
      },
    })

  // in the words of graphql-query-complexity, and of the examples of those who use it
  test.each([
    'The query exceeds the maximum complexity of 1000000. Actual complexity is 1200000',
    'Query is too complex: 1200000. Maximum allowed complexity: 1000000',
    'Sorry, too complicated query! 1200000 is over 1000000 that is the max allowed.',
  ])('a page that is too much is asked for in halves: %s', async (message) => {
    const refuse = { errors: [{ message }] }
    api.state.intercept = (query) =>
      /first: (1000|500)\b/.test(query) ? { status: 400, body: JSON.stringify(refuse) } : null
    expect(await readAll(open())).toHaveLength(60)
    expect(api.asked[0]?.first).toBe(250)
  })

  test.each<readonly [string, Partial<ApiState>, RegExp, string | null]>([
    [
      'a page of HTML',
      { intercept: () => ({ type: 'text/html', body: '<html>busy</html>' }) },
      /answered something that is not JSON/,
      'again',
    ],
    [
      'too many requests',
      { intercept: () => ({ status: 429, body: JSON.stringify({ message: 'Too many requests' }) }) },
      /answered HTTP 429; try later/,
      'again',
    ],
    [
      'a field that it has no more',
      {
        intercept: () => ({
          status: 400,
          body: '{"errors":[{"message":"Cannot query field \\"marketId\\" on type \\"Market\\"."}]}',
        }),
      },
      /its schema is another one: check "schema"/,
      'schema',
    ],
    [
      'another shape',
      { intercept: () => ({ body: '{"data":{"chains":"all"}}' }) },
      /list of its chains/,
      'again',
    ],
    [
      'shares that lost their last digits on the way',
      {
        intercept: (query) =>
          query.includes('chains')
            ? null
            : {
                body: '{"data":{"page":{"items":[{"id":"1","state":{"borrowShares":1e21}}],"pageInfo":{"countTotal":1}}}}',
              },
      },
      /something that is no list of positions/,
      'again',
    ],
    ['no such chain', { chains: [1, 8453] }, /has no chain 31337 \(it has 1, 8453\)/, null],
  ])('%s is an error in words', async (_, state, words, refusal) => {
    Object.assign(api.state, state)
    const failed = await readAll(open())
    expect(failed).toMatchObject({ message: expect.stringMatching(words) })
    expect(refusalOf(failed)).toBe(refusal)
  })

  test('its types know every query that liqbands sends, and every page is of the chain alone', async () => {
    const queries: string[] = []
    api.state.intercept = (query) => {
      queries.push(query)
      return null
    }
    expect(await readAll(open())).toHaveLength(60)
    const pages = queries.filter((query) => query.includes('marketPositions'))
    expect(pages.length).toBeGreaterThan(1)
    for (const page of pages) expect(page).toContain('chainId_in: [31337]')
    expect(slept).toEqual([])
  })
})
