import type { Band, BandMember, Side } from '../report.ts'
import { type Background, expectedWithin } from './background.ts'
import { type BookEntry, holderOf } from './book.ts'
import { sumUsd, sumUsdBy } from './cents.ts'
import { depthsBetween } from './depth.ts'
import { effectiveCount } from './holders.ts'
import type { Row } from './row.ts'

/** The entity of a row holds at least this share of it, or the row is nobody's. */
const SINGLE_ENTITY_SHARE = 0.9

const collateral = (entry: BookEntry): number => entry.collateralUsd
const descending = (amounts: Iterable<number>): Float64Array => Float64Array.from(amounts).sort().reverse()
const total = (amounts: Float64Array): number => amounts.reduce((sum, amount) => sum + amount, 0)

/** The heaviest entries; of equal ones the nearer to spot. */
const heaviest = (members: readonly BookEntry[], count: number): readonly BookEntry[] => {
  const usd = descending(members.map(collateral))
  const least = usd[Math.min(count, usd.length) - 1] ?? 0
  return members
    .filter((entry) => entry.collateralUsd >= least)
    .sort((a, b) => b.collateralUsd - a.collateralUsd)
    .slice(0, count)
}

const singleEntityOf = (members: readonly BookEntry[], usd: number): string | null => {
  for (const [entity, held] of sumUsdBy(members, (entry) => entry.entity, collateral))
    if (entity !== null && held >= SINGLE_ENTITY_SHARE * usd) return entity
  return null
}

const memberOf = ({ source, id, owner, entity, price, collateralUsd, debtUsd }: BookEntry): BandMember => ({
  source,
  id,
  owner,
  entity,
  price,
  collateralUsd,
  debtUsd,
})

const protocolShares = (members: readonly BookEntry[], usd: number): Band['byProtocol'] =>
  [...sumUsdBy(members, (entry) => entry.source, collateral)]
    .sort(([a, held], [b, other]) => other - held || (a < b ? -1 : 1))
    .map(([source, held]) => ({ source, share: held / usd }))

/** What a reader is told about a row and the entries that are its members; `rank`, `includes` and `overlaps` are set where all rows are known. */
export const describeRow = (
  row: Row,
  members: readonly BookEntry[],
  context: {
    readonly spot: number
    readonly side: Side
    /** Everything between the row's edges, whoever holds it, dust included, USD. */
    readonly inRangeUsd: number
    /** Collateral of the side, USD. */
    readonly total: number
    readonly surroundings: Background
  },
): Band => {
  const { kind, low, high, confidence } = row
  const nearest = context.side === 'below' ? high : low
  const usd = sumUsd(members, collateral)
  const owners = descending(sumUsdBy(members, (entry) => entry.owner, collateral).values())
  const isLabelled = members.some((entry) => entry.entity !== null)
  const holders = isLabelled ? descending(sumUsdBy(members, holderOf, collateral).values()) : owners
  const effectiveHolders = effectiveCount(owners)
  return {
    rank: 0,
    kind,
    side: context.side,
    low,
    high,
    distancePct: (nearest / context.spot - 1) * 100,
    collateralUsd: usd,
    driverAmount: members.reduce((sum, entry) => sum + entry.driverAmount, 0),
    debtUsd: sumUsd(members, (entry) => entry.debtUsd),
    share: usd / context.total,
    inRangeUsd: context.inRangeUsd,
    densityRatio: context.inRangeUsd / expectedWithin(context.surroundings, depthsBetween(row, context)),
    confidence,
    positions: members.length,
    owners: owners.length,
    entities: holders.length,
    effectiveHolders,
    effectiveEntities: effectiveCount(holders),
    hhi: 1 / effectiveHolders,
    top1Share: total(owners.slice(0, 1)) / usd,
    top10Share: total(owners.slice(0, 10)) / usd,
    singleEntity: singleEntityOf(members, usd),
    includes: [],
    overlaps: [],
    byProtocol: protocolShares(members, usd),
    topPositions: heaviest(members, 10).map(memberOf),
  }
}
