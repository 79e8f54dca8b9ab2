import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verify } from '../../src/verify.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { type RpcCall, type Rule, refuseBlockHash, startGateway } from '../helpers/gateway.ts'
import { localConfig, memoryDatabase, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

describe('one block for all of a scan', () => {
  let anvil: Anvil
  let market: AaveMarket
  let borrowers: readonly Address[]

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployAaveV36(anvil)
    borrowers = (await openPositions(anvil, market, { count: 40, seed: 11, kinds: ['single-eth'] })).borrowers
  })
  afterAll(() => anvil?.stop())

  const borrower = (i: number): Address => borrowers[i] ?? '0x'
  const borrowMore = (i: number) =>
    act.borrow(anvil, market, { account: borrower(i), symbol: 'WBTC', amount: 1n })

  /** The block that a request reads: number or hash; null for those that read none. */
  const blockOf = ({ method, params }: RpcCall): unknown => {
    if (method === 'eth_call') return params[1]
    if (method === 'eth_getBlockByNumber') return params[0]
    if (method === 'eth_getLogs') return (params[0] as { toBlock: string }).toBlock
    return method === 'eth_chainId' ? null : `unexpected ${method}`
  }

  test.each([
    ['hash', []],
    ['number', [refuseBlockHash]],
  ] as const)('every request carries the pinned %s, none says "latest" again', async (kind, rules) => {
    const gateway = await startGateway(anvil.url, [...rules])
    try {
      const scanned = await scanAfresh(localConfig(market, { urls: [gateway.url] }))
      const [block] = scanned.stored.blocks
      const number = `0x${block?.number?.toString(16)}`
      const pins = gateway.requests.map(blockOf).filter((pin) => pin !== null)
      expect(pins[0]).toBe('latest')
      const hash = { blockHash: block?.hash, requireCanonical: true }
      const rest = pins.slice(1)
      expect(rest.length).toBeGreaterThan(5)
      const calls = gateway.requests.filter(({ method }) => method === 'eth_call').map(blockOf)
      // where hashes are refused, the probes have tried them
      const used = kind === 'hash' ? calls : calls.filter((pin) => typeof pin === 'string')
      expect(used.length).toBeGreaterThan(5)
      expect(
        used.filter((pin) => JSON.stringify(pin) !== JSON.stringify(kind === 'hash' ? hash : number)),
      ).toEqual([])
      expect(rest.filter((pin) => pin !== number && JSON.stringify(pin) !== JSON.stringify(hash))).toEqual([])
    } finally {
      await gateway.stop()
    }
  })

  test('blocks that come during a scan change nothing', async () => {
    let moves = 0
    // before every second request of the scan the chain moves: debts, prices, interest
    const moving: Rule = {
      before: async ({ method }) => {
        if (method === 'eth_chainId' || method === 'eth_getBlockByNumber') return undefined
        moves++
        if (moves % 2 === 1) await borrowMore(moves % borrowers.length)
        else await act.setFeedPrice(anvil, market, 'WETH', BigInt(2000 + moves) * 10n ** 8n)
        await act.mine(anvil, 1, 3600)
        return undefined
      },
    }
    const gateway = await startGateway(anvil.url, [moving])
    try {
      const during = await scanAfresh(localConfig(market, { urls: [gateway.url] }))
      expect(moves).toBeGreaterThan(5)
      const number = during.stored.blocks[0]?.number ?? 0
      const after = await scanLocal(localConfig(market, { urls: [anvil.url] }), memoryDatabase(), {
        block: BigInt(number ?? 0),
      })
      expect(during.stored.blocks).toEqual(after.stored.blocks)
      expect(sorted(during.accounts)).toEqual(sorted(after.accounts))
      expect(during.markets).toEqual(after.markets)
      expect(during.stored.drivers).toEqual(after.stored.drivers)
      expect(during.book('ETH').rows).toEqual(after.book('ETH').rows)
      expect(during.coverage.debtCovered).toBe(1)
      await act.setFeedPrice(anvil, market, 'WETH', 3000_00000000n)
    } finally {
      await gateway.stop()
    }
  })

  test('after a reorganisation everything is read again', async () => {
    // collateral only: the debts add up on both branches, and only the hash of the last block tells them apart
    const supplyMore = (i: number) =>
      act.supply(anvil, market, { account: borrower(i), symbol: 'WETH', amount: 10n ** 18n })
    const config = localConfig(market, { urls: [anvil.url] })
    const db = memoryDatabase()
    await scanLocal(config, db)
    const snapshot = await anvil.rpc('evm_snapshot')
    await supplyMore(1)
    await supplyMore(2)
    const orphaned = await scanLocal(config, db)
    expect(orphaned.read).toBe(2)

    await anvil.rpc('evm_revert', [snapshot])
    await act.mine(anvil, 1, 7) // another time, so that the new blocks have other hashes
    await supplyMore(3)
    await act.mine(anvil, 4)
    const rewritten = await scanLocal(config, db)
    const afresh = await scanAfresh(config)
    expect(rewritten.read).toBe(rewritten.accounts.size)
    expect(sorted(rewritten.accounts)).toEqual(sorted(afresh.accounts))
    expect(rewritten.accounts.get(borrower(1))).not.toEqual(orphaned.accounts.get(borrower(1)))

    // from there on it goes in steps again
    await borrowMore(4)
    const next = await scanLocal(config, db)
    expect(next.read).toBe(1)
    expect(sorted(next.accounts)).toEqual(sorted((await scanAfresh(config)).accounts))
  })

  test('after a reorganisation to a shorter chain as well', async () => {
    const config = localConfig(market, { urls: [anvil.url] })
    const db = memoryDatabase()
    const snapshot = await anvil.rpc('evm_snapshot')
    await act.mine(anvil, 10)
    await borrowMore(5)
    await scanLocal(config, db)
    await anvil.rpc('evm_revert', [snapshot])
    await act.mine(anvil, 1, 9)
    for (let i = 0; i < 3; i++) {
      await borrowMore(6 + i)
      await act.mine(anvil, 5)
      const scanned = await scanLocal(config, db)
      const afresh = await scanAfresh(config)
      expect(sorted(scanned.accounts)).toEqual(sorted(afresh.accounts))
      expect(scanned.coverage.debtCovered).toBe(1)
    }
  })

  test('verify refuses to judge a scan whose block is gone', async () => {
    const config = localConfig(market, { urls: [anvil.url] })
    const db = memoryDatabase()
    const snapshot = await anvil.rpc('evm_snapshot')
    await act.mine(anvil, 1)
    const scanned = await scanLocal(config, db)
    await anvil.rpc('evm_revert', [snapshot])
    await act.mine(anvil, 2, 11)
    await expect(verify({ config, db, book: scanned.book('ETH'), sample: 3 })).rejects.toMatchObject({
      name: 'InvalidDataError',
      message: expect.stringMatching(
        /^block \d+ of local is no longer the one that was scanned .*: scan again$/,
      ),
    })
  })

  test('a block that is not there yet is refused, with what to do', async () => {
    const config = localConfig(market, { urls: [anvil.url] })
    const far = 10n ** 9n
    await expect(scanLocal(config, memoryDatabase(), { block: far })).rejects.toMatchObject({
      name: 'EndpointUnfitError',
      message: expect.stringMatching(/has no block 1000000000: use an earlier --block$/),
    })
  })

  test('coverage never passes for complete when the debts do not add up, and heals by itself', async () => {
    const config = (url: string) => localConfig(market, { urls: [url] })
    const db = memoryDatabase()
    await scanLocal(config(anvil.url), db)
    await borrowMore(9)
    // an endpoint whose log index lags: it answers, with nothing
    const lagging = await startGateway(anvil.url, [
      { after: ({ method }) => (method === 'eth_getLogs' ? { result: [] } : undefined) },
    ])
    try {
      const fresh = await scanAfresh(config(lagging.url))
      expect(fresh.coverage).toMatchObject({ status: 'partial', accounts: 0, debtCovered: 0 })
      expect(fresh.coverage.error).toMatch(/USDC: the accounts found owe 0, the protocol reports \d+/)
      // what is known already is read again, since the logs since then explain nothing
      const known = await scanLocal(config(lagging.url), db)
      expect(known.read).toBe(borrowers.length)
      expect(known.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    } finally {
      await lagging.stop()
    }
  })
})
