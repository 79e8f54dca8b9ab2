import type { Evidence, LinkKind } from '../core/entities/evidence.ts'
import type { Nature } from '../core/entities/link.ts'
import type { Owned } from '../core/entities/owners.ts'
import type { Db } from './open.ts'
import { sourceIdOf } from './save.ts'

/** What is kept of an observation: evidence with its transaction. */
export type StoredLink = Evidence & { readonly tx: string }

/** Up to where a source's evidence is known; null before the first read. */
export const linkCursorOf = (
  db: Db,
  source: string,
): { readonly block: bigint; readonly hash: string } | null => {
  const row = db
    .prepare<[string], { link_block: number | null; link_hash: string | null }>(
      'SELECT link_block, link_hash FROM source WHERE key = ?',
    )
    .get(source)
  return row && row.link_block !== null && row.link_hash !== null
    ? { block: BigInt(row.link_block), hash: row.link_hash }
    : null
}

/** Every source whose evidence was read to the end once, and up to which block. */
export const linkedSources = (
  db: Db,
): readonly { readonly source: string; readonly chain: string; readonly block: number }[] =>
  db
    .prepare<[], { source: string; chain: string; block: number }>(
      'SELECT key AS source, chain, link_complete AS block FROM source WHERE link_complete IS NOT NULL ORDER BY key',
    )
    .all()

/** Adds what was read of a source up to a block, and that it was read so far, in one transaction. */
export const saveLinks = (
  db: Db,
  {
    source,
    links,
    through,
  }: {
    readonly source: string
    readonly links: readonly StoredLink[]
    readonly through: { readonly block: bigint; readonly hash: string }
  },
): void =>
  db
    .transaction(() => {
      const id = sourceIdOf(db, source)
      const insert = db.prepare(
        `INSERT INTO link VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (source_id, kind, from_owner, to_owner, block) DO NOTHING`,
      )
      for (const { kind, from, to, block, tx, day } of links) insert.run(id, kind, from, to, block, tx, day)
      db.prepare('UPDATE source SET link_block = ?, link_hash = ? WHERE id = ?').run(
        Number(through.block),
        through.hash,
        id,
      )
    })
    .immediate()

/** Forgets what was read of a source, because the chain it was read from is no longer the same. */
export const dropLinks = (db: Db, source: string): void =>
  db
    .transaction(() => {
      const id = sourceIdOf(db, source)
      db.prepare('DELETE FROM link WHERE source_id = ?').run(id)
      db.prepare(
        'UPDATE source SET link_block = NULL, link_hash = NULL, link_complete = NULL WHERE id = ?',
      ).run(id)
    })
    .immediate()

/** Lets the evidence of a source count, up to a block at which nothing of it is missing. */
export const completeLinks = (db: Db, source: string, block: bigint): void => {
  db.prepare('UPDATE source SET link_complete = max(?, coalesce(link_complete, 0)) WHERE key = ?').run(
    Number(block),
    source,
  )
}

/** A block by chain; a chain that is not named has no block. */
export type Heights = ReadonlyMap<string, number>

type LinkRow = {
  readonly source: string
  readonly chain: string
  readonly through: number | null
  readonly kind: LinkKind
  readonly from: string
  readonly to: string
  readonly block: number
  readonly tx: string
  readonly day: string | null
}

const LINKS =
  'SELECT s.chain, s.key AS source, s.link_complete AS through, l.kind, l.from_owner AS "from", l.to_owner AS "to", l.block, l.tx, l.day FROM link l JOIN source s ON s.id = l.source_id'

const stored = ({ kind, from, to, block, tx, day }: LinkRow): StoredLink => ({
  ...{ kind, from, to, block, tx, day },
})

/**
 * All evidence of all sources up to the blocks given. Half of a history would take hubs for friends, so that what was
 * read of a source counts only once all of it was.
 */
export const loadLinks = (
  db: Db,
  heights: Heights,
  /** Sources that were read to the end just now. */
  complete: readonly string[] = [],
): readonly StoredLink[] =>
  db
    .prepare<[], LinkRow>(LINKS)
    .all()
    .filter(({ source, chain, through, block }) => {
      const end = complete.includes(source) ? Number.POSITIVE_INFINITY : (through ?? -1)
      return block <= Math.min(end, heights.get(chain) ?? -1)
    })
    .map(stored)

/** What is stored of one source. */
export const loadLinksOf = (db: Db, source: string): readonly StoredLink[] =>
  db.prepare<[string], LinkRow>(`${LINKS} WHERE s.key = ?`).all(source).map(stored)

/** What an address answered. */
export type Answered = Owned & {
  /** null where only its owners were asked for, and it named none. */
  readonly nature: Nature | null
}

/** Stores answers of a chain; where one is as before, the block from which it holds stays as well. */
export const saveAnswers = (db: Db, chain: string, answers: readonly Answered[]): void =>
  db
    .transaction(() => {
      const upsert = db.prepare(
        `INSERT INTO contract_owner VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (chain, address) DO UPDATE SET
           block = CASE WHEN owners = excluded.owners AND threshold IS excluded.threshold
             THEN min(block, excluded.block) ELSE excluded.block END,
           nature = coalesce(excluded.nature, nature), owners = excluded.owners, threshold = excluded.threshold`,
      )
      for (const { address, nature, owners, threshold, block } of answers)
        upsert.run(chain, address, nature, JSON.stringify(owners), threshold, block)
    })
    .immediate()

type AnswerRow = Omit<Answered, 'owners'> & { readonly chain: string; readonly owners: string }

/** What the addresses of each chain answered, up to the blocks given. */
export const loadAnswers = (db: Db, heights: Heights): readonly (Answered & { readonly chain: string })[] =>
  db
    .prepare<[], AnswerRow>(
      'SELECT chain, address, nature, owners, threshold, block FROM contract_owner ORDER BY chain, address',
    )
    .all()
    .filter(({ chain, block }) => block <= (heights.get(chain) ?? -1))
    .map((row) => ({ ...row, owners: JSON.parse(row.owners) as string[] }))

const ADDRESS = /0x[0-9a-fA-F]{40}$/

/** Every address that ever borrowed, as far as scans have seen. */
export const loadBorrowers = (db: Db): ReadonlySet<string> =>
  new Set([
    ...db
      .prepare<[], string>('SELECT key FROM account')
      .pluck()
      .all()
      .flatMap((key) => ADDRESS.exec(String(key))?.[0] ?? []),
    ...db.prepare<[], string>('SELECT DISTINCT owner FROM position WHERE owner IS NOT NULL').pluck().all(),
  ])

/** Owners with a position in a scan, of the sources given. */
export const loadOwners = (db: Db, scanId: number, sources: readonly string[]): readonly string[] =>
  db
    .prepare<[number], { source: string; owner: string }>(
      `SELECT DISTINCT s.key AS source, p.owner FROM position p
       JOIN account a ON a.id = p.account_id JOIN source s ON s.id = a.source_id
       WHERE p.scan_id = ? AND p.owner IS NOT NULL ORDER BY p.owner`,
    )
    .all(scanId)
    .filter(({ source, owner }) => sources.includes(source) && ADDRESS.test(owner))
    .map(({ owner }) => owner)
