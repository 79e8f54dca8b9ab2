import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newMeter } from '../../src/sources/endpoint.ts'
import { readLogs } from '../../src/sources/logs.ts'
import { connect, type PinnedRpc } from '../../src/sources/rpc.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { startGateway } from '../helpers/gateway.ts'
import { PROVIDERS } from '../helpers/providers.ts'
import { localConfig, type Scanned, scanAfresh, sorted } from '../helpers/scanning.ts'

describe('finding all borrowers, whatever range of blocks the endpoint allows', () => {
  let anvil: Anvil
  let market: AaveMarket
  let plain: Scanned

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployAaveV36(anvil)
    // borrowers here and there: one in some blocks, none in many, eight in the last
    for (let i = 0; i < 12; i++) {
      await openPositions(anvil, market, { count: 1, seed: i })
      await act.mine(anvil, 17)
    }
    await openPositions(anvil, market, { count: 4, seed: 99 })
    plain = await scanAfresh(localConfig(market, { urls: [anvil.url] }))
    expect(plain.accounts.size).toBe(16)
  })
  afterAll(() => anvil?.stop())

  test.each(Object.entries(PROVIDERS))('%s', async (name, rule) => {
    const gateway = await startGateway(anvil.url, [rule])
    try {
      const scanned = await scanAfresh(localConfig(market, { urls: [gateway.url] }))
      expect(sorted(scanned.accounts)).toEqual(sorted(plain.accounts))
      expect(scanned.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
      const asked = gateway.requests.filter(({ method }) => method === 'eth_getLogs')
      expect(asked.length).toBeGreaterThan(2)
      // a refusal teaches: the refused requests must not outnumber the useful ones
      const blocks = plain.stored.blocks[0]?.number ?? 0
      expect(asked.length).toBeLessThan(2 * ((blocks ?? 0) / 4))
      // a hint is taken at its word: one refusal, then requests of just that size
      if (name === 'Alchemy, free')
        expect(asked.length).toBeLessThanOrEqual(1 + Math.ceil((blocks ?? 0) / 10))
    } finally {
      await gateway.stop()
    }
  })

  test('what an endpoint has taught is kept for the next filter, and nothing is lost or doubled', async () => {
    const teach = PROVIDERS.PublicNode
    if (!teach) throw new Error('no such provider')
    const gateway = await startGateway(anvil.url, [teach])
    try {
      const open = (url: string) =>
        connect({ chain: 'local', chainId: 31337, urls: [url], block: 'latest' }, newMeter())
      const filter = { address: [market.pool], topics: [] }
      const all = async (rpc: PinnedRpc) => {
        const found: string[] = []
        for await (const log of readLogs(rpc, { filter, from: 0n, to: rpc.block.number }, newMeter()))
          found.push(`${log.blockNumber} ${log.topics[0]} ${log.data}`)
        return found
      }
      const expected = await all(await open(anvil.url))
      const rpc = await open(gateway.url)
      expect(await all(rpc)).toEqual(expected)
      const first = gateway.requests.length
      expect(await all(rpc)).toEqual(expected)
      const second = gateway.requests.slice(first)
      expect(second.length).toBeLessThan(first - 2)
      // its ranges lie side by side, from the first block to the last
      const ranges = second.map(({ params }) => params[0] as { fromBlock: string; toBlock: string })
      const tiles = ranges
        .map(({ fromBlock, toBlock }) => [Number(fromBlock), Number(toBlock)] as const)
        .toSorted(([a], [b]) => a - b)
      expect(tiles.map(([start]) => start)).toEqual([0, ...tiles.slice(0, -1).map(([, end]) => end + 1)])
      expect(tiles.at(-1)?.[1]).toBe(Number(rpc.block.number))
      const { from, to } = { from: 5n, to: rpc.block.number - 5n }
      for await (const { blockNumber } of readLogs(rpc, { filter, from, to }, newMeter()))
        expect(blockNumber >= from && blockNumber <= to).toBe(true)
    } finally {
      await gateway.stop()
    }
  })

  test('an endpoint that refuses even one block hands over to the next', async () => {
    const refuses = await startGateway(anvil.url, [
      {
        before: ({ method }) =>
          method === 'eth_getLogs' ? { error: { code: -32000, message: 'query timeout' } } : undefined,
      },
    ])
    try {
      const scanned = await scanAfresh(localConfig(market, { urls: [refuses.url, anvil.url] }))
      expect(sorted(scanned.accounts)).toEqual(sorted(plain.accounts))
      await expect(scanAfresh(localConfig(market, { urls: [refuses.url] }))).rejects.toMatchObject({
        name: 'EndpointError',
        retryable: true,
        message: `${refuses.host} refused eth_getLogs: query timeout: even one block at a time is too much; use another endpoint`,
      })
    } finally {
      await refuses.stop()
    }
  })
})
