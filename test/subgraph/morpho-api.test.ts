import { type Address, getAddress, type Hex } from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Config, parseConfig } from '../../src/config.ts'
import { doctorLines } from '../../src/dashboard/doctor.ts'
import { examine } from '../../src/doctor.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  asMorphoUser,
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  giveMorphoTokens,
  lltvOf,
  type MorphoChain,
  openMorphoPositions,
  readParams,
} from '../chain/morpho-blue.ts'
import { type ApiPosition, type MorphoApi, startMorphoApi } from '../helpers/morpho-api.ts'
import { MORPHO_SOURCE, morphoConfig, morphoKey } from '../helpers/morpho-blue.ts'
import { scanAfresh, sorted } from '../helpers/scanning.ts'

/** Borrowers from Morpho's API, which answers for about now, beside what the logs give at the pinned block. */

let anvil: Anvil
let chain: MorphoChain
let api: MorphoApi
let pinned: number
/** Of those who borrowed long before the pinned block. */
let atPin: readonly ApiPosition[]
/** The API's own state at the head, where one has borrowed and one has repaid since. */
let atHead: readonly ApiPosition[]
let newcomer: string
let leaver: string

const plan = (market: Hex, i: number) => ({
  market,
  collateral: 10n ** 18n,
  borrow: BigInt(1_000_000_000 + i),
})

const sharesOf = async (market: Hex, owner: Address): Promise<bigint> => {
  const loan = await chain.deployer.read<readonly bigint[]>('Morpho', chain.morpho, 'position', [
    market,
    owner,
  ])
  return loan[1] ?? 0n
}

const repayAll = async (market: Hex, owner: Address): Promise<void> => {
  const params = await readParams(chain, market)
  await giveMorphoTokens(chain, { to: owner, token: params.loanToken, amount: 10n ** 12n })
  await asMorphoUser(chain, owner, 'repay', [params, 0n, await sharesOf(market, owner), owner, '0x'])
}

const configOf = (discover: Readonly<Record<string, unknown>> | null, block: number = pinned): Config => {
  const config = morphoConfig(chain, { block })
  if (discover === null) return config
  const parsed = parseConfig(
    { sources: [{ key: 'morpho-blue/ethereum/main', discover: { subgraph: api.url, ...discover } }] },
    {},
    '/',
  )
  const [source] = parsed.sources
  return {
    ...config,
    sources: config.sources.map((one) => ({ ...one, discover: source?.discover })),
  } as Config
}

beforeAll(async () => {
  anvil = await startAnvil()
  chain = await deployMorphoBlue(anvil)
  const oracle = await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' })
  const { USDC: loanToken, WETH: collateralToken } = chain.tokens
  const markets: Hex[] = []
  for (const percent of [86, 77] as const)
    markets.push(
      await createMarket(chain, { loanToken, collateralToken, oracle, lltv: lltvOf(percent) }, 10n ** 15n),
    )
  const [main = '0x', side = '0x'] = markets
  const plans = Array.from({ length: 50 }, (_, i) => plan(i % 2 === 0 ? main : side, i))
  const owners = await openMorphoPositions(chain, plans)
  // far enough that the logs around the pinned block do not name them
  await act.mine(anvil, 1500)
  pinned = Number(await anvil.rpc<string>('eth_blockNumber'))
  const debts = owners.map((owner, i) => ({ owner, market: plans[i]?.market ?? main }))
  const positionOf = async ({ owner, market }: { readonly owner: Address; readonly market: Hex }) => ({
    market,
    user: owner,
    borrowShares: await sharesOf(market, owner),
  })
  atPin = await Promise.all(debts.map(positionOf))
  const [leaves, ...stay] = debts
  const [joins = '0x'] = await openMorphoPositions(chain, [plan(side, 99)])
  if (!leaves) throw new Error('no position was opened')
  await repayAll(leaves.market, leaves.owner)
  leaver = morphoKey(leaves.market, leaves.owner)
  newcomer = morphoKey(side, joins)
  atHead = await Promise.all([...stay, { owner: joins, market: side }].map(positionOf))
  api = await startMorphoApi()
})
afterAll(async () => {
  await api?.stop()
  await anvil?.stop()
})
beforeEach(() => {
  api.asked.length = 0
  Object.assign(api.state, {
    chains: [1, 31337],
    cap: 20,
    overcount: 0,
    positions: atHead,
    intercept: () => null,
  })
})

/** Accounts with debt at the block. */
const debtors = (accounts: ReadonlyMap<string, unknown>) =>
  sorted(accounts).filter(([, state]) => (state as { readonly borrowShares: bigint }).borrowShares > 0n)

describe("accounts from Morpho's API", () => {
  test('ahead of the block: whoever has repaid since is found, whoever has borrowed since owes nothing', async () => {
    const byLogs = await scanAfresh(configOf(null))
    expect(debtors(byLogs.accounts)).toHaveLength(50)
    const listed = await scanAfresh(configOf({}))
    const { status, positions, debtCovered } = byLogs.coverage
    expect(listed.coverage).toMatchObject({ status, positions, debtCovered, error: null })
    expect(listed.coverage).toMatchObject({ status: 'complete', positions: 50, debtCovered: 1 })
    expect(debtors(listed.accounts)).toEqual(debtors(byLogs.accounts))
    expect(debtors(listed.accounts).map(([key]) => key)).toContain(leaver)
    expect(listed.book('ETH').rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      byLogs.book('ETH').rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    )
    expect(listed.coverage.notes.join('\n')).toMatch(
      new RegExp(
        `51 accounts listed by the API at ${api.host} \\(schema morpho-api\\), which is of about now and of no block, and by the logs of blocks ${pinned - 1000} to \\d+`,
      ),
    )
    expect(api.asked.length).toBeGreaterThan(3)
  })

  test('behind the block: whoever has borrowed since is found', async () => {
    api.state.positions = atPin
    const head = Number(await anvil.rpc<string>('eth_blockNumber'))
    const { coverage, accounts } = await scanAfresh(configOf({ schema: 'morpho-api' }, head))
    expect(coverage).toMatchObject({ status: 'complete', positions: 50, debtCovered: 1 })
    expect(debtors(accounts).map(([key]) => key)).toContain(newcomer)
  })

  test('an account that it lacks is missed in debtCovered, and named by the crosscheck', async () => {
    api.state.positions = atHead.slice(1)
    const [lost] = atHead
    const { coverage } = await scanAfresh(configOf({}))
    expect(coverage.status).toBe('partial')
    expect(coverage.positions).toBe(49)
    expect(coverage.debtCovered).toBeLessThan(1)
    expect(coverage.error).toMatch(
      /liqbands doctor --crosscheck morpho-blue\/local\/test names what it lacks/,
    )

    const document = await examine({ config: configOf({}), crosscheck: MORPHO_SOURCE })
    const { subgraphs, crosscheck } = document
    const lines = doctorLines(document, { color: false, unicode: true, width: 80 })
    expect(lines.join('\n')).toMatch(/morpho-blue\/local\/test +ok +morpho-api +no block$/m)
    const { host } = api
    expect(subgraphs).toMatchObject([
      { host, schema: 'morpho-api', deployment: null, pin: null, lists: true, problem: null },
    ])
    expect(crosscheck).toMatchObject({ logs: 50, listed: 49, both: 49, onlySubgraph: [], different: [] })
    expect(crosscheck?.onlyLogs.map(({ id }) => id)).toEqual([
      morphoKey(lost?.market as Hex, getAddress(lost?.user ?? '')),
    ])
  })

  test('of the markets that the deployment names', async () => {
    const [{ market = '' } = {}] = atHead
    const ofMarket = (config: Config): Config => ({
      ...config,
      sources: config.sources.map((one) => ({
        ...one,
        inline: { ...(one.inline as object), markets: [market] },
      })),
    })
    const byLogs = await scanAfresh(ofMarket(configOf(null)))
    const listed = await scanAfresh(ofMarket(configOf({})))
    expect(listed.coverage).toMatchObject({ status: 'complete', positions: 25, debtCovered: 1 })
    expect(debtors(listed.accounts)).toEqual(debtors(byLogs.accounts))
  })

  test('ids in capitals, and markets that nobody asked for', async () => {
    const capitals = (id: string) => `0x${id.slice(2).toUpperCase()}`
    const [stranger] = atHead
    const elsewhere = `0x${'f'.repeat(64)}`
    api.state.positions = [
      ...atHead.map((one) => ({ ...one, market: capitals(one.market) as Hex })),
      { ...(stranger as ApiPosition), market: elsewhere as Hex },
    ]
    const { coverage, accounts } = await scanAfresh(configOf({ crosscheck: true }))
    expect(coverage).toMatchObject({ status: 'complete', positions: 50, debtCovered: 1 })
    expect(coverage.notes.filter((note) => note.startsWith('crosscheck'))).toEqual([
      'crosscheck: logs and subgraph agree on 50 accounts (its schema has no debts at the block)',
    ])
    expect(debtors(accounts).map(([key]) => key)).toEqual(
      debtors((await scanAfresh(configOf(null))).accounts).map(([key]) => key),
    )
  })

  test('both lists agree though it is of another block', async () => {
    const { coverage } = await scanAfresh(configOf({ crosscheck: true }))
    expect(coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    expect(coverage.notes.filter((note) => note.startsWith('crosscheck'))).toEqual([
      'crosscheck: logs and subgraph agree on 50 accounts (its schema has no debts at the block)',
    ])
  })

  test.each<readonly [string, () => void, RegExp]>([
    [
      'counts more than it lists',
      () => {
        api.state.overcount = 1
      },
      /counts 51 borrowers and lists 50 of them, 3 times over/,
    ],
    [
      'does not have the chain',
      () => {
        api.state.chains = [1]
      },
      /has no chain 31337/,
    ],
    [
      'is no such API',
      () => {
        api.state.intercept = () => ({ body: '{"errors":[{"message":"subgraph not found: x"}]}' })
      },
      /subgraph not found/,
    ],
  ])('where it %s, the logs, and the reason', async (_, spoil, words) => {
    spoil()
    const { coverage } = await scanAfresh(configOf({}))
    expect(coverage).toMatchObject({ status: 'complete', positions: 50, debtCovered: 1, error: null })
    const [note] = coverage.notes.filter((text) => text.startsWith('accounts found by logs instead: '))
    expect(note).toMatch(words)
  })

  // last, since it moves the chain's clock
  test('a block of days ago is not the time of its list', async () => {
    await act.mine(anvil, 1, 2 * 86_400)
    const { coverage } = await scanAfresh(configOf({}))
    expect(coverage).toMatchObject({ status: 'complete', positions: 50, debtCovered: 1 })
    expect(coverage.notes.join('\n')).toMatch(
      /by logs instead: the list of borrowers is of now, and block \d+ is 48 hours old: use a newer --block/,
    )
  })
})
