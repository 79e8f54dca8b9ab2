import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AaveV3Account } from '../../src/adapters/aave-v3-accounts.ts'
import type { Config, DiscoverConfig } from '../../src/config.ts'
import { type AaveV2Market, deployAaveV2, openV2Plans, V2_PRICES } from '../chain/aave-v2.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { planV2, v2Config } from '../helpers/aave-v2-market.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'
import { officialRows } from '../helpers/subgraph-rows.ts'
import { type SubgraphServer, startSubgraphServer } from '../helpers/subgraph-server.ts'

/** Aave V2's own schema, whose loans at stable rates no total tells to the unit. */

let anvil: Anvil
let market: AaveV2Market
let subgraph: SubgraphServer
let chain: Scanned

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV2(anvil, { base: 'ETH' })
  await openV2Plans(anvil, market, planV2({ count: 60, seed: 2 }, V2_PRICES))
  chain = await scanAfresh(byLogs())
  const meta = { number: 1e9, hash: null, deployment: 'QmOne', hasIndexingErrors: false }
  subgraph = await startSubgraphServer({ meta })
})
afterAll(async () => {
  await subgraph?.stop()
  await anvil?.stop()
})

const byLogs = (): Config => v2Config(market, { urls: [anvil.url] })

const bySubgraph = (mode: DiscoverConfig['mode']): Config => {
  const base = { key: null, waitSeconds: 0, crosscheck: false } as const
  const discover: DiscoverConfig = { ...base, url: subgraph.url, mode, schema: 'aave-v2' }
  const config = byLogs()
  return { ...config, sources: config.sources.map((source) => ({ ...source, discover })) }
}

const rowsById = ({ book }: Scanned) => book('ETH').rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))

test('the same positions as by the chain, loans at stable rates among them', async () => {
  subgraph.state.rows = { userReserves: officialRows(chain.accounts, chain.markets) }
  const told = await scanAfresh(bySubgraph('read'))
  expect(told.read).toBe(0)
  expect(told.coverage).toMatchObject({ status: 'complete', error: null, accounts: chain.accounts.size })
  expect(told.coverage.debtCovered).toBe(chain.coverage.debtCovered)
  expect(rowsById(told)).toEqual(rowsById(chain))
  const stable = [...told.accounts.values()].filter((state) => (state as AaveV3Account).stable)
  expect(stable.length).toBeGreaterThan(5)
})

test('an account that no total misses is found all the same by the next scan of the logs', async () => {
  const accounts = [...chain.accounts] as [string, AaveV3Account][]
  const owed = new Map<string, bigint>()
  for (const [, { stable = {} }] of accounts)
    for (const [id, { principal }] of Object.entries(stable)) owed.set(id, (owed.get(id) ?? 0n) + principal)
  // the token's total is an estimate, from which a twentieth may be missing
  const [lost] =
    accounts.find(
      ([, { debt, stable = {} }]) =>
        Object.values(debt).every((scaled) => scaled === 0n) &&
        Object.entries(stable).every(([id, { principal }]) => principal * 25n < (owed.get(id) ?? 0n)),
    ) ?? []
  if (lost === undefined) throw new Error('every stable loan is a large one')
  const others = new Map(accounts.filter(([key]) => key !== lost))
  subgraph.state.rows = { userReserves: officialRows(others, chain.markets) }
  const db = memoryDatabase()
  const listed = await scanLocal(bySubgraph('discover'), db)
  expect(listed.coverage).toMatchObject({ status: 'complete', accounts: accounts.length - 1 })
  expect(sorted((await scanLocal(byLogs(), db)).accounts)).toEqual(sorted(chain.accounts))
})
