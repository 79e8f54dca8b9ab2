import { toCents } from '../bands/cents.ts'
import type { Outcome } from '../position.ts'
import { type Changes, changesOf, crossing, sameAmounts } from './changes.ts'
import { ACTIONS, PARTS, type Part, type PartCents } from './parts.ts'
import type { Counts, DiffLeg, DiffPosition, Legs, Untouched } from './position.ts'

/** One figure of a position, in whole cents: after = before + Σ parts, `outcome` among them. */
export type Figure = {
  readonly before: number
  readonly after: number
  readonly parts: PartCents
  /** What a change of outcome takes out of the earlier one and puts into the later one; enters - leaves is its part. */
  readonly leaves: number
  readonly enters: number
}

/** What became of one position between two scans. */
export type Movement = {
  readonly source: string
  readonly id: string
  readonly owner: string
  readonly entity: string | null
  /** Every part that took place; what somebody did also where it is worth less than a cent. */
  readonly causes: readonly Part[]
  readonly inference: string | null
  readonly outcome: { readonly from: Outcome | null; readonly to: Outcome | null }
  readonly price: { readonly from: number | null; readonly to: number | null }
  readonly collateral: Figure
  readonly debt: Figure
}

type Value = (legs: readonly DiffLeg[]) => number

const shareOf = (counts: Counts, { exposure }: DiffLeg): number =>
  counts === 'all' ? 1 : counts === 'exposed' ? exposure : 1 - exposure

const valueBy =
  (counts: Counts): Value =>
  (legs) =>
    legs.reduce((sum, leg) => sum + leg.usd * shareOf(counts, leg), 0)

const sameValues = (from: readonly DiffLeg[], to: readonly DiffLeg[]): boolean =>
  from.length === to.length &&
  from.every((leg, i) => leg.usd === to[i]?.usd && leg.exposure === to[i]?.exposure)

type Side = 'collateral' | 'debt'

/** The first two steps: the same amounts at later prices, then with interest. */
const passive = (start: number, before: Legs, untouched: Untouched, side: Side, value: Value) => {
  const { repriced, accrued } = untouched
  const samePrices = sameValues(before[side], repriced[side])
  const noInterest = sameAmounts(before[side], accrued[side])
  // a step in which nothing moved must not move by a rounding either
  const priced = samePrices ? start : toCents(value(repriced[side]))
  const grown = noInterest ? priced : toCents(value(accrued[side]))
  return { parts: { price: priced - start, interest: grown - priced }, grown, noInterest }
}

const departed = (start: number, before: Legs, untouched: Untouched, side: Side, value: Value): Figure => {
  const { parts, grown } = passive(start, before, untouched, side, value)
  return { before: start, after: 0, parts: { ...parts, left: -grown }, leaves: 0, enters: 0 }
}

const stayed = (
  before: DiffPosition,
  after: DiffPosition,
  untouched: Untouched,
  { legs }: Changes,
  { side, start, end }: { readonly side: Side; readonly start: number; readonly end: number },
): Figure => {
  const value: Value = side === 'debt' ? valueBy('all') : valueBy(before.counts)
  const { parts: first, grown, noInterest } = passive(start, before, untouched, side, value)
  const parts: Partial<Record<Part, number>> = { ...first }
  let acted = grown
  let heaviest: { readonly part: Part; readonly cents: number } | null = null
  for (const { part, from, to } of legs.filter((change) => change.side === side)) {
    const cents = toCents(value(to ? [to] : [])) - toCents(value(from ? [from] : []))
    parts[part] = (parts[part] ?? 0) + cents
    acted += cents
    if (heaviest === null || Math.abs(cents) > Math.abs(heaviest.cents)) heaviest = { part, cents }
  }
  const sameClass = before.outcome === after.outcome && (side === 'debt' || before.counts === after.counts)
  // what an oracle no longer prices, or prices again, is counted otherwise; no price has moved it
  const isUnpriced = !sameClass && (before.outcome === 'unpriced' || after.outcome === 'unpriced')
  const inClass = side === 'debt' ? end : heaviest === null ? acted : toCents(value(after[side]))
  const last = sameClass ? end : isUnpriced ? acted : inClass
  // legs are rounded one by one; what that leaves over belongs to the last step that moved
  const place: Part = heaviest?.part ?? (noInterest ? 'price' : 'interest')
  parts[place] = (parts[place] ?? 0) + (last - acted)
  return sameClass
    ? { before: start, after: end, parts, leaves: 0, enters: 0 }
    : { before: start, after: end, parts: { ...parts, outcome: end - last }, leaves: last, enters: end }
}

const arrived = (end: number): Figure => ({
  before: 0,
  after: end,
  parts: { arrived: end },
  leaves: 0,
  enters: 0,
})

/** Where nothing is known of the time between: as it was. */
const asBefore = (before: DiffPosition): Untouched => ({
  repriced: before,
  accrued: before,
  liquidatable: false,
  enforced: false,
})

const causesOf = (
  done: readonly Part[],
  figures: readonly Figure[],
  outcomeChanged: boolean,
): readonly Part[] =>
  PARTS.filter((part) => {
    if (part === 'outcome') return outcomeChanged
    if (ACTIONS.includes(part)) return done.includes(part)
    return figures.some(({ parts }) => (parts[part] ?? 0) !== 0)
  })

const named = ({ source, id, owner, entity }: DiffPosition) => ({ source, id, owner, entity })

/** Takes apart what became of one position; at least one of the two scans has it. */
export const movementOf = (
  before: DiffPosition | null,
  after: DiffPosition | null,
  known: Untouched | null,
): Movement | null => {
  const price = { from: before?.price ?? null, to: after?.price ?? null }
  const outcome = { from: before?.outcome ?? null, to: after?.outcome ?? null }
  if (before === null) {
    if (after === null) return null
    const collateral = arrived(toCents(after.collateralUsd))
    const debt = arrived(toCents(after.debtUsd))
    return { ...named(after), causes: ['arrived'], inference: null, outcome, price, collateral, debt }
  }
  const untouched = known ?? asBefore(before)
  const start = { collateral: toCents(before.collateralUsd), debt: toCents(before.debtUsd) }
  if (after === null) {
    const collateral = departed(start.collateral, before, untouched, 'collateral', valueBy(before.counts))
    const debt = departed(start.debt, before, untouched, 'debt', valueBy('all'))
    const why = crossing(before, untouched)
    const causes = causesOf(['left'], [collateral, debt], false)
    const inference = why === null ? null : `its debt is gone, and ${why}: repaid, or liquidated whole`
    return { ...named(before), causes, inference, outcome, price, collateral, debt }
  }
  const changes = changesOf(before, untouched, after)
  const figure = (side: Side, end: number): Figure =>
    stayed(before, after, untouched, changes, { side, start: start[side], end })
  const collateral = figure('collateral', toCents(after.collateralUsd))
  const debt = figure('debt', toCents(after.debtUsd))
  const done = changes.legs.map(({ part }) => part)
  const causes = causesOf(
    done,
    [collateral, debt],
    outcome.from !== outcome.to || before.counts !== after.counts,
  )
  return { ...named(after), causes, inference: changes.inference, outcome, price, collateral, debt }
}
