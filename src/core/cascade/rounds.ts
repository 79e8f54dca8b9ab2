import { at } from '../bands/columns.ts'
import { type CascadeBook, rungCount } from './book.ts'
import type { Market } from './impact.ts'

/** Rungs that fired in one round. */
export type Wave = {
  /** Counted from 1. */
  readonly round: number
  /** After the shock. Sales and prompt oracles take no time; an oracle that lags does. */
  readonly seconds: number
  /** The market's price when they fired, USD. */
  readonly price: number
  readonly rungs: number
  /** At the rungs' own prices. */
  readonly usd: number
}

/** All rounds of one moment. */
export type Phase = {
  /** After the shock. */
  readonly seconds: number
  readonly rungs: number
  /** At the rungs' own prices. */
  readonly usd: number
  /** Where it leaves the market, USD. */
  readonly price: number
}

/** One cascade, round by round. */
export type Rounds = {
  readonly waves: readonly Wave[]
  readonly phases: readonly Phase[]
  readonly rounds: number
  /** Rungs that fired. */
  readonly fired: number
  readonly finalPrice: number
  /** The market's price when each rung fired, USD; NaN where it did not. */
  readonly executedAt: Float64Array
}

/** The rungs of the sources whose oracles lag equally, by falling price. */
type Queue = { readonly lag: number; readonly rungs: Int32Array; next: number }

const queuesOf = (book: CascadeBook): readonly Queue[] => {
  const lagOf = (rung: number): number => book.lagSeconds[at(book.rungs.source, rung)] ?? 0
  const lags = [...new Set(book.lagSeconds)].sort((a, b) => a - b)
  const all = new Int32Array(rungCount(book))
  for (let rung = 0; rung < all.length; rung++) all[rung] = rung
  if (lags.length <= 1) return [{ lag: lags[0] ?? 0, rungs: all, next: 0 }]
  return lags.map((lag) => ({ lag, rungs: all.filter((rung) => lagOf(rung) === lag), next: 0 }))
}

/** The market's price at the end of every moment so far, and from when on each is seen. */
const historyOf = (spot: number) => {
  const ends: { readonly seconds: number; readonly price: number }[] = []
  return {
    add: (seconds: number, price: number): void => {
      ends.push({ seconds, price })
    },
    /** What an oracle that lags so far shows at `seconds`. */
    seen: (seconds: number): number => ends.findLast((end) => end.seconds <= seconds)?.price ?? spot,
  }
}

/**
 * Plays a cascade from the outside price `outside`: in each round everything fires whose oracle shows its price, then
 * all of it is sold, until the moment is at rest. An oracle that lags shows the market as it was at rest so many seconds
 * ago: what it brings down is a later moment of its own. The market only falls, so lag changes the path and not what
 * has fired in the end.
 */
export const playRounds = (book: CascadeBook, market: Market, outside: number): Rounds => {
  const { price, sold, cents } = book.rungs
  const queues = queuesOf(book)
  const history = historyOf(book.spot)
  const executedAt = new Float64Array(price.length).fill(Number.NaN)
  const waves: Wave[] = []
  const phases: Phase[] = []
  let now = outside
  let soldSoFar = 0
  let fired = 0

  /** One round at `seconds`: how many rungs fired, and their cents. */
  const play = (seconds: number): { readonly rungs: number; readonly worth: number } => {
    let rungs = 0
    let worth = 0
    for (const queue of queues) {
      const seen = queue.lag === 0 ? now : history.seen(seconds - queue.lag)
      for (; queue.next < queue.rungs.length; queue.next++) {
        const rung = queue.rungs[queue.next] ?? 0
        if ((price[rung] ?? 0) < seen) break
        executedAt[rung] = now
        soldSoFar += sold[rung] ?? 0
        worth += cents[rung] ?? 0
        rungs++
      }
    }
    return { rungs, worth }
  }

  const later = queues.map(({ lag }) => lag).filter((lag) => lag > 0)
  const moments = new Set([0, ...later])
  while (moments.size > 0) {
    const seconds = Math.min(...moments)
    moments.delete(seconds)
    const before = { fired, cents: 0 }
    for (let round = play(seconds); round.rungs > 0; round = play(seconds)) {
      const { rungs, worth } = round
      fired += rungs
      before.cents += worth
      waves.push({ round: waves.length + 1, seconds, price: now, rungs, usd: worth / 100 })
      now = Math.min(now, market.priceAfter(outside, soldSoFar))
    }
    history.add(seconds, now)
    if (fired === before.fired) continue
    phases.push({ seconds, rungs: fired - before.fired, usd: before.cents / 100, price: now })
    for (const lag of later) moments.add(seconds + lag)
  }
  return { waves, phases, rounds: waves.length, fired, finalPrice: now, executedAt }
}
