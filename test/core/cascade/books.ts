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
import type { TickPool } from '../../../src/core/cascade/tick-curve.ts'

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

/** By rule, so that the oracle of one source lags and those of the others do not. */
const sourceOf = (rule: LiquidationRule): string =>
  rule === MAKER
    ? 'maker/ethereum/main'
    : rule === AAVE || rule === AAVE_BEFORE_33
      ? 'aave-v3/ethereum/core'
      : 'morpho/ethereum/main'

/** Random positions of every rule, with heavy-tailed sizes. */
export const randomPositions = (seed: number, count: number): readonly CascadePosition[] => {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, i) => {
    const rule = RULES[Math.floor(random() * RULES.length)] ?? AAVE
    const driverAmount = Math.min(1e5, 100 / (1 - random()))
    return positionOf({
      source: sourceOf(rule),
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
  tickSpacing: 10,
  fee: 0,
  driver: 'token0',
  driverDecimals: 18,
  quoteDecimals: 6,
  quoteUsd: 1,
} as const

/** A pool around spot with random ranges, of either token order and any decimals; nine in ten reach over everything. */
export const randomPool = (random: () => number): TickPool => {
  const driver = random() < 0.5 ? 'token0' : 'token1'
  const driverDecimals = random() < 0.5 ? 18 : 8
  const quoteDecimals = random() < 0.5 ? 18 : 6
  const usd = SPOT * (0.98 + 0.04 * random())
  const scaled = usd * 10 ** (quoteDecimals - driverDecimals)
  const price = driver === 'token0' ? scaled : 1 / scaled
  const tickSpacing = [1, 10, 60, 200][Math.floor(4 * random())] ?? 10
  const tick = Math.floor(Math.log(price) / Math.log(1.0001))
  // liquidity of so many driver units in a full range
  const unit = Math.sqrt(usd) * 10 ** ((driverDecimals + quoteDecimals) / 2)
  const onGrid = (at: number): number => Math.round(at / tickSpacing) * tickSpacing
  const widest = Math.floor(887_272 / tickSpacing) * tickSpacing
  const ranges = Array.from({ length: Math.floor(6 * random()) }, () => {
    const middle = tick + (random() - 0.5) * 8000
    const half = tickSpacing * (1 + Math.floor((4000 / tickSpacing) * random()))
    return { low: onGrid(middle - half), high: onGrid(middle + half), size: 10 ** (3 + 3 * random()) }
  })
  if (random() < 0.9 || ranges.length === 0) ranges.push({ low: -widest, high: widest, size: 1e4 })
  const nets = new Map<number, bigint>()
  let liquidity = 0n
  for (const { low, high, size } of ranges) {
    const amount = BigInt(Math.round(size * unit))
    nets.set(low, (nets.get(low) ?? 0n) + amount)
    nets.set(high, (nets.get(high) ?? 0n) - amount)
    if (low <= tick && tick < high) liquidity += amount
  }
  return {
    sqrtPriceX96: BigInt(Math.round(Math.sqrt(price) * 2 ** 96)),
    tick,
    liquidity,
    ticks: [...nets].map(([at, liquidityNet]) => ({ tick: at, liquidityNet })),
    tickSpacing,
    fee: [100, 500, 3000, 10_000][Math.floor(4 * random())] ?? 500,
    driver,
    driverDecimals,
    quoteDecimals,
    quoteUsd: 0.99 + 0.02 * random(),
  }
}

/** One to three pools together, once to five times over. */
export const randomPools = (random: () => number): Impact => ({
  kind: 'uniswap-v3',
  pools: Array.from({ length: 1 + Math.floor(3 * random()) }, () => randomPool(random)),
  multiple: [1, 2, 5][Math.floor(3 * random())] ?? 1,
})

export const IMPACTS: readonly Impact[] = [
  { kind: 'none' },
  { kind: 'depth', usd: 40e6 },
  { kind: 'sqrt', sigma: 0.04, volumeUsd: 4e8 },
  { kind: 'constant-product', reserveUsd: 3e5 * SPOT },
  { kind: 'uniswap-v3', pools: [POOL] },
]

export const anySeed = fc.integer({ min: 1, max: 2 ** 31 })

/** A million rungs at random prices, most of them small. */
export const millionRungs = (): CascadeBook => {
  const count = 1_000_000
  const random = createRandom(1)
  const price = Float64Array.from({ length: count }, () => 800 + 1199 * random())
    .sort()
    .reverse()
  const sold = Float64Array.from({ length: count }, () => Math.min(100, 0.01 / (1 - random())))
  const cents = sold.map((amount, i) => Math.round(100 * amount * (price[i] ?? 0)))
  const upTo = (column: Float64Array): Float64Array => {
    const sums = new Float64Array(count + 1)
    for (let i = 0; i < count; i++) sums[i + 1] = (sums[i] ?? 0) + (column[i] ?? 0)
    return sums
  }
  const ids = Int32Array.from({ length: count }, (_, i) => i)
  const ones = new Float64Array(count).fill(1)
  const none = new Float64Array(count)
  return {
    ...bookOf([]),
    sources: ['x'],
    lagSeconds: [0],
    rungs: {
      price,
      taken: sold,
      sold,
      cents,
      repaidUsd: none,
      unpaidUsd: none,
      position: ids,
      source: new Int32Array(count),
      first: new Int32Array(count).fill(1),
    },
    soldUpTo: upTo(sold),
    centsUpTo: upTo(cents),
    positions: { amount: sold, debtUsd: none, backedUsd: none, cost: ones },
  }
}
