import { type LinkedEntity, type Links, linkOwners, type Nature } from '../core/entities/link.ts'
import { ownerEvidence } from '../core/entities/owners.ts'
import type { Block } from '../core/report.ts'
import type { Entities } from '../known.ts'
import { type Heights, linkedSources, loadAnswers, loadBorrowers, loadLinks } from '../store/links.ts'
import type { Db } from '../store/open.ts'
import type { PositionRow } from '../store/rows.ts'

/** The pinned block of each chain of a scan. */
export const heightsOf = (blocks: readonly Block[]): Heights =>
  new Map(blocks.flatMap(({ chain, number }) => (number === null ? [] : [[chain, number]])))

/** Owners with a position. */
export const ownersOf = (rows: readonly PositionRow[]): ReadonlySet<string> =>
  new Set(rows.flatMap(({ owner }) => owner ?? []))

/** Where several chains know an address, the least trustworthy answer counts. */
const WORST: readonly Nature[] = ['account', 'safe', 'contract']

/** Who belongs together by the evidence stored so far, at the blocks of a scan. */
export const linksAt = (
  db: Db,
  {
    heights,
    labels,
    members,
    complete = [],
    brief = true,
  }: {
    readonly heights: Heights
    readonly labels: Entities
    readonly members: ReadonlySet<string>
    /** Sources that were read to the end just now, before their evidence counts for others. */
    readonly complete?: readonly string[]
    /** Without the pairs that can unite nobody. */
    readonly brief?: boolean
  },
): Links => {
  // nor does an owner count while it is not known with how many others he deals
  const chains = new Set([
    ...linkedSources(db).map(({ chain }) => chain),
    ...complete.map((source) => source.split('/')[1]),
  ])
  const answers = loadAnswers(db, heights).filter(({ chain }) => chains.has(chain))
  const natures = new Map<string, Nature>()
  for (const { address, nature } of answers) {
    const before = natures.get(address)
    if (nature !== null && (before === undefined || WORST.indexOf(nature) > WORST.indexOf(before)))
      natures.set(address, nature)
  }
  const evidence = [
    ...loadLinks(db, heights, complete),
    ...ownerEvidence(answers.filter(({ owners }) => owners.length > 0)),
  ]
  const borrowers = evidence.length === 0 ? members : loadBorrowers(db)
  return linkOwners({
    evidence,
    brief,
    labels,
    isBorrower: (address) => borrowers.has(address) || members.has(address),
    natureOf: (address) => natures.get(address) ?? null,
    members,
  })
}

/** Every name an owner goes by: that of its linked entity, and before that its own label. */
export const namesOf = (linked: readonly LinkedEntity[], labels: Entities): Entities =>
  new Map([
    ...linked.flatMap(({ name, linked: owners }) => owners.map((owner) => [owner, name] as const)),
    ...labels,
  ])
