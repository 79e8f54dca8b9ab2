import { type Address, getAddress, maxUint256, parseUnits, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eulerV2 } from '../../src/adapters/euler-v2.ts'
import type { EulerV2Account } from '../../src/adapters/euler-v2-accounts.ts'
import type { EulerV2Markets } from '../../src/adapters/euler-v2-markets.ts'
import type { Config } from '../../src/config.ts'
import type { Position } from '../../src/core/position.ts'
import type { Db } from '../../src/store/open.ts'
import { startAnvil } from '../chain/anvil.ts'
import {
  batch,
  deployEuler,
  depositFor,
  type EulerChain,
  type EulerSymbol,
  eulerKey,
  giveTokens,
  mineEuler,
  openEulerPositions,
  setEulerFeed,
  subAccount,
  vaultOf,
} from '../chain/euler-v2.ts'
import { eulerConfig } from '../helpers/euler-v2.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal } from '../helpers/scanning.ts'

const owner = (n: number): Address =>
  getAddress(`0x${(0xa11ce00 + n * 0x10000).toString(16).padStart(40, '0')}`)
const [ALICE, BOB, CAROL] = [1, 2, 3].map(owner) as [Address, Address, Address]
/** Accounts of the three: the owners themselves, and some of their other 255. */
const [A0, A1, A7, B0, B255, C3] = [
  ALICE,
  subAccount(ALICE, 1),
  subAccount(ALICE, 7),
  BOB,
  subAccount(BOB, 255),
  subAccount(CAROL, 3),
]

const weth = (amount: string) => parseUnits(amount, 18)
const usdc = (amount: string) => parseUnits(amount, 6)

/** An owner acts on behalf of an account of its own. */
const act = (chain: EulerChain, account: Address, vault: string, name: string, args: readonly unknown[]) =>
  batch(chain, ownerOf(account), [[vaultOf(chain, vault), account, name, args]])

const ownerOf = (account: Address): Address =>
  [ALICE, BOB, CAROL].find((one) => (BigInt(one) ^ BigInt(account)) < 256n) ?? account

const open = async (
  chain: EulerChain,
  account: Address,
  {
    vault,
    collateral,
    amount,
    borrow,
  }: { vault: string; collateral: string; amount: bigint; borrow: bigint },
): Promise<void> => {
  await depositFor(chain, [{ vault: collateral, receiver: account, amount }])
  await batch(chain, ownerOf(account), [
    [chain.evc, account, 'enableCollateral', [account, vaultOf(chain, collateral)]],
    [chain.evc, account, 'enableController', [account, vaultOf(chain, vault)]],
    ...(borrow > 0n ? [[vaultOf(chain, vault), account, 'borrow', [borrow, ownerOf(account)]] as const] : []),
  ])
}

const repayBy = async (
  chain: EulerChain,
  payer: Address,
  { vault, symbol, amount, of }: { vault: string; symbol: EulerSymbol; amount: bigint; of: Address },
): Promise<void> => {
  await giveTokens(chain, { to: payer, symbol, vault, amount: 10n ** 30n })
  await chain.send(vaultOf(chain, vault), 'repay', [amount, of], payer)
}

type Step = readonly [
  what: string,
  run: (chain: EulerChain) => Promise<unknown>,
  changed: readonly (readonly [string, Address])[],
]

/** Every way in which an account's debt or its collateral changes, in an order in which each is allowed. */
const STEPS: readonly Step[] = [
  [
    'a first loan of an owner’s own account',
    (chain) =>
      open(chain, A0, { vault: 'eUSDC', collateral: 'eWETH', amount: weth('10'), borrow: usdc('9000') }),
    [['eUSDC', A0]],
  ],
  [
    'a first loan of a sub-account, in another vault',
    (chain) =>
      open(chain, A1, { vault: 'eWETH', collateral: 'eUSDC', amount: usdc('9000'), borrow: weth('1') }),
    [['eWETH', A1]],
  ],
  ['more debt', (chain) => act(chain, A0, 'eUSDC', 'borrow', [usdc('500'), ALICE]), [['eUSDC', A0]]],
  [
    'debt that another account takes over, without borrowing (PullDebt)',
    async (chain) => {
      await open(chain, B255, { vault: 'eUSDC', collateral: 'eWETH', amount: weth('8'), borrow: 0n })
      await act(chain, B255, 'eUSDC', 'pullDebt', [usdc('2500'), A0])
    },
    [
      ['eUSDC', A0],
      ['eUSDC', B255],
    ],
  ],
  [
    'a repayment by a stranger',
    (chain) => repayBy(chain, owner(9), { vault: 'eUSDC', symbol: 'USDC', amount: usdc('100'), of: B255 }),
    [['eUSDC', B255]],
  ],
  [
    'collateral deposited by a stranger',
    (chain) => depositFor(chain, [{ vault: 'eWETH', receiver: A0, amount: weth('1') }]),
    [['eUSDC', A0]],
  ],
  [
    'shares sent from one borrower to another, an ordinary transfer',
    (chain) => act(chain, A0, 'eWETH', 'transfer', [B255, weth('0.5')]),
    [
      ['eUSDC', A0],
      ['eUSDC', B255],
    ],
  ],
  [
    'collateral withdrawn',
    (chain) => act(chain, B255, 'eWETH', 'withdraw', [weth('0.25'), BOB, B255]),
    [['eUSDC', B255]],
  ],
  [
    'collateral enabled that was held before',
    async (chain) => {
      await depositFor(chain, [{ vault: 'eDAI', receiver: A0, amount: weth('300') }])
      await batch(chain, ALICE, [[chain.evc, A0, 'enableCollateral', [A0, vaultOf(chain, 'eDAI')]]])
    },
    [['eUSDC', A0]],
  ],
  [
    'collateral disabled',
    (chain) => batch(chain, ALICE, [[chain.evc, A0, 'disableCollateral', [A0, vaultOf(chain, 'eDAI')]]]),
    [['eUSDC', A0]],
  ],
  [
    'a status check that anyone asks for: a new cool-off',
    (chain) => chain.send(chain.evc, 'requireAccountStatusCheck', [A0], owner(8)),
    [['eUSDC', A0]],
  ],
  [
    'a liquidation: the liquidator takes over the debt without borrowing',
    async (chain) => {
      await open(chain, C3, { vault: 'eUSDC', collateral: 'eWETH', amount: weth('100'), borrow: 0n })
      await setEulerFeed(chain, 'ETH', 640_00000000n)
      await mineEuler(chain, 1, 10)
      await act(chain, C3, 'eUSDC', 'liquidate', [A0, vaultOf(chain, 'eWETH'), maxUint256, 0n])
      await setEulerFeed(chain, 'ETH', 3000_00000000n)
    },
    [
      ['eUSDC', A0],
      ['eUSDC', C3],
    ],
  ],
  [
    'a debt that is paid by all lenders, because nothing backs it any more',
    async (chain) => {
      await depositFor(chain, [{ vault: 'eWBTC', receiver: C3, amount: 10n ** 8n }])
      await batch(chain, CAROL, [[chain.evc, C3, 'enableCollateral', [C3, vaultOf(chain, 'eWBTC')]]])
      await setEulerFeed(chain, 'ETH', 50_00000000n)
      await mineEuler(chain, 1, 10)
      await act(chain, C3, 'eUSDC', 'liquidate', [B255, vaultOf(chain, 'eWETH'), maxUint256, 0n])
      await setEulerFeed(chain, 'ETH', 3000_00000000n)
    },
    [
      ['eUSDC', B255],
      ['eUSDC', C3],
    ],
  ],
  [
    'collateral enabled that its vault does not list',
    async (chain) => {
      await depositFor(chain, [{ vault: 'eDAI', receiver: A1, amount: weth('20') }])
      await batch(chain, ALICE, [[chain.evc, A1, 'enableCollateral', [A1, vaultOf(chain, 'eDAI')]]])
    },
    // its last status check is a new one
    [['eWETH', A1]],
  ],
  [
    'a vault that lists what was held and enabled all along: no log names the account',
    (chain) => chain.send(vaultOf(chain, 'eWETH'), 'setLTV', [vaultOf(chain, 'eDAI'), 7000, 7200, 0]),
    [['eWETH', A1]],
  ],
  [
    'a loan repaid to the last unit, the only one of its vault',
    (chain) => repayBy(chain, owner(9), { vault: 'eWETH', symbol: 'WETH', amount: maxUint256, of: A1 }),
    [['eWETH', A1]],
  ],
  [
    'the vault left, and another loan from another one by the same account',
    async (chain) => {
      await act(chain, A1, 'eWETH', 'disableController', [])
      await batch(chain, ALICE, [
        [chain.evc, A1, 'enableController', [A1, vaultOf(chain, 'eDAI')]],
        [vaultOf(chain, 'eDAI'), A1, 'borrow', [weth('1000'), ALICE]],
      ])
    },
    [['eDAI', A1]],
  ],
  [
    'a loan of an account that has had its controller since the beginning',
    (chain) => act(chain, B0, 'eWETH', 'borrow', [weth('0.5'), BOB]),
    [['eWETH', B0]],
  ],
]

describe('what changed since the last scan, a stand-in of Euler V2', () => {
  let chain: EulerChain
  let config: Config
  let db: Db
  let last: Scanned

  const positions = ({ markets, accounts }: Scanned): readonly Position[] =>
    [...accounts]
      .filter(([, account]) => eulerV2.hasDebt(account as EulerV2Account))
      .map(([key, account]) => eulerV2.position(markets as EulerV2Markets, key, account as EulerV2Account))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))

  beforeAll(async () => {
    chain = await deployEuler(await startAnvil())
    const plans = Array.from({ length: 60 }, (_, i) => ({
      vault: ['eUSDC', 'eDAI', 'ethUSDC'][i % 3] ?? 'eUSDC',
      collateral: { eWETH: weth('3') },
      borrow: i % 3 === 1 ? weth('3000') : usdc('3000'),
    }))
    await openEulerPositions(chain, plans, { first: 500 })
    await open(chain, B0, { vault: 'eWETH', collateral: 'eUSDC', amount: usdc('5000'), borrow: 0n })
    config = eulerConfig(chain)
    db = memoryDatabase()
    last = await scanLocal(config, db)
  })
  afterAll(() => chain?.anvil.stop())

  test.each(STEPS)('%s', async (_, run, changed) => {
    await run(chain)
    const before = last
    last = await scanLocal(config, db)
    const afresh = await scanAfresh(config)
    // the debt of one that was not read again is the same to the unit, though noted at another time
    expect(positions(last)).toEqual(positions(afresh))
    expect(last.markets).toEqual(afresh.markets)
    expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
    for (const driver of ['ETH', 'BTC'])
      expect(last.book(driver).rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
        afresh.book(driver).rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      )
    // the step did change them, or it would prove nothing, and hardly anybody else is read again
    for (const [vault, account] of changed) {
      const key = eulerKey(chain, vault, account)
      expect(last.accounts.get(key)).not.toEqual(before.accounts.get(key))
    }
    expect(last.read).toBeGreaterThan(0)
    expect(last.read).toBeLessThan(10)
  })

  test('nothing: no account is read again', async () => {
    await mineEuler(chain, 5, 3600)
    const before = last
    last = await scanLocal(config, db)
    expect(last.read).toBe(0)
    expect(last.accounts).toEqual(before.accounts)
    expect(positions(last)).toEqual(positions(await scanAfresh(config)))
  })

  test('the owner of every account of 256 is the same', () => {
    const owners = new Map(positions(last).map(({ id, owner }) => [id.split(':')[1], owner]))
    expect(owners.get(A1)).toBe(ALICE)
    expect(owners.get(C3)).toBe(CAROL)
    expect(owners.get(B0)).toBe(BOB)
  })

  test('an account that enabled a vault and owes nothing is no position', async () => {
    await open(chain, A7, { vault: 'eUSDC', collateral: 'eWETH', amount: weth('1'), borrow: 0n })
    last = await scanLocal(config, db)
    const key = eulerKey(chain, 'eUSDC', A7)
    expect(last.accounts.get(key)).toMatchObject({ owed: 0n, collateral: {} })
    expect(positions(last).map(({ id }) => id)).not.toContain(key)
    expect(last.coverage.debtCovered).toBe(1)
  })

  test('a controller that is no vault of Euler is asked nothing', async () => {
    await batch(chain, owner(4), [[chain.evc, owner(4), 'enableController', [owner(4), zeroAddress]]]).catch(
      () => {},
    )
    const scanned = await scanLocal(config, db)
    expect(scanned.coverage).toMatchObject({ status: 'complete', debtCovered: 1 })
  })
})
