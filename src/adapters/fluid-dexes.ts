import { type Address, getAddress, type Hex, numberToHex } from 'viem'
import { fluidDexAbi, fluidLiquidityAbi } from '../../abis/fluid.ts'
import { divCeil } from '../core/units.ts'
import type { Context } from './adapter.ts'
import { exchangePrices, heldAt } from './fluid-liquidity.ts'
import { bitsOf } from './fluid-rules.ts'

/**
 * What a share of a Fluid DEX stands for. A DEX has shares of what it holds and shares of what it owes; each of them is
 * its part of the DEX's own supply or debt at the Liquidity layer, in two tokens, as `withdrawPerfect` pays it and
 * `paybackPerfect` takes it (both round by two units more of 12 decimals in the DEX's favour). Source:
 * Instadapp/fluid-contracts-public at a9949b48, contracts/protocols/dex/poolT1/coreModule/core (colOperations.sol,
 * debtOperations.sol), contracts/libraries/dexSlotsLink.sol.
 */

/** All shares of one side of a DEX, and what they stand for in raw units of its two tokens. */
export type FluidStock = { readonly shares: bigint; readonly amounts: readonly [bigint, bigint] }

export type FluidDex = {
  /** The native coin by its wrapped form. */
  readonly tokens: readonly [Address, Address]
  readonly supply: FluidStock
  readonly borrow: FluidStock
}

type Chain = Pick<Context<unknown>, 'read' | 'tryRead' | 'block'>

/** Storage of a DEX by slot: total shares, in the lower half of the word. */
const [SUPPLY_SHARES, BORROW_SHARES] = [2, 4] as const

/**
 * @param token the address by which a token of the DEX is known here
 * @returns null where the contract is no DEX, or the layer does not list its tokens
 */
export const readDex = async (
  { read, tryRead, block }: Chain,
  address: Address,
  token: (given: Address) => Address,
): Promise<FluidDex | null> => {
  const dex = { address, abi: fluidDexAbi } as const
  const constants = await tryRead({ ...dex, functionName: 'constantsView' })
  if (constants === null) return null
  const layer = { address: constants.liquidity, abi: fluidLiquidityAbi } as const
  const stored = (slot: Hex): Promise<bigint> =>
    read({ ...layer, functionName: 'readFromStorage', args: [slot] })
  const shares = async (slot: number): Promise<bigint> =>
    bitsOf(
      await read({ ...dex, functionName: 'readFromStorage', args: [numberToHex(slot, { size: 32 })] }),
      0,
      128,
    )
  const [supplyShares, borrowShares, supply0, supply1, borrow0, borrow1, prices0, prices1] =
    await Promise.all([
      shares(SUPPLY_SHARES),
      shares(BORROW_SHARES),
      stored(constants.supplyToken0Slot),
      stored(constants.supplyToken1Slot),
      stored(constants.borrowToken0Slot),
      stored(constants.borrowToken1Slot),
      stored(constants.exchangePriceToken0Slot),
      stored(constants.exchangePriceToken1Slot),
    ])
  const [of0, of1] = [exchangePrices(prices0, block.timestamp), exchangePrices(prices1, block.timestamp)]
  if (of0 === null || of1 === null) return null
  return {
    tokens: [token(getAddress(constants.token0)), token(getAddress(constants.token1))],
    supply: { shares: supplyShares, amounts: [heldAt(supply0, of0.supply), heldAt(supply1, of1.supply)] },
    borrow: { shares: borrowShares, amounts: [heldAt(borrow0, of0.borrow), heldAt(borrow1, of1.borrow)] },
  }
}

/**
 * What so many shares stand for, in raw token units: cut for what is held, rounded up for what is owed.
 * @returns null where the DEX has no shares of that side
 */
export const standsFor = (
  { supply, borrow }: FluidDex,
  side: 'supply' | 'borrow',
  shares: bigint,
): readonly [bigint, bigint] | null => {
  const stock = side === 'supply' ? supply : borrow
  if (stock.shares === 0n) return null
  const part = (amount: bigint): bigint =>
    side === 'supply' ? (shares * amount) / stock.shares : divCeil(shares * amount, stock.shares)
  return [part(stock.amounts[0]), part(stock.amounts[1])]
}
