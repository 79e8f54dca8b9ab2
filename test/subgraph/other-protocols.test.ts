import { afterEach, beforeEach, expect, test } from 'vitest'
import { adapters } from '../../src/adapters/index.ts'
import type { LiquityV2Account } from '../../src/adapters/liquity-v2-accounts.ts'
import type { Config, DiscoverConfig } from '../../src/config.ts'
import type { SchemaName } from '../../src/core/subgraph.ts'
import { deployAaveV2, openV2Plans, V2_PRICES } from '../chain/aave-v2.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { deployCompoundV2 } from '../chain/compound-v2.ts'
import { compoundConfig } from '../chain/compound-v2-asks.ts'
import { openCompound, planCompound } from '../chain/compound-v2-positions.ts'
import {
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  lltvOf,
  openMorphoPositions,
} from '../chain/morpho-blue.ts'
import { planV2, v2Config } from '../helpers/aave-v2-market.ts'
import { populateUsdc } from '../helpers/comet-populated.ts'
import { populateBold } from '../helpers/liquity-v2.ts'
import { morphoConfig } from '../helpers/morpho-blue.ts'
import { scanAfresh } from '../helpers/scanning.ts'
import { cometBalances, troveRows } from '../helpers/subgraph-rows.ts'
import { type SubgraphServer, type SubgraphState, startSubgraphServer } from '../helpers/subgraph-server.ts'

/** What each schema's rows become are the keys of the protocol's own adapter: the same states as by the logs. */

type Local = { readonly config: Config; readonly stop: () => Promise<void> }

const onAnvil = (fill: (anvil: Anvil) => Promise<Config>) => async (): Promise<Local> => {
  const anvil = await startAnvil()
  try {
    return { config: await fill(anvil), stop: anvil.stop }
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

const aaveV2 = onAnvil(async (anvil) => {
  const market = await deployAaveV2(anvil, { base: 'ETH' })
  await openV2Plans(anvil, market, planV2({ count: 60, seed: 2 }, V2_PRICES))
  return v2Config(market, { urls: [anvil.url] })
})
const venus = onAnvil(async (anvil) => {
  const market = await deployCompoundV2(anvil, '10.3.0')
  await openCompound(anvil, market, planCompound('10.3.0', { count: 60, seed: 3 }))
  return compoundConfig(market, [anvil.url])
})
const morpho = onAnvil(async (anvil) => {
  const chain = await deployMorphoBlue(anvil)
  const oracle = await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' })
  for (const percent of [86, 77] as const) {
    const params = {
      loanToken: chain.tokens.USDC,
      collateralToken: chain.tokens.WETH,
      oracle,
      lltv: lltvOf(percent),
    }
    const market = await createMarket(chain, params, 10n ** 15n)
    const plans = Array.from({ length: 20 }, (_, i) => ({
      market,
      collateral: 10n ** 18n,
      borrow: BigInt(1_000_000_000 + i),
    }))
    await openMorphoPositions(chain, plans)
  }
  return morphoConfig(chain)
})

const ANY_MARKET = '0x00000000000000000000000000000000000000aa'

/** Messari's row of an account: at Morpho, of its market too. */
const positionOf = (key: string) => {
  const [account = '', market = ANY_MARKET] = key.split(':').toReversed()
  return { id: `${key}-1`, account: { id: account.toLowerCase() }, market: { id: market } }
}

const troveOf = (markets: unknown) => (key: string) => {
  const { branches } = markets as {
    readonly branches: Readonly<Record<string, { readonly troveManager: string }>>
  }
  const [index = '', id = ''] = key.split(':')
  const addresses = { troveManager: branches[index]?.troveManager.toLowerCase() }
  return {
    id: key,
    troveId: `0x${BigInt(id).toString(16)}`,
    collateral: { collIndex: Number(index), addresses },
  }
}

/** Every position of a Comet as its subgraph has them: of lenders too, and one that a silent transfer left behind. */
const cometRows = (markets: unknown, accounts: ReadonlyMap<string, unknown>, stale: string) => {
  const { comet } = markets as { readonly comet: string }
  const row = (key: string, basePrincipal: bigint, of = comet) => ({
    id: `${of}${key.slice(2)}`.toLowerCase(),
    account: { id: key.toLowerCase() },
    market: { id: of.toLowerCase() },
    accounting: { basePrincipal: String(basePrincipal) },
  })
  const own = [...accounts].map(([key, state]) =>
    row(key, key === stale ? 5000n : -(state as { readonly debt: bigint }).debt),
  )
  return [...own, row(LENDER, 7n), row(LENDER, -7n, ANY_MARKET)]
}

const LENDER = '0x00000000000000000000000000000000000000bb'

const owes = (state: unknown): boolean => (state as { readonly debt: bigint }).debt > 0n

/** What the logs give, against which every list is held. */
const scanByLogs = async (protocol: string, config: Config) => {
  const adapter = adapters.find(({ name }) => name === protocol)
  const byLogs = await scanAfresh(config)
  const debtors = [...byLogs.accounts].filter(([, state]) => adapter?.hasDebt(state))
  expect(debtors.length).toBeGreaterThanOrEqual(40)
  return { byLogs, debtors }
}

const bySubgraph = (config: Config, more: Partial<DiscoverConfig>): Config => {
  const discover: DiscoverConfig = {
    url: subgraph.url,
    mode: 'discover',
    schema: null,
    key: null,
    waitSeconds: 0,
    crosscheck: false,
    ...more,
  }
  return { ...config, sources: config.sources.map((source) => ({ ...source, discover })) }
}

/** The subgraph lists exactly the debtors: the same by it alone, and nothing to say when both are asked. */
const expectSame = async (
  config: Config,
  { byLogs, debtors, schema }: Awaited<ReturnType<typeof scanByLogs>> & { readonly schema: SchemaName },
): Promise<void> => {
  const listed = await scanAfresh(bySubgraph(config, { schema, crosscheck: true }))
  const notes = listed.coverage.notes.join('\n')
  expect(notes).toMatch(new RegExp(`${debtors.length} accounts listed by the subgraph .*schema ${schema}`))
  expect(notes).toMatch(new RegExp(`crosscheck: logs and subgraph agree on ${debtors.length} accounts`))
  const only = await scanAfresh(bySubgraph(config, { schema }))
  expect(only.accounts).toEqual(new Map(debtors))
  const { status, positions, debtCovered } = byLogs.coverage
  expect(only.coverage).toMatchObject({ status, positions, debtCovered })
}

/** Balances of every position of a Comet, told by the subgraph: no account is read, and every position is the same. */
const expectTold = async (
  config: Config,
  { byLogs, debtors }: Awaited<ReturnType<typeof scanByLogs>>,
): Promise<void> => {
  const asked = subgraph.asked.length
  subgraph.state.rows = { positions: cometBalances(byLogs.accounts, byLogs.markets) }
  const told = await scanAfresh(bySubgraph(config, { schema: 'comet', mode: 'read' }))
  subgraph.asked.splice(asked)
  const { status, debtCovered } = byLogs.coverage
  expect(told.read).toBe(0)
  expect(told.coverage).toMatchObject({ status, positions: debtors.length, debtCovered })
  expect(told.coverage.notes.join('\n')).toMatch(/^approximate: a transfer of base tokens between borrowers/m)
  const rows = ({ book }: typeof told) => book('ETH').rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  expect(rows(told)).toEqual(rows(byLogs))
}

/** Troves of a rate of their own are told to the wei; what was redistributed to one since is missing from the sum. */
const expectTroves = async (
  config: Config,
  { byLogs, debtors }: Awaited<ReturnType<typeof scanByLogs>>,
): Promise<void> => {
  subgraph.state.rows = { troves: troveRows(new Map(debtors), byLogs.markets) }
  const told = await scanAfresh(bySubgraph(config, { schema: 'liquity-v2', mode: 'read' }))
  expect(told.read).toBe(0)
  expect(told.coverage).toMatchObject({ status: byLogs.coverage.status, positions: debtors.length })
  const notes = told.coverage.notes.join('\n')
  expect(notes).toMatch(/^approximate: \d+ troves in batches/m)
  expect(notes).toMatch(
    /^approximate: debts are up to .*% apart from the protocol's totals \(BOLD of the WETH branch\)$/m,
  )
  const exact = new Map(byLogs.book('ETH').rows.map((row) => [row.id, row]))
  const alone = told.book('ETH').rows.filter(({ id }) => {
    const { batch, redistributedDebt } = byLogs.accounts.get(id) as LiquityV2Account
    return batch === null && redistributedDebt === 0n
  })
  expect(alone.length).toBeGreaterThan(100)
  for (const row of alone) expect(row).toEqual(exact.get(row.id))
}

let subgraph: SubgraphServer
beforeEach(async () => {
  const meta: SubgraphState['meta'] = { number: 1e9, hash: null, deployment: 'Qm', hasIndexingErrors: false }
  subgraph = await startSubgraphServer({ meta, protocols: [{ schemaVersion: '2.0.1', network: 'LOCAL' }] })
})
afterEach(() => subgraph.stop())

test.each<readonly [protocol: string, schema: SchemaName, populate: () => Promise<Local>]>([
  ['aave-v2', 'messari', aaveV2],
  ['compound-v2', 'messari', venus],
  ['morpho-blue', 'messari', morpho],
  ['liquity-v2', 'liquity-v2', populateBold],
])('%s by the schema %s', async (protocol, schema, populate) => {
  const { config, stop } = await populate()
  try {
    const { byLogs, debtors } = await scanByLogs(protocol, config)
    const rowOf = schema === 'liquity-v2' ? troveOf(byLogs.markets) : positionOf
    const rows = debtors.map(([key]) => rowOf(key))
    subgraph.state.rows = { positions: rows, troves: rows }
    await expectSame(config, { byLogs, debtors, schema })
    if (schema === 'liquity-v2') await expectTroves(config, { byLogs, debtors })
  } finally {
    await stop()
  }
})

test("compound-v3 by Messari's schema, and by the community's with all positions of its Comet", async () => {
  const { config, stop } = await populateUsdc()
  try {
    const { byLogs, debtors } = await scanByLogs('compound-v3', config)
    subgraph.state.rows = { positions: debtors.map(([key]) => positionOf(key)) }
    await expectSame(config, { byLogs, debtors, schema: 'messari' })
    const fallen = await scanAfresh(bySubgraph(config, { schema: 'messari', mode: 'read' }))
    expect(fallen.coverage.notes.join('\n')).toMatch(
      /read from the chain instead: the subgraph at .*: its schema messari does not have the balances of compound-v3/,
    )
    expect(fallen.accounts).toEqual(byLogs.accounts)

    const [stale = ''] = debtors.map(([key]) => key)
    const positions = cometRows(byLogs.markets, byLogs.accounts, stale)
    subgraph.state.rows = { positions }
    subgraph.state.protocols = null
    const crosschecked = await scanAfresh(bySubgraph(config, { schema: null, crosscheck: true }))
    const notes = crosschecked.coverage.notes.filter((note) => /^crosscheck|listed/.test(note))
    expect(notes).toEqual([
      expect.stringMatching(
        new RegExp(`^${positions.length - 1} accounts listed by the subgraph at .* \\(schema comet, `),
      ),
      `crosscheck: 1 with another debt in the subgraph: ${stale}`,
    ])
    const only = await scanAfresh(bySubgraph(config, { schema: 'comet' }))
    expect(new Map([...only.accounts].filter(([, state]) => owes(state)))).toEqual(new Map(debtors))
    const { status, debtCovered } = byLogs.coverage
    expect(only.coverage).toMatchObject({ status, positions: debtors.length, debtCovered })
    await expectTold(config, { byLogs, debtors })
    const { comet } = byLogs.markets as { readonly comet: string }
    const wanted = subgraph.asked.filter(({ field }) => field === 'positions').slice(-2)
    for (const { args } of wanted) {
      const { id_gt: _, ...where } = args.where as { readonly id_gt?: string }
      expect(where).toEqual({ market: comet.toLowerCase() })
    }
  } finally {
    await stop()
  }
})
