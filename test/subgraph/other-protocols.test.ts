import { afterEach, beforeEach, expect, test } from 'vitest'
import { adapters } from '../../src/adapters/index.ts'
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

let subgraph: SubgraphServer
beforeEach(async () => {
  const meta: SubgraphState['meta'] = { number: 1e9, hash: null, deployment: 'Qm', hasIndexingErrors: false }
  subgraph = await startSubgraphServer({ meta, protocols: [{ schemaVersion: '2.0.1', network: 'LOCAL' }] })
})
afterEach(() => subgraph.stop())

test.each<readonly [protocol: string, schema: SchemaName, populate: () => Promise<Local>]>([
  ['aave-v2', 'messari', aaveV2],
  ['compound-v2', 'messari', venus],
  ['compound-v3', 'messari', populateUsdc],
  ['morpho-blue', 'messari', morpho],
  ['liquity-v2', 'liquity-v2', populateBold],
])('%s by the schema %s', async (protocol, schema, populate) => {
  const { config, stop } = await populate()
  try {
    const adapter = adapters.find(({ name }) => name === protocol)
    const byLogs = await scanAfresh(config)
    const debtors = [...byLogs.accounts].filter(([, state]) => adapter?.hasDebt(state))
    expect(debtors.length).toBeGreaterThanOrEqual(40)
    const rowOf = schema === 'liquity-v2' ? troveOf(byLogs.markets) : positionOf
    const rows = debtors.map(([key]) => rowOf(key))
    subgraph.state.rows = { positions: rows, troves: rows }
    const discover: DiscoverConfig = {
      url: subgraph.url,
      schema,
      key: null,
      waitSeconds: 0,
      crosscheck: true,
    }
    const sources = config.sources.map((source) => ({ ...source, discover }))
    const listed = await scanAfresh({ ...config, sources })
    const notes = listed.coverage.notes.join('\n')
    expect(notes).toMatch(new RegExp(`${debtors.length} accounts listed by the subgraph .*schema ${schema}`))
    expect(notes).toMatch(new RegExp(`crosscheck: logs and subgraph agree on ${debtors.length} accounts`))
    const alone = sources.map((source) => ({ ...source, discover: { ...discover, crosscheck: false } }))
    const only = await scanAfresh({ ...config, sources: alone })
    expect(only.accounts).toEqual(new Map(debtors))
    const { status, positions, debtCovered } = byLogs.coverage
    expect(only.coverage).toMatchObject({ status, positions, debtCovered })
  } finally {
    await stop()
  }
})
