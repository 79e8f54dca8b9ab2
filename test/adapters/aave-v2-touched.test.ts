import { type Address, getAddress, maxUint256, parseUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import type { Db } from '../../src/store/open.ts'
import { type AaveV2Market, deployAaveV2, openV2Plans, V2_PRICES } from '../chain/aave-v2.ts'
import { mine } from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { createV2Caller } from '../helpers/aave-v2-calls.ts'
import { movesOf, moveTo, planV2, setStableRate, v2Config } from '../helpers/aave-v2-market.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

const account = (n: number): Address => getAddress(`0x${(0xa11ce2000 + n).toString(16).padStart(40, '0')}`)
const [ALICE, BOB, CAROL, DAVE] = [account(1), account(2), account(3), account(4)]

const ether = (amount: string) => parseUnits(amount, 18)
const usdc = (amount: string) => parseUnits(amount, 6)

type Chain = {
  readonly anvil: Anvil
  readonly market: AaveV2Market
  readonly call: ReturnType<typeof createV2Caller>
}
type Step = readonly [
  what: string,
  run: (chain: Chain) => Promise<unknown>,
  /** The accounts whose stored state it changes, among those that have ever borrowed. */
  changed: readonly Address[],
]

const moveEth = async ({ anvil, market }: Chain, usd: number): Promise<void> => {
  const moves = await movesOf(anvil, market)
  await moveTo(anvil, market, moves('ETH', BigInt(Math.round(usd * 1e8))))
}

/** Every way in which the protocol changes what it stores of an account, in an order in which each is allowed. */
const STEPS: readonly Step[] = [
  [
    'a first loan at the variable rate',
    async ({ call }) => {
      await call.deposit(ALICE, { symbol: 'WETH', amount: ether('10') })
      await call.deposit(ALICE, { symbol: 'WBTC', amount: parseUnits('0.1', 8) })
      await call.borrow(ALICE, { symbol: 'USDC', amount: usdc('5000') }, 2)
    },
    [ALICE],
  ],
  [
    'a first loan at the stable rate, and nothing else',
    async ({ call }) => {
      await call.deposit(BOB, { symbol: 'WETH', amount: ether('5') })
      await call.borrow(BOB, { symbol: 'DAI', amount: ether('2000') }, 1)
    },
    [BOB],
  ],
  [
    'a loan drawn by someone else on delegated credit',
    async ({ call }) => {
      await call.deposit(CAROL, { symbol: 'WETH', amount: ether('3') })
      await call.borrowOnCredit(CAROL, DAVE, { symbol: 'DAI', amount: ether('1000') }, 2)
    },
    [CAROL],
  ],
  [
    'and one at the stable rate beside it',
    ({ call }) => call.borrowOnCredit(CAROL, DAVE, { symbol: 'DAI', amount: ether('500') }, 1),
    [CAROL],
  ],
  [
    'a flash loan that is kept as a loan',
    async ({ call }) => {
      await call.deposit(DAVE, { symbol: 'WETH', amount: ether('4') })
      await call.flashBorrow(DAVE, { symbol: 'USDC', amount: usdc('1000') }, 2)
    },
    [DAVE],
  ],
  [
    'a flash loan kept at the stable rate',
    ({ call }) => call.flashBorrow(DAVE, { symbol: 'DAI', amount: ether('700') }, 1),
    [DAVE],
  ],
  [
    'more at another stable rate, which averages the two',
    async ({ market, call }) => {
      await setStableRate(market, market.reserves.DAI.asset, 1500n)
      // the rate of the reserve follows at its next update
      await call.deposit(account(9), { symbol: 'DAI', amount: 1n })
      await call.borrow(BOB, { symbol: 'DAI', amount: ether('100') }, 1)
    },
    [BOB],
  ],
  ['a stable loan turned into a variable one', ({ call }) => call.swap(DAVE, 'DAI', 1), [DAVE]],
  ['and back', ({ call }) => call.swap(DAVE, 'DAI', 2), [DAVE]],
  [
    'deposit on behalf of it',
    ({ call }) => call.deposit(BOB, { symbol: 'WETH', amount: ether('1') }, ALICE),
    [ALICE],
  ],
  [
    'a withdrawal to another address',
    ({ call }) => call.withdraw(ALICE, { symbol: 'WETH', amount: ether('0.5') }, BOB),
    [ALICE],
  ],
  [
    'a repayment by another account',
    ({ call }) => call.repay(BOB, { symbol: 'USDC', amount: usdc('500') }, 2, ALICE),
    [ALICE],
  ],
  [
    'part of a stable loan repaid',
    ({ call }) => call.repay(BOB, { symbol: 'DAI', amount: ether('50') }, 1),
    [BOB],
  ],
  [
    'aTokens sent by one borrower to another',
    ({ call }) => call.transferAToken(ALICE, { symbol: 'WETH', amount: ether('1') }, CAROL),
    [ALICE, CAROL],
  ],
  [
    'aTokens sent to a stranger, all of that reserve',
    async ({ market, call }) => {
      const amount = await call.balance(market.reserves.WBTC.aToken, ALICE)
      await call.transferAToken(ALICE, { symbol: 'WBTC', amount }, account(9))
    },
    [ALICE],
  ],
  [
    'collateral of another kind, switched off',
    async ({ call }) => {
      await call.deposit(CAROL, { symbol: 'USDC', amount: usdc('900') })
      await call.useAsCollateral(CAROL, 'USDC', false)
    },
    [],
  ],
  ['and on again', ({ call }) => call.useAsCollateral(CAROL, 'USDC', true), [CAROL]],
  [
    'nearly all of a reserve lent out, most of it at a low stable rate',
    async ({ market, call }) => {
      const { admin, reserves } = market
      const lent = parseUnits('1000', 8)
      const borrower = account(7)
      await call.deposit(borrower, { symbol: 'WETH', amount: ether('100000') })
      await setStableRate(market, reserves.WBTC.asset, 100n)
      await call.deposit(account(9), { symbol: 'WBTC', amount: 1n })
      await call.borrow(borrower, { symbol: 'WBTC', amount: lent }, 1)
      const there = await call.balance(reserves.WBTC.asset, reserves.WBTC.aToken)
      await call.withdraw(admin, { symbol: 'WBTC', amount: there - lent / 100n })
    },
    [account(7)],
  ],
  [
    'that rate rebalanced by a stranger',
    async ({ anvil, call }) => {
      await mine(anvil, 1, 3600)
      await call.rebalance(account(9), 'WBTC', account(7))
    },
    [account(7)],
  ],
  [
    'a liquidation of a stable loan',
    async (chain) => {
      await moveEth(chain, 400)
      await chain.call.liquidate(account(8), BOB, {
        collateral: 'WETH',
        debt: 'DAI',
        amount: ether('900'),
      })
    },
    [BOB],
  ],
  [
    'a liquidation into aTokens by a liquidator who borrows as well',
    ({ call }) =>
      call.liquidate(DAVE, BOB, {
        collateral: 'WETH',
        debt: 'DAI',
        amount: ether('50'),
        receiveAToken: true,
      }),
    [BOB, DAVE],
  ],
  [
    'a stable loan repaid to the last unit',
    async (chain) => {
      await moveEth(chain, 3000)
      await chain.call.repay(BOB, { symbol: 'DAI', amount: maxUint256 }, 1)
    },
    [BOB],
  ],
  [
    'collateral withdrawn by an account without debt',
    ({ call }) => call.withdraw(BOB, { symbol: 'WETH', amount: maxUint256 }),
    [BOB],
  ],
]

describe('what changed since the last scan, Aave V2', () => {
  let chain: Chain
  let config: Config
  let db: Db
  let last: Scanned

  beforeAll(async () => {
    const anvil = await startAnvil()
    const market = await deployAaveV2(anvil)
    chain = { anvil, market, call: createV2Caller(anvil, market) }
    await openV2Plans(anvil, market, planV2({ count: 60, seed: 3 }, V2_PRICES))
    config = v2Config(market, { urls: [anvil.url] })
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => chain?.anvil.stop())

  test.each(STEPS)('%s', async (_, run, changed) => {
    await run(chain)
    const before = last.accounts
    last = await scanLocal(config, db)
    const afresh = await scanAfresh(config)
    expect(sorted(last.accounts)).toEqual(sorted(afresh.accounts))
    expect(last.markets).toEqual(afresh.markets)
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    expect(last.read).toBeLessThan(afresh.read / 4)
    // the step did change them, or it would prove nothing
    for (const address of changed) expect(last.accounts.get(address)).not.toEqual(before.get(address))
  })

  test('nothing: no account is read, though stable debt grows at rates of its own', async () => {
    await mine(chain.anvil, 1, 30 * 86_400)
    const again = await scanLocal(config, db)
    expect(again.read).toBe(0)
    expect(again.coverage.requests).toBeLessThanOrEqual(10)
    expect(again.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
    expect(again.accounts).toEqual(last.accounts)
    const debtIn = ({ book }: Scanned, id: Address) =>
      book('ETH')
        .rows.find((row) => row.id === id)
        ?.debt.find(({ symbol }) => symbol === 'DAI')
    const [then, now] = [debtIn(last, DAVE), debtIn(again, DAVE)]
    expect(BigInt(now?.amount ?? 0)).toBeGreaterThan(BigInt(then?.amount ?? 0))
    // what the contracts say of it
    const { DAI } = chain.market.reserves
    const own = await Promise.all(
      [DAI.stableDebtToken, DAI.variableDebtToken].map((token) => chain.call.balance(token, DAVE)),
    )
    expect(BigInt(now?.amount ?? 0)).toBe(own.reduce((sum, part) => sum + part, 0n))
  })
})
