import { type Abi, type Address, encodeFunctionData, maxUint256, parseAbi, toHex } from 'viem'
import { mine } from '../chain/actions.ts'
import type { Anvil } from '../chain/anvil.ts'
import type { AaveMarket, ReserveSymbol } from '../chain/market.ts'
import { sendTransaction } from '../chain/transaction.ts'

const abi: Abi = parseAbi([
  'function mint(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function approveDelegation(address delegatee, uint256 amount)',
  'function borrow(address asset, uint256 amount, uint256 mode, uint16 referral, address onBehalfOf)',
  'function repay(address asset, uint256 amount, uint256 mode, address onBehalfOf)',
  'function repayWithATokens(address asset, uint256 amount, uint256 mode)',
  'function withdraw(address asset, uint256 amount, address to)',
  'function swapBorrowRateMode(address asset, uint256 mode)',
  'function setReserveStableRateBorrowing(address asset, bool enabled)',
  'function setEModeCategory(uint8 id, uint16 ltv, uint16 threshold, uint16 bonus, address priceSource, string label)',
  'function setAssetEModeCategory(address asset, uint8 id)',
])

/** Calls of the test market that actions.ts has no word for, each by its sender. */
export const createCaller = (anvil: Anvil, market: AaveMarket) => {
  const send = async (from: Address, to: Address, functionName: string, args: readonly unknown[]) => {
    await anvil.rpc('anvil_setBalance', [from, toHex(10n ** 21n)])
    await sendTransaction(anvil, { from, to, data: encodeFunctionData({ abi, functionName, args }) })
  }
  const { pool, admin, configurator, reserves } = market
  const assetOf = (symbol: ReserveSymbol): Address => reserves[symbol].asset
  return {
    fund: (account: Address, symbol: ReserveSymbol, amount: bigint) =>
      send(admin, assetOf(symbol), 'mint', [account, amount]),
    /** `by` borrows on the credit of `account`; the debt is the account's. */
    borrowOnCredit: async (
      account: Address,
      { by, symbol, amount }: { by: Address; symbol: ReserveSymbol; amount: bigint },
    ) => {
      await send(account, reserves[symbol].variableDebtToken, 'approveDelegation', [by, maxUint256])
      await send(by, pool, 'borrow', [assetOf(symbol), amount, 2n, 0, account])
    },
    /** `by` repays a debt of the account. */
    repayFor: async (
      account: Address,
      { by, symbol, amount }: { by: Address; symbol: ReserveSymbol; amount: bigint },
    ) => {
      await send(admin, assetOf(symbol), 'mint', [by, amount])
      await send(by, assetOf(symbol), 'approve', [pool, amount])
      await send(by, pool, 'repay', [assetOf(symbol), amount, 2n, account])
    },
    repayWithATokens: (account: Address, symbol: ReserveSymbol, amount: bigint) =>
      send(account, pool, 'repayWithATokens', [assetOf(symbol), amount, 2n]),
    withdrawTo: (account: Address, symbol: ReserveSymbol, amount: bigint, to: Address) =>
      send(account, pool, 'withdraw', [assetOf(symbol), amount, to]),
    /** v3.0.2 only: a loan at the stable rate. */
    borrowStable: async (account: Address, symbol: ReserveSymbol, amount: bigint) => {
      await send(admin, configurator, 'setReserveStableRateBorrowing', [assetOf(symbol), true])
      await send(account, pool, 'borrow', [assetOf(symbol), amount, 1n, 0, account])
    },
    /** v3.0.2 only: turns the whole stable loan into a variable one. */
    swapToVariable: (account: Address, symbol: ReserveSymbol) =>
      send(account, pool, 'swapBorrowRateMode', [assetOf(symbol), 1n]),
    /** v3.0.2 only: an e-mode whose members are all priced as another asset. */
    setCategory: async (
      id: number,
      {
        threshold,
        priceSource,
        members,
      }: { threshold: number; priceSource: Address; members: ReserveSymbol[] },
    ) => {
      const ltv = threshold - 100
      await send(admin, configurator, 'setEModeCategory', [id, ltv, threshold, 10_100, priceSource, 'test'])
      for (const member of members)
        await send(admin, configurator, 'setAssetEModeCategory', [assetOf(member), id])
    },
    mine: () => mine(anvil, 1),
  }
}
