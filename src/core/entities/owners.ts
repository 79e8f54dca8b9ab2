import { type Evidence, SHARED_OWNERS_PERCENT } from './evidence.ts'
import { byAddress } from './pairs.ts'

/** What a contract answered when it was asked for its owners. */
export type Owned = {
  readonly address: string
  /** In ascending order. */
  readonly owners: readonly string[]
  /** Signatures that a Safe asks for; null where it is no Safe but names one owner. */
  readonly threshold: number | null
  /** From this block on the answer is known to hold. */
  readonly block: number
}

type Safe = Owned & { readonly threshold: number }

const isSafe = (owned: Owned): owned is Safe => owned.threshold !== null

/** An owner of more Safes than this signs for others: he shows nothing of any two of them. */
const MOST_SAFES = 20

const shared = (a: Safe, b: Safe, speaks: (owner: string) => boolean): Evidence | null => {
  const both = a.owners.filter((owner) => b.owners.includes(owner))
  const same = both.length === a.owners.length && both.length === b.owners.length
  if (!same && both.filter(speaks).length < Math.max(a.threshold, b.threshold)) return null
  const fact = { kind: 'same-owners', block: Math.max(a.block, b.block), tx: null, day: null } as const
  return { ...fact, from: a.address, to: b.address, ...(same ? {} : { percent: SHARED_OWNERS_PERCENT }) }
}

/** What the owners of contracts say: who alone owns one, and which Safes have the same people. */
export const ownerEvidence = (contracts: readonly Owned[]): readonly Evidence[] => {
  const evidence: Evidence[] = []
  const safesOf = new Map<string, Safe[]>()
  for (const contract of contracts) {
    const [only, ...others] = contract.owners
    if (only !== undefined && others.length === 0) {
      const { address: to, block } = contract
      evidence.push({ kind: 'only-owner', from: only, to, block, tx: null, day: null })
    }
    if (!isSafe(contract)) continue
    for (const owner of contract.owners) {
      const known = safesOf.get(owner)
      if (known) known.push(contract)
      else safesOf.set(owner, [contract])
    }
  }
  const speaks = (owner: string): boolean => (safesOf.get(owner)?.length ?? 0) <= MOST_SAFES
  const seen = new Set<string>()
  for (const [owner, safes] of safesOf) {
    if (!speaks(owner)) continue
    const sorted = safes.toSorted((a, b) => byAddress(a.address, b.address))
    for (const [i, a] of sorted.entries())
      for (const b of sorted.slice(i + 1)) {
        const key = `${a.address} ${b.address}`
        if (seen.has(key)) continue
        seen.add(key)
        const found = shared(a, b, speaks)
        if (found) evidence.push(found)
      }
  }
  return evidence
}
