import type { Address } from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Config, parseConfig } from '../../src/config.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { type RpcCall, startGateway } from '../helpers/gateway.ts'
import { memoryDatabase, type Scanned, SOURCE, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'
import { refusal, type SubgraphServer, startSubgraphServer } from '../helpers/subgraph-server.ts'

/** Accounts from a subgraph, numbers from the chain: beside what the logs give. */

let anvil: Anvil
let market: AaveMarket
let subgraph: SubgraphServer
let borrowers: readonly Address[]

const POOL_OF_OTHERS = '0x00000000000000000000000000000000000000aa'

/** Rows of the official shape, of everything that the chain says is owed. */
const rowsOf = async (accounts: ReadonlyMap<string, unknown>, assets: readonly string[]) =>
  [...accounts].flatMap(([account, state]) =>
    Object.entries((state as { debt: Readonly<Record<string, bigint>> }).debt)
      .filter(([, scaled]) => scaled > 0n)
      .map(([id, scaled]) => {
        const [user, asset] = [account.toLowerCase(), (assets[Number(id)] ?? '').toLowerCase()]
        return {
          id: `${user}${asset}`,
          user: { id: user },
          reserve: { underlyingAsset: asset },
          pool: { pool: market.pool.toLowerCase() },
          scaledVariableDebt: String(scaled),
        }
      }),
  )

const configOf = (
  discover: Readonly<Record<string, unknown>> | null,
  { rpc = anvil.url, block = 'latest' }: { readonly rpc?: string; readonly block?: string | number } = {},
): Config => {
  const feeds = { chains: { local: { feeds: [market.reserves.WETH.feed] } } }
  const deployment = { poolAddressesProvider: market.addressesProvider, fromBlock: Number(market.fromBlock) }
  return parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: [rpc], block } },
      sources: [{ key: SOURCE, deployment, ...(discover ? { discover } : {}) }],
      drivers: { ETH: feeds },
    },
    {},
    '/',
  )
}

const bySubgraph = (more: Readonly<Record<string, unknown>> = {}) =>
  configOf({ subgraph: subgraph.url, schema: 'aave-v3', waitSeconds: 0, ...more })

/** The state of the chain at its head, as a subgraph would have it. */
const refill = async (): Promise<void> => {
  const { accounts, markets, stored } = await scanAfresh(configOf(null))
  const { reserves } = markets as { reserves: Readonly<Record<string, { id: number; asset: string }>> }
  const assets = Object.values(reserves).reduce<string[]>((all, { id, asset }) => {
    all[id] = asset
    return all
  }, [])
  const [block] = stored.blocks
  subgraph.state.rows = { userReserves: await rowsOf(accounts, assets) }
  subgraph.state.meta = {
    number: block?.number ?? 0,
    hash: block?.hash ?? null,
    deployment: 'QmOne',
    hasIndexingErrors: false,
  }
}

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil)
  borrowers = (await openPositions(anvil, market, { count: 2000, seed: 3 })).borrowers
  subgraph = await startSubgraphServer()
})
afterAll(async () => {
  await subgraph?.stop()
  await anvil?.stop()
})
beforeEach(async () => {
  subgraph.state.intercept = () => null
  subgraph.state.hashes = null
  subgraph.state.protocols = null
  await refill()
})

const rowsById = ({ book }: Scanned) => book('ETH').rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))

const logsIn = (calls: readonly RpcCall[]): number =>
  calls.filter(({ method }) => method === 'eth_getLogs').length

describe('accounts from a subgraph', () => {
  test('2,000 accounts: the same positions as by the logs, without one log', async () => {
    const gateway = await startGateway(anvil.url, [])
    try {
      const logs = await scanAfresh(configOf(null))
      const { url } = subgraph
      const listed = await scanAfresh(configOf({ subgraph: url, schema: 'aave-v3' }, { rpc: gateway.url }))
      expect(listed.coverage).toMatchObject({
        status: 'complete',
        accounts: 2000,
        debtCovered: 1,
        error: null,
      })
      expect(sorted(listed.accounts)).toEqual(sorted(logs.accounts))
      expect(rowsById(listed)).toEqual(rowsById(logs))
      expect(rowsById(listed)).toHaveLength(2000)
      expect(logsIn(gateway.requests)).toBe(0)
      expect(listed.coverage.notes.join()).toMatch(
        /2000 accounts listed by the subgraph at 127\.0\.0\.1:\d+ \(schema aave-v3, deployment QmOne\) for the block by its hash/,
      )
    } finally {
      await gateway.stop()
    }
  })

  test('what changed since the last scan is read without a log as well', async () => {
    const db = memoryDatabase()
    await scanLocal(bySubgraph(), db)
    const [borrower = '0x'] = borrowers
    await act.borrow(anvil, market, { account: borrower, symbol: 'DAI', amount: 10n ** 18n })
    await refill()
    const second = await scanLocal(bySubgraph(), db)
    expect(second.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    expect(sorted(second.accounts)).toEqual(sorted((await scanAfresh(configOf(null))).accounts))
  })

  test('an account that the subgraph lacks is missed in debtCovered, not hidden', async () => {
    const [first, ...rest] = subgraph.state.rows.userReserves ?? []
    const lost = (first as unknown as { user: { id: string } }).user.id
    subgraph.state.rows = {
      userReserves: rest.filter((row) => (row as unknown as { user: { id: string } }).user.id !== lost),
    }
    const { coverage } = await scanAfresh(bySubgraph())
    expect(coverage.status).toBe('partial')
    expect(coverage.accounts).toBe(1999)
    expect(coverage.debtCovered).toBeLessThan(1)
    expect(coverage.error).toMatch(/liqbands doctor --crosscheck aave-v3\/local\/test names what it lacks/)

    const checked = await scanAfresh(bySubgraph({ crosscheck: true }))
    expect(checked.coverage).toMatchObject({ status: 'complete', accounts: 2000, debtCovered: 1 })
    const named = checked.coverage.notes.find((note) => note.startsWith('crosscheck'))
    expect(named?.toLowerCase()).toBe(`crosscheck: 1 only in the logs, missing from the subgraph: ${lost}`)
  })

  test('a scan by the logs that follows an incomplete list finds what it lacked', async () => {
    const db = memoryDatabase()
    subgraph.state.rows = { userReserves: (subgraph.state.rows.userReserves ?? []).slice(100) }
    expect((await scanLocal(bySubgraph(), db)).coverage.status).toBe('partial')
    expect((await scanLocal(configOf(null), db)).coverage).toMatchObject({
      status: 'complete',
      accounts: 2000,
    })
  })

  test('a row of another pool is none of this source', async () => {
    const [row] = subgraph.state.rows.userReserves ?? []
    const user = { id: '0x00000000000000000000000000000000000000bb' }
    const other = { ...row, id: 'zz', user, pool: { pool: POOL_OF_OTHERS } }
    subgraph.state.rows = { userReserves: [...(subgraph.state.rows.userReserves ?? []), other] }
    expect((await scanAfresh(bySubgraph())).coverage).toMatchObject({ status: 'complete', accounts: 2000 })
  })

  test("Messari's schema is known by its version, and must be of this chain", async () => {
    const users = [...new Set(borrowers.map((borrower) => borrower.toLowerCase()))]
    subgraph.state.rows = {
      positions: users.map((id) => ({ id: `${id}-1`, account: { id }, market: { id: POOL_OF_OTHERS } })),
    }
    subgraph.state.protocols = [{ schemaVersion: '3.1.0', network: 'LOCALNET', slug: 'x' }]
    const whole = await scanAfresh(bySubgraph({ schema: 'messari', crosscheck: true }))
    expect(whole.coverage).toMatchObject({ status: 'complete', accounts: 2000 })
    expect(whole.coverage.notes.join()).toMatch(
      /logs and subgraph agree on 2000 accounts \(its schema has no/,
    )
    const guessed = configOf({ subgraph: subgraph.url })
    expect((await scanAfresh(guessed)).coverage.notes.join()).toMatch(/schema messari/)
    for (const [said, words] of [
      [{ schemaVersion: '3.1.0', network: 'BASE' }, /indexes BASE \(chain 8453\), not chain 31337/],
      [{ schemaVersion: '1.3.0', network: 'LOCALNET' }, /version 1\.3\.0 of Messari's schema/],
    ] as const) {
      subgraph.state.protocols = [said]
      const fallen = await scanAfresh(guessed)
      expect(fallen.coverage).toMatchObject({ status: 'complete', accounts: 2000, debtCovered: 1 })
      expect(fallen.coverage.notes.join()).toMatch(words)
    }
  })
})

describe('a subgraph that fails: the logs, and the reason', () => {
  test.each<readonly [string, () => void, RegExp]>([
    [
      'stale',
      () => {
        subgraph.state.meta.number = 1
      },
      /is at block 1, \d+ behind the scan/,
    ],
    [
      'broken',
      () => {
        subgraph.state.meta.hasIndexingErrors = true
      },
      /reports indexing errors/,
    ],
    [
      'gone',
      () => {
        subgraph.state.intercept = () => refusal('subgraph not found: x')
      },
      /says: subgraph not found/,
    ],
    [
      'of another shape',
      () => {
        subgraph.state.rows = { userReserves: [{ id: '0x1', user: { id: 'me' } }] }
      },
      /lists "0x1" in another shape \(user\.id: not an address\)/,
    ],
    [
      'of another schema',
      () => {
        subgraph.state.intercept = ({ field }) =>
          field === 'userReserves' ? refusal('Type `Query` has no field `userReserves`') : null
      },
      /its schema is another one: check "schema"/,
    ],
    [
      'of another fork',
      () => {
        subgraph.state.hashes = []
        subgraph.state.meta.hash = `0x${'cd'.repeat(32)}`
      },
      /has another block \d+ than the endpoint/,
    ],
    [
      'refusing the second page',
      () => {
        subgraph.state.intercept = ({ field, args }) =>
          field === 'userReserves' && (args.where as { id_gt?: string }).id_gt !== undefined
            ? refusal('auth error: payment required for subsequent requests')
            : null
      },
      /pay for the key/,
    ],
  ])('%s', async (_, spoil, words) => {
    spoil()
    const { coverage } = await scanAfresh(bySubgraph())
    expect(coverage).toMatchObject({ status: 'complete', accounts: 2000, debtCovered: 1, error: null })
    const [note] = coverage.notes.filter((text) => text.startsWith('accounts found by logs instead: '))
    expect(note).toMatch(words)
  })
})

test('debts that differ by more than rounding are named by the crosscheck', async () => {
  const rows = subgraph.state.rows.userReserves ?? []
  const [first, ...others] = rows as unknown as readonly {
    readonly id: string
    readonly user: { readonly id: string }
    readonly scaledVariableDebt: string
  }[]
  const [small, tiny] = others.toSorted((a, b) => Number(a.scaledVariableDebt) - Number(b.scaledVariableDebt))
  if (!first || !small || !tiny) throw new Error('no rows')
  const more = (row: typeof first, by: bigint) => ({
    ...row,
    scaledVariableDebt: String(BigInt(row.scaledVariableDebt) + by),
  })
  const stranger = { ...first, id: 'zz', user: { id: '0x00000000000000000000000000000000000000bb' } }
  // half as much again; a few units, as an indexer rounds; one unit more than that; and one to whom nobody lent
  subgraph.state.rows = {
    userReserves: [
      more(first, BigInt(first.scaledVariableDebt) / 2n),
      more(small, 16n),
      more(tiny, -17n),
      ...rows.filter(({ id }) => ![first.id, small.id, tiny.id].includes(id)),
      stranger,
    ],
  }
  const { coverage } = await scanAfresh(bySubgraph({ crosscheck: true }))
  const notes = coverage.notes
    .filter((note) => note.startsWith('crosscheck'))
    .map((note) => note.toLowerCase())
  expect(notes).toEqual([
    'crosscheck: 1 only in the subgraph, in no log: 0x00000000000000000000000000000000000000bb',
    `crosscheck: 2 with another debt in the subgraph: ${[first.user.id, tiny.user.id].toSorted().join(', ')}`,
  ])
})
