import { type Abi, type Address, encodeFunctionData, type Hex, maxUint256, parseAbi } from 'viem'
import { type AaveV2Market, sendAs } from '../chain/aave-v2.ts'
import type { Anvil } from '../chain/anvil.ts'
import type { ReserveSymbol } from '../chain/market.ts'

const abi: Abi = parseAbi([
  'function mint(uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function transfer(address to, uint256 amount)',
  'function balanceOf(address account) view returns (uint256)',
  'function approveDelegation(address delegatee, uint256 amount)',
  'function deposit(address asset, uint256 amount, address onBehalfOf, uint16 referral)',
  'function withdraw(address asset, uint256 amount, address to)',
  'function borrow(address asset, uint256 amount, uint256 mode, uint16 referral, address onBehalfOf)',
  'function repay(address asset, uint256 amount, uint256 mode, address onBehalfOf)',
  'function swapBorrowRateMode(address asset, uint256 mode)',
  'function rebalanceStableBorrowRate(address asset, address user)',
  'function setUserUseReserveAsCollateral(address asset, bool use)',
  'function flashLoan(address receiver, address[] assets, uint256[] amounts, uint256[] modes, address onBehalfOf, bytes params, uint16 referral)',
  'function liquidationCall(address collateralAsset, address debtAsset, address user, uint256 debtToCover, bool receiveAToken)',
])

/** 1 is the user's own stable rate, 2 the variable one. */
export type Mode = 1 | 2

/** An account and an amount of one reserve. */
type Move = { readonly symbol: ReserveSymbol; readonly amount: bigint }

/** What anybody may do in an Aave V2 market, each by its sender. */
export const createV2Caller = (anvil: Anvil, market: AaveV2Market) => {
  const { pool, reserves, deployer } = market
  const assetOf = (symbol: ReserveSymbol): Address => reserves[symbol].asset
  const send = (from: Address, to: Address, functionName: string, args: readonly unknown[]) =>
    sendAs(anvil, from, { to, data: encodeFunctionData({ abi, functionName, args }) })
  const fund = async (account: Address, { symbol, amount }: Move): Promise<void> => {
    await send(account, assetOf(symbol), 'mint', [amount])
    await send(account, assetOf(symbol), 'approve', [pool, maxUint256])
  }
  const balance = async (token: Address, account: Address): Promise<bigint> => {
    const data = encodeFunctionData({ abi, functionName: 'balanceOf', args: [account] })
    return BigInt(await anvil.rpc<Hex>('eth_call', [{ to: token, data }, 'latest']))
  }
  const deposit = async (by: Address, move: Move, onBehalfOf = by): Promise<void> => {
    await fund(by, move)
    await send(by, pool, 'deposit', [assetOf(move.symbol), move.amount, onBehalfOf, 0])
  }
  const borrow = (by: Address, { symbol, amount }: Move, mode: Mode, onBehalfOf = by): Promise<void> =>
    send(by, pool, 'borrow', [assetOf(symbol), amount, BigInt(mode), 0, onBehalfOf])
  return {
    send,
    fund,
    balance,
    deposit,
    borrow,
    /** `by` borrows on the credit of the account; the debt is the account's. */
    borrowOnCredit: async (account: Address, by: Address, move: Move, mode: Mode): Promise<void> => {
      const { stableDebtToken, variableDebtToken } = reserves[move.symbol]
      const token = mode === 1 ? stableDebtToken : variableDebtToken
      await send(account, token, 'approveDelegation', [by, maxUint256])
      await borrow(by, move, mode, account)
    },
    /** A flash loan that is kept: the account then owes it. */
    flashBorrow: async (account: Address, { symbol, amount }: Move, mode: Mode): Promise<void> => {
      const receiver = await deployer.deploy('MockFlashLoanReceiver', [market.addressesProvider])
      const args = [receiver, [assetOf(symbol)], [amount], [BigInt(mode)], account, '0x', 0]
      await send(account, pool, 'flashLoan', args)
    },
    repay: async (by: Address, move: Move, mode: Mode, onBehalfOf = by): Promise<void> => {
      const { stableDebtToken, variableDebtToken } = reserves[move.symbol]
      const owed = await balance(mode === 1 ? stableDebtToken : variableDebtToken, onBehalfOf)
      const funds = move.amount === maxUint256 ? 2n * owed : move.amount
      await fund(by, { ...move, amount: funds })
      const amount = move.amount === maxUint256 ? funds : move.amount
      await send(by, pool, 'repay', [assetOf(move.symbol), amount, BigInt(mode), onBehalfOf])
    },
    withdraw: (account: Address, { symbol, amount }: Move, to = account): Promise<void> =>
      send(account, pool, 'withdraw', [assetOf(symbol), amount, to]),
    transferAToken: (account: Address, { symbol, amount }: Move, to: Address): Promise<void> =>
      send(account, reserves[symbol].aToken, 'transfer', [to, amount]),
    useAsCollateral: (account: Address, symbol: ReserveSymbol, use: boolean): Promise<void> =>
      send(account, pool, 'setUserUseReserveAsCollateral', [assetOf(symbol), use]),
    /** Turns the whole loan at this rate into one at the other. */
    swap: (account: Address, symbol: ReserveSymbol, mode: Mode): Promise<void> =>
      send(account, pool, 'swapBorrowRateMode', [assetOf(symbol), BigInt(mode)]),
    rebalance: (by: Address, symbol: ReserveSymbol, account: Address): Promise<void> =>
      send(by, pool, 'rebalanceStableBorrowRate', [assetOf(symbol), account]),
    liquidate: async (
      by: Address,
      borrower: Address,
      {
        collateral,
        debt,
        amount,
        receiveAToken = false,
      }: {
        readonly collateral: ReserveSymbol
        readonly debt: ReserveSymbol
        readonly amount: bigint
        readonly receiveAToken?: boolean
      },
    ): Promise<void> => {
      await fund(by, { symbol: debt, amount })
      const args = [assetOf(collateral), assetOf(debt), borrower, amount, receiveAToken]
      await send(by, pool, 'liquidationCall', args)
    },
  }
}
