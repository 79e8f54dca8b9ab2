import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { openSubgraph, readMeta } from '../../src/sources/subgraph.ts'
import { refusalOf } from '../../src/sources/subgraph-errors.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
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

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil)
  const { borrowers } = await openPositions(anvil, market, { count: 2000, seed: 9 })
  past = await head()
  for (const account of borrowers.slice(0, 3))
    await act.borrow(anvil, market, { account, symbol: 'WBTC', amount: 1n })
  node = await startGraphNode(anvil.url, market, await head())
}, 600_000)
afterAll(async () => {
  await node?.stop()
  await anvil?.stop()
})

const scanBy = (
  url: string | null,
  { rpc = anvil.url, block = 'latest' }: { readonly rpc?: string; readonly block?: string | number } = {},
): Promise<Scanned> => {
  const deployment = { poolAddressesProvider: market.addressesProvider, fromBlock: Number(market.fromBlock) }
  const discover = { subgraph: url, waitSeconds: 120 }
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

test('the same 2,000 positions as by the logs, without one log', async () => {
  const gateway = await startGateway(anvil.url, [])
  try {
    expectSame(await scanBy(node.url, { rpc: gateway.url }), await scanBy(null))
    expect(gateway.requests.filter(({ method }) => method === 'eth_getLogs')).toEqual([])
  } finally {
    await gateway.stop()
  }
}, 300_000)

test('at a past block', async () => {
  expectSame(await scanBy(node.url, { block: past }), await scanBy(null, { block: past }))
}, 300_000)

test('while new blocks arrive: it is waited for', async () => {
  await openPositions(anvil, market, { count: 40, seed: 10 })
  const block = await head()
  const scanned = scanBy(node.url, { block })
  await act.mine(anvil, 3)
  const listed = await scanned
  expectSame(listed, await scanBy(null, { block }))
  expect(listed.accounts.size).toBe(2040)
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
