import { OUTCOMES, type Outcome } from '../position.ts'
import { type Movement, movementOf } from './movement.ts'
import { ACTIONS, PARTS, type Part } from './parts.ts'
import { type DiffPosition, keyOf, type Untouched } from './position.ts'

/** Whole cents. */
export type Cents = { readonly positions: number; readonly collateral: number; readonly debt: number }

/** A total before and after, and the parts between. */
export type Waterfall = {
  readonly before: Cents
  readonly after: Cents
  readonly parts: Readonly<Record<Part, Cents>>
}

/** What became of every position that one of the two books has, in no order. */
export const movementsOf = (
  before: readonly DiffPosition[],
  after: readonly DiffPosition[],
  untouched: ReadonlyMap<string, Untouched>,
): readonly Movement[] => {
  const later = new Map(after.map((position) => [keyOf(position), position]))
  const earlier = new Set(before.map(keyOf))
  return [
    ...before.map((position) => {
      const key = keyOf(position)
      return movementOf(position, later.get(key) ?? null, untouched.get(key) ?? null)
    }),
    ...after
      .filter((position) => !earlier.has(keyOf(position)))
      .map((position) => movementOf(null, position, null)),
  ].flatMap((movement) => movement ?? [])
}

const NOTHING: Cents = { positions: 0, collateral: 0, debt: 0 }

const add = (a: Cents, b: Cents): Cents => ({
  positions: a.positions + b.positions,
  collateral: a.collateral + b.collateral,
  debt: a.debt + b.debt,
})

const emptyParts = (): Record<Part, Cents> =>
  Object.fromEntries(PARTS.map((part) => [part, NOTHING])) as Record<Part, Cents>

const emptyWaterfall = () => ({ before: NOTHING, after: NOTHING, parts: emptyParts() })

/**
 * The totals of every outcome and of all positions, with the parts between. Of `outcome` one has what enters it
 * less what leaves it; over all of them that is the collateral that counts now and did not before.
 */
export const waterfallsOf = (
  movements: readonly Movement[],
): { readonly all: Waterfall; readonly byOutcome: Readonly<Record<Outcome, Waterfall>> } => {
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, emptyWaterfall()])) as Record<
    Outcome,
    ReturnType<typeof emptyWaterfall>
  >
  const all = emptyWaterfall()
  for (const { outcome, collateral, debt, causes } of movements) {
    const from = outcome.from === null ? null : outcomes[outcome.from]
    const to = outcome.to === null ? null : outcomes[outcome.to]
    const was: Cents = { positions: 1, collateral: collateral.before, debt: debt.before }
    const is: Cents = { positions: 1, collateral: collateral.after, debt: debt.after }
    for (const waterfall of from ? [from, all] : []) waterfall.before = add(waterfall.before, was)
    for (const waterfall of to ? [to, all] : []) waterfall.after = add(waterfall.after, is)
    for (const part of PARTS) {
      const share: Cents = {
        positions: causes.includes(part) ? 1 : 0,
        collateral: collateral.parts[part] ?? 0,
        debt: debt.parts[part] ?? 0,
      }
      all.parts[part] = add(all.parts[part], share)
      const home = from ?? to
      if (part !== 'outcome' && home) home.parts[part] = add(home.parts[part], share)
    }
    const moved = causes.includes('outcome') ? 1 : 0
    if (from)
      from.parts.outcome = add(from.parts.outcome, {
        positions: from === to ? moved : 0,
        collateral: -collateral.leaves,
        debt: -debt.leaves,
      })
    if (from && to)
      to.parts.outcome = add(to.parts.outcome, {
        positions: from === to ? 0 : moved,
        collateral: collateral.enters,
        debt: debt.enters,
      })
  }
  return { all, byOutcome: outcomes }
}

/** Cents that somebody moved, of collateral and debt together: what movers are ranked by. */
export const actedCents = ({ collateral, debt }: Movement): number =>
  ACTIONS.reduce(
    (sum, part) => sum + Math.abs(collateral.parts[part] ?? 0) + Math.abs(debt.parts[part] ?? 0),
    0,
  )

/** Positions that somebody moved, or that changed class: the heaviest first. */
export const moversOf = (movements: readonly Movement[]): readonly Movement[] =>
  movements
    .filter(({ causes }) => causes.some((part) => part === 'outcome' || ACTIONS.includes(part)))
    .toSorted(
      (a, b) =>
        actedCents(b) - actedCents(a) ||
        Math.max(b.collateral.before, b.collateral.after) -
          Math.max(a.collateral.before, a.collateral.after) ||
        (keyOf(a) < keyOf(b) ? -1 : 1),
    )

/** Owners with a position in one of the books alone. */
export const ownersOf = (
  before: readonly DiffPosition[],
  after: readonly DiffPosition[],
): { readonly before: number; readonly after: number; readonly arrived: number; readonly left: number } => {
  const was = new Set(before.map(({ owner }) => owner))
  const is = new Set(after.map(({ owner }) => owner))
  return {
    before: was.size,
    after: is.size,
    arrived: [...is].filter((owner) => !was.has(owner)).length,
    left: [...was].filter((owner) => !is.has(owner)).length,
  }
}
