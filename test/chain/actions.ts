import { type Address, encodeFunctionData, type Hex, maxUint256, parseAbi, toHex } from 'viem'
import type { Anvil } from './anvil.ts'
import { type AaveMarket, poolAbi, type ReserveSymbol } from './market.ts'
import type { Amount } from './position-word.ts'
import { type Receipt, sendTransaction } from './transaction.ts'

/** One account and a raw amount of one reserve. */
export type Move = { readonly account: Address; readonly symbol: ReserveSymbol; readonly amount: bigint }

export type Loan = {
  readonly account: Address
  readonly collateral: readonly Amount[]
  readonly debt: readonly Amount[]
  /** Set before anything is borrowed. */
  readonly eMode?: number
}

export type Liquidation = {
  readonly borrower: Address
  readonly collateral: ReserveSymbol
  readonly debt: ReserveSymbol
  /** Raw units of debt to cover; as much as the protocol allows when omitted. */
  readonly amount?: bigint
  readonly receiveAToken?: boolean
}

const tokenAbi = parseAbi([
  'function mint(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function transfer(address to, uint256 amount)',
  'function balanceOf(address account) view returns (uint256)',
])
const feedAbi = parseAbi(['function set(int256 value)', 'function setBroken(bool broken)'])
const configuratorAbi = parseAbi([
  'function setReservePause(address asset, bool paused)',
  'function setReservePause(address asset, bool paused, uint40 gracePeriod)',
  'function setReserveFreeze(address asset, bool frozen)',
])

/** Gas for accounts that hold nothing, such as those of the factory. */
const GAS_MONEY = toHex(10n ** 21n)

const sendAs = async (anvil: Anvil, from: Address, to: Address, data: Hex): Promise<Receipt> => {
  await anvil.rpc('anvil_setBalance', [from, GAS_MONEY])
  return sendTransaction(anvil, { from, to, data })
}

const mint = async (anvil: Anvil, { admin, reserves }: AaveMarket, { account, symbol, amount }: Move) => {
  const data = encodeFunctionData({ abi: tokenAbi, functionName: 'mint', args: [account, amount] })
  await sendTransaction(anvil, { from: admin, to: reserves[symbol].asset, data })
}

const debtOf = async (anvil: Anvil, { reserves }: AaveMarket, account: Address, symbol: ReserveSymbol) => {
  const data = encodeFunctionData({ abi: tokenAbi, functionName: 'balanceOf', args: [account] })
  return BigInt(
    await anvil.rpc<Hex>('eth_call', [{ to: reserves[symbol].variableDebtToken, data }, 'latest']),
  )
}

/** The admin supplies on behalf of the account; a first supply counts as collateral at once. */
export const supply = async (anvil: Anvil, market: AaveMarket, move: Move): Promise<Receipt> => {
  const { admin, pool, reserves } = market
  await mint(anvil, market, { ...move, account: admin })
  const args = [reserves[move.symbol].asset, move.amount, move.account, 0] as const
  const data = encodeFunctionData({ abi: poolAbi, functionName: 'supply', args })
  return sendTransaction(anvil, { from: admin, to: pool, data })
}

/** The account borrows at the variable rate. */
export const borrow = (
  anvil: Anvil,
  { pool, reserves }: AaveMarket,
  { account, symbol, amount }: Move,
): Promise<Receipt> => {
  const args = [reserves[symbol].asset, amount, 2n, 0, account] as const
  return sendAs(anvil, account, pool, encodeFunctionData({ abi: poolAbi, functionName: 'borrow', args }))
}

/** The account repays out of newly minted tokens; `maxUint256` repays everything. */
export const repay = async (
  anvil: Anvil,
  market: AaveMarket,
  { account, symbol, amount }: Move,
): Promise<Receipt> => {
  const { pool, reserves } = market
  const { asset } = reserves[symbol]
  // Twice the debt: it grows until the repayment is mined.
  const funds = amount === maxUint256 ? 2n * (await debtOf(anvil, market, account, symbol)) : amount
  await mint(anvil, market, { account, symbol, amount: funds })
  const approval = encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [pool, funds] })
  await sendAs(anvil, account, asset, approval)
  const args = [asset, amount, 2n, account] as const
  return sendAs(anvil, account, pool, encodeFunctionData({ abi: poolAbi, functionName: 'repay', args }))
}

/** The account withdraws to itself; `maxUint256` withdraws everything. */
export const withdraw = (
  anvil: Anvil,
  { pool, reserves }: AaveMarket,
  { account, symbol, amount }: Move,
): Promise<Receipt> => {
  const args = [reserves[symbol].asset, amount, account] as const
  return sendAs(anvil, account, pool, encodeFunctionData({ abi: poolAbi, functionName: 'withdraw', args }))
}

/** The account hands over part of what it supplied. */
export const transferAToken = (
  anvil: Anvil,
  { reserves }: AaveMarket,
  { account, symbol, amount, to }: Move & { readonly to: Address },
): Promise<Receipt> => {
  const data = encodeFunctionData({ abi: tokenAbi, functionName: 'transfer', args: [to, amount] })
  return sendAs(anvil, account, reserves[symbol].aToken, data)
}

/** The account switches one of its reserves on or off as collateral. */
export const setUseAsCollateral = (
  anvil: Anvil,
  { pool, reserves }: AaveMarket,
  { account, symbol, use }: Pick<Move, 'account' | 'symbol'> & { readonly use: boolean },
): Promise<Receipt> => {
  const args = [reserves[symbol].asset, use] as const
  const data = encodeFunctionData({ abi: poolAbi, functionName: 'setUserUseReserveAsCollateral', args })
  return sendAs(anvil, account, pool, data)
}

/** The account enters an e-mode, or leaves it with 0. */
export const setEMode = (
  anvil: Anvil,
  { pool }: AaveMarket,
  { account, eMode }: { readonly account: Address; readonly eMode: number },
): Promise<Receipt> => {
  const data = encodeFunctionData({ abi: poolAbi, functionName: 'setUserEMode', args: [eMode] })
  return sendAs(anvil, account, pool, data)
}

/** Collateral on behalf of an account (any address will do), then its e-mode, then what it borrows. */
export const openLoan = async (
  anvil: Anvil,
  market: AaveMarket,
  { account, collateral, debt, eMode = 0 }: Loan,
): Promise<void> => {
  for (const [symbol, amount] of collateral) await supply(anvil, market, { account, symbol, amount })
  if (eMode !== 0) await setEMode(anvil, market, { account, eMode })
  for (const [symbol, amount] of debt) await borrow(anvil, market, { account, symbol, amount })
}

/**
 * The admin liquidates.
 * @throws when the account is not liquidatable.
 */
export const liquidate = async (
  anvil: Anvil,
  market: AaveMarket,
  { borrower, collateral, debt, amount = maxUint256, receiveAToken = false }: Liquidation,
): Promise<Receipt> => {
  const { admin, pool, reserves } = market
  const funds = 2n * (await debtOf(anvil, market, borrower, debt))
  await mint(anvil, market, { account: admin, symbol: debt, amount: funds })
  const args = [reserves[collateral].asset, reserves[debt].asset, borrower, amount, receiveAToken] as const
  const data = encodeFunctionData({ abi: poolAbi, functionName: 'liquidationCall', args })
  return sendTransaction(anvil, { from: admin, to: pool, data })
}

/** Sets the answer of a feed, USD with 8 decimals; wstETH follows WETH and its own ratio (`setRatio`). */
export const setFeedPrice = (
  anvil: Anvil,
  { admin, reserves }: AaveMarket,
  symbol: Exclude<ReserveSymbol, 'wstETH'>,
  usd: bigint,
): Promise<Receipt> => {
  const data = encodeFunctionData({ abi: feedAbi, functionName: 'set', args: [usd] })
  return sendTransaction(anvil, { from: admin, to: reserves[symbol].feed, data })
}

/** Sets how much WETH one wstETH is worth, 1e18. */
export const setRatio = (anvil: Anvil, { admin, reserves }: AaveMarket, ratio: bigint): Promise<Receipt> => {
  const data = encodeFunctionData({ abi: feedAbi, functionName: 'set', args: [ratio] })
  return sendTransaction(anvil, { from: admin, to: reserves.wstETH.feed, data })
}

/** Makes a feed revert, or work again; a broken WETH feed breaks wstETH too. */
export const breakFeed = (
  anvil: Anvil,
  { admin, reserves }: AaveMarket,
  symbol: ReserveSymbol,
  broken = true,
): Promise<Receipt> => {
  const data = encodeFunctionData({ abi: feedAbi, functionName: 'setBroken', args: [broken] })
  return sendTransaction(anvil, { from: admin, to: reserves[symbol].feed, data })
}

/** Pauses a reserve or ends the pause, in v3.6 with a grace period in which its borrowers cannot be liquidated. */
export const pauseReserve = (
  anvil: Anvil,
  { admin, configurator, reserves }: AaveMarket,
  symbol: ReserveSymbol,
  { paused = true, graceSeconds }: { readonly paused?: boolean; readonly graceSeconds?: number } = {},
): Promise<Receipt> => {
  const { asset } = reserves[symbol]
  const args =
    graceSeconds === undefined ? ([asset, paused] as const) : ([asset, paused, graceSeconds] as const)
  const data = encodeFunctionData({ abi: configuratorAbi, functionName: 'setReservePause', args })
  return sendTransaction(anvil, { from: admin, to: configurator, data })
}

/** Freezes a reserve (no new supply or borrowing; liquidations go on), or thaws it. */
export const freezeReserve = (
  anvil: Anvil,
  { admin, configurator, reserves }: AaveMarket,
  symbol: ReserveSymbol,
  frozen = true,
): Promise<Receipt> => {
  const args = [reserves[symbol].asset, frozen] as const
  const data = encodeFunctionData({ abi: configuratorAbi, functionName: 'setReserveFreeze', args })
  return sendTransaction(anvil, { from: admin, to: configurator, data })
}

/** Mines empty blocks, each so many seconds after the one before it: the only way to move the time. */
export const mine = async (anvil: Anvil, blocks: number, seconds = 1): Promise<void> => {
  await anvil.rpc('anvil_setBlockTimestampInterval', [seconds])
  await anvil.rpc('anvil_mine', [toHex(blocks)])
  await anvil.rpc('anvil_setBlockTimestampInterval', [1])
}
