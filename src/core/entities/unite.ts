import { byAddress, type Pair } from './pairs.ts'

/** Pairs at least this strong are united. */
export const UNITE_FROM = 0.9
/** A larger group is more likely a hub that was missed. */
export const MOST_OWNERS = 50

/** What became of a pair: why its two sides are one entity, or are not. */
export type Verdict =
  | 'united'
  /** Already one by stronger pairs. */
  | 'one already'
  | 'below the limit'
  /** Two different labels. */
  | 'conflict'
  | 'too many owners'
  /** One side deals with too many borrowers to say anything about any of them. */
  | 'hub'
  /** One side is a contract that is neither a borrower nor a Safe, or was never asked what it is. */
  | 'contract'

export type JudgedPair = Pair & { readonly verdict: Verdict }

/** Addresses that belong together, and the pairs that united them, weakest last. */
export type Group = {
  readonly addresses: readonly string[]
  readonly label: string | null
  readonly unions: readonly Pair[]
}

/** A group while it grows: it is shared by all of its addresses. */
type Growing = { addresses: string[]; label: string | null; unions: Pair[] }

/**
 * Unites the sides of each pair from `UNITE_FROM` on, in the order given: never two labels, never more than
 * `MOST_OWNERS` addresses but by labels alone.
 */
export const unite = (
  pairs: readonly Pair[],
  {
    labels,
    refuse,
  }: {
    readonly labels: ReadonlyMap<string, string>
    /** Why a pair counts for nothing, whatever its strength; null where it counts. */
    readonly refuse: (pair: Pair) => 'hub' | 'contract' | null
  },
): { readonly groups: readonly Group[]; readonly pairs: readonly JudgedPair[] } => {
  const groups = new Map<string, Growing>()
  const groupOf = (address: string): Growing => {
    let group = groups.get(address)
    if (!group) {
      group = { addresses: [address], label: labels.get(address) ?? null, unions: [] }
      groups.set(address, group)
    }
    return group
  }
  const judge = (pair: Pair): Verdict => {
    const refused = refuse(pair)
    if (refused === 'hub') return refused
    if (pair.strength < UNITE_FROM) return 'below the limit'
    if (refused !== null) return refused
    const [a, b] = [groupOf(pair.a), groupOf(pair.b)]
    if (a === b) return 'one already'
    if (a.label !== null && b.label !== null && a.label !== b.label) return 'conflict'
    const byLabel = pair.strands.some(({ kind }) => kind === 'same-label')
    if (!byLabel && a.addresses.length + b.addresses.length > MOST_OWNERS) return 'too many owners'
    const [large, small] = a.addresses.length >= b.addresses.length ? [a, b] : [b, a]
    for (const address of small.addresses) groups.set(address, large)
    large.addresses.push(...small.addresses)
    large.unions.push(...small.unions, pair)
    large.label ??= small.label
    return 'united'
  }
  const judged = pairs.map((pair) => ({ ...pair, verdict: judge(pair) }))
  return {
    groups: [...new Set(groups.values())]
      .filter(({ unions }) => unions.length > 0)
      .map(({ addresses, label, unions }) => ({
        addresses: addresses.toSorted(byAddress),
        label,
        unions: unions.toSorted(
          (x, y) => y.strength - x.strength || byAddress(x.a, y.a) || byAddress(x.b, y.b),
        ),
      }))
      .sort((x, y) => byAddress(x.addresses[0] ?? '', y.addresses[0] ?? '')),
    pairs: judged,
  }
}
