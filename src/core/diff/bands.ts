import { toCents } from '../bands/cents.ts'
import type { Band } from '../report.ts'
import type { DiffPosition } from './position.ts'

/** Weight of shared holders in the score of a match; the rest is shared prices. */
const HOLDERS_WEIGHT = 0.75
/** Below this two bands are not the same: half of the holders, or a sixth of them at the very same prices. */
export const MIN_SCORE = 0.375

/** Collateral by owner, USD. */
type Holders = ReadonlyMap<string, number>

/** A band with who holds it. */
export type HeldBand = {
  readonly band: Band
  readonly members: readonly DiffPosition[]
  readonly holders: Holders
}

/** One band of the earlier scan that is one of the later. */
export type BandMatch = {
  readonly from: HeldBand
  readonly to: HeldBand
  /** 0..1. */
  readonly score: number
}

export type BandMatches = {
  readonly matched: readonly BandMatch[]
  readonly arrived: readonly HeldBand[]
  readonly gone: readonly HeldBand[]
}

const within = ({ low, high, side }: Band, { price, outcome }: DiffPosition): boolean =>
  outcome === side && price !== null && price >= low && price <= high

const isOf = (band: Band, position: DiffPosition): boolean =>
  within(band, position) && (band.kind !== 'entity' || position.entity === band.singleEntity)

/**
 * The bands with their holders: of an entity's band its own positions, of any other everyone between its edges whom no
 * entity's band claims.
 */
export const holdBands = (
  bands: readonly Band[],
  positions: readonly DiffPosition[],
): readonly HeldBand[] => {
  const claims = bands.filter(({ kind }) => kind === 'entity')
  return bands.map((band) => {
    const members = positions.filter(
      (position) =>
        isOf(band, position) && (band.kind === 'entity' || !claims.some((claim) => isOf(claim, position))),
    )
    const holders = new Map<string, number>()
    for (const { owner, collateralUsd } of members)
      holders.set(owner, (holders.get(owner) ?? 0) + collateralUsd)
    return { band, members, holders }
  })
}

const total = (holders: Holders): number => [...holders.values()].reduce((sum, usd) => sum + usd, 0)

/** Share of both that the same owners hold: 1 where every owner has the same share of either. */
const sharedHolders = (a: Holders, b: Holders): number => {
  const [all, others] = [total(a), total(b)]
  if (all === 0 || others === 0) return 0
  return [...a].reduce((sum, [owner, usd]) => sum + Math.min(usd / all, (b.get(owner) ?? 0) / others), 0)
}

const sharedCents = (a: Holders, b: Holders): number =>
  [...a].reduce((sum, [owner, usd]) => sum + Math.min(toCents(usd), toCents(b.get(owner) ?? 0)), 0)

/** The common prices beside all prices of both. */
const sharedPrices = (a: Band, b: Band): number => {
  const union = Math.max(a.high, b.high) - Math.min(a.low, b.low)
  if (union === 0) return 1
  return Math.max(0, Math.min(a.high, b.high) - Math.max(a.low, b.low)) / union
}

const scoreOf = (a: HeldBand, b: HeldBand): number =>
  HOLDERS_WEIGHT * sharedHolders(a.holders, b.holders) + (1 - HOLDERS_WEIGHT) * sharedPrices(a.band, b.band)

/**
 * Which band is which: of all pairs on one side whose score is at least `MIN_SCORE`, the one whose owners share most
 * collateral first, each band once. Nothing in the order depends on which scan is the earlier one.
 */
export const matchBands = (before: readonly HeldBand[], after: readonly HeldBand[]): BandMatches => {
  const pairs = before
    .flatMap((from) =>
      after
        .filter((to) => to.band.side === from.band.side)
        .map((to) => ({
          match: { from, to, score: scoreOf(from, to) },
          usd: sharedCents(from.holders, to.holders),
          low: Math.min(from.band.low, to.band.low),
          gap: Math.abs(from.band.low - to.band.low) + Math.abs(from.band.high - to.band.high),
        })),
    )
    .filter(({ match }) => match.score >= MIN_SCORE)
    .toSorted((a, b) => b.usd - a.usd || b.match.score - a.match.score || a.gap - b.gap || a.low - b.low)
  const taken = new Set<HeldBand>()
  const matched: BandMatch[] = []
  for (const { match } of pairs) {
    if (taken.has(match.from) || taken.has(match.to)) continue
    taken.add(match.from).add(match.to)
    matched.push(match)
  }
  return {
    matched: matched.toSorted((a, b) => a.to.band.rank - b.to.band.rank),
    arrived: after.filter((band) => !taken.has(band)),
    gone: before.filter((band) => !taken.has(band)),
  }
}
