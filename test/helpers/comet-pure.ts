import { getAddress } from 'viem'
import type { CometAsset, CompoundV3Markets } from '../../src/adapters/compound-v3-markets.ts'

/** A token of a pure market, by its offset. */
export const tokenOf = (n: number) => getAddress(`0x${(0x1000 + n).toString(16).padStart(40, '0')}`)

const token = (n: number) => ({
  asset: tokenOf(n),
  symbol: `A${n}`,
  decimals: 18,
  feed: tokenOf(2000 + n),
  feeds: [],
  price: 10n ** 8n,
})

/** A Comet that stands on no chain: base of 6 decimals, everything at 1 USD, factors 80 % and 90 %, unless told. */
export const pureComet = ({
  base = {},
  assets = {},
  ...rest
}: {
  readonly base?: Partial<CompoundV3Markets['base']>
  /** By offset. */
  readonly assets?: Readonly<Record<number, Partial<CometAsset>>>
} & Partial<Omit<CompoundV3Markets, 'base' | 'assets'>>): CompoundV3Markets => ({
  comet: tokenOf(998),
  base: { ...token(999), symbol: 'BASE', decimals: 6, ...base },
  assets: Object.fromEntries(
    Object.entries(assets).map(([offset, asset]) => [
      offset,
      {
        ...token(Number(offset)),
        liquidateCollateralFactor: 8n * 10n ** 17n,
        liquidationFactor: 9n * 10n ** 17n,
        ...asset,
      },
    ]),
  ),
  borrowIndex: 10n ** 15n,
  totalBorrowBase: 0n,
  totalBorrow: 0n,
  borrowMin: 100_000_000n,
  storeFrontPriceFactor: 5n * 10n ** 17n,
  absorbPaused: false,
  quote: null,
  ...rest,
})
