import { OUTCOMES, type Outcome } from '../position.ts'
import type { Band } from '../report.ts'
import { type BandMatch, holdBands, matchBands } from './bands.ts'
import type { DiffBand, DiffBandMove, DiffChange, DiffDocument, DiffMover, DiffTotal } from './document.ts'
import type { Movement } from './movement.ts'
import { PARTS } from './parts.ts'
import { type DiffPosition, keyOf, type Untouched } from './position.ts'
import { type Cents, movementsOf, moversOf, ownersOf, type Waterfall, waterfallsOf } from './sums.ts'

const usd = ({ positions, collateral, debt }: Cents): DiffTotal => ({
  positions,
  collateralUsd: collateral / 100,
  debtUsd: debt / 100,
})

const changeOf = ({ before, after, parts }: Waterfall): DiffChange => ({
  before: usd(before),
  after: usd(after),
  change: usd({
    positions: after.positions - before.positions,
    collateral: after.collateral - before.collateral,
    debt: after.debt - before.debt,
  }),
  parts: PARTS.map((part) => ({ part, ...usd(parts[part]) })).filter(
    ({ positions, collateralUsd, debtUsd }) => positions > 0 || collateralUsd !== 0 || debtUsd !== 0,
  ),
})

const moverOf = (movement: Movement): DiffMover => {
  const { source, id, owner, entity, causes, inference, outcome, price, collateral, debt } = movement
  return {
    source,
    id,
    owner,
    entity,
    causes,
    inference,
    outcome,
    price,
    collateralUsd: { from: collateral.before / 100, to: collateral.after / 100 },
    debtUsd: { from: debt.before / 100, to: debt.after / 100 },
    parts: causes.map((part) => ({
      part,
      collateralUsd: (collateral.parts[part] ?? 0) / 100,
      debtUsd: (debt.parts[part] ?? 0) / 100,
    })),
  }
}

const bandOf = (band: Band): DiffBand => {
  const { rank, kind, side, low, high, distancePct, collateralUsd, debtUsd, share, positions, owners } = band
  const { singleEntity } = band
  return {
    rank,
    kind,
    side,
    low,
    high,
    distancePct,
    collateralUsd,
    debtUsd,
    share,
    positions,
    owners,
    singleEntity,
  }
}

/** Interest creeps on with every block: an edge has moved from a millionth on. */
const isElsewhere = (from: number, to: number): boolean => Math.abs(to - from) > 1e-6 * Math.abs(from)

const bandMoveOf = ({ from, to, score }: BandMatch, priceCents: number): DiffBandMove => {
  const ownersEntered = [...to.holders.keys()].filter((owner) => !from.holders.has(owner)).length
  const ownersLeft = [...from.holders.keys()].filter((owner) => !to.holders.has(owner)).length
  const [was, is] = [bandOf(from.band), bandOf(to.band)]
  const change = Math.round(is.collateralUsd * 100) - Math.round(was.collateralUsd * 100)
  return {
    from: was,
    to: is,
    score,
    moved:
      isElsewhere(was.low, is.low) ||
      isElsewhere(was.high, is.high) ||
      was.positions !== is.positions ||
      ownersEntered + ownersLeft > 0 ||
      change !== priceCents,
    priceUsd: priceCents / 100,
    positionsUsd: (change - priceCents) / 100,
    ownersEntered,
    ownersLeft,
  }
}

/** Two scans' positions and bands as the document has them; `untouched` is by `keyOf`, of the earlier positions. */
export const compareBooks = (
  before: { readonly positions: readonly DiffPosition[]; readonly bands: readonly Band[] },
  after: { readonly positions: readonly DiffPosition[]; readonly bands: readonly Band[] },
  { untouched, limit }: { readonly untouched: ReadonlyMap<string, Untouched>; readonly limit: number },
): Pick<DiffDocument, 'owners' | 'total' | 'outcomes' | 'movers' | 'moversTotal' | 'bands'> => {
  const movements = movementsOf(before.positions, after.positions, untouched)
  const { all, byOutcome } = waterfallsOf(movements)
  const movers = moversOf(movements)
  const priceCents = new Map(movements.map((one) => [keyOf(one), one.collateral.parts.price ?? 0]))
  const { matched, arrived, gone } = matchBands(
    holdBands(before.bands, before.positions),
    holdBands(after.bands, after.positions),
  )
  const priceOf = ({ from }: BandMatch): number =>
    from.members.reduce((sum, member) => sum + (priceCents.get(keyOf(member)) ?? 0), 0)
  return {
    owners: ownersOf(before.positions, after.positions),
    total: changeOf(all),
    outcomes: Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, changeOf(byOutcome[outcome])]),
    ) as Record<Outcome, DiffChange>,
    movers: movers.slice(0, limit).map(moverOf),
    moversTotal: movers.length,
    bands: {
      matched: matched.map((match) => bandMoveOf(match, priceOf(match))),
      new: arrived.map(({ band }) => bandOf(band)),
      gone: gone.map(({ band }) => bandOf(band)),
    },
  }
}
