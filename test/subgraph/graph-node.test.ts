import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { openSubgraph, readMeta } from '../../src/sources/subgraph.ts'
import { refusalOf } from '../../src/sources/subgraph-errors.ts'
import type { PositionRow } from '../../src/store/rows.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type AaveMarket, ETH_EMODE } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { startGateway } from '../helpers/gateway.ts'
import { type Scanned, SOURCE, scanAfresh, sorted } from '../helpers/scanning.ts'
import { type GraphNode, startGraphNode } from './graph-node.ts'

/** A real graph-node beside a real Aave market. */

let anvil: Anvil
let market: AaveMarket
let node: GraphNode
let past: number

const head = async (): Promise<number> => Number(await anvil.rpc<string>('eth_blockNumber'))

/** One account of many events: it leaves an e-mode, repays, withdraws, hands over and switches off. */
const liveAWhile = async (neighbour: Address): Promise<void> => {
  const account = '0x00000000000000000000000000000000000abcde'
  const ETH = 10n ** 18n
  await act.openLoan(anvil, market, {
    account,
    collateral: [
      ['wstETH', 50n * ETH],
      ['DAI', 7n * ETH],
    ],
    debt: [['WETH', 10n * ETH]],
    eMode: ETH_EMODE.id,
  })
  await act.mine(anvil, 1, 86_400)
  await act.setEMode(anvil, market, { account, eMode: 0 })
  await act.repay(anvil, market, { account, symbol: 'WETH', amount: 3n * ETH + 1n })
  await act.withdraw(anvil, market, { account, symbol: 'wstETH', amount: ETH / 3n })
  await act.transferAToken(anvil, market, {
    account,
    to: neighbour,
    symbol: 'wstETH',
    amount: ETH / 7n,
  })
  await act.setUseAsCollateral(anvil, market, { account, symbol: 'DAI', use: false })
}

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil)
  const { borrowers } = await openPositions(anvil, market, { count: 2000, seed: 9 })
  past = await head()
  for (const account of borrowers.slice(0, 3))
    await act.borrow(anvil, market, { account, symbol: 'WBTC', amount: 1n })
  await liveAWhile(borrowers[3] ?? '0x')
  node = await startGraphNode(anvil.url, market, await head())
}, 600_000)
afterAll(async () => {
  await node?.stop()
  await anvil?.stop()
})

const scanBy = (
  url: string | null,
  {
    rpc = anvil.url,
    block = 'latest',
    mode = 'discover',
  }: { readonly rpc?: string; readonly block?: string | number; readonly mode?: 'discover' | 'read' } = {},
): Promise<Scanned> => {
  const deployment = { poolAddressesProvider: market.addressesProvider, fromBlock: Number(market.fromBlock) }
  const discover = { subgraph: url, waitSeconds: 120, mode }
  const config = {
    chains: { local: { chainId: 31337, rpc: [rpc], block } },
    sources: [{ key: SOURCE, deployment, ...(url === null ? {} : { discover }) }],
    drivers: { ETH: { chains: { local: { feeds: [market.reserves.WETH.feed] } } } },
  }
  return scanAfresh(parseConfig(config, {}, '/'))
}

const rowsById = ({ book }: Scanned) => book('ETH').rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))

const expectSame = (listed: Scanned, logs: Scanned): void => {
  expect(listed.coverage.notes.join()).toMatch(/accounts listed by the subgraph .*\(schema aave-v3, /)
  expect(listed.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
  expect(sorted(listed.accounts)).toEqual(sorted(logs.accounts))
  expect(rowsById(listed)).toEqual(rowsById(logs))
  expect(rowsById(listed).length).toBeGreaterThanOrEqual(2000)
}

type State = {
  readonly eMode: number
  readonly collateral: Readonly<Record<string, bigint>>
  readonly debt: Readonly<Record<string, bigint>>
}

/** A unit may part contract and subgraph after each event, of which no balance here has had more. */
const EVENTS = 5n

const priceOf = ({ price }: PositionRow): number => price ?? 0

/** Balances of the subgraph: those of the chain, but for a unit an event. */
const expectClose = (told: Scanned, logs: Scanned): void => {
  expect(told.coverage.notes.join()).toMatch(/2\d{3} accounts and their balances told by the subgraph/)
  expect(told.coverage).toMatchObject({ status: 'complete', error: null })
  expect(told.coverage.debtCovered).toBeCloseTo(1, 6)
  expect(sorted(told.accounts).map(([key]) => key)).toEqual(sorted(logs.accounts).map(([key]) => key))
  const apart: bigint[] = []
  for (const [key, state] of logs.accounts) {
    const [here, there] = [state as State, told.accounts.get(key) as State]
    expect(there.eMode).toBe(here.eMode)
    for (const side of ['collateral', 'debt'] as const) {
      expect(Object.keys(there[side])).toEqual(Object.keys(here[side]))
      apart.push(...Object.entries(here[side]).map(([id, units]) => units - (there[side][id] ?? 0n)))
    }
  }
  expect(apart.filter((units) => units > EVENTS || units < -EVENTS)).toEqual([])
  const [rows, exact] = [rowsById(told), rowsById(logs)]
  expect(rows.map(({ id, outcome }) => ({ id, outcome }))).toEqual(
    exact.map(({ id, outcome }) => ({ id, outcome })),
  )
  // a unit of WBTC is 0.0006 USD
  const large = rows.filter(({ debtUsd }) => debtUsd > 100)
  expect(large.length).toBeGreaterThan(1500)
  const prices = new Map(exact.map((row) => [row.id, priceOf(row)]))
  for (const row of large) {
    const price = prices.get(row.id) ?? 0
    expect(Math.abs(priceOf(row) - price)).toBeLessThanOrEqual(price * 1e-3)
  }
}

test('the same 2,000 positions as by the logs, without one log', async () => {
  const gateway = await startGateway(anvil.url, [])
  try {
    const logs = await scanBy(null)
    expectSame(await scanBy(node.url, { rpc: gateway.url }), logs)
    expectClose(await scanBy(node.url, { rpc: gateway.url, mode: 'read' }), logs)
    expect(gateway.requests.filter(({ method }) => method === 'eth_getLogs')).toEqual([])
  } finally {
    await gateway.stop()
  }
}, 300_000)

test('at a past block', async () => {
  const logs = await scanBy(null, { block: past })
  expectSame(await scanBy(node.url, { block: past }), logs)
  expectClose(await scanBy(node.url, { block: past, mode: 'read' }), logs)
}, 300_000)

test('while new blocks arrive: it is waited for', async () => {
  await openPositions(anvil, market, { count: 40, seed: 10 })
  const block = await head()
  const scanned = scanBy(node.url, { block })
  const reading = scanBy(node.url, { block, mode: 'read' })
  await act.mine(anvil, 3)
  const [listed, told, logs] = await Promise.all([scanned, reading, scanBy(null, { block })])
  expectSame(listed, logs)
  expectClose(told, logs)
  expect(listed.accounts.size).toBe(2041)
}, 300_000)

test('what it refuses is understood', async () => {
  const refusalTo = async (query: string, url = node.url) => {
    const subgraph = openSubgraph({ url, key: null, attempts: 1 })
    return refusalOf(await subgraph.ask(query, newMeter()).catch((error: unknown) => error))
  }
  const hash = `0x${'11'.repeat(32)}`
  expect(await refusalTo(`{ users(first: 1, block: { hash: "${hash}" }) { id } }`)).toBe('unknown-hash')
  expect(await refusalTo('{ users(first: 1, block: { number: 99999999 }) { id } }')).toBe('behind')
  expect(await refusalTo('{ users(first: 1001) { id } }')).toBe('schema')
  expect(await refusalTo('{ users(first: 1) { nope } }')).toBe('schema')
  expect(await refusalTo('{ nope(first: 1) { id } }')).toBe('schema')
  expect(await refusalTo('{ users(where: { nope: 1 }) { id } }')).toBe('schema')
  expect(await refusalTo('{ users(first: 1) { id } }', node.url.replace('subgraph-0', 'other'))).toBe('gone')
  expect(await readMeta(openSubgraph({ url: node.url, key: null }), newMeter())).toMatchObject({
    hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
  })
}, 120_000)
