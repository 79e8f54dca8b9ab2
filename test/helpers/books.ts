import type { BookEntry } from '../../src/core/bands/book.ts'
import { createRandom, drawNormal } from '../../src/core/bands/random.ts'
import type { Side } from '../../src/core/report.ts'

/**
 * Generated liquidation books whose bands are known. Everything is drawn as a depth, ln(spot / price), and turned into
 * a price last, so that the same book exists on either side of spot.
 */

export type BookKind =
  | 'bands'
  | 'adjacent'
  | 'at spot'
  | 'lognormal'
  | 'uniform'
  | 'bimodal'
  | 'leverage'
  | 'one whale'

export type PriceRange = { readonly low: number; readonly high: number }

export type GeneratedBook = {
  readonly spot: number
  readonly side: Side
  readonly entries: readonly BookEntry[]
  readonly planted: readonly PriceRange[]
}

type Holding = { readonly depth: number; readonly usd: number }
type Random = () => number
/** A band to plant: nearest depth, width in ln price, share of the background, holders, peaked in the middle or flat. */
type Plant = {
  readonly near: number
  readonly width: number
  readonly share: number
  readonly holders: number
  readonly peaked: boolean
}

const FARTHEST = -Math.log(0.05)
const MEDIAN = -Math.log(0.55)
const SIGMA = 0.45

/** Share of a lognormal background per unit of depth. */
const lognormalDensity = (depth: number): number =>
  Math.exp(-0.5 * ((depth - MEDIAN) / SIGMA) ** 2) / (SIGMA * Math.sqrt(2 * Math.PI)) / 0.908

const drawDepth = (random: Random, kind: BookKind): number => {
  for (;;) {
    let depth: number
    if (kind === 'uniform') depth = -Math.log(0.3 + 0.7 * random())
    else if (kind === 'bimodal') depth = -Math.log(random() < 0.5 ? 0.45 : 0.85) + 0.12 * drawNormal(random)
    else if (kind === 'leverage') depth = -Math.log(1 + 0.25 * Math.log(1 - random()))
    else depth = MEDIAN + SIGMA * drawNormal(random)
    if (depth > 0 && depth < FARTHEST) return depth
  }
}

const drawPareto = (random: Random, alpha: number): number => (1 - random()) ** (-1 / alpha)
const drawBetween = (random: Random, low: number, high: number): number => low + (high - low) * random()
const drawLogBetween = (random: Random, low: number, high: number): number =>
  low * Math.exp(random() * Math.log(high / low))
const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)

/** Cuts amounts to at most `share` of their sum, and scales what is left to `total`. */
const limited = (amounts: readonly number[], share: number, total: number): readonly number[] => {
  let cut = amounts
  for (let i = 0; i < 8; i++) {
    const most = share * sum(cut)
    cut = cut.map((amount) => Math.min(amount, most))
  }
  const scale = total / sum(cut)
  return cut.map((amount) => amount * scale)
}

const plantHoldings = (random: Random, plant: Plant, backgroundUsd: number): readonly Holding[] => {
  const weights = Array.from({ length: plant.holders }, () => drawPareto(random, 1.3))
  return limited(weights, 0.15, plant.share * backgroundUsd).map((usd) => {
    const place = plant.peaked ? (random() + random()) / 2 : random()
    return { depth: plant.near + plant.width * place, usd }
  })
}

const drawHolders = (random: Random): number => Math.floor(drawLogBetween(random, 30, 450))

/** A band 3 to 15 times as dense as the background with 3 to 30 % of it, away from the others; null where none fits. */
const drawPlant = (random: Random, others: readonly Plant[]): Plant | null => {
  for (let attempt = 0; attempt < 500; attempt++) {
    const width = drawLogBetween(random, 0.005, 0.08)
    const ratio = drawLogBetween(random, 3, 15)
    const near = drawBetween(random, 0, -Math.log(0.45) - width)
    const share = (ratio - 1) * lognormalDensity(near + width / 2) * width
    const isFree = others.every(
      (other) => near > other.near + other.width + 0.06 || near + width < other.near - 0.06,
    )
    if (share >= 0.03 && share <= 0.3 && isFree)
      return { near, width, share, holders: drawHolders(random), peaked: random() < 0.5 }
  }
  return null
}

const drawPlants = (random: Random, kind: BookKind): readonly Plant[] => {
  if (kind === 'bands') {
    const plants: Plant[] = []
    const count = 1 + Math.floor(4 * random())
    for (let i = 0; i < count; i++) {
      const plant = drawPlant(random, plants)
      if (plant) plants.push(plant)
    }
    return plants
  }
  if (kind === 'adjacent') {
    const near = -Math.log(drawBetween(random, 0.6, 0.85))
    const first = drawBetween(random, 0.01, 0.03)
    const second = drawBetween(random, 0.01, 0.03)
    const gap = drawBetween(random, 0.02, 0.04)
    const plantAt = (from: number, width: number): Plant => {
      const share = drawBetween(random, 3, 7) * lognormalDensity(from) * width + 0.02
      return { near: from, width, share, holders: drawHolders(random), peaked: false }
    }
    return [plantAt(near, first), plantAt(near + first + gap, second)]
  }
  if (kind === 'at spot') {
    const width = drawBetween(random, 0.008, 0.018)
    const share = drawBetween(random, 0.06, 0.12)
    return [{ near: width * 0.001, width: width * 0.999, share, holders: drawHolders(random), peaked: false }]
  }
  return []
}

const SOURCES = ['aave-v3/ethereum/core', 'spark/ethereum/main', 'morpho-blue/ethereum/main'] as const

/** An entry of its own owner; override what matters. */
export const entryOf = (entry: Partial<BookEntry> & { readonly id: string }): BookEntry => {
  const collateralUsd = entry.collateralUsd ?? 1e6
  return {
    source: SOURCES[0],
    owner: `owner ${entry.id}`,
    entity: null,
    price: 1500,
    debtUsd: collateralUsd * 0.6,
    driverAmount: collateralUsd / 2000,
    ...entry,
    collateralUsd,
  }
}

/** The price at a depth on a side of spot. */
export const priceAt = (depth: number, spot: number, side: Side): number =>
  spot * Math.exp(side === 'below' ? -depth : depth)

const rangeOf = (holdings: readonly Holding[], spot: number, side: Side): PriceRange => {
  const prices = holdings.map(({ depth }) => priceAt(depth, spot, side))
  return { low: Math.min(...prices), high: Math.max(...prices) }
}

/** A book of `positions` background positions of different owners, and the bands of its kind planted in it. */
export const generateBook = ({
  seed,
  kind,
  positions = 20_000,
  usd = 8e9,
  spot = 2000,
  side = 'below',
  alpha,
  largest = 0.025,
}: {
  readonly seed: number
  readonly kind: BookKind
  readonly positions?: number
  /** Background collateral, USD. */
  readonly usd?: number
  readonly spot?: number
  readonly side?: Side
  /** Tail of the background's sizes: Pareto, 1.05 to 1.30 by default. */
  readonly alpha?: number
  /** Nobody in the background has more than this share of it. */
  readonly largest?: number
}): GeneratedBook => {
  const random = createRandom(seed * 7919 + 17)
  const tail = alpha ?? drawBetween(random, 1.05, 1.3)
  const depths = Array.from({ length: positions }, () => drawDepth(random, kind))
  const sizes = limited(
    depths.map(() => drawPareto(random, tail)),
    largest,
    usd,
  )
  const holdings: Holding[] = depths.map((depth, i) => ({ depth, usd: sizes[i] ?? 0 }))
  if (kind === 'one whale')
    holdings.push({ depth: -Math.log(drawBetween(random, 0.6, 0.95)), usd: 0.2 * usd })
  const planted = drawPlants(random, kind).map((plant) => plantHoldings(random, plant, usd))
  const entries = [...holdings, ...planted.flat()].map((holding, i) =>
    entryOf({
      id: `${i}`,
      source: SOURCES[i % SOURCES.length] ?? SOURCES[0],
      price: priceAt(holding.depth, spot, side),
      collateralUsd: holding.usd,
      driverAmount: holding.usd / spot,
    }),
  )
  return { spot, side, entries, planted: planted.map((band) => rangeOf(band, spot, side)) }
}

/** Many independent holders between two prices. */
export const crowdBetween = (
  crowd: PriceRange & { readonly seed: number; readonly usd: number; readonly holders: number },
): readonly BookEntry[] => {
  const { seed, low, high, usd, holders } = crowd
  const random = createRandom(seed * 31 + 7)
  const sizes = limited(
    Array.from({ length: holders }, () => drawPareto(random, 1.3)),
    0.15,
    usd,
  )
  return sizes.map((collateralUsd, i) =>
    entryOf({ id: `crowd ${seed} ${i}`, price: drawBetween(random, low, high), collateralUsd }),
  )
}

/** ETH and liquidation price of the six wallets of the published case, at a spot of 2,151. */
const SIX_WALLETS = [
  [145_850, 1791],
  [114_899, 1807],
  [108_749, 1808],
  [79_516, 1781.09],
  [84_615.98, 1835],
  [84_615.98, 1862.02],
] as const

/** The published case: six wallets of one fund, published band 1,781.09–1,862.02. */
export const sixWallets = (entity: string | null): readonly BookEntry[] =>
  SIX_WALLETS.map(([eth, price], i) =>
    entryOf({ id: `wallet ${i}`, entity, price, collateralUsd: eth * 2151, driverAmount: eth }),
  )

/** The same items in another order. */
export const shuffled = <T>(items: readonly T[], seed: number): readonly T[] => {
  const random = createRandom(seed)
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

/** Intersection over union of two price ranges. */
export const agreement = (a: PriceRange, b: PriceRange): number => {
  const shared = Math.min(a.high, b.high) - Math.max(a.low, b.low)
  const union = Math.max(a.high, b.high) - Math.min(a.low, b.low)
  return union === 0 ? 1 : Math.max(0, shared) / union
}
