import { getAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aaveV3 } from '../../src/adapters/aave-v3.ts'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import type { Config } from '../../src/config.ts'
import type { Tie } from '../../src/core/entities/documents.ts'
import { BaseError } from '../../src/core/errors.ts'
import type { Band } from '../../src/core/report.ts'
import { type LinkBatch, readLinks } from '../../src/engine/read-links.ts'
import { findLinks } from '../../src/entities/find.ts'
import { listEntities } from '../../src/entities/list.ts'
import { explainOwner } from '../../src/entities/why.ts'
import { buildReport, loadBook } from '../../src/report.ts'
import { scan } from '../../src/scan.ts'
import { newMeter } from '../../src/sources/endpoint.ts'
import { connect } from '../../src/sources/rpc.ts'
import { loadLinked } from '../../src/store/linked.ts'
import { linkedSources } from '../../src/store/links.ts'
import type { Db } from '../../src/store/open.ts'
import { saveScan } from '../../src/store/save.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { startGateway } from '../helpers/gateway.ts'
import { type Cast, ether, openLinkedOwners, payIn } from '../helpers/linked-owners.ts'
import { localConfig, memoryDatabase, scanAfresh } from '../helpers/scanning.ts'
import { loan, scanRecord } from '../store/records.ts'

let anvil: Anvil
let market: AaveMarket
let cast: Cast
let config: Config

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil, { ethUsd: 2000 })
  cast = await openLinkedOwners(anvil, market)
  config = localConfig(market, { urls: [anvil.url] })
})
afterAll(() => anvil?.stop())

const bandsIn = (db: Db, scanId: number): readonly Band[] =>
  buildReport(loadBook(db, scanId, 'ETH'), {
    entities: loadLinked(db, scanId),
    minUsd: 100,
    levels: [],
  }).bands
const storedBands = (db: Db, scanId: number): readonly Band[] =>
  db
    .prepare<[number], string>("SELECT band FROM band WHERE scan_id = ? AND driver = 'ETH' ORDER BY rank")
    .pluck()
    .all(scanId)
    .map((text) => JSON.parse(String(text)) as Band)

const lowest = (addresses: readonly string[]): string =>
  [...addresses].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))[0] ?? ''
const linkedName = (addresses: readonly string[]): string => `linked:${lowest(addresses)}`

describe('owners linked on the chain', () => {
  let db: Db
  let before: readonly Band[]
  let scanId: number

  beforeAll(async () => {
    db = memoryDatabase()
    scanId = (await scan({ config, db })).scanId
    before = bandsIn(db, scanId)
    await findLinks({ config, db })
  })
  const tiesOf = (address: Cast['gateway']): ReadonlyMap<string, Tie> =>
    new Map(explainOwner(db, config, { scanId, address }).ties.map((tie) => [tie.with, tie]))

  test('those that act for one another, and the contract of one of them, are one entity; twin Safes another', () => {
    const { entities } = listEntities(db, config, scanId)
    expect(entities.map(({ name, source, owners }) => [name, source, owners.length])).toEqual([
      [linkedName(cast.fund), 'linked', 4],
      [linkedName(cast.twins), 'linked', 2],
    ])
    const [fund, twins] = entities
    expect(new Set(fund?.owners.map(({ owner }) => owner))).toEqual(new Set(cast.fund))
    // delegation and a payment: 1 - .2 · .4
    expect(fund?.weakestLink).toEqual({ a: cast.fund[0], b: cast.fund[1], strength: 0.92 })
    expect(new Set(twins?.owners.map(({ owner }) => owner))).toEqual(new Set(cast.twins))
    expect(twins?.weakestLink?.strength).toBe(0.95)
  })

  test('a concentrated band became one entity row with the same edges', () => {
    expect(before[0]).toMatchObject({ kind: 'concentrated', owners: 4, entities: 4, singleEntity: null })
    const after = bandsIn(db, scanId)
    expect(after[0]).toMatchObject({
      ...{ kind: 'entity', low: before[0]?.low, high: before[0]?.high, owners: 4, entities: 1 },
      singleEntity: linkedName(cast.fund),
    })
    // and so do the tables that other tools read
    expect(storedBands(db, scanId)).toEqual(after)
    const names = db
      .prepare<[string], string>('SELECT DISTINCT entity FROM latest_position WHERE owner = ?')
      .pluck()
      .all(cast.fund[3])
    expect(names).toEqual([linkedName(cast.fund)])
  })

  test('a gateway that did everything for two strangers unites nobody, because it is a contract', () => {
    for (const stranger of cast.strangers) {
      const tie = tiesOf(stranger).get(cast.gateway)
      expect(tie?.strength).toBeGreaterThan(0.9)
      expect(tie?.verdict).toBe('contract')
      expect(explainOwner(db, config, { scanId, address: stranger }).entity).toBe(null)
    }
  })

  test('whoever opened accounts for more than twenty borrowers is a hub', () => {
    const [a] = cast.fund
    expect(tiesOf(a).get(getAddress(market.admin))?.verdict).toBe('below the limit')
    const borrower = String(
      db.prepare('SELECT to_owner FROM link WHERE from_owner = ? LIMIT 1').pluck().get(market.factory),
    )
    const tie = tiesOf(borrower as Cast['gateway']).get(market.factory)
    expect(tie).toMatchObject({ verdict: 'hub', strength: 0.6 })
    expect(tie?.hubBorrowers).toBeGreaterThan(100)
  })

  test('one payment for a friend is not enough', () => {
    const [one, other] = cast.friends
    expect(tiesOf(one).get(other)).toMatchObject({ strength: 0.6, verdict: 'below the limit' })
  })

  test('every tie names a transaction that is what it says', async () => {
    const [a, b] = cast.fund
    const strands = tiesOf(a).get(b)?.strands ?? []
    expect(strands.map(({ kind, strength }) => [kind, strength])).toEqual([
      ['delegation', 0.8],
      ['pays-in', 0.6],
    ])
    for (const { first } of strands) {
      const tx = await anvil.rpc<{ from: string; blockNumber: string }>('eth_getTransactionByHash', [
        first.tx,
      ])
      expect(tx.from.toLowerCase()).toBe(a.toLowerCase())
      expect(Number(tx.blockNumber)).toBe(first.block)
    }
    // the union with the Safe is a call at the block of the scan
    const safe = tiesOf(a).get(cast.fund[3])
    expect(safe).toMatchObject({ strength: 1, verdict: 'united', strands: [{ kind: 'only-owner' }] })
    expect(safe?.strands[0]?.first.tx).toBe(null)
  })

  test('a second reading finds nothing new and changes nothing; a later scan uses what was found', async () => {
    const entities = listEntities(db, config, 'latest')
    const again = await findLinks({ config, db })
    expect(again.found).toMatchObject([{ status: 'read', from: null, links: 0 }])
    expect(listEntities(db, config, 'latest')).toEqual(entities)
    const next = await scan({ config, db })
    expect(next.scanId).toBe(scanId + 1)
    expect(bandsIn(db, next.scanId)[0]).toMatchObject({ kind: 'entity', owners: 4 })
    expect(storedBands(db, next.scanId)).toEqual(bandsIn(db, next.scanId))
  })
})

describe('reading on', () => {
  test('new blocks alone are read, and give what reading from the beginning gives', async () => {
    const db = memoryDatabase()
    await scan({ config, db })
    const first = await findLinks({ config, db })
    const [one, other] = cast.friends
    for (let day = 0; day < 3; day++) {
      await payIn(anvil, market, { by: one, account: other, symbol: 'WETH', amount: ether(0.1) })
      await act.mine(anvil, 1, 86_400)
    }
    await act.transferAToken(anvil, market, { account: one, symbol: 'WETH', amount: ether(0.1), to: other })
    await scan({ config, db })
    const second = await findLinks({ config, db })
    expect(second.found).toMatchObject([{ from: (first.found[0]?.block ?? 0) + 1 }])
    expect(second.found[0]?.links).toBeLessThan(8)

    const fresh = memoryDatabase()
    await scan({ config, db: fresh })
    await findLinks({ config, db: fresh })
    const links = (of: Db) => of.prepare('SELECT * FROM link ORDER BY 1, 2, 3, 4, 5').all()
    expect(links(db)).toEqual(links(fresh))
    // .8 for three days and .7 for the transfer
    const { entity } = explainOwner(db, config, { scanId: 'latest', address: one })
    expect(entity).toBe(linkedName(cast.friends))
    // the scan of the day before keeps what it had
    expect(loadLinked(db, 1).get(one)).toBe(undefined)
    expect(loadLinked(db, 2).get(one)).toBe(linkedName(cast.friends))
  })

  test('an endpoint whose logs have no times is asked for those that matter', async () => {
    const timed = memoryDatabase()
    await scan({ config, db: timed })
    await findLinks({ config, db: timed })
    const untimed = await startGateway(anvil.url, [
      {
        after: ({ method }, answer) => {
          if (method !== 'eth_getLogs') return undefined
          const logs: readonly Record<string, unknown>[] = JSON.parse(answer).result
          return { result: logs.map(({ blockTimestamp: _, ...log }) => log) }
        },
      },
    ])
    try {
      const db = memoryDatabase()
      const slow = localConfig(market, { urls: [untimed.url] })
      await scan({ config: slow, db })
      await findLinks({ config: slow, db })
      const links = (of: Db) => of.prepare('SELECT * FROM link ORDER BY 1, 2, 3, 4, 5').all()
      expect(links(db)).toEqual(links(timed))
      // not for each of the hundred payments of the factory, which became a hub at the 21st
      const blocks = untimed.requests.filter(({ method }) => method === 'eth_getBlockByNumber')
      expect(blocks.length).toBeLessThan(60)
    } finally {
      await untimed.stop()
    }
  })

  test('batches end with a block, and together are the whole', async () => {
    const meter = newMeter()
    const rpc = await connect({ chain: 'local', chainId: 31337, urls: [anvil.url], block: 'latest' }, meter)
    const { markets } = await scanAfresh(config)
    const links = aaveV3.links as NonNullable<AnyAdapter['links']>
    const read = async (batch: number) => {
      const batches: LinkBatch[] = []
      const source = { links, markets, deployment: null, from: market.fromBlock, known: [], batch }
      const rest = { isBorrower: () => true, onBlock: () => {} }
      for await (const one of readLinks(rpc, { ...source, ...rest }, meter)) batches.push(one)
      return batches
    }
    const [whole, ...none] = await read(1e9)
    expect(none).toEqual([])
    const parts = await read(5)
    expect(parts.length).toBeGreaterThan(5)
    expect(parts.flatMap((part) => part.links)).toEqual(whole?.links)
    for (const [i, { links: found, through }] of parts.entries()) {
      const start = parts[i - 1]?.through.block ?? -1n
      for (const { block } of found) {
        expect(BigInt(block)).toBeGreaterThan(start)
        expect(BigInt(block)).toBeLessThanOrEqual(through.block)
      }
      const block = await anvil.rpc<{ hash: string }>('eth_getBlockByNumber', [
        `0x${through.block.toString(16)}`,
        false,
      ])
      expect(through.hash).toBe(block.hash)
    }
    expect(parts.at(-1)?.through).toEqual(whole?.through)
  })
})

describe('what fails', () => {
  test.each(['eth_getLogs', 'eth_call', 'eth_getCode'])(
    '%s: an error, the scan keeps what it had, and the next reading finds everything',
    async (method) => {
      let broken = false
      const flaky = await startGateway(anvil.url, [
        {
          before: (call) =>
            broken && call.method === method
              ? { error: { code: -32601, message: `the method ${method} is not available` } }
              : undefined,
        },
      ])
      try {
        const db = memoryDatabase()
        const settings = localConfig(market, { urls: [flaky.url] })
        const { scanId } = await scan({ config: settings, db })
        const before = storedBands(db, scanId)
        broken = true
        await expect(findLinks({ config: settings, db })).rejects.toThrow(BaseError)
        expect(linkedSources(db)).toEqual([])
        expect(loadLinked(db, scanId).size).toBe(0)
        expect(storedBands(db, scanId)).toEqual(before)
        // half of what there is must not link anybody in a scan that comes between
        expect(loadLinked(db, (await scan({ config, db })).scanId).size).toBe(0)
        broken = false
        await findLinks({ config: settings, db })
        expect(listEntities(db, settings, 'latest').entities[0]?.owners.length).toBe(4)
      } finally {
        await flaky.stop()
      }
    },
  )

  test('a chain that was reorganised below what was read is read from the beginning', async () => {
    const db = memoryDatabase()
    await scan({ config, db })
    await findLinks({ config, db })
    db.exec("UPDATE source SET link_hash = '0xdead'")
    db.exec(
      "UPDATE link SET from_owner = '0x0000000000000000000000000000000000000bad' WHERE kind = 'delegation'",
    )
    const { found } = await findLinks({ config, db })
    expect(found).toMatchObject([{ from: Number(market.fromBlock) }])
    expect(db.prepare("SELECT 1 FROM link WHERE from_owner LIKE '%bad'").all()).toEqual([])
    expect(listEntities(db, config, 'latest').entities[0]?.owners.length).toBe(4)
  })

  test('a database of files alone has nothing to read', async () => {
    const db = memoryDatabase()
    await expect(findLinks({ config, db })).rejects.toThrow(/no scan is stored yet/)
    saveScan(db, scanRecord({ block: 1, accounts: { 1: loan('10', '9000') }, kind: 'import' }))
    await expect(findLinks({ config, db })).rejects.toThrow(/only files are stored here: run liqbands scan/)
  })
})
