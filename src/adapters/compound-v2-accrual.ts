import type { Address } from 'viem'
import { cTokenAbi } from '../../abis/compound-v2.ts'
import type { Reader } from '../sources/batch.ts'

/** Whose rules hold: Venus has thresholds, pools, VAI and forced liquidation, Compound deprecated markets. */
export type Variant = 'compound' | 'venus' | 'moonwell'

/** The getter of the block, or the second, up to which interest is booked. */
export const markerOf = (variant: Variant): 'accrualBlockNumber' | 'accrualBlockTimestamp' =>
  variant === 'moonwell' ? 'accrualBlockTimestamp' : 'accrualBlockNumber'

/** What a market's storage says of its interest. */
export type StoredIndices = {
  readonly borrowIndex: bigint
  /** Raw units. */
  readonly totalBorrows: bigint
  /** Raw units of the underlying per cToken, WAD. */
  readonly exchangeRate: bigint
  /** Block, or second, up to which interest is booked. */
  readonly marker: bigint
}

/** The same with the interest that anyone may book at the pinned block. */
export type Indices = Omit<StoredIndices, 'marker'> & {
  /** accrueInterest refuses: nobody can be liquidated with this market, and its indices stand as stored. */
  readonly stuck: boolean
}

type Stored = StoredIndices & { readonly cToken: Address }

/**
 * The indices after accrueInterest, market by market, as the contracts themselves compute them: the calls of one
 * market follow each other inside one eth_call. liquidateBorrow books the interest of the two markets it touches, and
 * anyone may book the others' right before.
 */
export const accrueMarkets = async (
  reader: Reader,
  stored: readonly Stored[],
  variant: Variant,
): Promise<readonly Indices[]> => {
  const accrue = (market: Stored) => accrueMarket(reader, market, variant)
  const first = await Promise.all(stored.map(accrue))
  const indices: Indices[] = []
  for (const [i, market] of stored.entries()) {
    const found = first[i]
    // a request cut in the middle of a market's calls reads what is stored: the block, read last, still is the old one
    const again = found === undefined || found.marker === market.marker ? await accrue(market) : found
    const { marker: _, ...rest } = again
    indices.push(rest)
  }
  return indices
}

const accrueMarket = async (
  { read, tryRead }: Reader,
  { cToken }: Stored,
  variant: Variant,
): Promise<Indices & { readonly marker: bigint }> => {
  const token = { address: cToken, abi: cTokenAbi } as const
  const [error, borrowIndex, totalBorrows, exchangeRate, marker] = await Promise.all([
    tryRead({ ...token, functionName: 'accrueInterest' }),
    read({ ...token, functionName: 'borrowIndex' }),
    read({ ...token, functionName: 'totalBorrows' }),
    read({ ...token, functionName: 'exchangeRateStored' }),
    read({ ...token, functionName: markerOf(variant) }),
  ])
  return { borrowIndex, totalBorrows, exchangeRate, marker, stuck: error !== 0n }
}
