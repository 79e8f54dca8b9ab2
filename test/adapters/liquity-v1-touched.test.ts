import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LiquityV1Account, liquityV1 } from '../../src/adapters/liquity-v1.ts'
import type { Config } from '../../src/config.ts'
import { WAD } from '../../src/core/units.ts'
import type { Db } from '../../src/store/open.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  deployLiquity,
  type LiquityActions,
  liquityActions,
  ownerOf,
  planTroves,
} from '../chain/liquity-v1.ts'
import { liquityConfig } from '../helpers/liquity-v1.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

const [A, B, C, D] = [9001, 9002, 9003, 9004].map(ownerOf) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const plan = (owner: `0x${string}`, coll: bigint, debt: bigint) => ({
  owner,
  coll: coll * WAD,
  debt: debt * WAD,
})

type Step = readonly [
  what: string,
  run: (act: LiquityActions) => Promise<unknown>,
  changed: readonly string[],
]

/** Every way in which a system changes what a trove has on record, in an order in which each is allowed. */
const STEPS: readonly Step[] = [
  ['a trove is opened', (act) => act.open(plan(A, 10n, 9000n)), [A]],
  [
    'two more',
    async (act) => {
      await act.open(plan(B, 10n, 17_000n))
      await act.open(plan(C, 50n, 20_000n))
    },
    [B, C],
  ],
  ['more debt', (act) => act.adjust(A, { debt: 100n * WAD }), [A]],
  ['more collateral', (act) => act.adjust(C, { coll: WAD }), [C]],
  ['a partial redemption', (act) => act.redeem(A, 3000n * WAD, 2000n * WAD), [A]],
  [
    'a liquidation that falls on everybody: one trove is stored anew, all others owe more',
    async (act) => {
      await act.setPrice(1800_00000000n)
      await act.liquidate(B)
      await act.setPrice(2000_00000000n)
    },
    [B],
  ],
  ['what was redistributed goes on record with the next adjustment', (act) => act.adjust(C, {}), [C]],
  ['a new trove whose stake is counted by the snapshots', (act) => act.open(plan(D, 30n, 25_000n)), [D]],
  ['a redemption of all that a trove owes closes it', (act) => act.redeem(A, 10n ** 30n, 2000n * WAD), [A]],
  ['a trove is closed by its owner', (act) => act.close(C), [C]],
  ['and opened again', (act) => act.open(plan(C, 20n, 15_000n)), [C]],
]

describe('what changed since the last scan, a stand-in of Liquity V1', () => {
  let anvil: Anvil
  let act: LiquityActions
  let config: Config
  let db: Db
  let last: Scanned

  const open = ({ accounts }: Scanned) =>
    sorted(new Map([...accounts].filter(([, account]) => liquityV1.hasDebt(account as LiquityV1Account))))

  beforeAll(async () => {
    anvil = await startAnvil()
    const system = await deployLiquity(anvil)
    act = liquityActions(anvil, system)
    await act.openMany(planTroves(150, 7).filter(({ coll, debt }) => coll * 1700n > debt))
    config = liquityConfig(system, { url: anvil.url })
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => anvil?.stop())

  test.each(STEPS)('%s', async (_, run, changed) => {
    await run(act)
    const before = last
    last = await scanLocal(config, db)
    const afresh = await scanAfresh(config)
    // a trove that was closed is known to be so, and to a scan that starts now it never was
    expect(open(last)).toEqual(open(afresh))
    expect(last.markets).toEqual(afresh.markets)
    const byId = ({ book }: Scanned) => book('ETH').rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    expect(byId(last)).toEqual(byId(afresh))
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    // only those are read that a log names
    expect(last.read).toBe(changed.length)
    for (const key of changed) expect(last.accounts.get(key)).not.toEqual(before.accounts.get(key))
    expect(last.coverage.requests).toBeLessThanOrEqual(15)
  })

  test('nothing: nothing is read', async () => {
    const again = await scanLocal(config, db)
    expect(again.read).toBe(0)
    expect(again.coverage.debtCovered).toBe(1)
  })
})
