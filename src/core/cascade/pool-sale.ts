import { InvalidDataError } from '../errors.ts'
import {
  amount0Down,
  amount0Up,
  amount1Down,
  amount1Up,
  MAX_TICK,
  rootAfter0,
  rootAfter1,
  sqrtRatioAtTick,
} from './sqrt-price.ts'
import type { TickPool } from './tick-curve.ts'

/** What a pool makes of a sale, in raw units. */
export type PoolSale = {
  /** Of the driver, with the fee; less than offered where the price came to its limit before. */
  readonly amountIn: bigint
  /** Of the quote asset. */
  readonly amountOut: bigint
  readonly sqrtPriceX96: bigint
}

/** Ticks that one word of the pool's bitmap covers, in steps of its spacing. */
const WORD = 256

const PIPS = 1_000_000n

/** The √prices at which no pool goes further. */
const LOWEST = sqrtRatioAtTick(-MAX_TICK) + 1n
const HIGHEST = sqrtRatioAtTick(MAX_TICK) - 1n

type Boundary = { readonly tick: number; readonly net: bigint | null }

/**
 * Where the pool's next step ends while the driver is sold: at an initialised tick, or at the end of a word of its
 * bitmap, since every step is rounded on its own.
 */
const boundariesOf = ({ ticks, tickSpacing, driver }: TickPool): ((tick: number) => Boundary) => {
  const down = driver === 'token0'
  const ahead = [...ticks].sort((a, b) => (down ? b.tick - a.tick : a.tick - b.tick))
  let index = 0
  return (tick) => {
    while (
      index < ahead.length &&
      (down ? (ahead[index]?.tick ?? 0) > tick : (ahead[index]?.tick ?? 0) <= tick)
    )
      index++
    const next = ahead[index]
    const step = Math.floor(tick / tickSpacing) + (down ? 0 : 1)
    const edge = (Math.floor(step / WORD) * WORD + (down ? 0 : WORD - 1)) * tickSpacing
    if (next !== undefined && (down ? next.tick >= edge : next.tick <= edge))
      return { tick: next.tick, net: next.liquidityNet }
    return { tick: Math.max(-MAX_TICK, Math.min(MAX_TICK, edge)), net: null }
  }
}

type Step = {
  readonly root: bigint
  readonly amountIn: bigint
  readonly fee: bigint
  readonly amountOut: bigint
}

/** One step within constant liquidity towards `target` (SwapMath, for an exact input). */
const stepOf = (
  { driver, fee }: TickPool,
  {
    root,
    target,
    liquidity,
    offered,
  }: { readonly root: bigint; readonly target: bigint; readonly liquidity: bigint; readonly offered: bigint },
): Step => {
  const down = driver === 'token0'
  const pips = BigInt(fee)
  const span = (to: bigint) =>
    down ? { low: to, high: root, liquidity } : { low: root, high: to, liquidity }
  const needed = down ? amount0Up(span(target)) : amount1Up(span(target))
  const net = (offered * (PIPS - pips)) / PIPS
  const reaches = net >= needed
  const from = { root, liquidity }
  const end = reaches ? target : down ? rootAfter0(from, net) : rootAfter1(from, net)
  const amountIn = end === target ? needed : down ? amount0Up(span(end)) : amount1Up(span(end))
  const amountOut = down ? amount1Down(span(end)) : amount0Down(span(end))
  const charged = end === target ? (amountIn * pips + PIPS - pips - 1n) / (PIPS - pips) : offered - amountIn
  return { root: end, amountIn, fee: charged, amountOut }
}

/**
 * Sells up to `amount` raw units of the driver into a pool, at most down to the √price `limitX96`: in the contract's own
 * integers, so that amounts and price are those of QuoterV2 to the unit.
 * @throws InvalidDataError where the ticks are not those of the pool.
 */
export const sellInto = (
  pool: TickPool,
  { amount, limitX96 }: { readonly amount: bigint; readonly limitX96?: bigint },
): PoolSale => {
  const down = pool.driver === 'token0'
  const limit = limitX96 ?? (down ? LOWEST : HIGHEST)
  const beyond = (root: bigint): boolean => (down ? root <= limit : root >= limit)
  const boundaryAfter = boundariesOf(pool)
  let { sqrtPriceX96: root, tick, liquidity } = pool
  let left = amount
  let amountOut = 0n
  while (left > 0n && !beyond(root)) {
    const boundary = boundaryAfter(tick)
    const edge = sqrtRatioAtTick(boundary.tick)
    const target = beyond(edge) ? limit : edge
    const step = stepOf(pool, { root, target, liquidity, offered: left })
    root = step.root
    left -= step.amountIn + step.fee
    amountOut += step.amountOut
    if (root !== edge) continue
    if (boundary.net !== null) liquidity += down ? -boundary.net : boundary.net
    if (liquidity < 0n)
      throw new InvalidDataError(
        `ticks do not fit the pool: liquidity is negative beyond tick ${boundary.tick}`,
      )
    tick = down ? boundary.tick - 1 : boundary.tick
  }
  return { amountIn: amount - left, amountOut, sqrtPriceX96: root }
}
