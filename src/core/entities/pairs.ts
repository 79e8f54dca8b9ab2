import { combine, compareText, type Evidence, type Strand, strandsOf } from './evidence.ts'

/** Two addresses and all that ties them; `a` is the lower address. */
export type Pair = {
  readonly a: string
  readonly b: string
  /** 0..1. */
  readonly strength: number
  readonly strands: readonly Strand[]
}

/** The order of addresses as numbers, however they are written. */
export const byAddress = (a: string, b: string): number => compareText(a.toLowerCase(), b.toLowerCase())

/** Evidence about the same two addresses together: the strongest pair first, then by address. */
export const pairsOf = (evidence: readonly Evidence[]): readonly Pair[] => {
  const groups = new Map<string, { readonly a: string; readonly b: string; readonly evidence: Evidence[] }>()
  for (const one of evidence) {
    const [from, to] = [one.from.toLowerCase(), one.to.toLowerCase()]
    if (from === to) continue
    const [a, b, key] = from < to ? [one.from, one.to, from + to] : [one.to, one.from, to + from]
    const group = groups.get(key)
    if (group) group.evidence.push(one)
    else groups.set(key, { a, b, evidence: [one] })
  }
  return [...groups]
    .map(([key, { a, b, evidence: all }]) => {
      const strands = strandsOf(all)
      return { key, pair: { a, b, strength: combine(strands), strands } }
    })
    .sort((x, y) => y.pair.strength - x.pair.strength || compareText(x.key, y.key))
    .map(({ pair }) => pair)
}
