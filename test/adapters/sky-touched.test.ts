import { type Address, getAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SkyAccount } from '../../src/adapters/sky-accounts.ts'
import type { Config } from '../../src/config.ts'
import type { Db } from '../../src/store/open.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type DssMarket, deployDss } from '../chain/sky.ts'
import { openVaults, planVaults } from '../chain/sky-positions.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'
import { skyConfig } from '../helpers/sky.ts'
import { skyActions } from '../helpers/sky-acts.ts'

const OWNER = getAddress('0x00000000000000000000000000000000000c0ffe')

type Chain = {
  readonly act: ReturnType<typeof skyActions>
  /** Vaults without a manager, for which the opener acts: the first two owe, the third only holds collateral. */
  readonly lone: readonly [Address, Address, Address]
  /** The number of a vault of the manager, and where it is. */
  readonly cdp: bigint
  readonly urn: Address
}
type Step = readonly [what: string, run: (chain: Chain) => Promise<readonly string[]>]

/** Every way in which a vault, its debt or its owner changes; each step names the keys that it changes. */
const STEPS: readonly Step[] = [
  [
    'a first debt at the manager',
    async ({ act, cdp, urn }) => {
      await act.managed(cdp, 'ETH-A', 20, 20_000)
      return [`ETH-A:${urn}`]
    },
  ],
  [
    'a first debt without any manager, long after the collateral',
    async ({ act, lone: [, , third] }) => {
      await act.frob('ETH-A', third, 0, 8000)
      return [`ETH-A:${third}`]
    },
  ],
  [
    'a first debt in another collateral type: another vault at the same address',
    async ({ act, lone: [first] }) => {
      await act.frob('WBTC-A', first, 1, 9000)
      return [`WBTC-A:${first}`]
    },
  ],
  [
    'debt that comes by a fork, to a vault that never borrowed',
    async ({ act, lone: [first, , third] }) => {
      await act.frob('ETH-B', first, 100, 60_000)
      await act.fork('ETH-B', first, third, 50, 28_000)
      return [`ETH-B:${first}`, `ETH-B:${third}`]
    },
  ],
  [
    'a fork back: both change',
    async ({ act, lone: [first, , third] }) => {
      await act.fork('ETH-B', third, first, 1, 500)
      return [`ETH-B:${first}`, `ETH-B:${third}`]
    },
  ],
  [
    'collateral put in by somebody else',
    async ({ act, lone: [first] }) => {
      await act.frob('ETH-A', first, 3, 0)
      return [`ETH-A:${first}`]
    },
  ],
  [
    'collateral taken out',
    async ({ act, lone: [first] }) => {
      await act.frob('ETH-A', first, -2, 0)
      return [`ETH-A:${first}`]
    },
  ],
  [
    'a part repaid',
    async ({ act, cdp, urn }) => {
      await act.managed(cdp, 'ETH-A', 0, -3000)
      return [`ETH-A:${urn}`]
    },
  ],
  [
    'a new owner by the manager: no log of the Vat at all',
    async ({ act, cdp, urn }) => {
      await act.give(cdp, OWNER)
      return [`ETH-A:${urn}`]
    },
  ],
  [
    'a vault of the Lockstake engine',
    async ({ act }) => [`LSEV2-SKY-A:${await act.stake(OWNER, 2_000_000, 40_000)}`],
  ],
  [
    'a liquidation: the Dog grabs the whole vault',
    async ({ act, lone: [, second] }) => {
      await act.setMat('ETH-A', 100n * 10n ** 27n)
      await act.poke('ETH-A')
      await act.bark('ETH-A', second)
      await act.setMat('ETH-A', 145n * 10n ** 25n)
      await act.poke('ETH-A')
      return [`ETH-A:${second}`]
    },
  ],
  [
    'debt given back to a liquidated vault (a shutdown does that)',
    async ({ act, lone: [, second] }) => {
      await act.grab('ETH-A', second, 0n, 8000n * 10n ** 18n)
      return [`ETH-A:${second}`]
    },
  ],
  [
    'everything repaid',
    async ({ act, lone: [, , third] }) => {
      await act.frob('ETH-A', third, 0, -8000)
      return [`ETH-A:${third}`]
    },
  ],
  [
    'and borrowed again',
    async ({ act, lone: [, , third] }) => {
      await act.frob('ETH-A', third, 0, 9000)
      return [`ETH-A:${third}`]
    },
  ],
]

describe('what changed since the last scan, a stand-in of Maker', () => {
  let anvil: Anvil
  let market: DssMarket
  let chain: Chain
  let config: Config
  let db: Db
  let last: Scanned

  beforeAll(async () => {
    anvil = await startAnvil()
    market = await deployDss(anvil)
    const act = skyActions(anvil, market)
    await openVaults(
      anvil,
      market,
      planVaults({ count: 200, seed: 3, ilks: ['ETH-B', 'WBTC-A', 'WSTETH-A'] }),
    )
    const units = act.units
    const [first, second, third] = await openVaults(anvil, market, [
      { ilk: 'ETH-A', ink: units(20), art: units(12_000), owner: null },
      { ilk: 'ETH-A', ink: units(30), art: units(14_000), owner: null },
      { ilk: 'ETH-A', ink: units(40), art: 0n, owner: null },
    ])
    if (!first || !second || !third) throw new Error('no vaults')
    const cdp = await act.open('ETH-A')
    chain = { act, lone: [first.urn, second.urn, third.urn], cdp, urn: await act.urnOf(cdp) }
    config = skyConfig(market, anvil.url)
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => anvil?.stop())

  const ids = (scanned: Scanned) =>
    scanned
      .book('ETH')
      .rows.map(({ id }) => id)
      .toSorted()
  const accountIn = (scanned: Scanned, key: string) => scanned.accounts.get(key) as SkyAccount | undefined

  test('collateral alone is nobody’s position, and not even read', () => {
    expect(last.accounts.has(`ETH-A:${chain.lone[2]}`)).toBe(false)
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
  })

  test.each(STEPS)('%s', async (_, run) => {
    const before = last
    const changed = await run(chain)
    last = await scanLocal(config, db)
    const afresh = await scanAfresh(config)
    // a vault that owed once and owes nothing is known to the one, and to the other only if it borrowed at all
    expect(sorted(last.accounts)).toEqual(sorted(afresh.accounts))
    expect(last.markets).toEqual(afresh.markets)
    expect(ids(last)).toEqual(ids(afresh))
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    for (const key of changed) expect(last.accounts.get(key)).not.toEqual(before.accounts.get(key))
    // these alone are read, not the 200 others
    expect(last.read).toBe(changed.length)
  })

  test('owners: by the manager, by the engine, and elsewhere the vault itself', () => {
    const staked = [...last.accounts].find(([key]) => key.startsWith('LSEV2-SKY-A:'))?.[0] ?? ''
    expect(accountIn(last, `ETH-A:${chain.urn}`)).toMatchObject({ vault: chain.cdp, owner: OWNER })
    expect(accountIn(last, staked)).toMatchObject({ vault: null, owner: OWNER })
    expect(accountIn(last, `ETH-A:${chain.lone[0]}`)).toMatchObject({ vault: null, owner: chain.lone[0] })
  })

  test('a fee that is booked changes no vault: none is read, and every debt grows', async () => {
    const before = last
    await chain.act.drip('ETH-A')
    last = await scanLocal(config, db)
    expect(last.read).toBe(0)
    expect(last.accounts).toEqual(before.accounts)
    expect(last.coverage.debtCovered).toBe(1)
  })

  test('an earlier block after a later one reads what was true then', async () => {
    const { number } = last.stored.blocks[0] ?? {}
    const key = `ETH-A:${chain.lone[0]}`
    await chain.act.frob('ETH-A', chain.lone[0], 5, 1000)
    const now = await scanLocal(config, db)
    const back = await scanLocal(config, db, { block: BigInt(number ?? 0) })
    expect(back.accounts.get(key)).toEqual(last.accounts.get(key))
    expect(now.accounts.get(key)).not.toEqual(last.accounts.get(key))
    expect(back.coverage.debtCovered).toBe(1)
  })
})
