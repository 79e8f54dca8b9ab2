import { countsDays, DAYS, type Observation } from '../core/entities/evidence.ts'
import { createDegrees } from '../core/entities/hubs.ts'
import type { StoredLink } from '../store/links.ts'

/** An observation whose day must be known before it can be judged. */
export type Keeper = {
  /** Whether an observation may be news at all; cheap, and true for whatever is not known to be old. */
  readonly wants: (seen: Observation) => boolean
  /** The link to store; null for one that changes nothing any more. `time` is that of its block. */
  readonly keep: (seen: Observation, time: () => number) => StoredLink | null
  /** The day of its block decides whether it is kept. */
  readonly needsDay: (seen: Observation) => boolean
}

const DAY_SECONDS = 86_400

const dayOf = (seconds: number): string =>
  new Date(Math.floor(seconds / DAY_SECONDS) * DAY_SECONDS * 1000).toISOString().slice(0, 10)

/**
 * Keeps of a history only what evidence can be made of: of each pair and kind the first occasion, and the first one on
 * each of the first days where days count. What a hub does is kept once a pair: it will stay a hub.
 */
export const createKeeper = (
  known: readonly StoredLink[],
  isBorrower: (address: string) => boolean,
): Keeper => {
  const days = new Map<string, Set<string>>()
  const degrees = createDegrees(isBorrower)
  const keyOf = ({ kind, from, to }: Pick<StoredLink, 'kind' | 'from' | 'to'>): string =>
    `${kind} ${from} ${to}`
  const note = (link: StoredLink): void => {
    const key = keyOf(link)
    const seen = days.get(key) ?? new Set()
    days.set(key, seen.add(link.day ?? ''))
    degrees.add(link)
  }
  for (const link of known) note(link)

  const needsDay = ({ kind, from, to }: Observation): boolean =>
    countsDays(kind) && !degrees.isHub(from) && !degrees.isHub(to)
  const wants = (seen: Observation): boolean => {
    const before = days.get(keyOf(seen))
    return before === undefined || (needsDay(seen) && before.size < DAYS)
  }
  return {
    wants,
    needsDay,
    keep: (seen, time) => {
      if (!wants(seen)) return null
      const { kind, from, to, block, tx } = seen
      const day = needsDay(seen) ? dayOf(time()) : null
      if (day !== null && days.get(keyOf(seen))?.has(day)) return null
      const link = { kind, from, to, block, tx, day }
      note(link)
      return link
    },
  }
}
