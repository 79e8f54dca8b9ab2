import { type Address, getAddress, maxUint256, parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import type { Db } from '../../src/store/open.ts'
import { deployAaveV302 } from '../chain/aave-v3-0-2.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type AaveMarket, ETH_EMODE } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { createReader } from '../chain/reader.ts'
import { createCaller } from '../helpers/pool-calls.ts'
import {
  localConfig,
  memoryDatabase,
  type Scanned,
  scanAfresh,
  scanLocal,
  sorted,
} from '../helpers/scanning.ts'

const account = (n: number): Address => getAddress(`0x${(0xa11ce0000 + n).toString(16).padStart(40, '0')}`)
const [ALICE, BOB, CAROL, DAVE] = [account(1), account(2), account(3), account(4)]

const ether = (amount: string) => parseUnits(amount, 18)
const usdc = (amount: string) => parseUnits(amount, 6)

type Chain = {
  readonly anvil: Anvil
  readonly market: AaveMarket
  readonly call: ReturnType<typeof createCaller>
}
type Step = readonly [
  what: string,
  run: (chain: Chain) => Promise<unknown>,
  /** The accounts whose stored state it changes, among those that have ever borrowed. */
  changed: readonly Address[],
]

/** Every way in which the protocol changes what it stores of an account, in an order in which each is allowed. */
const STEPS: readonly Step[] = [
  [
    'a first loan',
    ({ anvil, market }) =>
      act.openLoan(anvil, market, {
        account: ALICE,
        collateral: [
          ['WETH', ether('10')],
          ['WBTC', parseUnits('0.1', 8)],
        ],
        debt: [['USDC', usdc('5000')]],
      }),
    [ALICE],
  ],
  [
    'a loan drawn by someone else on delegated credit',
    async ({ anvil, market, call }) => {
      await act.supply(anvil, market, { account: CAROL, symbol: 'WETH', amount: ether('3') })
      await call.borrowOnCredit(CAROL, { by: DAVE, symbol: 'DAI', amount: ether('1000') })
    },
    [CAROL],
  ],
  [
    'another loan of a known account',
    ({ anvil, market }) => act.borrow(anvil, market, { account: ALICE, symbol: 'DAI', amount: ether('100') }),
    [ALICE],
  ],
  [
    'supply on behalf of it',
    ({ anvil, market }) => act.supply(anvil, market, { account: ALICE, symbol: 'WETH', amount: ether('1') }),
    [ALICE],
  ],
  [
    'a withdrawal to another address',
    ({ call }) => call.withdrawTo(ALICE, 'WETH', ether('0.5'), BOB),
    [ALICE],
  ],
  [
    'a repayment by another account',
    ({ call }) => call.repayFor(ALICE, { by: BOB, symbol: 'USDC', amount: usdc('500') }),
    [ALICE],
  ],
  [
    'a repayment with aTokens',
    async ({ anvil, market, call }) => {
      await act.supply(anvil, market, { account: ALICE, symbol: 'DAI', amount: ether('50') })
      await call.repayWithATokens(ALICE, 'DAI', ether('20'))
    },
    [ALICE],
  ],
  [
    'aTokens sent by one borrower to another',
    ({ anvil, market }) =>
      act.transferAToken(anvil, market, { account: ALICE, symbol: 'WETH', amount: ether('1'), to: CAROL }),
    [ALICE, CAROL],
  ],
  [
    'aTokens sent to a stranger, all of that reserve',
    async ({ anvil, market }) => {
      const amount = await createReader(anvil, market).balance(market.reserves.WBTC.aToken, ALICE)
      await act.transferAToken(anvil, market, { account: ALICE, symbol: 'WBTC', amount, to: DAVE })
    },
    [ALICE],
  ],
  [
    'aTokens received from a stranger',
    async ({ anvil, market }) => {
      const gift = { symbol: 'WETH', amount: ether('0.4') } as const
      await act.supply(anvil, market, { account: DAVE, ...gift, amount: ether('0.5') })
      await act.transferAToken(anvil, market, { account: DAVE, ...gift, to: ALICE })
    },
    [ALICE],
  ],
  [
    'collateral of another kind',
    ({ anvil, market }) =>
      act.supply(anvil, market, { account: CAROL, symbol: 'USDC', amount: usdc('9000') }),
    [CAROL],
  ],
  [
    'collateral switched off',
    ({ anvil, market }) =>
      act.setUseAsCollateral(anvil, market, { account: CAROL, symbol: 'WETH', use: false }),
    [CAROL],
  ],
  [
    'and on again',
    ({ anvil, market }) =>
      act.setUseAsCollateral(anvil, market, { account: CAROL, symbol: 'WETH', use: true }),
    [CAROL],
  ],
  [
    'an e-mode entered',
    async ({ anvil, market }) => {
      await act.openLoan(anvil, market, {
        account: BOB,
        collateral: [['wstETH', ether('10')]],
        debt: [['WETH', ether('2')]],
      })
      await act.setEMode(anvil, market, { account: BOB, eMode: ETH_EMODE.id })
    },
    [BOB],
  ],
  ['and left', ({ anvil, market }) => act.setEMode(anvil, market, { account: BOB, eMode: 0 }), [BOB]],
  [
    'a liquidation',
    async ({ anvil, market }) => {
      await act.setFeedPrice(anvil, market, 'WETH', 220_00000000n)
      await act.liquidate(anvil, market, {
        borrower: ALICE,
        collateral: 'WETH',
        debt: 'USDC',
        amount: usdc('900'),
      })
    },
    [ALICE],
  ],
  [
    'a liquidation into aTokens by a liquidator who borrows as well',
    async ({ anvil, market }) => {
      await act.borrow(anvil, market, { account: market.admin, symbol: 'USDC', amount: usdc('10') })
      await act.liquidate(anvil, market, {
        borrower: ALICE,
        collateral: 'WETH',
        debt: 'USDC',
        amount: usdc('100'),
        receiveAToken: true,
      })
    },
    [ALICE],
  ],
  [
    'a liquidation that leaves nothing but bad debt',
    async ({ anvil, market }) => {
      await act.setFeedPrice(anvil, market, 'WETH', 3000_00000000n)
      await act.openLoan(anvil, market, {
        account: DAVE,
        collateral: [['WETH', ether('1')]],
        debt: [['USDC', usdc('2000')]],
      })
      await act.setUseAsCollateral(anvil, market, { account: DAVE, symbol: 'WBTC', use: false })
      await act.setFeedPrice(anvil, market, 'WETH', 300_00000000n)
      await act.liquidate(anvil, market, { borrower: DAVE, collateral: 'WETH', debt: 'USDC' })
      await act.setFeedPrice(anvil, market, 'WETH', 3000_00000000n)
    },
    [DAVE],
  ],
  [
    'a loan repaid to the last unit',
    async ({ anvil, market }) => {
      await act.repay(anvil, market, { account: CAROL, symbol: 'DAI', amount: maxUint256 })
    },
    [CAROL],
  ],
  [
    'collateral withdrawn by an account without debt',
    ({ anvil, market }) =>
      act.withdraw(anvil, market, { account: CAROL, symbol: 'USDC', amount: maxUint256 }),
    [CAROL],
  ],
  [
    'and a new loan of it',
    ({ anvil, market }) => act.borrow(anvil, market, { account: CAROL, symbol: 'USDC', amount: usdc('100') }),
    [CAROL],
  ],
]

describe.each([
  ['3.6', deployAaveV36],
  ['3.0.2', deployAaveV302],
] as const)('what changed since the last scan, Aave V%s', (version, deploy) => {
  let chain: Chain
  let config: Config
  let db: Db
  let last: Scanned

  beforeAll(async () => {
    const anvil = await startAnvil()
    const market = await deploy(anvil)
    chain = { anvil, market, call: createCaller(anvil, market) }
    await openPositions(anvil, market, { count: 60, seed: 3 })
    config = localConfig(market, { urls: [anvil.url] })
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => chain?.anvil.stop())

  const expectCaughtUp = async (changed: readonly Address[]): Promise<void> => {
    const before = last.accounts
    last = await scanLocal(config, db)
    const afresh = await scanAfresh(config)
    expect(sorted(last.accounts)).toEqual(sorted(afresh.accounts))
    expect(last.markets).toEqual(afresh.markets)
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    expect(last.read).toBeLessThan(afresh.read / 4)
    // the step did change them, or it would prove nothing
    for (const address of changed) expect(last.accounts.get(address)).not.toEqual(before.get(address))
  }

  test.each(STEPS)('%s', async (_, run, changed) => {
    await run(chain)
    await expectCaughtUp(changed)
  })

  test('nothing: no account is read, in ten requests at most', async () => {
    await act.mine(chain.anvil, 5)
    const again = await scanLocal(config, db)
    expect(again.read).toBe(0)
    expect(again.coverage.requests).toBeLessThanOrEqual(10)
    expect(again.accounts).toEqual(last.accounts)
  })

  test('the same block twice: no account is read', async () => {
    const once = await scanLocal(config, db)
    const twice = await scanLocal(config, db)
    expect(twice.stored.blocks).toEqual(once.stored.blocks)
    expect(twice.read).toBe(0)
    expect(twice.book('ETH').rows).toEqual(once.book('ETH').rows)
  })

  test('an earlier block after a later one reads what was true then', async () => {
    const { number = 0 } = last.stored.blocks[0] ?? {}
    await act.borrow(chain.anvil, chain.market, { account: CAROL, symbol: 'USDC', amount: usdc('7') })
    const now = await scanLocal(config, db)
    const back = await scanLocal(config, db, { block: BigInt(number ?? 0) })
    expect(back.accounts.get(CAROL)).toEqual(last.accounts.get(CAROL))
    expect(back.coverage.debtCovered).toBe(1)
    expect(back.accounts.get(CAROL)).not.toEqual(now.accounts.get(CAROL))
    // and the later one is still as it was
    await chain.call.mine()
    const again = await scanLocal(config, db)
    expect(again.read).toBe(0)
    expect(sorted(again.accounts)).toEqual(sorted(now.accounts))
  })

  if (version === '3.0.2')
    test('a loan at a stable rate is read at the user’s own rate, and followed when it turns variable', async () => {
      await chain.call.mine()
      last = await scanLocal(config, db)
      await act.supply(chain.anvil, chain.market, { account: ALICE, symbol: 'WETH', amount: ether('50') })
      await chain.call.borrowStable(ALICE, 'WBTC', parseUnits('0.5', 8))
      await expectCaughtUp([ALICE])
      await chain.call.swapToVariable(ALICE, 'WBTC')
      await expectCaughtUp([ALICE])
    })
})
