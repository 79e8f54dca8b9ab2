import { type Address, getAddress, maxUint128, parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import type { Db } from '../../src/store/open.ts'
import {
  deploySpoke,
  GHO,
  LINK,
  PRIME_USDC,
  PRIME_WETH,
  spokeActions,
  USDC,
  WBTC,
  WETH,
} from '../chain/aave-v4.ts'
import { openPlans, planPositions } from '../chain/aave-v4-positions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { spokeConfig } from '../helpers/aave-v4.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

const account = (n: number): Address => getAddress(`0x${(0x54004 + n).toString(16).padStart(40, '0')}`)
const [ALICE, BOB, CAROL, DAVE, MANAGER] = [1, 2, 3, 4, 5].map(account) as [
  Address,
  Address,
  Address,
  Address,
  Address,
]
const ether = (amount: string) => parseUnits(amount, 18)
const usdc = (amount: string) => parseUnits(amount, 6)
const btc = (amount: string) => parseUnits(amount, 8)

type Actions = ReturnType<typeof spokeActions>
type Step = readonly [
  what: string,
  run: (act: Actions) => Promise<unknown>,
  /** The accounts whose stored state it changes, among those that have ever borrowed. */
  changed: readonly Address[],
]

/** Every way in which a spoke changes what it stores of a borrower, in an order in which each is allowed. */
const STEPS: readonly Step[] = [
  [
    'a first loan',
    async (act) => {
      await act.supply(ALICE, WETH, ether('10'))
      await act.use(ALICE, WETH)
      await act.borrow(ALICE, USDC, usdc('9000'))
    },
    [ALICE],
  ],
  [
    'a loan that a position manager takes for the account: the event’s caller is not the borrower',
    async (act) => {
      await act.supply(BOB, WBTC, btc('1'))
      await act.use(BOB, WBTC)
      await act.approveManager(BOB, MANAGER)
      await act.borrow(BOB, PRIME_USDC, usdc('12000'), MANAGER)
    },
    [BOB],
  ],
  ['more collateral, supplied by the manager', (act) => act.supply(BOB, WBTC, btc('0.5'), MANAGER), [BOB]],
  ['a supply that is not used as collateral', (act) => act.supply(ALICE, LINK, ether('400')), []],
  ['the same, used from now on', (act) => act.use(ALICE, LINK), [ALICE]],
  ['the token of another hub as collateral', (act) => openPrime(act), [ALICE]],
  ['another loan, in another hub', (act) => act.borrow(ALICE, PRIME_USDC, usdc('300')), [ALICE]],
  ['collateral withdrawn', (act) => act.withdraw(ALICE, WETH, ether('0.5')), [ALICE]],
  ['a collateral withdrawn to the last unit', (act) => act.withdraw(ALICE, PRIME_WETH, maxUint128), [ALICE]],
  ['collateral that is used no longer', (act) => act.use(ALICE, PRIME_WETH, false), [ALICE]],
  ['interest alone', (act) => act.mine(3, 20 * 86_400), []],
  ['a repayment that covers a part of the premium', (act) => act.repay(ALICE, USDC, 1000n), [ALICE]],
  [
    'a repayment by the manager, beyond the premium',
    (act) => act.repay(BOB, PRIME_USDC, usdc('500'), MANAGER),
    [BOB],
  ],
  ['a loan of one token repaid to the last unit', (act) => act.repay(ALICE, PRIME_USDC, maxUint128), [ALICE]],
  [
    'new parameters: nobody stands on them yet',
    async (act) => {
      await act.addConfig(WETH, { factor: 0.72, bonus: 0.06 })
      await act.addConfig(LINK, { factor: 0.6, bonus: 0.12 })
      await act.addConfig(WBTC, { factor: 0.7, bonus: 0.06 })
    },
    [],
  ],
  ['parameters of an old key changed', (act) => act.changeConfig(WETH, 0, { factor: 0.82, bonus: 0.05 }), []],
  ['the new parameters taken on by asking for them', (act) => act.refreshConfig(ALICE), [ALICE]],
  ['the same by borrowing', (act) => act.borrow(BOB, PRIME_USDC, usdc('100')), [BOB]],
  [
    'a risk that grew, taken on when the premium is refreshed',
    async (act) => {
      await act.configure(WETH, { risk: 0.25 })
      await act.refreshPremium(ALICE)
    },
    [ALICE],
  ],
  [
    'a liquidation for tokens',
    async (act) => {
      await act.setDriver('ETH', 500_00000000n)
      await act.liquidate([WETH, USDC], ALICE, { amount: usdc('700') })
    },
    [ALICE],
  ],
  [
    'a loan of an account that liquidates others',
    async (act) => {
      await act.supply(CAROL, WETH, ether('2'))
      await act.use(CAROL, WETH)
      await act.borrow(CAROL, GHO, ether('100'))
    },
    [CAROL],
  ],
  [
    'a liquidation for shares: they come without an event of the borrower who takes them',
    (act) => act.liquidate([WETH, USDC], ALICE, { by: CAROL, asShares: true, amount: usdc('400') }),
    [ALICE, CAROL],
  ],
  [
    'a position whose collateral does not pay its debt: the rest becomes the hub’s deficit',
    async (act) => {
      await act.supply(DAVE, LINK, ether('1000'))
      await act.use(DAVE, LINK)
      await act.borrow(DAVE, USDC, usdc('6000'))
      await act.borrow(DAVE, GHO, ether('4000'))
      await act.setPrice(LINK, 5_00000000n)
      await act.liquidate([LINK, USDC], DAVE)
      await act.setPrice(LINK, 20_00000000n)
    },
    [DAVE],
  ],
  [
    'a new loan after that',
    async (act) => {
      await act.supply(DAVE, WBTC, btc('1'))
      await act.use(DAVE, WBTC)
      await act.borrow(DAVE, GHO, ether('3000'))
    },
    [DAVE],
  ],
]

const openPrime = async (act: Actions) => {
  await act.supply(ALICE, PRIME_WETH, ether('1'))
  await act.use(ALICE, PRIME_WETH)
}

describe('what changed since the last scan, a stand-in of a spoke', () => {
  let anvil: Anvil
  let act: Actions
  let config: Config
  let db: Db
  let last: Scanned

  beforeAll(async () => {
    anvil = await startAnvil()
    const market = await deploySpoke(anvil)
    act = spokeActions(anvil, market)
    await openPlans(anvil, market, planPositions(market.reserves, { count: 150, seed: 9 }))
    config = spokeConfig(market, anvil.url)
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => anvil?.stop())

  test.each(STEPS)('%s', async (_, run, changed) => {
    await run(act)
    const before = last
    last = await scanLocal(config, db)
    const afresh = await scanAfresh(config)
    expect(sorted(last.accounts)).toEqual(sorted(afresh.accounts))
    expect(last.markets).toEqual(afresh.markets)
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    const rows = (scanned: Scanned) =>
      scanned.book('ETH').rows.map(({ id, outcome, priceRaw }) => `${id} ${outcome} ${priceRaw}`)
    expect(rows(last).toSorted()).toEqual(rows(afresh).toSorted())
    // the step did change them, or it would prove nothing, and nobody else was read again
    for (const address of changed)
      expect(last.accounts.get(address)).not.toEqual(before.accounts.get(address))
    const others = (scanned: Scanned) =>
      sorted(scanned.accounts).filter(([key]) => !changed.some((address) => address === key))
    expect(others(last)).toEqual(others(before))
    expect(last.read).toBeLessThanOrEqual(changed.length + 1)
  })

  test('who acts for another owes nothing', () => {
    const ids = last.book('ETH').rows.map(({ id }) => id)
    expect(ids).toContain(BOB)
    expect(ids).not.toContain(MANAGER)
    expect(last.accounts.has(MANAGER)).toBe(false)
  })

  test('an earlier block after a later one reads what was true then', async () => {
    const { number } = last.stored.blocks[0] ?? {}
    await act.borrow(BOB, PRIME_USDC, usdc('77'))
    const now = await scanLocal(config, db)
    const back = await scanLocal(config, db, { block: BigInt(number ?? 0) })
    expect(back.accounts.get(BOB)).toEqual(last.accounts.get(BOB))
    expect(back.accounts.get(BOB)).not.toEqual(now.accounts.get(BOB))
    expect(back.coverage.debtCovered).toBe(1)
  })
})
