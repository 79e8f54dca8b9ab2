import {
  type Abi,
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  getAddress,
  maxUint256,
  parseAbi,
  parseUnits,
  toHex,
} from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import type { Db } from '../../src/store/open.ts'
import { deployAaveV302 } from '../chain/aave-v3-0-2.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { type AaveMarket, ETH_EMODE, type ReserveSymbol } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { sendTransaction } from '../chain/transaction.ts'
import { createCaller } from '../helpers/pool-calls.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'
import { sparkConfig } from '../helpers/spark-market.ts'

const account = (n: number): Address => getAddress(`0x${(0x59a3000 + n).toString(16).padStart(40, '0')}`)
const [ALICE, BOB, CAROL] = [account(1), account(2), account(3)]

const abi = parseAbi([
  'function mint(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function approveDelegation(address delegatee, uint256 amount)',
  'function borrow(address asset, uint256 amount, uint256 mode, uint16 referral, address onBehalfOf)',
  'function repay(address asset, uint256 amount, uint256 mode, address onBehalfOf)',
  'function swapBorrowRateMode(address asset, uint256 mode)',
  'function rebalanceStableBorrowRate(address asset, address user)',
  'function getReserveData(address asset) view returns ((uint256 configuration, uint128 a, uint128 b, uint128 c, uint128 d, uint128 e, uint40 t, uint16 id, address aToken, address stableDebtToken, address variableDebtToken, address strategy, uint128 f, uint128 g, uint128 h))',
])

type Chain = {
  readonly anvil: Anvil
  readonly market: AaveMarket
  readonly call: ReturnType<typeof createCaller>
  /** Sends one of the calls above as anybody. */
  readonly send: (from: Address, to: Address, functionName: string, args: readonly unknown[]) => Promise<void>
  readonly stableTokenOf: (symbol: ReserveSymbol) => Promise<Address>
}
type Step = readonly [what: string, run: (chain: Chain) => Promise<unknown>, changed: readonly Address[]]

/** What V3.0.2 and its forks have beside the paths that aave-v3-touched.test.ts goes: debt at stable rates. */
const STEPS: readonly Step[] = [
  [
    'a first loan at the stable rate, and nothing else',
    async ({ anvil, market, call }) => {
      await act.supply(anvil, market, { account: ALICE, symbol: 'WETH', amount: parseUnits('50', 18) })
      await call.borrowStable(ALICE, 'DAI', parseUnits('10000', 18))
    },
    [ALICE],
  ],
  [
    'one drawn by someone else on delegated credit',
    async ({ anvil, market, send, stableTokenOf }) => {
      const { pool, reserves } = market
      await act.supply(anvil, market, { account: BOB, symbol: 'WETH', amount: parseUnits('20', 18) })
      await send(BOB, await stableTokenOf('DAI'), 'approveDelegation', [CAROL, maxUint256])
      await send(CAROL, pool, 'borrow', [reserves.DAI.asset, parseUnits('500', 18), 1n, 0, BOB])
    },
    [BOB],
  ],
  [
    'a variable loan of the same asset beside it',
    ({ anvil, market }) =>
      act.borrow(anvil, market, { account: BOB, symbol: 'DAI', amount: parseUnits('300', 18) }),
    [BOB],
  ],
  [
    'part of it repaid by someone else',
    async ({ market, send }) => {
      const { admin, pool, reserves } = market
      await send(admin, reserves.DAI.asset, 'mint', [CAROL, parseUnits('100', 18)])
      await send(CAROL, reserves.DAI.asset, 'approve', [pool, maxUint256])
      await send(CAROL, pool, 'repay', [reserves.DAI.asset, parseUnits('100', 18), 1n, BOB])
    },
    [BOB],
  ],
  [
    'a variable loan turned into a stable one',
    ({ market, send }) => send(BOB, market.pool, 'swapBorrowRateMode', [market.reserves.DAI.asset, 2n]),
    [BOB],
  ],
  [
    'and the whole of it back',
    ({ market, send }) => send(BOB, market.pool, 'swapBorrowRateMode', [market.reserves.DAI.asset, 1n]),
    [BOB],
  ],
  [
    'nearly all of a reserve lent out, most of it at a low stable rate',
    async ({ anvil, market, call }) => {
      const { admin, reserves } = market
      const lent = parseUnits('1000', 8)
      await act.supply(anvil, market, { account: CAROL, symbol: 'WETH', amount: parseUnits('100000', 18) })
      await call.borrowStable(CAROL, 'WBTC', lent)
      const there = await balanceIn(anvil, reserves.WBTC.asset, reserves.WBTC.aToken)
      await act.withdraw(anvil, market, { account: admin, symbol: 'WBTC', amount: there - lent / 100n })
    },
    [CAROL],
  ],
  [
    'that rate rebalanced by a stranger',
    async ({ anvil, market, send }) => {
      await act.mine(anvil, 1, 3600)
      await send(ALICE, market.pool, 'rebalanceStableBorrowRate', [market.reserves.WBTC.asset, CAROL])
    },
    [CAROL],
  ],
  [
    'a liquidation that takes of a stable loan',
    async ({ anvil, market, send }) => {
      const { admin, reserves } = market
      await act.setFeedPrice(anvil, market, 'WETH', 230_00000000n)
      await send(admin, reserves.DAI.asset, 'mint', [admin, parseUnits('5000', 18)])
      await act.liquidate(anvil, market, {
        borrower: ALICE,
        collateral: 'WETH',
        debt: 'DAI',
        amount: parseUnits('1000', 18),
      })
      await act.setFeedPrice(anvil, market, 'WETH', 3000_00000000n)
    },
    [ALICE],
  ],
  [
    'an e-mode entered with a stable loan of a member',
    async ({ anvil, market, call }) => {
      const who = account(4)
      await act.supply(anvil, market, { account: who, symbol: 'wstETH', amount: parseUnits('10', 18) })
      await call.borrowStable(who, 'WETH', parseUnits('5', 18))
      await act.setEMode(anvil, market, { account: who, eMode: ETH_EMODE.id })
    },
    [account(4)],
  ],
  [
    'a stable loan repaid to the last unit',
    async ({ market, send }) => {
      const { admin, pool, reserves } = market
      await send(admin, reserves.DAI.asset, 'mint', [ALICE, parseUnits('20000', 18)])
      await send(ALICE, reserves.DAI.asset, 'approve', [pool, maxUint256])
      await send(ALICE, pool, 'repay', [reserves.DAI.asset, maxUint256, 1n, ALICE])
    },
    [ALICE],
  ],
]

const balanceIn = async (anvil: Anvil, token: Address, holder: Address): Promise<bigint> => {
  const data = encodeFunctionData({
    abi: parseAbi(['function balanceOf(address account) view returns (uint256)']),
    args: [holder],
  })
  return BigInt(await anvil.rpc<string>('eth_call', [{ to: token, data }, 'latest']))
}

describe('what changed since the last scan, SparkLend on the contracts it was forked from', () => {
  let chain: Chain
  let config: Config
  let db: Db
  let last: Scanned

  beforeAll(async () => {
    const anvil = await startAnvil()
    const market = await deployAaveV302(anvil)
    chain = {
      anvil,
      market,
      call: createCaller(anvil, market),
      send: async (from, to, functionName, args) => {
        await anvil.rpc('anvil_setBalance', [from, toHex(10n ** 21n)])
        const data = encodeFunctionData({ abi: abi as Abi, functionName, args })
        await sendTransaction(anvil, { from, to, data })
      },
      stableTokenOf: async (symbol) => {
        const args = [market.reserves[symbol].asset] as const
        const data = encodeFunctionData({ abi, functionName: 'getReserveData', args })
        const answer = await anvil.rpc<`0x${string}`>('eth_call', [{ to: market.pool, data }, 'latest'])
        return decodeFunctionResult({ abi, functionName: 'getReserveData', data: answer }).stableDebtToken
      },
    }
    await openPositions(anvil, market, { count: 60, seed: 4 })
    config = sparkConfig(market, [anvil.url])
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
    for (const address of changed) expect(last.accounts.get(address)).not.toEqual(before.get(address))
  })

  test('nothing: no account is read, and stable debt has grown to what its token says', async () => {
    await act.mine(chain.anvil, 1, 90 * 86_400)
    const again = await scanLocal(config, db)
    expect(again.read).toBe(0)
    const debt = again.book('BTC').rows.find(({ id }) => id === CAROL)?.debt[0]
    const token = await chain.stableTokenOf('WBTC')
    expect(BigInt(debt?.amount ?? 0)).toBe(await balanceIn(chain.anvil, token, CAROL))
    expect(BigInt(debt?.amount ?? 0)).toBeGreaterThan(parseUnits('1000', 8))
  })
})
