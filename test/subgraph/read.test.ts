import { maxUint256 } from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AaveV3Account } from '../../src/adapters/aave-v3-accounts.ts'
import { type Config, parseConfig } from '../../src/config.ts'
import { renderText } from '../../src/dashboard/text.ts'
import { buildDiff } from '../../src/diff.ts'
import { buildReport } from '../../src/report.ts'
import { cursorOf } from '../../src/store/save.ts'
import { verify } from '../../src/verify.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { startGateway } from '../helpers/gateway.ts'
import { memoryDatabase, type Scanned, SOURCE, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'
import { messariRows, officialRows, type UserReserveRow } from '../helpers/subgraph-rows.ts'
import { refusal, type SubgraphServer, startSubgraphServer } from '../helpers/subgraph-server.ts'

/** Balances from a subgraph, valued with the chain's indices and prices: beside what the chain says of every account. */

let anvil: Anvil
let market: AaveMarket
let subgraph: SubgraphServer
/** When every position was open. */
let opened: number
/** What the chain says at its head, and of whom it says that they owe. */
let chain: Scanned
let debtors: ReadonlyMap<string, unknown>

const configOf = (
  discover: Readonly<Record<string, unknown>> | null,
  { rpc = anvil.url, block = 'latest' }: { readonly rpc?: string; readonly block?: string | number } = {},
): Config => {
  const deployment = { poolAddressesProvider: market.addressesProvider, fromBlock: Number(market.fromBlock) }
  return parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: [rpc], block } },
      sources: [{ key: SOURCE, deployment, ...(discover ? { discover } : {}) }],
      drivers: { ETH: { chains: { local: { feeds: [market.reserves.WETH.feed] } } } },
    },
    {},
    '/',
  )
}

const reading = (more: Readonly<Record<string, unknown>> = {}, options: { readonly rpc?: string } = {}) =>
  configOf({ subgraph: subgraph.url, mode: 'read', schema: 'aave-v3', waitSeconds: 0, ...more }, options)

/** The subgraph has indexed the chain up to its head. */
const refill = async (): Promise<void> => {
  const head = Number(await anvil.rpc<string>('eth_blockNumber'))
  if (chain?.stored.blocks[0]?.number !== head) chain = await scanAfresh(configOf(null))
  debtors = new Map(
    [...chain.accounts].filter(([, state]) =>
      Object.values((state as AaveV3Account).debt).some((n) => n > 0n),
    ),
  )
  subgraph.state.rows = { userReserves: officialRows(debtors, chain.markets) }
  const [block] = chain.stored.blocks
  const number = block?.number ?? 0
  subgraph.state.meta = { number, hash: block?.hash ?? null, deployment: 'QmOne', hasIndexingErrors: false }
}

const rows = () => subgraph.state.rows.userReserves as unknown as readonly UserReserveRow[]
const setRows = (userReserves: readonly UserReserveRow[]) => {
  subgraph.state.rows = { userReserves }
}

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil)
  await openPositions(anvil, market, { count: 66, seed: 4 })
  opened = Number(await anvil.rpc<string>('eth_blockNumber'))
  subgraph = await startSubgraphServer()
})
afterAll(async () => {
  await subgraph?.stop()
  await anvil?.stop()
})
beforeEach(async () => {
  subgraph.state.intercept = () => null
  subgraph.state.protocols = null
  await refill()
})

const rowsById = ({ book }: Scanned) => book('ETH').rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))

/** States without the mark of whose word they are. */
const bare = ({ accounts }: Scanned) =>
  sorted(accounts).map(([key, state]) => {
    const { told: _, ...rest } = state as AaveV3Account & { readonly told?: boolean }
    return [key, rest]
  })

const notesOf = ({ coverage }: Scanned): string => coverage.notes.join('\n')

describe('balances of the official schema', () => {
  test('the same positions as by the chain, with no log and no account read', async () => {
    const gateway = await startGateway(anvil.url, [])
    try {
      const told = await scanAfresh(reading({}, { rpc: gateway.url }))
      expect(told.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
      expect(notesOf(told)).toMatch(
        /^66 accounts and their balances told by the subgraph at 127\.0\.0\.1:\d+ \(schema aave-v3, deployment QmOne\) for the block by its hash; none of them read from the chain$/m,
      )
      expect(notesOf(told)).not.toMatch(/approximate|apart/)
      expect(bare(told)).toEqual(sorted(chain.accounts))
      expect(rowsById(told)).toEqual(rowsById(chain))
      expect(told.read).toBe(0)
      expect(gateway.requests.filter(({ method }) => method === 'eth_getLogs')).toEqual([])
      const modes = rowsById(told).filter(({ id }) => (told.accounts.get(id) as AaveV3Account).eMode > 0)
      expect(modes.length).toBeGreaterThan(0)
    } finally {
      await gateway.stop()
    }
  })

  test("a unit of the subgraph's rounding is a note, and no later scan keeps it", async () => {
    const db = memoryDatabase()
    await scanLocal(configOf(null), db)
    const cursor = cursorOf(db, SOURCE)
    await act.mine(anvil, 1)
    await refill()
    const oneMore = (...fields: readonly ('scaledVariableDebt' | 'scaledATokenBalance')[]) =>
      setRows(
        officialRows(debtors, chain.markets).map((row) => {
          const more = fields.map((field) => [
            field,
            String(BigInt(row[field]) + (row[field] === '0' ? 0n : 1n)),
          ])
          return { ...row, ...Object.fromEntries(more) }
        }),
      )
    oneMore('scaledVariableDebt')
    const told = await scanLocal(reading(), db)
    expect(told.coverage).toMatchObject({ status: 'complete', error: null })
    expect(told.coverage.debtCovered).not.toBe(1)
    expect(told.coverage.debtCovered).toBeCloseTo(1, 6)
    expect(notesOf(told)).toMatch(/apart from the protocol's totals by no more than the rounding/)
    // of collateral there is no total that would show it
    oneMore('scaledATokenBalance')
    expect((await scanLocal(reading(), db)).coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    expect(cursorOf(db, SOURCE)).toEqual(cursor)
    // an older block scanned meanwhile moves the cursor, which must not hide whose word the newer states are
    await scanLocal(configOf(null, { block: opened }), db)
    await act.mine(anvil, 1)
    const after = await scanLocal(configOf(null), db)
    expect(after.read).toBe(66)
    expect(sorted(after.accounts)).toEqual(sorted(chain.accounts))
    expect(after.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    await act.mine(anvil, 1)
    expect((await scanLocal(configOf(null), db)).read).toBe(0)
  })

  test('who is no longer listed has repaid', async () => {
    const db = memoryDatabase()
    const before = await scanLocal(configOf(null), db)
    const [id = '', state] =
      [...before.accounts].find(([, one]) => Object.keys((one as AaveV3Account).debt).length === 1) ?? []
    const [reserve = ''] = Object.keys((state as AaveV3Account).debt)
    const { asset } =
      (before.markets as { reserves: Record<string, { asset: string }> }).reserves[reserve] ?? {}
    const [symbol] = Object.entries(market.reserves).find(([, one]) => one.asset === asset) ?? []
    await act.repay(anvil, market, {
      account: id as `0x${string}`,
      symbol: symbol as 'USDC',
      amount: maxUint256,
    })
    await refill()
    expect(rows().some(({ user }) => user.id === id.toLowerCase())).toBe(false)
    const told = await scanLocal(reading(), db)
    expect(told.coverage).toMatchObject({ status: 'complete', positions: 65, debtCovered: 1 })
    expect(rowsById(told).map((row) => row.id)).not.toContain(id)
    expect(rowsById(told)).toEqual(rowsById(chain))
    expect(sorted((await scanLocal(configOf(null), db)).accounts)).toEqual(sorted(chain.accounts))
  })

  test('an account that the subgraph lacks is a gap, and the next scan by logs finds it', async () => {
    const db = memoryDatabase()
    const [lost] = rows().toSorted((a, b) => Number(b.scaledVariableDebt) - Number(a.scaledVariableDebt))
    setRows(rows().filter(({ user }) => user.id !== lost?.user.id))
    const told = await scanLocal(reading(), db)
    expect(told.coverage.status).toBe('partial')
    expect(told.coverage.debtCovered).toBeLessThan(1)
    expect(told.coverage.error).toMatch(
      /liqbands doctor --crosscheck aave-v3\/local\/test names what it lacks/,
    )
    expect(sorted((await scanLocal(configOf(null), db)).accounts)).toEqual(sorted(chain.accounts))
  })

  test("a pool of others is left out; its users' e-mode is in doubt", async () => {
    const moded = rows().find(({ user }) => user.eModeCategoryId !== null)
    if (!moded) throw new Error('nobody has an e-mode')
    const other = `0x${'aa'.repeat(20)}`
    const foreign = { ...moded, id: 'zz', pool: { pool: other }, scaledVariableDebt: '5000000' }
    setRows([...rows(), foreign])
    const told = await scanAfresh(reading())
    expect(bare(told)).toEqual(sorted(debtors))
    expect(notesOf(told)).toMatch(
      /^approximate: 1 account uses several pools of the subgraph, which has one e-mode for all$/m,
    )
  })

  test('balances of accounts that the list does not have are none of it', async () => {
    const stranger = `0x${'5a'.repeat(20)}`
    const [first] = rows()
    const page = [...rows(), { ...first, id: 'zz', user: { id: stranger }, scaledVariableDebt: '1' }]
    subgraph.state.intercept = ({ args }) => {
      const { user_in: asked, id_gt: after } = (args.where ?? {}) as { user_in?: unknown; id_gt?: string }
      return asked === undefined || after !== undefined ? null : { body: JSON.stringify({ data: { page } }) }
    }
    const told = await scanAfresh(reading())
    expect(told.coverage).toMatchObject({ status: 'complete', accounts: debtors.size, debtCovered: 1 })
  })

  test('collateral has no total that would show an error of it: verify asks the contract', async () => {
    const db = memoryDatabase()
    setRows(
      rows().map((row) => ({ ...row, scaledATokenBalance: String(2n * BigInt(row.scaledATokenBalance)) })),
    )
    const book = (await scanLocal(reading(), db)).book('ETH')
    const { sampled, disagreed } = await verify({ config: configOf(null), db, book, sample: 5 })
    expect(sampled).toBe(5)
    expect(new Set(disagreed.map(({ id }) => id)).size).toBe(5)
  })
})

describe('a subgraph that fails: the chain, and the reason', () => {
  const spoilt = (change: (row: UserReserveRow, i: number) => object) => () => {
    subgraph.state.rows = {
      userReserves: rows().map((row, i) => ({ ...row, ...change(row, i) })),
    }
  }
  test.each<readonly [string, () => void, RegExp]>([
    [
      'a debt below zero',
      spoilt((_, i) => (i === 3 ? { scaledVariableDebt: '-17' } : {})),
      /balances of another shape \(scaledVariableDebt: a balance below zero\)/,
    ],
    [
      'collateral below zero',
      spoilt(() => ({ usageAsCollateralEnabledOnUser: true, scaledATokenBalance: '-17' })),
      /\(scaledATokenBalance: a balance below zero\)/,
    ],
    [
      'a field that is missing',
      spoilt(() => ({ usageAsCollateralEnabledOnUser: undefined })),
      /\(usageAsCollateralEnabledOnUser: /,
    ],
    [
      'no balances of an account',
      () => {
        subgraph.state.intercept = ({ field, args }) =>
          field === 'userReserves' && 'user_in' in (args.where as object)
            ? { body: JSON.stringify({ data: { page: [] } }) }
            : null
      },
      /lists 0x[0-9a-fA-F]{40} but has no balances of it/,
    ],
    [
      'another deployment meanwhile',
      () => {
        subgraph.state.intercept = ({ field }, count) => {
          if (field === '_meta' && count > 3) subgraph.state.meta.deployment = 'QmTwo'
          return null
        }
      },
      /changed from deployment QmOne to QmTwo meanwhile/,
    ],
    [
      'another deployment while balances were read',
      () => {
        subgraph.state.intercept = ({ field }, count) => {
          if (field === '_meta' && count > 5) subgraph.state.meta.deployment = 'QmTwo'
          return null
        }
      },
      /changed from deployment QmOne to QmTwo meanwhile/,
    ],
    [
      'refusing the balances',
      () => {
        subgraph.state.intercept = ({ field, args }) =>
          field === 'userReserves' && 'user_in' in (args.where as object)
            ? refusal('Type `User` has no field `eModeCategoryId`')
            : null
      },
      /its schema is another one: check "schema"/,
    ],
    [
      'a question that a proxy finds too long',
      () => {
        subgraph.state.intercept = ({ field, args }) =>
          field === 'userReserves' && 'user_in' in (args.where as object)
            ? { status: 413, type: 'text/html', body: '<html>413 Request Entity Too Large</html>' }
            : null
      },
      /answered HTTP 413; even a small page is too much for it/,
    ],
    [
      'two balances of one asset',
      () => {
        const [first] = rows()
        if (first) setRows([...rows(), { ...first, id: 'zz', pool: {} }])
      },
      /has two balances of 0x[0-9a-fA-F]{40} for 0x[0-9a-fA-F]{40}/,
    ],
  ])('%s', async (_, spoil, words) => {
    spoil()
    subgraph.asked.length = 0
    const fallen = await scanAfresh(reading())
    expect(fallen.coverage).toMatchObject({ status: 'complete', accounts: 66, debtCovered: 1, error: null })
    expect(sorted(fallen.accounts)).toEqual(sorted(chain.accounts))
    const [note] = fallen.coverage.notes.filter((text) =>
      text.startsWith('accounts found by logs and read from the chain instead: '),
    )
    expect(note).toMatch(words)
  })
})

describe("balances of Messari's schema", () => {
  const messari = (change: (row: ReturnType<typeof messariRows>[number]) => object = () => ({})) => {
    subgraph.state.protocols = [{ schemaVersion: '3.1.0', network: 'LOCALNET', slug: 'x' }]
    const positions = messariRows(debtors, chain.markets)
    subgraph.state.rows = { positions: positions.map((row) => ({ ...row, ...change(row) })) }
    return scanAfresh(reading({ schema: 'messari' }))
  }

  test('scaled balances where it has them; approximate, because it does not name e-modes', async () => {
    const told = await messari()
    const modes = [...debtors.values()].filter((state) => (state as AaveV3Account).eMode > 0).length
    expect(modes).toBeGreaterThan(0)
    expect(told.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    expect(notesOf(told)).toMatch(/^approximate: what was repaid with aTokens still counts as collateral$/m)
    expect(notesOf(told)).toMatch(
      new RegExp(
        `^approximate: ${modes} accounts have been in an e-mode, which the schema does not name`,
        'm',
      ),
    )
    const plain = (entries: readonly (readonly [string, unknown])[]) =>
      entries.map(([key, state]) => [key, { ...(state as object), eMode: 0 }])
    expect(plain(bare(told) as [string, unknown][])).toEqual(plain(sorted(debtors)))
  })

  test('balances of the last event lack the interest since: a note, and less than all is covered', async () => {
    const late = (text: string) => String((BigInt(text) * 97n) / 100n)
    const told = await messari(({ balance }) => ({ principal: null, balance: late(balance) }))
    expect(told.coverage).toMatchObject({ status: 'complete', positions: debtors.size, error: null })
    expect(told.coverage.debtCovered).toBeCloseTo(0.97, 4)
    expect(notesOf(told)).toMatch(
      /^approximate: \d+ balances as of the last event, without the interest since$/m,
    )
    expect(notesOf(told)).toMatch(/^approximate: debts are up to 3\.\d% apart from the protocol's totals/m)
  })

  test('more than interest explains is a gap all the same', async () => {
    const told = await messari(({ balance }) => ({ principal: null, balance: String(BigInt(balance) / 2n) }))
    expect(told.coverage.status).toBe('partial')
    expect(told.coverage.debtCovered).toBeCloseTo(0.5, 4)
  })

  test('one balance without its interest hides nobody who is missing', async () => {
    const [someone = '', lost = ''] = debtors.keys()
    debtors = new Map([...debtors].filter(([key]) => key !== lost))
    const told = await messari(({ account }) =>
      account.id === someone.toLowerCase() ? { principal: null } : {},
    )
    expect(notesOf(told)).toMatch(/balances? as of the last event/)
    expect(told.coverage.status).toBe('partial')
    expect(told.coverage.error).toMatch(/by the subgraph/)
  })

  test('reports and diffs say whose word the balances are', async () => {
    const db = memoryDatabase()
    await scanLocal(configOf(null), db)
    subgraph.state.protocols = [{ schemaVersion: '3.1.0', network: 'LOCALNET', slug: 'x' }]
    subgraph.state.rows = { positions: messariRows(debtors, chain.markets) }
    const told = await scanLocal(reading({ schema: 'messari' }), db)
    const options = { entities: new Map(), minUsd: 100, levels: [] }
    const text = renderText(buildReport(told.book('ETH'), options), {
      width: 80,
      color: false,
      unicode: true,
    })
    const flat = text.replace(/\s+/g, ' ')
    expect(flat).toMatch(/balances told by the subgraph at 127/)
    expect(flat).toMatch(/approximate: \d+ accounts have been in an e-mode/)
    const { sources } = buildDiff(db, { driver: 'ETH', from: 1, to: 2, limit: 5, ...options })
    expect(sources.notes).toEqual([
      expect.stringMatching(
        /^aave-v3\/local\/test is a subgraph's word in scan 2 \(approximate: .*e-mode.*\): what sets it apart from the chain may show as added, withdrew, borrowed or repaid$/,
      ),
    ])
  })
})
