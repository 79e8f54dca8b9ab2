import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CurveAccount } from '../../src/adapters/curve-accounts.ts'
import type { Config } from '../../src/config.ts'
import { WAD } from '../../src/core/units.ts'
import type { Db } from '../../src/store/open.ts'
import { startAnvil } from '../chain/anvil.ts'
import {
  type CurveChain,
  type CurveMarketOnChain,
  curveActions,
  deployCurve,
  openLoans,
  setCurveFeed,
  userOf,
} from '../chain/curve.ts'
import { curveConfig, curveKey, planLoans } from '../helpers/curve.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

const [ALICE, BOB, CAROL, DAVE] = [1, 2, 3, 4].map((n) => userOf(900_000 + n)) as [
  Address,
  Address,
  Address,
  Address,
]

type Curve = {
  readonly chain: CurveChain
  readonly market: CurveMarketOnChain
  readonly act: ReturnType<typeof curveActions>
}
type Step = readonly [
  what: string,
  run: (curve: Curve) => Promise<unknown>,
  /** Whose loans it changes. */
  changed: readonly Address[],
]

const loan = (user: Address, n1: number, debt: bigint) => ({
  user,
  collateral: 10n * WAD,
  debt: debt * WAD,
  n1,
  bands: 10,
})

/** Every way in which a loan changes; the AMM's own are named in no log. */
const STEPS: readonly Step[] = [
  ['a first loan', ({ chain, market }) => openLoans(chain, market, [loan(ALICE, 3, 20_000n)]), [ALICE]],
  [
    'another one in the same bands, whose deposit shifts the rounding of the first',
    ({ chain, market }) => openLoans(chain, market, [loan(BOB, 5, 15_000n)]),
    [BOB],
  ],
  ['a part paid back', ({ act }) => act.repay(ALICE, 3000n * WAD), [ALICE]],
  [
    'a fall, and trades in the AMM that no log ties to anybody',
    async ({ chain, act }) => {
      await setCurveFeed(chain, 'ETH', 2_850_00000000n)
      await act.sellTo(6, 0.5)
    },
    [ALICE, BOB],
  ],
  [
    'a new loan below the bands that are traded',
    ({ chain, market }) => openLoans(chain, market, [loan(CAROL, 8, 12_000n)]),
    [CAROL],
  ],
  [
    'trades back up, on a way that ends where it began',
    async ({ act }) => {
      await act.buyTo(2)
      await act.sellTo(6, 0.1)
      await act.buyTo(2)
    },
    [ALICE, BOB],
  ],
  [
    'a loan paid off: the last one takes its place in the list',
    ({ act }) => act.repay(ALICE, 10n ** 30n),
    [ALICE],
  ],
  [
    'the same borrower again, elsewhere',
    ({ chain, market }) => openLoans(chain, market, [loan(ALICE, 20, 9000n)]),
    [ALICE],
  ],
  [
    'one close under the price',
    ({ chain, market }) => openLoans(chain, market, [loan(DAVE, 4, 26_000n)]),
    [DAVE],
  ],
  [
    'a gap and a hard liquidation',
    async ({ chain, act }) => {
      await setCurveFeed(chain, 'ETH', 2_500_00000000n)
      await act.liquidate(DAVE)
      await setCurveFeed(chain, 'ETH', 2_850_00000000n)
    },
    [DAVE],
  ],
  ['interest alone', ({ act }) => act.mine(86_400), [ALICE, BOB, CAROL]],
]

describe('a second scan of Curve sees what changed, however it changed', () => {
  let curve: Curve
  let config: Config
  let db: Db
  let last: Scanned

  beforeAll(async () => {
    const chain = await deployCurve(await startAnvil(), [
      { collateral: 'WETH', borrowed: 'crvUSD', oracle: { feed: 'ETH' }, base: 3000 },
    ])
    const [market] = chain.markets
    if (!market) throw new Error('no market was deployed')
    const act = curveActions(chain, market)
    await act.setRate(3_000_000_000n)
    const plans = planLoans(market.spec, { count: 30, seed: 7, first: 0, worth: 20_000 })
    await openLoans(chain, market, plans)
    curve = { chain, market, act }
    config = curveConfig(chain)
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => curve?.chain.anvil.stop())

  test.each(STEPS)('%s', async (_, run, changed) => {
    const before = last
    await run(curve)
    last = await scanLocal(config, db)
    const fresh = await scanAfresh(config)
    // a scan from nothing knows no loan that was closed before it
    const open = sorted(last.accounts).filter(([, account]) => (account as CurveAccount).debt > 0n)
    expect(open).toEqual(sorted(fresh.accounts))
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    for (const user of changed) {
      const key = curveKey(curve.market.controller, user)
      expect(last.accounts.get(key)).not.toEqual(before.accounts.get(key))
    }
  })

  test('nothing changed: the same once more', async () => {
    const before = last
    last = await scanLocal(config, db)
    expect(sorted(last.accounts)).toEqual(sorted(before.accounts))
  })
})
