import type { Address } from 'viem'
import { tokenNameAbi, uniswapV3PoolAbi } from '../../abis/uniswap-v3.ts'
import { MAX_TICK } from '../core/cascade/sqrt-price.ts'
import type { TickPool } from '../core/cascade/tick-curve.ts'
import { EndpointError } from '../core/errors.ts'
import type { Reader } from '../sources/batch.ts'

/** What a pool is, whatever its state. */
export type PoolFacts = {
  readonly address: Address
  readonly token0: Address
  readonly token1: Address
  /** Millionths. */
  readonly fee: number
  readonly tickSpacing: number
}

/** A pool's price and the liquidity that selling one of its tokens would meet, all of it. */
export type PoolState = Pick<TickPool, 'sqrtPriceX96' | 'tick' | 'liquidity' | 'ticks'>

/** Ticks that one word of the bitmap covers, in steps of the spacing. */
const WORD = 256

/** @throws RevertedError where the address is no Uniswap v3 pool. */
export const readPoolFacts = async ({ read }: Reader, address: Address): Promise<PoolFacts> => {
  const pool = { address, abi: uniswapV3PoolAbi } as const
  const [token0, token1, fee, tickSpacing] = await Promise.all([
    read({ ...pool, functionName: 'token0' }),
    read({ ...pool, functionName: 'token1' }),
    read({ ...pool, functionName: 'fee' }),
    read({ ...pool, functionName: 'tickSpacing' }),
  ])
  return { address, token0, token1, fee, tickSpacing }
}

/** Decimals, and the symbol where the token has one that is text. */
export const readToken = async (
  { read, tryRead }: Reader,
  address: Address,
): Promise<{ readonly decimals: number; readonly symbol: string | null }> => {
  const token = { address, abi: tokenNameAbi } as const
  const [decimals, symbol] = await Promise.all([
    read({ ...token, functionName: 'decimals' }),
    tryRead({ ...token, functionName: 'symbol' }),
  ])
  return { decimals, symbol }
}

/** The ticks of one word whose bit is set. */
const ticksOf = (word: bigint, position: number, spacing: number): readonly number[] => {
  const ticks: number[] = []
  for (let rest = word, bit = 0; rest > 0n; rest >>= 1n, bit++)
    if (rest & 1n) ticks.push((position * WORD + bit) * spacing)
  return ticks
}

/**
 * Price, liquidity and every initialised tick on the way from there to the end of the scale that selling `driver` moves
 * towards: about (887,272 ± tick) / spacing / 256 words of the bitmap, so that no liquidity below any shock is missed.
 * @returns null where the pool was never given a price.
 * @throws EndpointError where the ticks do not add up to the pool's liquidity: answers that do not belong together.
 */
export const readPoolState = async (
  { read }: Reader,
  { address, tickSpacing }: PoolFacts,
  driver: TickPool['driver'],
): Promise<PoolState | null> => {
  const pool = { address, abi: uniswapV3PoolAbi } as const
  const [[sqrtPriceX96, tick], liquidity] = await Promise.all([
    read({ ...pool, functionName: 'slot0' }),
    read({ ...pool, functionName: 'liquidity' }),
  ])
  if (sqrtPriceX96 === 0n) return null
  const down = driver === 'token0'
  const wordOf = (at: number): number => Math.floor(Math.floor(at / tickSpacing) / WORD)
  const [first, last] = down ? [wordOf(-MAX_TICK), wordOf(tick)] : [wordOf(tick), wordOf(MAX_TICK)]
  const positions = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  const words = await Promise.all(
    positions.map((position) => read({ ...pool, functionName: 'tickBitmap', args: [position] })),
  )
  const crossed = positions
    .flatMap((position, i) => ticksOf(words[i] ?? 0n, position, tickSpacing))
    .filter((at) => (down ? at <= tick : at > tick))
  const ticks = await Promise.all(
    crossed.map(async (at) => {
      const [, liquidityNet] = await read({ ...pool, functionName: 'ticks', args: [at] })
      return { tick: at, liquidityNet }
    }),
  )
  const net = ticks.reduce((sum, { liquidityNet }) => sum + liquidityNet, 0n)
  if (liquidity !== (down ? net : -net))
    throw new EndpointError(
      `pool ${address}: its ticks add up to a liquidity of ${down ? net : -net}, the pool says ${liquidity}; try again, or another endpoint`,
    )
  return { sqrtPriceX96, tick, liquidity, ticks }
}
