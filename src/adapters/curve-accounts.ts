import { type Address, getAddress } from 'viem'
import { curveAmmAbi, curveControllerAbi } from '../../abis/curve.ts'
import type { Context } from './adapter.ts'
import type { CurveDeployment, CurveMarket, CurveMarkets } from './curve-markets.ts'

/** A loan as the chain stores it. Its key is `controller:user`. */
export type CurveAccount = {
  readonly controller: Address
  /** Raw borrowed tokens, interest included; 0 for a loan that is closed. */
  readonly debt: bigint
  /** The first band and the last. */
  readonly n1: number
  readonly n2: number
  /** Oracle prices at the upper edge of the first band and the lower edge of the last, WAD. */
  readonly priceUp: bigint
  readonly priceDown: bigint
  /** What it holds of each band: raw borrowed tokens, and raw collateral. */
  readonly x: readonly bigint[]
  readonly y: readonly bigint[]
  /** The liquidation discount under which it was borrowed, WAD. */
  readonly discount: bigint
  /** The controller's own full health, WAD; null where it refuses to answer. */
  readonly health: bigint | null
}

/** The two halves of a key. */
export const partsOf = (key: string): readonly [controller: Address, user: Address] => {
  const [controller = '', user = ''] = key.split(':')
  return [controller as Address, user as Address]
}

type Chain = Context<CurveDeployment>

/** Keys of all loans of a market at the pinned block. */
export const readKeys = async (
  { read }: Pick<Chain, 'read'>,
  { controller, loans }: CurveMarket,
): Promise<readonly string[]> => {
  const users = await Promise.all(
    Array.from({ length: loans }, (_, i) =>
      read({ address: controller, abi: curveControllerAbi, functionName: 'loans', args: [BigInt(i)] }),
    ),
  )
  return users.map((user) => `${controller}:${getAddress(user)}`)
}

const closed = (controller: Address): CurveAccount => ({
  controller,
  debt: 0n,
  n1: 0,
  n2: 0,
  priceUp: 0n,
  priceDown: 0n,
  x: [],
  y: [],
  discount: 0n,
  health: null,
})

/** One loan at the pinned block, in two rounds of reads. */
export const readAccount = async (
  { read, tryRead }: Pick<Chain, 'read' | 'tryRead'>,
  { markets }: CurveMarkets,
  key: string,
): Promise<CurveAccount> => {
  const [address, user] = partsOf(key)
  const controller = { address, abi: curveControllerAbi } as const
  const amm = markets[address]?.amm
  // a factory never takes a market off its list
  if (amm === undefined) return closed(address)
  const debt = await read({ ...controller, functionName: 'debt', args: [user] })
  if (debt === 0n) return closed(address)
  const [[n1, n2], [x = [], y = []], [priceUp, priceDown], discount, health] = await Promise.all([
    read({ address: amm, abi: curveAmmAbi, functionName: 'read_user_tick_numbers', args: [user] }),
    read({ address: amm, abi: curveAmmAbi, functionName: 'get_xy', args: [user] }),
    read({ ...controller, functionName: 'user_prices', args: [user] }),
    read({ ...controller, functionName: 'liquidation_discounts', args: [user] }),
    tryRead({ ...controller, functionName: 'health', args: [user, true] }),
  ])
  return {
    controller: address,
    debt,
    n1: Number(n1),
    n2: Number(n2),
    priceUp,
    priceDown,
    x,
    y,
    discount,
    health,
  }
}
