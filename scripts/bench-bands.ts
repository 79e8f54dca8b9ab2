import { findBands } from '../src/core/bands/bands.ts'
import type { BookEntry } from '../src/core/bands/book.ts'
import { createRandom } from '../src/core/bands/random.ts'
import { rankBands } from '../src/core/bands/rank.ts'
import { solveAllShocks } from '../src/core/cascade/all-shocks.ts'
import { createMarket } from '../src/core/cascade/impact.ts'
import { histogram } from '../src/core/histogram.ts'
import type { Side } from '../src/core/report.ts'
import { clusterFor } from '../test/core/bands/heavy-books.ts'
import { IMPACTS, millionRungs } from '../test/core/cascade/books.ts'
import { crowdBetween, generateBook, sixWallets } from '../test/helpers/books.ts'

/**
 * Speed of the band engine beside a plain sort of the same entries by price, in the same run: only the ratio carries
 * over to another machine.
 */

const SPOT = 2151
const ROUNDS = 5

type Book = { readonly name: string; readonly sides: readonly (readonly [Side, readonly BookEntry[]])[] }

/** Owners with addresses of their own, as long as real ones; the six wallets keep theirs. */
const withAddresses = (entries: readonly BookEntry[]): readonly BookEntry[] => {
  const random = createRandom(entries.length)
  const word = (): string => Math.floor(random() * 2 ** 32).toString(16)
  return entries.map((entry) => {
    const address = `0x${`${word()}${word()}${word()}${word()}${word()}`.padStart(40, '0')}`
    return entry.owner.startsWith('owner wallet') ? entry : { ...entry, owner: address }
  })
}

const background = (positions: number, side: Side = 'below'): readonly BookEntry[] =>
  generateBook({ seed: 1, kind: 'lognormal', positions, spot: SPOT, side }).entries

/** Books in which every part of the search has something to do. */
const booksOf = (count: number): readonly (() => Book)[] => {
  const crowd = crowdBetween({ seed: 1, low: 1400, high: 1440, usd: 1.2e9, holders: 300 })
  const below = (name: string, ...parts: readonly (readonly BookEntry[])[]): Book => ({
    name,
    sides: [['below', withAddresses([background(count), ...parts].flat())]],
  })
  return [
    () => below('crowd and entity', crowd, sixWallets('Fund')),
    () => below('crowd and run of heavy owners', crowd, sixWallets(null)),
    () => {
      const run = clusterFor(crowd, { seed: 2, count: 6, share: 0.5, width: 0.02 })
      return below('crowd, run and entity', crowd, sixWallets('Fund'), run)
    },
    () => {
      const half = Math.floor(count / 2)
      const above = background(half, 'above').map((entry) => ({ ...entry, id: `above ${entry.id}` }))
      const near = [...background(half), ...crowd, ...sixWallets(null)]
      return {
        name: 'half on either side of spot',
        sides: [
          ['below', withAddresses(near)],
          ['above', withAddresses(above)],
        ],
      }
    },
  ]
}

type Time = { readonly wall: number; readonly user: number }

const timed = (work: () => void): Time => {
  const before = process.cpuUsage()
  const started = performance.now()
  work()
  const wall = performance.now() - started
  return { wall, user: process.cpuUsage(before).user / 1000 }
}

/** The run with the least of each: what a busy machine adds is no part of the work. */
const best = (work: () => void): Time => {
  const times = Array.from({ length: ROUNDS }, () => timed(work))
  return {
    wall: Math.min(...times.map(({ wall }) => wall)),
    user: Math.min(...times.map(({ user }) => user)),
  }
}

const line = (name: string, wall: string, user: string, ratio: string): string =>
  `${name.padEnd(42)}${wall.padStart(10)}${user.padStart(10)}${ratio.padStart(12)}\n`

/**
 * Sorts, finds the bands of both sides with every statistic, and fills the histograms of books of `count` positions;
 * prints milliseconds, and the ratio of user time to that of the sort of the same objects by price.
 */
export const benchBands = (count: number): void => {
  process.stdout.write(line(`${count} positions, best of ${ROUNDS}`, 'ms', 'user ms', 'user ratio'))
  for (const create of booksOf(count)) {
    const { name, sides } = create()
    const all = sides.flatMap(([, entries]) => entries)
    const prices = Float64Array.from(all, ({ price }) => price)
    let rows = 0
    const bands = best(() => {
      rows = rankBands(sides.flatMap(([side, entries]) => findBands(entries, { spot: SPOT, side }))).length
    })
    const bars = best(() => {
      for (const [side, entries] of sides) histogram(entries, { spot: SPOT, side })
    })
    const typed = best(() => {
      prices.slice().sort()
    })
    const sorted = best(() => {
      all.toSorted((a, b) => b.price - a.price)
    })
    const both = { wall: bands.wall + bars.wall, user: bands.user + bars.user }
    const print = (what: string, { wall, user }: Time): void => {
      process.stdout.write(line(what, wall.toFixed(0), user.toFixed(0), (user / sorted.user).toFixed(2)))
    }
    process.stdout.write(`${name}: ${rows} rows\n`)
    print('  bands and their statistics', bands)
    print('  histogram', bars)
    print('  both', both)
    print('  baseline: objects sorted by price', sorted)
    print('  for comparison: their prices alone', typed)
  }
  const rungs = millionRungs()
  process.stdout.write('a million rungs of a cascade, all shocks\n')
  for (const impact of IMPACTS) {
    const { wall, user } = best(() => {
      solveAllShocks(rungs, createMarket(impact, 2000))
    })
    process.stdout.write(line(`  ${impact.kind}`, wall.toFixed(0), user.toFixed(0), ''))
  }
}
