import fc from 'fast-check'
import type { Evidence, LinkKind } from '../../../src/core/entities/evidence.ts'
import { type LinkInput, linkOwners } from '../../../src/core/entities/link.ts'

export const address = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`

export const evidence = (
  kind: LinkKind,
  [from, to]: readonly [number, number],
  more: Partial<Evidence> = {},
): Evidence => ({ kind, from: address(from), to: address(to), block: 1, tx: '0x1', day: null, ...more })

/** Everybody is a borrower with a position unless told; nobody has a label. */
export const input = (given: Partial<LinkInput> & Pick<LinkInput, 'evidence'>): LinkInput => {
  const all = new Set(given.evidence.flatMap(({ from, to }) => [from, to]))
  return { labels: new Map(), isBorrower: () => true, natureOf: () => null, members: all, ...given }
}

/** Groups of owners, without their names. */
export const groupsOf = (given: Parameters<typeof input>[0]): readonly (readonly string[])[] =>
  linkOwners(input(given)).entities.map(({ owners }) => owners)

const KINDS = ['only-owner', 'same-owners', 'delegation', 'transfer', 'pays-in', 'repays'] as const

/** Evidence among a few owners, dense enough for groups of every size, none of them a hub. */
export const someEvidence = fc.array(
  fc
    .record({
      kind: fc.constantFrom(...KINDS),
      pair: fc.tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 16 })),
      block: fc.integer({ min: 1, max: 9 }),
      day: fc.constantFrom('2026-01-01', '2026-01-02', '2026-01-03', null),
    })
    .map(({ kind, pair, block, day }) => evidence(kind, pair, { block, day, tx: `0x${kind}${block}` })),
  { maxLength: 40 },
)

export const someLabels = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 16 }), fc.constantFrom('Fund', 'Bank', 'Desk')), { maxLength: 6 })
  .map((pairs) => new Map(pairs.map(([n, name]) => [address(n), name])))
