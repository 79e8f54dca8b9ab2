import fc from 'fast-check'
import { createRandom } from '../../../src/core/bands/random.ts'
import { type AllShocks, solveAllShocks } from '../../../src/core/cascade/all-shocks.ts'
import { type CascadeBook, createCascadeBook } from '../../../src/core/cascade/book.ts'
import { createMarket, type Impact } from '../../../src/core/cascade/impact.ts'
import type { CascadePosition } from '../../../src/core/cascade/ladder.ts'
import {
  AAVE,
  AAVE_BEFORE_33,
  ABSORB,
  type LiquidationRule,
  MAKER,
  WHOLE_POSITION,
} from '../../../src/core/cascade/rules.ts'

export const SPOT = 2000

export const RULES: readonly LiquidationRule[] = [AAVE, AAVE_BEFORE_33, WHOLE_POSITION, ABSORB, MAKER]

/** A position at its trigger: debt = amount · price · threshold, plus what other collateral carries. */
export const positionOf = (
  overrides: Partial<CascadePosition> & { backedUsd?: number } = {},
): CascadePosition => {
  const { backedUsd = 0, ...given } = overrides
  const { price = 1500, driverAmount = 100, threshold = 0.83 } = given
  return {
    source: 'aave-v3/ethereum/core',
    id: 'a',
    price,
    driverAmount,
    threshold,
    debtUsd: price * driverAmount * threshold + backedUsd,
    bonus: 0.05,
    rule: AAVE,
    ...given,
  }
}

/** A position of a single rung that sells exactly `amount` driver units at `price`. */
export const sale = (price: number, amount: number, id = `${price}`): CascadePosition =>
  positionOf({ id, price, driverAmount: amount, threshold: 0.5, bonus: 0, rule: ABSORB })

export const salesAt = (
  sales: readonly (readonly [price: number, amount: number])[],
): readonly CascadePosition[] => sales.map(([price, amount], i) => sale(price, amount, `${i}`))

const SOURCES = ['aave-v3/ethereum/core', 'maker/ethereum/main', 'morpho/ethereum/main']

/** Random positions of every rule, with heavy-tailed sizes. */
export const randomPositions = (seed: number, count: number): readonly CascadePosition[] => {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, i) => {
    const rule = RULES[Math.floor(random() * RULES.length)] ?? AAVE
    const driverAmount = Math.min(1e5, 100 / (1 - random()))
    return positionOf({
      source: SOURCES[Math.floor(random() * SOURCES.length)] ?? '',
      id: `${i}`,
      price: 1000 + 999 * random(),
      driverAmount,
      threshold: 0.5 + 0.49 * random(),
      backedUsd: random() < 0.3 ? random() * driverAmount * 500 : 0,
      bonus: 0.12 * random(),
      rule,
    })
  })
}

export const bookOf = (
  positions: readonly CascadePosition[],
  options: Partial<Parameters<typeof createCascadeBook>[1]> = {},
): CascadeBook => createCascadeBook(positions, { spot: SPOT, ...options })

export const shocksOf = (book: CascadeBook, impact: Impact): AllShocks =>
  solveAllShocks(book, createMarket(impact, book.spot))

/** A pool of WETH (token0, 18 decimals) against a dollar of 6, with three ranges below spot and a full one. */
export const POOL = {
  sqrtPriceX96: BigInt(Math.round(Math.sqrt(SPOT / 1e12) * 2 ** 48)) * 2n ** 48n,
  tick: Math.floor(Math.log(SPOT / 1e12) / Math.log(1.0001)),
  liquidity: 6n * 10n ** 18n,
  ticks: [
    { tick: -887270, liquidityNet: 10n ** 18n },
    { tick: -204000, liquidityNet: 2n * 10n ** 18n },
    { tick: -202000, liquidityNet: -(10n ** 18n) },
    { tick: -201000, liquidityNet: 4n * 10n ** 18n },
    { tick: -199000, liquidityNet: -6n * 10n ** 18n },
  ],
  driver: 'token0',
  driverDecimals: 18,
  quoteDecimals: 6,
  quoteUsd: 1,
} as const

export const IMPACTS: readonly Impact[] = [
  { kind: 'none' },
  { kind: 'depth', usd: 40e6 },
  { kind: 'sqrt', sigma: 0.04, volumeUsd: 4e8 },
  { kind: 'constant-product', reserve: 3e5 },
  { kind: 'uniswap-v3', pools: [POOL] },
]

export const anySeed = fc.integer({ min: 1, max: 2 ** 31 })
