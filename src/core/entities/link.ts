import { type Evidence, type LinkKind, strongest } from './evidence.ts'
import { hubsOf } from './hubs.ts'
import { byAddress, type Pair, pairsOf } from './pairs.ts'
import { type JudgedPair, UNITE_FROM, unite } from './unite.ts'

/** What an address is where no log says that it borrowed: an account without code, a Safe, any other contract. */
export type Nature = 'account' | 'safe' | 'contract'

export type LinkInput = {
  readonly evidence: readonly Evidence[]
  /** By address; labels are facts of a file and tie by themselves. */
  readonly labels: ReadonlyMap<string, string>
  /** Every address that ever borrowed, as far as the evidence reaches. */
  readonly isBorrower: (address: string) => boolean
  /** null where it was never asked. */
  readonly natureOf: (address: string) => Nature | null
  /** Owners with a position at the pinned block: nobody else becomes a member. */
  readonly members: ReadonlySet<string>
  /** Leave out the pairs that can unite nobody, for whoever does not ask why: nearly all of a long history. */
  readonly brief?: boolean
}

/** Owners that belong together. */
export type LinkedEntity = {
  /** The label, or `linked:` and the lowest address. */
  readonly name: string
  readonly label: string | null
  /** Members alone, lowest address first; at least two, or one beside a label that others gave it. */
  readonly owners: readonly string[]
  /** Members without a label of their own: what the chain alone has added. */
  readonly linked: readonly string[]
  /** The weakest pair among those that united it; null where labels alone did. */
  readonly weakest: Pair | null
  /** Every pair that united it, by logs or calls. */
  readonly unions: readonly Pair[]
}

export type Links = {
  readonly entities: readonly LinkedEntity[]
  /** Every pair (that may unite somebody, where it was to be brief), and what became of it. */
  readonly pairs: readonly JudgedPair[]
  /** Distinct borrowers of each hub. */
  readonly hubs: ReadonlyMap<string, number>
}

const PREFIX = 'linked:'

/** Whether a name is one that liqbands gave, and no label. */
export const isLinkedName = (name: string): boolean => name.startsWith(PREFIX)

/** Owners with one label as evidence: each with the lowest of them. */
const labelEvidence = (labels: ReadonlyMap<string, string>): readonly Evidence[] => {
  const lowest = new Map<string, string>()
  for (const [address, name] of [...labels].sort(([a], [b]) => byAddress(a, b)))
    if (!lowest.has(name)) lowest.set(name, address)
  return [...labels].flatMap(([to, name]) => {
    const from = lowest.get(name)
    return from === undefined || from === to
      ? []
      : [{ kind: 'same-label' as const, from, to, block: 0, tx: null, day: null }]
  })
}

/** Evidence of the pairs whose kinds could reach the limit at their strongest; none of hubs. */
const uniting = (evidence: readonly Evidence[], hubs: ReadonlyMap<string, number>): readonly Evidence[] => {
  const keyOf = ({ from, to }: Evidence): string => (from < to ? from + to : to + from)
  const rest = evidence.filter(({ from, to }) => !hubs.has(from) && !hubs.has(to))
  const kinds = new Map<string, LinkKind[]>()
  for (const one of rest) {
    const key = keyOf(one)
    const known = kinds.get(key)
    if (known === undefined) kinds.set(key, [one.kind])
    else if (!known.includes(one.kind)) known.push(one.kind)
  }
  return rest.filter((one) => strongest(kinds.get(keyOf(one)) ?? []) >= UNITE_FROM)
}

const isLabelled = ({ strands }: Pair): boolean => strands.some(({ kind }) => kind === 'same-label')

/** The unions that connect the addresses to keep: those that only reach somebody else are left out. */
const needed = (unions: readonly Pair[], keeps: (address: string) => boolean): readonly Pair[] => {
  const degree = new Map<string, number>()
  for (const address of unions.flatMap(({ a, b }) => [a, b]))
    degree.set(address, (degree.get(address) ?? 0) + 1)
  const rest = unions.filter(({ a, b }) =>
    [a, b].every((address) => keeps(address) || (degree.get(address) ?? 0) > 1),
  )
  return rest.length === unions.length ? rest : needed(rest, keeps)
}

/**
 * Unites owners by what lending logs, contract owners and labels show. Hubs and foreign contracts say nothing about
 * anybody, but stay owners of what they have. The order of the evidence plays no part.
 */
export const linkOwners = (input: LinkInput): Links => {
  const { labels, isBorrower, natureOf, members, brief = false } = input
  const hubs = hubsOf(input.evidence, isBorrower)
  const evidence = brief ? uniting(input.evidence, hubs) : input.evidence
  const isForeign = (address: string): boolean => {
    if (isBorrower(address) || labels.has(address)) return false
    const nature = natureOf(address)
    return nature !== 'account' && nature !== 'safe'
  }
  const all = pairsOf([...evidence, ...labelEvidence(labels)])
  // what a file says comes first: a group is what it is called before anything is added to it
  const { groups, pairs } = unite([...all.filter(isLabelled), ...all.filter((pair) => !isLabelled(pair))], {
    labels,
    refuse: (pair) => {
      if (isLabelled(pair)) return null
      if (hubs.has(pair.a) || hubs.has(pair.b)) return 'hub'
      return isForeign(pair.a) || isForeign(pair.b) ? 'contract' : null
    },
  })
  const entities = groups.flatMap(({ addresses, label, unions }): readonly LinkedEntity[] => {
    const owners = addresses.filter((address) => members.has(address))
    const linked = owners.filter((owner) => !labels.has(owner))
    const [lowest] = owners
    // labels alone need no help, and one owner alone is no group
    if (lowest === undefined || linked.length === 0 || (label === null && owners.length < 2)) return []
    const keeps = (address: string): boolean => members.has(address) || labels.has(address)
    const byChain = needed(unions, keeps).filter((pair) => !isLabelled(pair))
    const name = label ?? `${PREFIX}${lowest}`
    return [{ name, label, owners, linked, weakest: byChain.at(-1) ?? null, unions: byChain }]
  })
  return { entities, pairs, hubs }
}
