import { zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { liquityV2 } from '../../src/adapters/liquity-v2.ts'
import type { LiquityV2Account } from '../../src/adapters/liquity-v2-accounts.ts'
import type { Config } from '../../src/config.ts'
import { WAD } from '../../src/core/units.ts'
import type { Db } from '../../src/store/open.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { accountOf, type BoldActions, boldActions, deployBold } from '../chain/liquity-v2.ts'
import { boldConfig } from '../helpers/liquity-v2.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

const [ALICE, BOB, MANAGER, OTHER] = [1, 2, 3, 4].map(accountOf) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const plan = (id: bigint, coll: bigint, debt: bigint, manager: `0x${string}` = zeroAddress) => ({
  owner: ALICE,
  id,
  coll: coll * WAD,
  debt: debt * WAD,
  rate: 5n * 10n ** 16n,
  manager,
})

type Step = readonly [what: string, run: (act: BoldActions) => Promise<unknown>, changed: readonly string[]]

/** Every way in which a branch changes what a trove owes or holds, in an order in which each is allowed. */
const STEPS: readonly Step[] = [
  ['a trove is opened', (act) => act.open('WETH', plan(10n, 10n, 9000n)), ['0:10']],
  ['another one in another branch', (act) => act.open('rETH', plan(11n, 10n, 9000n)), ['2:11']],
  ['one in a batch', (act) => act.open('WETH', plan(12n, 10n, 9000n, MANAGER)), ['0:12']],
  ['more debt', (act) => act.adjust('WETH', 10n, { debt: 100n * WAD }), ['0:10']],
  ['more collateral in a batch', (act) => act.adjust('WETH', 12n, { coll: WAD }), ['0:12']],
  ['an own rate is changed', (act) => act.setRate('WETH', 10n, 9n * 10n ** 16n), ['0:10']],
  ['interest is booked by somebody else', (act) => act.applyPendingDebt('WETH', 10n), ['0:10']],
  ['a trove joins a batch', (act) => act.join('WETH', 10n, MANAGER), ['0:10']],
  ['and leaves it', (act) => act.leave('WETH', 10n, 3n * 10n ** 16n), ['0:10']],
  ['the NFT is sold: no log of the branch says so', (act) => act.transfer('WETH', 10n, BOB), ['0:10']],
  ['a redemption leaves a zombie', (act) => act.redeem('WETH', 12n, 8000n * WAD, 3000n * WAD), ['0:12']],
  ['the zombie is redeemed to nothing', (act) => act.redeem('WETH', 12n, 10n ** 30n, 3000n * WAD), ['0:12']],
  [
    'a liquidation: its debt falls on every other trove of the branch, named in no log',
    async (act) => {
      await act.open('WETH', plan(13n, 2n, 5000n))
      await act.setAnswer('ETH', 2500_00000000n)
      await act.liquidate('WETH', [13n])
      await act.setAnswer('ETH', 3000_00000000n)
    },
    ['0:10', '0:1', '0:12'],
  ],
  ['a trove is closed by its owner', (act) => act.close('WETH', 10n), ['0:10']],
]

describe('what changed since the last scan, a stand-in of Liquity V2', () => {
  let anvil: Anvil
  let act: BoldActions
  let config: Config
  let db: Db
  let last: Scanned

  const storedStates = (): number =>
    db.prepare<[], { n: number }>('SELECT count(*) AS n FROM account_state').get()?.n ?? -1

  const open = ({ accounts }: Scanned) =>
    sorted(new Map([...accounts].filter(([, state]) => (state as LiquityV2Account).branch !== null)))

  beforeAll(async () => {
    anvil = await startAnvil()
    const system = await deployBold(anvil)
    act = boldActions(anvil, system)
    for (const branch of ['WETH', 'rETH'] as const) {
      await act.registerBatch(branch, MANAGER, 4n * 10n ** 16n, 10n ** 15n)
      await act.openMany(branch, [plan(1n, 50n, 20_000n), plan(2n, 50n, 30_000n, MANAGER)])
    }
    config = boldConfig(system, { url: anvil.url })
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => anvil?.stop())

  test.each(STEPS)('%s', async (_, run, changed) => {
    await act.mine(1, 86_400)
    await run(act)
    const before = last
    last = await scanLocal(config, db)
    const afresh = await scanAfresh(config)
    // a trove that was closed is known to be so, and to a scan that starts now it never was
    expect(open(last)).toEqual(open(afresh))
    expect(last.markets).toEqual(afresh.markets)
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    expect(last.book('ETH').rows.length).toBe(afresh.book('ETH').rows.length)
    expect(last.read).toBe(last.accounts.size)
    for (const key of changed) expect(last.accounts.get(key)).not.toEqual(before.accounts.get(key))
    expect(last.coverage.requests).toBeLessThanOrEqual(16)
  })

  test('the manager changes the rate of its batch: every member owes more, and none is stored anew', async () => {
    await act.join('WETH', 1n, MANAGER)
    last = await scanLocal(config, db)
    const stored = storedStates()
    await act.setBatch('WETH', MANAGER, 5n * 10n ** 17n, 10n ** 16n)
    await act.mine(1, 30 * 86_400)
    const later = await scanLocal(config, db)
    const debtOf = (scanned: Scanned, key: string) =>
      Number(scanned.book('ETH').rows.find(({ id }) => id === key)?.debt[0]?.amount)
    expect(debtOf(later, '0:1')).toBeGreaterThan(debtOf(last, '0:1') * 1.03)
    expect(storedStates()).toBe(stored)
    expect(later.coverage.debtCovered).toBe(1)
    last = later
  })

  test('time alone: every debt grows, and no state is stored', async () => {
    const stored = storedStates()
    await act.mine(5, 86_400)
    const later = await scanLocal(config, db)
    const debtIn = ({ book }: Scanned) => book('ETH').rows.reduce((sum, { debtUsd }) => sum + debtUsd, 0)
    expect(debtIn(later)).toBeGreaterThan(debtIn(last))
    expect(storedStates()).toBe(stored)
    expect(later.coverage.debtCovered).toBe(1)
  })

  test('the owner is whoever holds the NFT now', async () => {
    await act.transfer('rETH', 11n, OTHER)
    const { book } = await scanLocal(config, db)
    expect(book('ETH').rows.find(({ id }) => id === '2:11')?.owner).toBe(OTHER)
  })

  test('a closed trove is no position, and stays none', () => {
    expect(last.accounts.get('0:10')).toMatchObject({ branch: null, owner: null, collateral: 0n })
    expect(liquityV2.hasDebt(last.accounts.get('0:10') as LiquityV2Account)).toBe(false)
  })
})
