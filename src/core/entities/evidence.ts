/** What may show that two owners belong together. Each kind counts once a pair, whatever it was seen. */
export type LinkKind =
  | 'same-label'
  | 'only-owner'
  | 'same-owners'
  | 'delegation'
  | 'transfer'
  | 'pays-in'
  | 'repays'
  | 'same-factory-and-owner'
  | 'same-factory'

/** What two addresses did, as a log says it: `from` acted for `to`. */
export type Observation = {
  readonly kind: LinkKind
  readonly from: string
  readonly to: string
  readonly block: number
  readonly tx: string
  /** Unix seconds of the block; null where the endpoint's logs do not say. */
  readonly time: number | null
}

/** One piece of what is known of two addresses, with where it can be looked up. */
export type Evidence = {
  readonly kind: LinkKind
  readonly from: string
  readonly to: string
  readonly block: number
  /** null for what a call answered at that block. */
  readonly tx: string | null
  /** UTC date (2026-02-04); null where the days of a kind do not matter. */
  readonly day: string | null
  /** In hundredths, where one strength of a kind is not enough: Safes that share some owners. */
  readonly percent?: number
}

/**
 * Strength in hundredths: seen once, and seen on at least `DAYS` days (transfers also: in both directions).
 * Judgements, not measurements: a union of the two largest of them is what it takes.
 */
const STRENGTHS: Readonly<Record<LinkKind, readonly [once: number, often: number]>> = {
  'same-label': [100, 100],
  'only-owner': [100, 100],
  'same-owners': [95, 95],
  delegation: [80, 80],
  transfer: [70, 85],
  'pays-in': [60, 80],
  repays: [50, 70],
  'same-factory-and-owner': [90, 90],
  'same-factory': [5, 5],
}

/** Safes that share at least the threshold of their owners, in hundredths. */
export const SHARED_OWNERS_PERCENT = 60

/** On so many different days one occasion becomes a habit. */
export const DAYS = 3

/** The kinds whose strength grows with the days on which they were seen. */
export const countsDays = (kind: LinkKind): boolean => STRENGTHS[kind][0] !== STRENGTHS[kind][1]

/** All that is known of one kind between two addresses. */
export type Strand = {
  readonly kind: LinkKind
  /** 0..1. */
  readonly strength: number
  /** Different days on which it was seen; at least 1. */
  readonly days: number
  /** Each side did it. */
  readonly bothWays: boolean
  /** The earliest, which is the one to look up. */
  readonly first: Evidence
}

const before = (a: Evidence, b: Evidence): number =>
  a.block - b.block ||
  compareText(a.from, b.from) ||
  compareText(a.tx ?? '', b.tx ?? '') ||
  compareText(a.day ?? '', b.day ?? '') ||
  (a.percent ?? 0) - (b.percent ?? 0)

/** The order of texts by code units, the same on every machine. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The evidence of one kind about one pair as one strand; the order of the evidence plays no part. */
const strandOf = (kind: LinkKind, evidence: readonly [Evidence, ...Evidence[]]): Strand => {
  const days = new Set(evidence.flatMap(({ day }) => day ?? [])).size
  const bothWays = new Set(evidence.map(({ from }) => from)).size > 1
  const isHabit = days >= DAYS || (bothWays && kind === 'transfer')
  const [once, often] = STRENGTHS[kind]
  const own = Math.max(...evidence.map(({ percent }) => percent ?? (isHabit ? often : once)))
  const first = evidence.reduce((earliest, one) => (before(one, earliest) < 0 ? one : earliest))
  return { kind, strength: own / 100, days: Math.max(1, days), bothWays, first }
}

/** Each kind of evidence about one pair once, the strongest first. */
export const strandsOf = (evidence: readonly Evidence[]): readonly Strand[] => {
  const byKind = new Map<LinkKind, [Evidence, ...Evidence[]]>()
  for (const one of evidence) {
    const same = byKind.get(one.kind)
    if (same) same.push(one)
    else byKind.set(one.kind, [one])
  }
  return [...byKind]
    .map(([kind, all]) => strandOf(kind, all))
    .sort((a, b) => b.strength - a.strength || compareText(a.kind, b.kind))
}

/** 1 - product(1 - s) over hundredths; 0..1, rounded to a millionth so that no order of factors shows. */
const combined = (percents: readonly number[]): number => {
  const doubt = percents.reduce((product, percent) => product * (100 - percent), 1)
  return Math.round((1 - doubt / 100 ** percents.length) * 1e6) / 1e6
}

/** The strength of independent strands together, 0..1. */
export const combine = (strands: readonly Strand[]): number =>
  combined(strands.map(({ strength }) => Math.round(strength * 100)))

/** The most that different kinds can reach together, 0..1. */
export const strongest = (kinds: readonly LinkKind[]): number =>
  combined(kinds.map((kind) => STRENGTHS[kind][1]))

/** A strength as people read it: .91; never rounded up, so that 1.00 is a certainty and .90 is enough to unite. */
export const strengthText = (strength: number): string => {
  const text = (Math.floor(strength * 100 + 1e-6) / 100).toFixed(2)
  return strength < 1 ? text.slice(1) : text
}
