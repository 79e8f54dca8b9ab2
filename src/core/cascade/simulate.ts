import { at } from '../bands/columns.ts'
import { type AllShocks, fallenAt, finalPriceAt, firstRoundUsd, shockedPrice } from './all-shocks.ts'
import { type BadDebt, badDebtOf } from './bad-debt.ts'
import { type CascadeBook, usdUpTo } from './book.ts'
import { type Phase, playRounds, type Wave } from './rounds.ts'

/** What one source contributes to a cascade. */
export type SourceSale = {
  readonly source: string
  readonly positions: number
  /** Sold on the market, in units of the driver. */
  readonly amount: number
  /** The same at the rungs' own prices. */
  readonly usd: number
  readonly repaidUsd: number
  /** Seconds that its oracle runs behind the market. */
  readonly lagSeconds: number
}

/** What the model makes of one outside shock. */
export type CascadeResult = {
  /** The outside move from spot, in percent, negative for a fall. */
  readonly pct: number
  readonly shockedPrice: number
  readonly finalPrice: number
  /** The whole move from spot, in percent. */
  readonly finalPct: number
  readonly rounds: number
  readonly positions: number
  readonly rungs: number
  /** Sold on the market, in units of the driver. */
  readonly amount: number
  /** The same at the rungs' own prices. */
  readonly usd: number
  readonly repaidUsd: number
  /** What the outside shock alone liquidates. */
  readonly firstRoundUsd: number
  /** ln(final / spot) / ln(shocked / spot); null without a shock, or once nothing is left to buy. */
  readonly amplification: number | null
  /** usd / firstRoundUsd; null where the shock alone liquidates nothing. */
  readonly massMultiplier: number | null
  readonly badDebt: BadDebt
  readonly bySource: readonly SourceSale[]
  /** Of `usd`, what oracles that lag bring down later than the shock. */
  readonly laterUsd: number
  /** The moments at which anything is liquidated, at most `WAVES` of them; one only where no oracle lags. */
  readonly phases: readonly Phase[]
  /** The first rounds, at most `WAVES` of them. */
  readonly waves: readonly Wave[]
}

const WAVES = 50

const salesOf = (book: CascadeBook, fallen: number): readonly SourceSale[] => {
  const amount = new Float64Array(book.sources.length)
  const cents = new Float64Array(book.sources.length)
  const repaid = new Float64Array(book.sources.length)
  const positions = new Float64Array(book.sources.length)
  const { rungs } = book
  for (let rung = 0; rung < fallen; rung++) {
    const source = rungs.source[rung] ?? 0
    amount[source] = (amount[source] ?? 0) + (rungs.sold[rung] ?? 0)
    cents[source] = (cents[source] ?? 0) + (rungs.cents[rung] ?? 0)
    repaid[source] = (repaid[source] ?? 0) + (rungs.repaidUsd[rung] ?? 0)
    positions[source] = (positions[source] ?? 0) + (rungs.first[rung] ?? 0)
  }
  return book.sources.map((source, i) => ({
    source,
    positions: at(positions, i),
    amount: at(amount, i),
    usd: at(cents, i) / 100,
    repaidUsd: at(repaid, i),
    lagSeconds: book.lagSeconds[i] ?? 0,
  }))
}

/** The log move to `final` per log move of the outside shock. */
const amplificationOf = (spot: number, outside: number, final: number): number | null => {
  const ratio = Math.log(final / spot) / Math.log(outside / spot)
  return Number.isFinite(ratio) ? ratio : null
}

/** The cascade after an outside move of `pct` percent, below 0: the end from the all-shock answer, the path by rounds. */
export const simulate = (shocks: AllShocks, pct: number): CascadeResult => {
  const { book, market } = shocks
  const outside = shockedPrice(book.spot, pct)
  const rungs = fallenAt(shocks, outside)
  const finalPrice = finalPriceAt(shocks, outside)
  const path = playRounds(book, market, outside)
  const bySource = salesOf(book, rungs)
  const sum = (pick: (sale: SourceSale) => number): number =>
    bySource.reduce((total, sale) => total + pick(sale), 0)
  const usd = usdUpTo(book, rungs)
  const first = firstRoundUsd(book, outside)
  return {
    pct,
    shockedPrice: outside,
    finalPrice,
    finalPct: (finalPrice / book.spot - 1) * 100,
    rounds: path.rounds,
    positions: sum(({ positions }) => positions),
    rungs,
    amount: at(book.soldUpTo, rungs),
    usd,
    repaidUsd: sum(({ repaidUsd }) => repaidUsd),
    firstRoundUsd: first,
    amplification: amplificationOf(book.spot, outside, finalPrice),
    massMultiplier: first > 0 ? usd / first : null,
    badDebt: badDebtOf(book, path.executedAt, finalPrice),
    bySource,
    laterUsd: path.phases.reduce((total, { seconds, usd }) => total + (seconds > 0 ? usd : 0), 0),
    phases: path.phases.slice(0, WAVES),
    waves: path.waves.slice(0, WAVES),
  }
}
