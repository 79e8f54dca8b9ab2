import type { BookEntry } from '../../../src/core/bands/book.ts'
import { createRandom, drawNormal } from '../../../src/core/bands/random.ts'
import { crowdBetween, entryOf, generateBook, priceAt, sixWallets } from '../../helpers/books.ts'

/** Books with heavy owners. */

export const SPOT = 2151

const totalOf = (entries: readonly BookEntry[]): number =>
  entries.reduce((sum, { collateralUsd }) => sum + collateralUsd, 0)

/** `count` owners with 2.5 % of the finished book each, fallen like a lognormal book. */
export const whalesFor = (
  entries: readonly BookEntry[],
  count: number,
  seed: number,
): readonly BookEntry[] => {
  const random = createRandom(seed * 613 + 5)
  const collateralUsd = (0.025 * totalOf(entries)) / (1 - 0.025 * count)
  return Array.from({ length: count }, (_, i) => {
    let depth = -1
    while (depth <= 0 || depth > 3) depth = -Math.log(0.55) + 0.45 * drawNormal(random)
    return entryOf({ id: `whale ${seed} ${i}`, price: priceAt(depth, SPOT, 'below'), collateralUsd })
  })
}

/** `count` owners with `share` of the finished book in a range of `width` in ln price, at drawn places and weights. */
export const clusterFor = (
  entries: readonly BookEntry[],
  cluster: {
    readonly seed: number
    readonly count: number
    readonly share: number
    readonly width: number
  },
): readonly BookEntry[] => {
  const { seed, count, share, width } = cluster
  const random = createRandom(seed * 97 + 11)
  const near = -Math.log(0.6 + 0.3 * random())
  const weights = Array.from({ length: count }, () => 0.5 + random())
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight, i) => {
    const place = i === 0 ? 0 : i === count - 1 ? 1 : random()
    const collateralUsd = (((share * totalOf(entries)) / (1 - share)) * weight) / sum
    const price = priceAt(near + width * place, SPOT, 'below')
    return entryOf({ id: `cluster ${seed} ${i}`, price, collateralUsd })
  })
}

/** The six wallets again, 5 % lower. */
export const sixLower = (entity: string | null): readonly BookEntry[] =>
  sixWallets(entity).map((entry) => ({
    ...entry,
    id: `lower ${entry.id}`,
    price: (entry.price * (1781.09 / 1862.02)) / 1.05,
  }))

/** The six wallets, the first, second and fourth of one labelled fund. */
export const threeLabelled = (): readonly BookEntry[] =>
  sixWallets(null).map((entry, i) => ({ ...entry, entity: [0, 1, 3].includes(i) ? 'Fund' : null }))

/** A book with a bit of everything: a background, heavy owners close together, and often whales and a crowd. */
export const mixedBook = (seed: number): readonly BookEntry[] => {
  const random = createRandom(seed * 31 + 3)
  const between = (low: number, high: number): number => low + (high - low) * random()
  const { entries } = generateBook({ seed, kind: 'lognormal', positions: 700, spot: SPOT })
  const low = between(1200, 1900)
  const crowd = { seed, low, high: low * between(1.01, 1.05), usd: between(0.3e9, 2e9), holders: 80 }
  const withCrowd = random() < 0.6 ? [...entries, ...crowdBetween(crowd)] : entries
  const count = Math.floor(between(3, 9))
  const cluster = { seed, count, share: between(0.07, 0.2), width: between(0.003, 0.04) }
  const withCluster = [...withCrowd, ...clusterFor(withCrowd, cluster)]
  return [...withCluster, ...whalesFor(withCluster, Math.floor(between(0, 6)), seed)]
}

/** The same book with labels of two entities on some of its entries, most of them heavy. */
export const labelled = (entries: readonly BookEntry[], seed: number): readonly BookEntry[] => {
  const random = createRandom(seed * 7 + 1)
  const often = random()
  return entries.map((entry) => {
    const isLabelled = random() < (entry.id.startsWith('cluster') ? often : 0.02)
    return isLabelled ? { ...entry, entity: random() < 0.7 ? 'Fund' : 'Other' } : entry
  })
}
