import { type Address, getAddress, maxUint256, parseUnits } from 'viem'
import { expect } from 'vitest'
import { type Config, parseConfig } from '../../src/config.ts'
import type { DiffChange, DiffDocument } from '../../src/core/diff/document.ts'
import { buildDiff } from '../../src/diff.ts'
import { scan } from '../../src/scan.ts'
import type { Db } from '../../src/store/open.ts'
import { deployAaveV302 } from '../chain/aave-v3-0-2.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { memoryDatabase } from './scanning.ts'

/** Two real markets on one chain, and six scans between which every account has a fate of its own. */

export const A = 'aave-v3/local/a'
export const B = 'aave-v3/other/b'

const account = (n: number): Address => getAddress(`0x${(0xd1ff0000 + n).toString(16).padStart(40, '0')}`)
export const UNTOUCHED = account(1)
export const CLOSED = account(2)
export const PARTLY = account(3)
export const LIQUIDATED = account(4)
export const SUNK = account(5)
export const OPENED = account(6)
export const TOPPED = account(7)
export const WITHDRAWN = account(8)
export const BORROWED = account(9)
export const CROSSED = account(10)
export const FUND = account(11)
export const DROWNED = account(12)
export const FUND_TOO = account(13)
export const UNPRICED = account(14)

const weth = (amount: string) => ({ symbol: 'WETH', amount: parseUnits(amount, 18) }) as const
const usdc = (amount: string) => ({ symbol: 'USDC', amount: parseUnits(amount, 6) }) as const

type Markets = { readonly anvil: Anvil; readonly a: AaveMarket; readonly b: AaveMarket }

export type Scenario = {
  readonly anvil: Anvil
  readonly db: Db
  /** The second market is read through a URL of its own. */
  readonly configOf: (otherUrl: string) => Config
  readonly diffOf: (from: number, to: number) => DiffDocument
}

const loan = (anvil: Anvil, market: AaveMarket, who: Address, eth: string, debt: string) =>
  act.openLoan(anvil, market, {
    account: who,
    collateral: [['WETH', weth(eth).amount]],
    debt: [['USDC', usdc(debt).amount]],
  })

const configWith = ({ anvil, a, b }: Markets, otherUrl: string): Config => {
  const source = (key: string, { addressesProvider, fromBlock }: AaveMarket) => ({
    key,
    deployment: { poolAddressesProvider: addressesProvider, fromBlock: Number(fromBlock) },
  })
  const chain = (url: string) => ({ chainId: 31337, rpc: [url], block: 'latest' })
  return parseConfig(
    {
      chains: { local: chain(anvil.url), other: chain(otherUrl) },
      sources: [source(A, a), source(B, b)],
      drivers: {
        ETH: {
          chains: {
            local: { feeds: [a.reserves.WETH.feed] },
            other: { feeds: [b.reserves.WETH.feed] },
          },
        },
      },
    },
    {},
    '/',
  )
}

export const entities = new Map<string, string>([
  [FUND, 'Fund'],
  [FUND_TOO, 'Fund'],
])
const setEth = async ({ anvil, a, b }: Markets, usd: number) => {
  for (const market of [a, b]) await act.setFeedPrice(anvil, market, 'WETH', BigInt(usd) * 10n ** 8n)
}

/**
 * Scan 2 is after everything that people did, 3 without the second market, 4 as 2; in 5 WBTC has no price, in 6 again.
 */
export const playScenario = async (): Promise<Scenario> => {
  const anvil = await startAnvil()
  const a = await deployAaveV36(anvil, { ethUsd: 2000 })
  const b = await deployAaveV302(anvil, { ethUsd: 2000 })
  const db = memoryDatabase()
  const markets = { anvil, a, b }
  const configOf = (otherUrl: string): Config => configWith(markets, otherUrl)
  for (const [who, eth, debt] of [
    [UNTOUCHED, '10', '10000'],
    [CLOSED, '10', '5000'],
    [PARTLY, '10', '8000'],
    [LIQUIDATED, '10', '15000'],
    [SUNK, '1', '1600'],
    [TOPPED, '10', '9000'],
    [WITHDRAWN, '10', '7000'],
    [BORROWED, '10', '6000'],
    [CROSSED, '10', '14800'],
    [FUND, '500', '600000'],
    [FUND_TOO, '500', '610000'],
  ] as const)
    await loan(anvil, a, who, eth, debt)
  await loan(anvil, b, DROWNED, '1', '1600')
  await act.openLoan(anvil, a, {
    account: UNPRICED,
    collateral: [
      ['WBTC', parseUnits('1', 8)],
      ['WETH', weth('1').amount],
    ],
    debt: [['USDC', usdc('9000').amount]],
  })
  const config = configOf(anvil.url)
  await scan({ config, db })

  await act.mine(anvil, 1, 30 * 86_400)
  await act.repay(anvil, a, { account: CLOSED, symbol: 'USDC', amount: maxUint256 })
  await act.repay(anvil, a, { account: PARTLY, ...usdc('3000') })
  await act.supply(anvil, a, { account: TOPPED, ...weth('2') })
  await act.withdraw(anvil, a, { account: WITHDRAWN, ...weth('1.5') })
  await act.borrow(anvil, a, { account: BORROWED, ...usdc('500') })
  await act.repay(anvil, a, { account: FUND, ...usdc('10000') })
  await setEth(markets, 1000)
  await act.liquidate(anvil, a, { borrower: SUNK, collateral: 'WETH', debt: 'USDC' })
  await act.liquidate(anvil, b, { borrower: DROWNED, collateral: 'WETH', debt: 'USDC' })
  await setEth(markets, 1750)
  await act.liquidate(anvil, a, { borrower: LIQUIDATED, collateral: 'WETH', debt: 'USDC' })
  await loan(anvil, a, OPENED, '4', '3000')
  await scan({ config, db })

  await scan({ config: configOf('http://127.0.0.1:1'), db })
  await scan({ config, db })

  await act.mine(anvil, 1, 86_400)
  await act.breakFeed(anvil, a, 'WBTC')
  await scan({ config, db })
  await act.breakFeed(anvil, a, 'WBTC', false)
  await scan({ config, db })
  const diffOf = (from: number, to: number): DiffDocument =>
    buildDiff(db, { driver: 'ETH', from, to, entities, minUsd: 100, limit: 100 })
  return { anvil, db, configOf, diffOf }
}

const cents = (usd: number): number => Math.round(usd * 100)

/** before + Σ parts = after, in whole cents. */
export const expectSum = ({ before, after, change, parts }: DiffChange) => {
  for (const field of ['collateralUsd', 'debtUsd'] as const) {
    const sum = parts.reduce((total, part) => total + cents(part[field]), 0)
    expect(sum).toBe(cents(after[field]) - cents(before[field]))
    expect(cents(change[field])).toBe(sum)
  }
}
