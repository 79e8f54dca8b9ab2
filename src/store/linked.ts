import type { Strand } from '../core/entities/evidence.ts'
import type { LinkedEntity } from '../core/entities/link.ts'
import type { Db } from './open.ts'

/** Stores the linked entities of a scan in place of those it had; for use inside a transaction. */
export const insertLinked = (db: Db, scanId: number, entities: readonly LinkedEntity[]): void => {
  for (const table of ['linked_owner', 'linked_pair'])
    db.prepare(`DELETE FROM ${table} WHERE scan_id = ?`).run(scanId)
  const owner = db.prepare('INSERT INTO linked_owner VALUES (?, ?, ?)')
  const pair = db.prepare('INSERT INTO linked_pair VALUES (?, ?, ?, ?, ?, ?)')
  for (const { name, linked, unions } of entities) {
    for (const address of linked) owner.run(scanId, address, name)
    for (const { a, b, strength, strands } of unions)
      pair.run(scanId, a, b, name, strength, JSON.stringify(strands))
  }
}

/** Names of a scan's owners that the chain alone has linked, by owner. */
export const loadLinked = (db: Db, scanId: number): ReadonlyMap<string, string> =>
  new Map(
    db
      .prepare<[number], { owner: string; entity: string }>(
        'SELECT owner, entity FROM linked_owner WHERE scan_id = ? ORDER BY owner',
      )
      .all(scanId)
      .map(({ owner, entity }) => [owner, entity]),
  )

/** A pair that united an entity of a scan. */
export type StoredUnion = {
  readonly a: string
  readonly b: string
  readonly entity: string
  /** 0..1. */
  readonly strength: number
  readonly strands: readonly Strand[]
}

/** The pairs that united a scan's entities, the strongest first. */
export const loadUnions = (db: Db, scanId: number): readonly StoredUnion[] =>
  db
    .prepare<[number], Omit<StoredUnion, 'strands'> & { evidence: string }>(
      'SELECT owner_a AS a, owner_b AS b, entity, strength, evidence FROM linked_pair WHERE scan_id = ? ORDER BY strength DESC, a, b',
    )
    .all(scanId)
    .map(({ evidence, ...union }) => ({ ...union, strands: JSON.parse(evidence) as Strand[] }))

/** How many owners of an entity the chain alone has linked, and its weakest union, 0..1. */
export type LinkNote = { readonly entity: string; readonly owners: number; readonly weakest: number }

/** What a reader must know of the linked entities of a scan. */
export const loadLinkNotes = (db: Db, scanId: number): readonly LinkNote[] =>
  db
    .prepare<[number], LinkNote>(
      `SELECT o.entity, count(*) AS owners,
         (SELECT min(strength) FROM linked_pair p WHERE p.scan_id = o.scan_id AND p.entity = o.entity) AS weakest
       FROM linked_owner o WHERE o.scan_id = ? GROUP BY o.entity ORDER BY o.entity`,
    )
    .all(scanId)
