import { type Address, encodeFunctionData, getAddress, type Hex, parseAbi, parseUnits, toHex } from 'viem'
import * as act from '../chain/actions.ts'
import type { Anvil } from '../chain/anvil.ts'
import { artifactIn, compileOwn } from '../chain/compile.ts'
import { createDeployer } from '../chain/deployer.ts'
import { type AaveMarket, poolAbi, type ReserveSymbol } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { sendTransaction } from '../chain/transaction.ts'
import { createCaller } from './pool-calls.ts'

const tokenAbi = parseAbi([
  'function mint(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
])

/** An account of nobody's. */
export const person = (n: number): Address =>
  getAddress(`0x${(0x9e150000 + n).toString(16).padStart(40, '0')}`)

export const usdc = (amount: number): bigint => parseUnits(String(amount), 6)
export const ether = (amount: number): bigint => parseUnits(String(amount), 18)

/** `by` supplies out of its own pocket for another account. */
export const payIn = async (
  anvil: Anvil,
  { admin, pool, reserves }: AaveMarket,
  {
    by,
    account,
    symbol,
    amount,
  }: {
    readonly by: Address
    readonly account: Address
    readonly symbol: ReserveSymbol
    readonly amount: bigint
  },
): Promise<void> => {
  const { asset } = reserves[symbol]
  const send = (from: Address, to: Address, data: Hex) => sendTransaction(anvil, { from, to, data })
  await anvil.rpc('anvil_setBalance', [by, toHex(10n ** 21n)])
  await send(admin, asset, encodeFunctionData({ abi: tokenAbi, functionName: 'mint', args: [by, amount] }))
  await send(by, asset, encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [pool, amount] }))
  const args = [asset, amount, account, 0] as const
  await send(by, pool, encodeFunctionData({ abi: poolAbi, functionName: 'supply', args }))
}

/** Deploys the stand-ins of test/chain/sol/Owners.sol. */
export const ownersDeployer = async (anvil: Anvil, market: AaveMarket) =>
  createDeployer(anvil, market.admin, artifactIn(await compileOwn()))

/** The people and contracts of the scenario. */
export type Cast = {
  /** One fund: b by delegation and payments of a, c by transfers and delegation, the Safe by its only owner a. */
  readonly fund: readonly [a: Address, b: Address, c: Address, safe: Address]
  /** Two Safes of the same two people, who borrow nothing themselves. */
  readonly twins: readonly [Address, Address]
  /** A gateway (contract, not a borrower) that acted for each of these strangers in every way. */
  readonly gateway: Address
  readonly strangers: readonly [Address, Address]
  /** They only paid in for one another once. */
  readonly friends: readonly [Address, Address]
}

/**
 * A market of `others` factory positions, four heavy wallets of one fund at neighbouring prices, and around them all
 * that must and must not be linked. Every tie is made before the last block.
 */
export const openLinkedOwners = async (anvil: Anvil, market: AaveMarket, others = 120): Promise<Cast> => {
  const call = createCaller(anvil, market)
  const { deploy } = await ownersDeployer(anvil, market)
  const [a, b, c, x, y] = [person(1), person(2), person(3), person(11), person(12)]
  const safe = await deploy('SafeStandIn', [[a], 1n])
  const twins = [
    await deploy('SafeStandIn', [[x, y], 2n]),
    await deploy('SafeStandIn', [[y, x], 1n]),
  ] as const
  const gateway = await deploy('GatewayStandIn')
  const strangers = [person(21), person(22)] as const
  const friends = [person(31), person(32)] as const

  await openPositions(anvil, market, { count: others, seed: 5, maxUsd: 2e5 })
  const heavy = [a, b, c, safe] as const
  for (const [i, account] of heavy.entries())
    await act.openLoan(anvil, market, {
      account,
      collateral: [['WETH', ether(4000)]],
      debt: [['USDC', usdc(5_000_000 + i * 20_000)]],
    })
  for (const account of [...twins, ...strangers, ...friends])
    await act.openLoan(anvil, market, {
      account,
      collateral: [['WETH', ether(10)]],
      debt: [['USDC', usdc(6000)]],
    })

  await call.borrowOnCredit(b, { by: a, symbol: 'USDC', amount: usdc(1000) })
  await payIn(anvil, market, { by: a, account: b, symbol: 'WETH', amount: ether(1) })
  await call.borrowOnCredit(c, { by: b, symbol: 'USDC', amount: usdc(1000) })
  await act.transferAToken(anvil, market, { account: b, symbol: 'WETH', amount: ether(1), to: c })
  for (const account of strangers) {
    await payIn(anvil, market, { by: gateway, account, symbol: 'WETH', amount: ether(1) })
    await call.borrowOnCredit(account, { by: gateway, symbol: 'USDC', amount: usdc(10) })
    await call.repayFor(account, { by: gateway, symbol: 'USDC', amount: usdc(5) })
  }
  await payIn(anvil, market, { by: friends[0], account: friends[1], symbol: 'WETH', amount: ether(1) })
  return { fund: heavy, twins, gateway, strangers, friends }
}
