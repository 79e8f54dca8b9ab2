import { at } from '../bands/columns.ts'
import { InvalidDataError } from '../errors.ts'
import { countAtLeast, countBelow } from './search.ts'
import { sqrtRatioAtTick } from './sqrt-price.ts'

/** A Uniswap v3 pool of the driver against a quote asset, as read at the pinned block. */
export type TickPool = {
  /** √(token1 / token0) in raw units, times 2⁹⁶ (`slot0`). */
  readonly sqrtPriceX96: bigint
  /** The current tick (`slot0`): which initialised ticks lie below the price, exactly. */
  readonly tick: number
  /** Liquidity in range at the current price, raw. */
  readonly liquidity: bigint
  /** The initialised ticks, in any order; those that buying the driver would cross are not needed. */
  readonly ticks: readonly { readonly tick: number; readonly liquidityNet: bigint }[]
  readonly tickSpacing: number
  /** What the pool keeps of the driver that is sold, in millionths. */
  readonly fee: number
  readonly driver: 'token0' | 'token1'
  readonly driverDecimals: number
  readonly quoteDecimals: number
  /** USD of one unit of the quote asset. */
  readonly quoteUsd: number
}

/** What the pools absorb on the way down: pieces of constant liquidity, by falling √price. */
export type TickCurve = {
  /** √(USD per driver unit) at the upper end of each piece; the last piece reaches down to 0. */
  readonly root: Float64Array
  /** Liquidity of each piece: driver handed over, with the fee = L·(1/√low − 1/√high). */
  readonly liquidity: Float64Array
  /** Driver units sold by the time the price reaches the upper end of each piece. */
  readonly amount: Float64Array
}

type Change = { readonly root: number; readonly pool: number; readonly liquidity: number }

/** Where a pool's liquidity changes as the driver is sold, and to what, in human units. */
const changesOf = (pool: TickPool, index: number): readonly Change[] => {
  const { driver, driverDecimals, quoteDecimals, quoteUsd, fee } = pool
  const direct = driver === 'token0'
  const rootScale = 10 ** ((driverDecimals - quoteDecimals) / 2) * Math.sqrt(quoteUsd)
  // the fee stays outside the curve, so that a seller hands over that much more
  const gross = 1 / (1 - fee / 1e6)
  const liquidityScale = 10 ** (-(driverDecimals + quoteDecimals) / 2) * Math.sqrt(quoteUsd) * gross
  const rootOf = (rootX96: bigint): number => {
    const raw = Number(rootX96) / 2 ** 96
    return (direct ? raw : 1 / raw) * rootScale
  }
  const start = rootOf(pool.sqrtPriceX96)

  const crossed = pool.ticks
    .filter(({ tick }) => (direct ? tick <= pool.tick : tick > pool.tick))
    .sort((a, b) => (direct ? b.tick - a.tick : a.tick - b.tick))
  let raw = pool.liquidity
  const changes: Change[] = [{ root: start, pool: index, liquidity: Number(raw) * liquidityScale }]
  for (const { tick, liquidityNet } of crossed) {
    raw += direct ? -liquidityNet : liquidityNet
    if (raw < 0n)
      throw new InvalidDataError(`ticks do not fit the pool: liquidity is negative beyond tick ${tick}`)
    const root = Math.min(start, rootOf(sqrtRatioAtTick(tick)))
    changes.push({ root, pool: index, liquidity: Number(raw) * liquidityScale })
  }
  return changes
}

/**
 * The piecewise curve of one or more pools together (Uniswap v3 whitepaper, 6.2), each from its own price down, with the
 * pools' fees; `multiple` times their liquidity. In doubles: within 1e-9 of `sellInto`, which is exact.
 */
export const createTickCurve = (pools: readonly TickPool[], multiple = 1): TickCurve => {
  if (pools.length === 0) throw new InvalidDataError('a tick curve needs at least one pool')
  const changes = pools.flatMap(changesOf).sort((a, b) => b.root - a.root || a.pool - b.pool)
  const root = new Float64Array(changes.length)
  const liquidity = new Float64Array(changes.length)
  const amount = new Float64Array(changes.length)
  const current = new Float64Array(pools.length)
  changes.forEach((change, i) => {
    root[i] = change.root
    if (i > 0) amount[i] = at(amount, i - 1) + at(liquidity, i - 1) * (1 / change.root - 1 / at(root, i - 1))
    current[change.pool] = change.liquidity
    liquidity[i] = multiple * current.reduce((sum, value) => sum + value, 0)
  })
  return { root, liquidity, amount }
}

/** Driver units that take the pools down to `price`, USD; 0 at or above their own price. */
export const amountTo = ({ root, liquidity, amount }: TickCurve, price: number): number => {
  const target = Math.sqrt(price)
  const piece = countAtLeast(root, target) - 1
  if (piece < 0) return 0
  const depth = at(liquidity, piece)
  return at(amount, piece) + (depth > 0 ? depth * (1 / target - 1 / at(root, piece)) : 0)
}

/** The pools' price after `sold` driver units, USD: the upper end where a gap follows; 0 once they are exhausted. */
export const priceAt = ({ root, liquidity, amount }: TickCurve, sold: number): number => {
  if (!(sold > 0)) return at(root, 0) ** 2
  const piece = countBelow(amount, sold) - 1
  const depth = at(liquidity, piece)
  if (!(depth > 0)) return 0
  return (1 / (1 / at(root, piece) + (sold - at(amount, piece)) / depth)) ** 2
}

/**
 * The lowest outside price so far that brings a market along the curve to each of the falling `prices`, once
 * `soldUpTo` driver units are sold on top: a running maximum of what the outside has to sell itself, in one pass.
 */
export const criticalAlong = (
  { root, liquidity, amount }: TickCurve,
  prices: Float64Array,
  soldUpTo: Float64Array,
): Float64Array => {
  const critical = new Float64Array(prices.length)
  const last = root.length - 1
  let lowest = Number.POSITIVE_INFINITY
  let reach = 0
  let piece = -1
  let reached = 0
  for (let i = 0; i < prices.length; i++) {
    const price = prices[i] ?? 0
    const sold = soldUpTo[i] ?? 0
    const target = Math.sqrt(price)
    while (piece < last && (root[piece + 1] ?? 0) >= target) piece++
    const depth = liquidity[piece] ?? 0
    const within = depth > 0 ? depth * (1 / target - 1 / (root[piece] ?? 0)) : 0
    const needed = piece < 0 ? 0 : (amount[piece] ?? 0) + within - sold
    if (sold <= 0 && price < lowest) lowest = price
    if (needed > reach) {
      reach = needed
      while (reached < last && (amount[reached + 1] ?? 0) < reach) reached++
      const open = liquidity[reached] ?? 0
      const start = root[reached] ?? 0
      const outside = open > 0 ? 1 / (1 / start + (reach - (amount[reached] ?? 0)) / open) ** 2 : 0
      if (sold > 0) lowest = Math.min(lowest, Math.max(price, outside))
    }
    critical[i] = lowest
  }
  return critical
}
