import type { Evidence } from './evidence.ts'

/** The counterparty of more distinct borrowers than this serves the public: a router, a gateway, a hot wallet. */
export const MOST_BORROWERS = 20

/** Counts, as evidence comes in, with how many distinct borrowers each address deals. */
export const createDegrees = (
  isBorrower: (address: string) => boolean,
): {
  readonly add: (evidence: Pick<Evidence, 'kind' | 'from' | 'to'>) => void
  readonly isHub: (address: string) => boolean
  /** Distinct borrowers of each hub. */
  readonly hubs: () => ReadonlyMap<string, number>
} => {
  const partners = new Map<string, Set<string>>()
  const count = (address: string, partner: string): void => {
    if (address === partner || !isBorrower(partner)) return
    const known = partners.get(address)
    if (known) known.add(partner)
    else partners.set(address, new Set([partner]))
  }
  const isMany = ({ size }: ReadonlySet<string>): boolean => size > MOST_BORROWERS
  return {
    add: ({ kind, from, to }) => {
      // what a file or two lists of owners say is no dealing between the two
      if (kind === 'same-label' || kind === 'same-owners') return
      count(from, to)
      count(to, from)
    },
    isHub: (address) => isMany(partners.get(address) ?? new Set()),
    hubs: () =>
      new Map(
        [...partners].filter(([, known]) => isMany(known)).map(([address, { size }]) => [address, size]),
      ),
  }
}

/** Distinct borrowers of each hub: over all borrowers ever seen, before anything is united. */
export const hubsOf = (
  evidence: readonly Evidence[],
  isBorrower: (address: string) => boolean,
): ReadonlyMap<string, number> => {
  const degrees = createDegrees(isBorrower)
  for (const one of evidence) degrees.add(one)
  return degrees.hubs()
}
