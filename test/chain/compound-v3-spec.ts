/** What a test Comet is made of, as data. Prices are USD, factors fractions. */

/** Which way a collateral gets its price. */
export type FeedSpec =
  /** A feed of its own, in the market's quote. */
  | { readonly kind: 'own'; readonly price: number }
  /** A driver's USD feed, as it is. */
  | { readonly kind: 'driver'; readonly of: 'ETH' | 'BTC' }
  /** A driver's USD feed behind an adapter that hands it on. */
  | { readonly kind: 'scaled'; readonly of: 'ETH' | 'BTC' }
  /** A ratio times a driver's USD feed. */
  | { readonly kind: 'product'; readonly of: 'ETH' | 'BTC'; readonly ratio: number }
  /** A USD price in terms of ETH: BTC's own, or a constant one. */
  | { readonly kind: 'in ETH'; readonly of: 'BTC' | number }

export type CollateralSpec = {
  readonly symbol: string
  readonly decimals: number
  readonly feed: FeedSpec
  readonly borrowFactor: number
  readonly liquidateFactor: number
  readonly liquidationFactor: number
}

export type CometSpec = {
  readonly name: string
  readonly base: {
    readonly symbol: string
    readonly decimals: number
    /** A feed of its own, the constant 1, or the driver's USD feed. */
    readonly price: number | 'constant' | 'ETH'
  }
  /** Raw base tokens. */
  readonly borrowMin: bigint
  readonly collateral: readonly CollateralSpec[]
}

export const ETH_USD = 3000
export const BTC_USD = 60_000

const asset = (
  symbol: string,
  decimals: number,
  feed: FeedSpec,
  factors: readonly [borrow: number, liquidate: number, liquidation: number],
): CollateralSpec => {
  const [borrowFactor, liquidateFactor, liquidationFactor] = factors
  return { symbol, decimals, feed, borrowFactor, liquidateFactor, liquidationFactor }
}

/** Fills the places between the assets that have a name. */
const others = (from: number, to: number): readonly CollateralSpec[] =>
  Array.from({ length: to - from }, (_, i) =>
    asset(`T${from + i}`, 2 + ((from + i) % 17), { kind: 'own', price: 0.37 + i * 1.91 }, [0.5, 0.55, 0.8]),
  )

/** As cUSDCv3: a base token in USD, and all 24 collateral assets that an extended Comet can have. */
export const USDC_SPEC: CometSpec = {
  name: 'usdc',
  base: { symbol: 'USDC', decimals: 6, price: 1 },
  borrowMin: 100_000_000n,
  collateral: [
    asset('WETH', 18, { kind: 'scaled', of: 'ETH' }, [0.83, 0.9, 0.95]),
    asset('WBTC', 8, { kind: 'driver', of: 'BTC' }, [0.7, 0.77, 0.95]),
    asset('wstETH', 18, { kind: 'product', of: 'ETH', ratio: 1.17654321 }, [0.8, 0.85, 0.93]),
    asset('COMP', 18, { kind: 'own', price: 50 }, [0.65, 0.7, 0.93]),
    asset('USDe', 18, { kind: 'own', price: 0.9987 }, [0.7, 0.75, 0.85]),
    asset('cbBTC', 8, { kind: 'scaled', of: 'BTC' }, [0.8, 0.85, 0.95]),
    ...others(6, 16),
    asset('weETH', 18, { kind: 'product', of: 'ETH', ratio: 1.04321 }, [0.82, 0.87, 0.92]),
    asset('tBTC', 18, { kind: 'product', of: 'BTC', ratio: 0.99871 }, [0.76, 0.81, 0.9]),
    asset('DAI', 18, { kind: 'own', price: 1.0003 }, [0.8, 0.85, 0.95]),
    ...others(19, 24),
  ],
}

/** As cWETHv3: the base token's price is a constant 1, everything else is in ETH. */
export const WETH_SPEC: CometSpec = {
  name: 'weth',
  base: { symbol: 'WETH', decimals: 18, price: 'constant' },
  borrowMin: 10n ** 17n,
  collateral: [
    asset('wstETH', 18, { kind: 'own', price: 1.17654321 }, [0.9, 0.93, 0.97]),
    asset('WBTC', 8, { kind: 'in ETH', of: 'BTC' }, [0.8, 0.85, 0.93]),
    asset('USDC', 6, { kind: 'in ETH', of: 1 }, [0.8, 0.86, 0.95]),
    asset('rETH', 18, { kind: 'own', price: 1.0921 }, [0.9, 0.93, 0.97]),
  ],
}

/** A base token that follows a driver, priced in USD like its collateral (as cAEROv3): both sides move. */
export const ETH_SPEC: CometSpec = {
  name: 'eth',
  base: { symbol: 'WETH', decimals: 18, price: 'ETH' },
  borrowMin: 10n ** 15n,
  collateral: [
    asset('wstETH', 18, { kind: 'product', of: 'ETH', ratio: 1.17654321 }, [0.9, 0.93, 0.97]),
    asset('WBTC', 8, { kind: 'driver', of: 'BTC' }, [0.8, 0.85, 0.93]),
    asset('USDC', 6, { kind: 'own', price: 0.9998 }, [0.8, 0.86, 0.95]),
    asset('cbETH', 18, { kind: 'product', of: 'ETH', ratio: 1.0812345 }, [0.88, 0.91, 0.97]),
  ],
}
