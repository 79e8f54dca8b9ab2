import { type Address, decodeFunctionData, encodeFunctionResult, getAddress, numberToHex } from 'viem'
import { expect, test } from 'vitest'
import { feedStubAbi } from '../../abis/chainlink-feed.ts'
import { multicall3Abi } from '../../abis/multicall3.ts'
import type { AnyAdapter, PriceOf } from '../../src/adapters/adapter.ts'
import { constantResponse, type DriverState } from '../../src/core/price-response.ts'
import { tracedPrice } from '../../src/core/traced-price.ts'
import { feedSetting } from '../../src/engine/driver-setting.ts'
import { knownBy, pricesAt } from '../../src/engine/pricing.ts'
import { traceResponses } from '../../src/engine/trace-responses.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import type { PinnedRpc } from '../../src/sources/rpc.ts'

const SPOT = 2000n * 10n ** 8n
const addressOf = (n: number): Address => getAddress(numberToHex(n, { size: 20 }))
const FEED = addressOf(1)
const ROOT = { feed: FEED, answer: SPOT, decimals: 8 }

/** What an oracle says while the driver stands at an answer; null where it refuses. */
type Oracle = (answer: bigint) => bigint | null

/** A chain that knows one feed and these oracles, and counts what they are asked. */
const chainOf = (oracles: Readonly<Record<Address, Oracle>>) => {
  const batches: number[] = []
  const request = async (_: string, [call]: readonly { readonly data: `0x${string}` }[]) => {
    const { args } = decodeFunctionData({ abi: multicall3Abi, data: call?.data ?? '0x' })
    const calls = args?.[0] as readonly { readonly target: Address; readonly callData: `0x${string}` }[]
    let answer = SPOT
    const result = calls.map(({ target, callData }) => {
      const oracle = oracles[target]
      if (target === FEED) answer = decodeFunctionData({ abi: feedStubAbi, data: callData }).args[0]
      const value = oracle ? oracle(answer) : 0n
      return value === null
        ? { success: false, returnData: '0x' as const }
        : { success: true, returnData: numberToHex(value, { size: 32 }) }
    })
    batches.push(calls.filter(({ target }) => target !== FEED).length)
    return encodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', result })
  }
  const endpoint = { host: 'test', mode: { programs: 'override', byHash: true }, request }
  const rpc = {
    chain: 'test',
    chainId: 1,
    block: { number: 1n, hash: '0x01', timestamp: 1n },
    perform: (_: unknown, work: (on: typeof endpoint) => unknown) => work(endpoint),
  } as unknown as PinnedRpc
  return { rpc, batches }
}

/** An account of the test: the protocol's rule itself, and whether it has a price of its own. */
type Account = {
  readonly rule: (priceOf: PriceOf) => boolean
  readonly unpriced?: string
  readonly range?: object
}

const adapterOf = (assets: readonly Address[]) =>
  ({
    prices: () => assets.map((asset) => ({ asset, price: 1n })),
    hasDebt: () => true,
    isLiquidatable: (_: unknown, { rule }: Account) => rule,
    position: (_: unknown, __: string, { unpriced, range }: Account) => ({
      unpriced: unpriced ?? null,
      range: range ?? null,
    }),
  }) as unknown as AnyAdapter

const trace = async (oracles: Readonly<Record<Address, Oracle>>, accounts: readonly Account[]) => {
  const assets = Object.keys(oracles) as Address[]
  const { rpc, batches } = chainOf(oracles)
  const plain = { ...constantResponse(1n, 'measured', false), exposure: 10n ** 18n }
  const state: DriverState = {
    ...{ symbol: 'ETH', spot: SPOT, decimals: 8 },
    responses: Object.fromEntries(assets.map((asset) => [asset, plain])),
  }
  const bent = assets.map((asset, i) => ({ asset, symbol: `A${i}`, ask: { to: asset, data: '0x' } as const }))
  const adapter = adapterOf(assets)
  const options = { state, setting: feedSetting([ROOT]), bent, adapter, markets: null }
  const keyed = new Map(accounts.map((account, i) => [String(i), account]))
  const traced = await traceResponses(rpc, { ...options, accounts: keyed }, newMeter())
  const priceOf = ({ rule }: Account, reads: readonly Address[] = assets) => {
    const known = knownBy(traced.state)(reads) ?? []
    const position = { collateral: [], debt: [], liquidatable: false } as never
    return tracedPrice(position, { spot: SPOT, decimals: 8, known }, (answer) =>
      rule(pricesAt(traced.state, new Map(), answer)),
    )
  }
  const asked = batches.reduce((sum, count) => sum + count, 0)
  return { ...traced, priceOf, asked, batches }
}

/** The largest answer at which a rising oracle says less. */
const lastUnder = (oracle: (answer: bigint) => bigint, price: bigint): bigint => {
  let [low, high] = [1n, 1000n * SPOT]
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (oracle(middle) < price) low = middle
    else high = middle
  }
  return low
}

const root = (square: bigint): bigint => {
  let found = square
  for (let next = (square + 1n) / 2n; next < found; next = (found + square / found) / 2n) found = next
  return found
}

const [A, B] = [addressOf(100), addressOf(101)]
const CURVES: readonly (readonly [string, (answer: bigint) => bigint])[] = [
  ['a root', (at) => root(at * SPOT)],
  ['a square', (at) => (at * at) / SPOT],
  ['half of it', (at) => (at + SPOT) / 2n],
  ['a line with a kink', (at) => (at < SPOT / 2n ? (at + SPOT / 2n) / 2n : at)],
  ['few digits', (at) => root(at * SPOT) / 10n ** 7n],
]

/** Accounts that are liquidated below prices all the way down from today's. */
const fallers = (count: number, price: bigint): readonly Account[] =>
  Array.from({ length: count }, (_, i) => ({
    rule: (priceOf: PriceOf) => priceOf(A) < (price * BigInt(997 * count - 400 * i)) / BigInt(1000 * count),
  }))

test.each(CURVES)(
  '%s: three hundred prices are met to the unit at once, with few questions each',
  async (name, curve) => {
    const accounts = fallers(300, curve(SPOT))
    const { priceOf, asked, batches, notes } = await trace({ [A]: curve }, accounts)
    for (const [i, account] of accounts.entries()) {
      const price = (curve(SPOT) * BigInt(997 * 300 - 400 * i)) / 300_000n
      expect(priceOf(account)).toEqual({ outcome: 'below', price: lastUnder(curve, price), reason: null })
    }
    expect(notes.join()).toMatch(/until 300 liquidation prices were met to the unit$/)
    expect(Math.max(...batches)).toBe(500)
    expect(asked / 300).toBeLessThan(name === 'few digits' ? 60 : 9)
  },
)

test('rises are met as falls are', async () => {
  const curve = (at: bigint) => root(at * SPOT)
  const over = { rule: (priceOf: PriceOf) => priceOf(A) > (SPOT * 5n) / 4n }
  const { priceOf } = await trace({ [A]: curve }, [over])
  expect(priceOf(over)).toEqual({
    outcome: 'above',
    price: lastUnder(curve, (SPOT * 5n) / 4n + 1n) + 1n,
    reason: null,
  })
})

test('what has no price of its own is not asked for', async () => {
  const [account] = fallers(1, SPOT)
  const stops = (await trace({ [A]: (at) => at }, [])).asked
  const others = await trace({ [A]: (at) => at }, [
    { rule: account?.rule ?? (() => false), unpriced: 'no price' },
    { rule: account?.rule ?? (() => false), range: {} },
  ])
  expect(others.asked).toBe(stops)
  expect(others.notes.join()).toMatch(/until 0 liquidation prices were met/)
})

test('a gap of one oracle is asked to its very edge of all, and a price is its end or beside it', async () => {
  const [from, to] = [120_000_000_123n, 150_000_000_456n]
  const gap: Oracle = (at) => (at >= from && at <= to ? null : root(at * SPOT))
  const rules = [from - 1n, from, to - 5n, to, to + 1n].map((edge) => ({
    rule: (priceOf: PriceOf) => priceOf(A) * 2n + priceOf(B) < root(edge * SPOT) * 2n + edge,
  }))
  const { priceOf, notes } = await trace({ [A]: gap, [B]: (at) => at }, rules)
  expect(rules.map((account) => priceOf(account).price)).toEqual([
    from - 2n,
    ...[from - 1n, from - 1n, from - 1n],
    from - 1n,
  ])
  expect(priceOf(rules[2] ?? { rule: () => false }).reason).toBe(
    `no oracle answer is known between ${Number(from - 1n) / 1e8} and ${Number(to + 1n) / 1e8}`,
  )
  expect(notes.join()).toMatch(
    /until 1 liquidation price was met .*; 4 liquidation prices were placed at the end/,
  )
  expect(notes.join()).toContain(
    `no answer of the oracle: A0 from ${Number(from) / 1e8} to ${Number(to) / 1e8};`,
  )
})

test.each([
  ['below', (at: bigint) => (at < 111_111_111_111n ? null : at), 'A0 below 1111.11111111'],
  ['above', (at: bigint) => (at > 333_333_333_333n ? null : at), 'A0 above 3333.33333333'],
] as const)(
  'an end %s which nothing is answered is told to the unit, and the last answer counts',
  async (side, oracle, told) => {
    const edge = side === 'below' ? 111_111_111_111n : 333_333_333_333n
    const last = {
      rule: (priceOf: PriceOf) => (side === 'below' ? priceOf(A) <= edge : priceOf(A) >= edge),
    }
    const { priceOf, notes } = await trace({ [A]: oracle }, [last])
    expect(priceOf(last)).toEqual({ outcome: side, price: edge, reason: null })
    expect(notes.join()).toContain(told)
  },
)

test('an oracle that answers nowhere keeps what is known of it, and says so', async () => {
  const { state, notes } = await trace({ [A]: () => null }, [])
  expect(state.responses[A]?.points).toBe(undefined)
  expect(notes.join()).toContain('no answer of the oracle: A0 anywhere')
})
