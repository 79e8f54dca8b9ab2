import { type Address, getAddress, maxUint256, parseUnits, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import type { Db } from '../../src/store/open.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type CometMarket, cometActions, deployComet } from '../chain/compound-v3.ts'
import { openPlans, planPositions } from '../chain/compound-v3-positions.ts'
import { USDC_SPEC } from '../chain/compound-v3-spec.ts'
import { cometConfig } from '../helpers/comet.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

const account = (n: number): Address => getAddress(`0x${(0xc0e7 + n).toString(16).padStart(40, '0')}`)
const [ALICE, BOB, CAROL, DAVE, ERIN] = [1, 2, 3, 4, 5].map(account) as [
  Address,
  Address,
  Address,
  Address,
  Address,
]
const ether = (amount: string) => parseUnits(amount, 18)
const usdc = (amount: string) => parseUnits(amount, 6)

type Chain = {
  readonly anvil: Anvil
  readonly market: CometMarket
  readonly act: ReturnType<typeof cometActions>
}
type Step = readonly [
  what: string,
  run: (chain: Chain) => Promise<unknown>,
  /** The accounts whose debt or backing it changes. */
  changed: readonly Address[],
]

/** Every way in which Comet changes what a borrower owes or holds, in an order in which each is allowed. */
const STEPS: readonly Step[] = [
  [
    'a first loan, by a withdrawal',
    async ({ act }) => {
      await act.supply(ALICE, 'WETH', ether('10'))
      await act.withdraw(ALICE, 'USDC', usdc('9000'))
    },
    [ALICE],
  ],
  [
    'a loan that is named in no log, by a transfer to a lender',
    async ({ act, market }) => {
      await act.supply(BOB, 'WBTC', parseUnits('1', 8))
      await act.transfer(BOB, market.admin, usdc('20000'))
    },
    [BOB],
  ],
  [
    'a loan long after its collateral came, without any log at all: it pays for another account’s debt',
    async ({ act }) => {
      await act.transfer(CAROL, ALICE, usdc('3000'))
    },
    [CAROL, ALICE],
  ],
  ['the same between two known borrowers', ({ act }) => act.transfer(BOB, CAROL, usdc('500')), [BOB, CAROL]],
  ['more debt of a known borrower', ({ act }) => act.withdraw(ALICE, 'USDC', usdc('100')), [ALICE]],
  [
    'a loan on collateral that another account sent inside Comet',
    async ({ act }) => {
      await act.transferAsset(ALICE, DAVE, 'WETH', ether('2'))
      await act.transfer(DAVE, ALICE, usdc('1000'))
    },
    [ALICE, DAVE],
  ],
  [
    'collateral of the assets whose flags lie in _reserved',
    async ({ act }) => {
      await act.supply(ALICE, 'tBTC', ether('0.1'))
      await act.supply(DAVE, 'T23', parseUnits('1000', 8))
    },
    [ALICE, DAVE],
  ],
  ['a repayment by somebody else', ({ act }) => act.supply(ALICE, 'USDC', usdc('50'), ERIN), [ALICE]],
  [
    'a repayment out of what somebody lends',
    async ({ act }) => {
      await act.supply(ERIN, 'USDC', usdc('900'))
      await act.transfer(ERIN, DAVE, usdc('200'))
    },
    [DAVE],
  ],
  [
    'collateral withdrawn to another address',
    ({ act }) => act.withdraw(ALICE, 'WETH', ether('0.5'), BOB),
    [ALICE],
  ],
  ['an asset withdrawn to the last unit', ({ act }) => act.withdraw(ALICE, 'tBTC', ether('0.1')), [ALICE]],
  [
    'collateral sent away by one borrower to another',
    ({ act }) => act.transferAsset(BOB, CAROL, 'WBTC', parseUnits('0.1', 8)),
    [BOB, CAROL],
  ],
  [
    'an absorption: debt and collateral are gone',
    async ({ act, market }) => {
      await act.setFeed(market.feeds.ETH, 500_00000000n)
      await act.absorb(ALICE)
      await act.setFeed(market.feeds.ETH, 3000_00000000n)
    },
    [ALICE],
  ],
  [
    'a new loan of an account that was absorbed',
    async ({ act }) => {
      await act.supply(ALICE, 'weETH', ether('3'))
      await act.withdraw(ALICE, 'USDC', usdc('4000'))
    },
    [ALICE],
  ],
  ['a loan repaid to the last unit', ({ act }) => act.supply(BOB, 'USDC', maxUint256), [BOB]],
  ['a borrower that becomes a lender', ({ act }) => act.supply(DAVE, 'USDC', usdc('5000')), [DAVE]],
  ['and borrows again, beyond what it lends', ({ act }) => act.withdraw(DAVE, 'USDC', usdc('5300')), [DAVE]],
]

describe('what changed since the last scan, a stand-in of cUSDCv3', () => {
  let chain: Chain
  let config: Config
  let db: Db
  let last: Scanned

  const storedStates = (): number =>
    db.prepare<[], { n: number }>('SELECT count(*) AS n FROM account_state').get()?.n ?? -1

  beforeAll(async () => {
    const anvil = await startAnvil()
    const market = await deployComet(anvil, USDC_SPEC)
    chain = { anvil, market, act: cometActions(anvil, market) }
    const groups = [
      ['WETH', 'tBTC', 'T23'],
      ['USDe', 'COMP'],
    ]
    const plans = planPositions(market, { count: 200, seed: 5, loan: [150, 9000], groups, basePrice: 1 })
    await openPlans(anvil, market, plans)
    // collateral alone: nobody's business for now
    await chain.act.supply(CAROL, 'WBTC', parseUnits('0.2', 8))
    config = cometConfig(market, { url: anvil.url })
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => chain?.anvil.stop())

  test.each(STEPS)('%s', async (_, run, changed) => {
    await run(chain)
    const [before, stored] = [last, storedStates()]
    last = await scanLocal(config, db)
    const afresh = await scanAfresh(config)
    expect(sorted(last.accounts)).toEqual(sorted(afresh.accounts))
    expect(last.markets).toEqual(afresh.markets)
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    expect(
      last
        .book('ETH')
        .rows.map(({ id }) => id)
        .toSorted(),
    ).toEqual(
      afresh
        .book('ETH')
        .rows.map(({ id }) => id)
        .toSorted(),
    )
    // every holder of collateral is read again, all of them in a few requests
    expect(last.read).toBe(last.accounts.size)
    expect(last.coverage.requests).toBeLessThanOrEqual(15)
    // the step did change them, or it would prove nothing, and only they are stored anew
    for (const address of changed)
      expect(last.accounts.get(address)).not.toEqual(before.accounts.get(address))
    expect(storedStates() - stored).toBeLessThanOrEqual(changed.length + 1)
  })

  test('the borrower of a transfer between debts is in no log of the protocol', async () => {
    const { anvil, market, act } = chain
    const from = await anvil.rpc<string>('eth_blockNumber')
    await act.transfer(CAROL, DAVE, usdc('150'))
    const filter = { address: market.comet, fromBlock: `0x${(BigInt(from) + 1n).toString(16)}` }
    expect(await anvil.rpc('eth_getLogs', [filter])).toEqual([])
    const before = last.accounts.get(CAROL)
    last = await scanLocal(config, db)
    expect(last.accounts.get(CAROL)).not.toEqual(before)
    expect(last.coverage.debtCovered).toBe(1)
  })

  test('nothing: no state is stored, in 15 requests at most', async () => {
    await chain.act.mine(5)
    const stored = storedStates()
    const again = await scanLocal(config, db)
    expect(again.coverage.requests).toBeLessThanOrEqual(15)
    expect(storedStates()).toBe(stored)
    expect(again.accounts).toEqual(last.accounts)
  })

  test('an earlier block after a later one reads what was true then', async () => {
    const { number } = last.stored.blocks[0] ?? {}
    await chain.act.transfer(CAROL, DAVE, usdc('125'))
    const now = await scanLocal(config, db)
    const back = await scanLocal(config, db, { block: BigInt(number ?? 0) })
    expect(back.accounts.get(CAROL)).toEqual(last.accounts.get(CAROL))
    expect(back.coverage.debtCovered).toBe(1)
    expect(back.accounts.get(CAROL)).not.toEqual(now.accounts.get(CAROL))
    const again = await scanLocal(config, db)
    expect(sorted(again.accounts)).toEqual(sorted(now.accounts))
  })

  test('an account without debt is no position, whatever it holds or lends', () => {
    const ids = last.book('ETH').rows.map(({ id }) => id)
    for (const id of [ERIN, chain.market.admin, zeroAddress]) expect(ids).not.toContain(id)
    expect(last.accounts.get(BOB)).toEqual({ debt: 0n, collateral: {} })
  })
})
