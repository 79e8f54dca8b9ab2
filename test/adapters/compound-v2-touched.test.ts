import { type Address, encodeFunctionData, getAddress, maxUint256, parseUnits, toHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import type { Db } from '../../src/store/open.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import {
  type CompoundMarket,
  type CompoundSymbol,
  type CompoundVersion,
  compoundArtifacts,
  deployCompoundV2,
  ETH_POOL,
} from '../chain/compound-v2.ts'
import { compoundConfig } from '../chain/compound-v2-asks.ts'
import { openCompound, planCompound } from '../chain/compound-v2-positions.ts'
import { sendTransaction } from '../chain/transaction.ts'
import { memoryDatabase, type Scanned, scanAfresh, scanLocal, sorted } from '../helpers/scanning.ts'

const account = (n: number): Address => getAddress(`0x${(0xc0de0000 + n).toString(16).padStart(40, '0')}`)
const [ALICE, BOB, CAROL, DAVE] = [account(1), account(2), account(3), account(4)]

const wad = (amount: number) => parseUnits(String(amount), 18)
const usdc = (amount: number) => parseUnits(String(amount), 6)

/** Calls of any account by impersonation, each of which must work: these contracts refuse by an error code. */
const createCaller = (anvil: Anvil, market: CompoundMarket) => {
  const artifactOf = compoundArtifacts(market.version)
  const call = async (
    from: Address,
    contract: string,
    to: Address,
    functionName: string,
    args: readonly unknown[],
  ) => {
    await anvil.rpc('anvil_setBalance', [from, toHex(10n ** 21n)])
    const data = encodeFunctionData({ abi: artifactOf(contract).abi, functionName, args })
    const answer = await anvil.rpc<string>('eth_call', [{ from, to, data }, 'latest'])
    if (answer.length === 66 && BigInt(answer) > 1n)
      throw new Error(`${functionName} refuses with ${BigInt(answer)}`)
    await sendTransaction(anvil, { from, to, data })
  }
  const of = (symbol: CompoundSymbol) => market.markets[symbol]
  const cToken = (from: Address, symbol: CompoundSymbol, functionName: string, ...args: readonly unknown[]) =>
    call(from, 'VBep20Immutable', of(symbol).cToken, functionName, args)
  return {
    cToken,
    comptroller: (from: Address, functionName: string, ...args: readonly unknown[]) =>
      call(from, 'Comptroller', market.comptroller, functionName, args),
    vai: (from: Address, functionName: string, ...args: readonly unknown[]) =>
      call(from, 'VAIController', market.vaiController ?? market.comptroller, functionName, args),
    vaiToken: (from: Address, functionName: string, ...args: readonly unknown[]) =>
      call(from, 'VAI', market.vai ?? market.comptroller, functionName, args),
    fund: async (to: Address, symbol: CompoundSymbol, amount: bigint) => {
      await call(to, 'FaucetToken', of(symbol).asset, 'allocateTo', [to, amount])
      await call(to, 'FaucetToken', of(symbol).asset, 'approve', [of(symbol).cToken, maxUint256])
    },
    setEth: (usd: number) =>
      market.own.send('SettableFeed', of('WETH').feed, 'set', [BigInt(Math.round(usd * 1e8))]),
  }
}

type Chain = {
  readonly anvil: Anvil
  readonly market: CompoundMarket
  readonly call: ReturnType<typeof createCaller>
}
type Step = readonly [
  what: string,
  run: (chain: Chain) => Promise<unknown>,
  /** The accounts whose stored state it changes, among those that have ever borrowed. */
  changed: readonly Address[],
]

const firstLoan = async ({ market, call }: Chain, who: Address) => {
  await call.fund(who, 'WETH', wad(10))
  await call.cToken(who, 'WETH', 'mint', wad(10))
  await call.comptroller(who, 'enterMarkets', [market.markets.WETH.cToken])
  await call.cToken(who, 'USDC', 'borrow', usdc(10_000))
}

/** Every way in which the protocol changes what it stores of an account, in an order in which each is allowed. */
const STEPS: readonly Step[] = [
  ['a first loan', (chain) => firstLoan(chain, ALICE), [ALICE]],
  ['another borrower', (chain) => firstLoan(chain, CAROL), [CAROL]],
  ['another loan in a new market', ({ call }) => call.cToken(ALICE, 'DAI', 'borrow', wad(100)), [ALICE]],
  [
    'a repayment by another account',
    async ({ call }) => {
      await call.fund(BOB, 'USDC', usdc(500))
      await call.cToken(BOB, 'USDC', 'repayBorrowBehalf', ALICE, usdc(500))
    },
    [ALICE],
  ],
  [
    'more collateral',
    async ({ call }) => {
      await call.fund(ALICE, 'WETH', wad(1))
      await call.cToken(ALICE, 'WETH', 'mint', wad(1))
    },
    [ALICE],
  ],
  ['less collateral', ({ call }) => call.cToken(ALICE, 'WETH', 'redeemUnderlying', wad(0.5)), [ALICE]],
  [
    'cTokens sent by one borrower to another',
    ({ call }) => call.cToken(ALICE, 'WETH', 'transfer', CAROL, 10n ** 8n),
    [ALICE, CAROL],
  ],
  [
    'cTokens received from a stranger',
    async ({ call }) => {
      await call.fund(DAVE, 'WETH', wad(1))
      await call.cToken(DAVE, 'WETH', 'mint', wad(1))
      await call.cToken(DAVE, 'WETH', 'transfer', ALICE, 10n ** 8n)
    },
    [ALICE],
  ],
  [
    'a market entered with nothing in it',
    ({ call, market }) => call.comptroller(ALICE, 'enterMarkets', [market.markets.WBTC.cToken]),
    [ALICE],
  ],
  [
    'a market left',
    ({ call, market }) => call.comptroller(ALICE, 'exitMarket', market.markets.WBTC.cToken),
    [ALICE],
  ],
  [
    'a liquidation by another borrower, who keeps the cTokens',
    async ({ call, market }) => {
      await call.setEth(1100)
      await call.fund(CAROL, 'USDC', usdc(5000))
      await call.cToken(CAROL, 'USDC', 'liquidateBorrow', ALICE, usdc(1000), market.markets.WETH.cToken)
      await call.setEth(3000)
    },
    [ALICE, CAROL],
  ],
  [
    'a whole repayment',
    async ({ call }) => {
      await call.fund(ALICE, 'DAI', wad(1000))
      await call.cToken(ALICE, 'DAI', 'repayBorrow', maxUint256)
    },
    [ALICE],
  ],
]

const VENUS_STEPS: readonly Step[] = [
  [
    'a loan drawn by a delegate',
    async ({ call }) => {
      await call.comptroller(CAROL, 'updateDelegate', DAVE, true)
      await call.cToken(DAVE, 'USDC', 'borrowBehalf', CAROL, usdc(100))
    },
    [CAROL],
  ],
  [
    'collateral supplied on behalf of it',
    async ({ call }) => {
      await call.fund(DAVE, 'WETH', wad(1))
      await call.cToken(DAVE, 'WETH', 'mintBehalf', CAROL, wad(1))
    },
    [CAROL],
  ],
  [
    'a first mint of VAI by someone who owes nothing else',
    async ({ call, market }) => {
      await call.fund(BOB, 'WETH', wad(10))
      await call.cToken(BOB, 'WETH', 'mint', wad(10))
      await call.comptroller(BOB, 'enterMarkets', [market.markets.WETH.cToken])
      await call.vai(BOB, 'mintVAI', wad(5000))
    },
    [BOB],
  ],
  [
    'VAI repaid by another account',
    async ({ call, market }) => {
      await call.vaiToken(BOB, 'transfer', DAVE, wad(100))
      await call.vaiToken(DAVE, 'approve', market.vaiController, maxUint256)
      await call.vai(DAVE, 'repayVAIBehalf', BOB, wad(50))
    },
    [BOB],
  ],
  [
    'VAI liquidated',
    async ({ call, market }) => {
      await call.setEth(550)
      await call.vai(DAVE, 'liquidateVAI', BOB, wad(20), market.markets.WETH.cToken)
      await call.setEth(3000)
    },
    [BOB],
  ],
  ['another pool', ({ call }) => call.comptroller(CAROL, 'enterPool', ETH_POOL.id), [CAROL]],
  ['back to the core pool', ({ call }) => call.comptroller(CAROL, 'enterPool', 0), [CAROL]],
  [
    'liquidation forced by the governance',
    ({ call, market }) =>
      call.comptroller(market.admin, '_setForcedLiquidationForUser', CAROL, market.markets.USDC.cToken, true),
    [CAROL],
  ],
]

describe.each(['0.7.0', '10.3.0'] as const)(
  'what changed since the last scan, on %s',
  (version: CompoundVersion) => {
    let chain: Chain
    let config: Config
    let db: Db
    let last: Scanned

    beforeAll(async () => {
      const anvil = await startAnvil()
      const market = await deployCompoundV2(anvil, version)
      chain = { anvil, market, call: createCaller(anvil, market) }
      await openCompound(anvil, market, planCompound(version, { count: 60, seed: 3 }))
      config = compoundConfig(market, [anvil.url])
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
      for (const driver of ['ETH', 'BTC'])
        expect(last.book(driver).rows.toSorted(byId)).toEqual(afresh.book(driver).rows.toSorted(byId))
      expect(last.coverage).toMatchObject({ status: 'complete', debtCovered: 1, error: null })
      expect(last.read).toBeLessThan(afresh.read / 4)
      // the step did change them, or it would prove nothing
      for (const address of changed) expect(last.accounts.get(address)).not.toEqual(before.get(address))
    }

    const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1)

    test.each(version === '10.3.0' ? [...STEPS, ...VENUS_STEPS] : STEPS)('%s', async (_, run, changed) => {
      await run(chain)
      await expectCaughtUp(changed)
    })

    test('nothing but interest: no account is read, and every amount is still exact', async () => {
      await act.mine(chain.anvil, 50)
      const again = await scanLocal(config, db)
      expect(again.read).toBe(0)
      expect(again.accounts).toEqual(last.accounts)
      const afresh = await scanAfresh(config)
      expect(again.book('ETH').rows.toSorted(byId)).toEqual(afresh.book('ETH').rows.toSorted(byId))
      const owed = (scanned: Scanned) =>
        scanned.book('ETH').rows.reduce((sum, { debtUsd }) => sum + debtUsd, 0)
      expect(owed(again)).toBeGreaterThan(owed(last))
    })

    test('an earlier block after a later one reads what was true then', async () => {
      const { number = 0 } = last.stored.blocks[0] ?? {}
      await chain.call.cToken(CAROL, 'USDC', 'borrow', usdc(7))
      const now = await scanLocal(config, db)
      const back = await scanLocal(config, db, { block: BigInt(number ?? 0) })
      expect(back.accounts.get(CAROL)).toEqual(last.accounts.get(CAROL))
      expect(back.accounts.get(CAROL)).not.toEqual(now.accounts.get(CAROL))
    })
  },
)
