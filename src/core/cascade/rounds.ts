import { at } from '../bands/columns.ts'
import { type CascadeBook, rungCount } from './book.ts'
import type { Market } from './impact.ts'

/** Rungs that fired in one round. */
export type Wave = {
  /** Counted from 1; rounds in which nothing fired while an oracle catches up are counted too. */
  readonly round: number
  /** The market's price when they fired, USD. */
  readonly price: number
  readonly rungs: number
  /** At the rungs' own prices. */
  readonly usd: number
}

/** One cascade, round by round. */
export type Rounds = {
  readonly waves: readonly Wave[]
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
  const lagOf = (rung: number): number => book.lagRounds[at(book.rungs.source, rung)] ?? 0
  const lags = [...new Set(book.lagRounds)].sort((a, b) => a - b)
  const all = new Int32Array(rungCount(book))
  for (let rung = 0; rung < all.length; rung++) all[rung] = rung
  if (lags.length <= 1) return [{ lag: lags[0] ?? 0, rungs: all, next: 0 }]
  return lags.map((lag) => ({ lag, rungs: all.filter((rung) => lagOf(rung) === lag), next: 0 }))
}

/**
 * Plays a cascade from the outside price `outside`: in each round everything fires whose oracle shows its price, then
 * all of it is sold. An oracle that lags shows the market of `lagRounds` rounds ago. The market only falls, so lag
 * changes the path and not what has fired in the end.
 */
export const playRounds = (book: CascadeBook, market: Market, outside: number): Rounds => {
  const { price, sold, cents } = book.rungs
  const queues = queuesOf(book)
  const longestLag = Math.max(...queues.map(({ lag }) => lag))
  const executedAt = new Float64Array(price.length).fill(Number.NaN)
  const history = [outside]
  const waves: Wave[] = []
  let soldSoFar = 0
  let fired = 0
  let lastMove = 0
  for (let round = 0; round - longestLag <= lastMove; round++) {
    const now = history[round] ?? outside
    let rungs = 0
    let worth = 0
    for (const queue of queues) {
      const seen = round < queue.lag ? book.spot : (history[round - queue.lag] ?? outside)
      for (; queue.next < queue.rungs.length; queue.next++) {
        const rung = queue.rungs[queue.next] ?? 0
        if ((price[rung] ?? 0) < seen) break
        executedAt[rung] = now
        soldSoFar += sold[rung] ?? 0
        worth += cents[rung] ?? 0
        rungs++
      }
    }
    if (rungs > 0) {
      fired += rungs
      lastMove = round + 1
      waves.push({ round: round + 1, price: now, rungs, usd: worth / 100 })
    }
    history.push(rungs > 0 ? Math.min(now, market.priceAfter(outside, soldSoFar)) : now)
  }
  return {
    waves,
    rounds: waves.at(-1)?.round ?? 0,
    fired,
    finalPrice: history.at(-1) ?? outside,
    executedAt,
  }
}
