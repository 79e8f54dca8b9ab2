import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { loadLinked, loadLinkNotes, loadUnions } from '../../src/store/linked.ts'
import {
  completeLinks,
  dropLinks,
  linkCursorOf,
  linkedSources,
  loadAnswers,
  loadLinks,
  loadLinksOf,
  type StoredLink,
  saveAnswers,
  saveLinks,
} from '../../src/store/links.ts'
import { openDatabase } from '../../src/store/open.ts'
import { saveLinked, saveScan } from '../../src/store/save.ts'
import { MIGRATIONS } from '../../src/store/schema.ts'
import { band, linkedEntity, loan, SOURCE, scanRecord } from './records.ts'

const link = (block: number, changes: Partial<StoredLink> = {}): StoredLink => ({
  ...{ kind: 'pays-in', from: '0xa', to: '0xb', block, tx: `0x${block}`, day: null },
  ...changes,
})
const opened = () => {
  const db = openDatabase(':memory:')
  saveScan(db, scanRecord({ block: 10, accounts: { 1: loan('10', '9000', '0xa') }, bands: [band()] }))
  return db
}
const at = (height: number) => new Map([['test', height]])

describe('links', () => {
  test('what is stored comes back, with the block up to which it is known', () => {
    const db = opened()
    expect(linkCursorOf(db, SOURCE)).toBe(null)
    const links = [link(3, { day: '2026-01-01' }), link(5, { kind: 'transfer' })]
    saveLinks(db, { source: SOURCE, links, through: { block: 9n, hash: '0x9' } })
    expect(linkCursorOf(db, SOURCE)).toEqual({ block: 9n, hash: '0x9' })
    expect(loadLinksOf(db, SOURCE).toSorted((x, y) => x.block - y.block)).toEqual(links)
    dropLinks(db, SOURCE)
    expect(linkCursorOf(db, SOURCE)).toBe(null)
    expect(loadLinksOf(db, SOURCE)).toEqual([])
  })

  test('a link that cannot be stored takes its whole batch with it, the cursor too', () => {
    const db = opened()
    saveLinks(db, { source: SOURCE, links: [link(3)], through: { block: 4n, hash: '0x4' } })
    const bad = [link(5), link(6, { tx: null as unknown as string }), link(7)]
    expect(() => saveLinks(db, { source: SOURCE, links: bad, through: { block: 9n, hash: '0x9' } })).toThrow()
    expect(linkCursorOf(db, SOURCE)).toEqual({ block: 4n, hash: '0x4' })
    expect(loadLinksOf(db, SOURCE)).toEqual([link(3)])
    expect(db.inTransaction).toBe(false)
  })

  test('they count once the whole history was read, and up to the block asked for', () => {
    const db = opened()
    saveLinks(db, { source: SOURCE, links: [link(3), link(5)], through: { block: 9n, hash: '0x9' } })
    expect(loadLinks(db, at(9))).toEqual([])
    expect(linkedSources(db)).toEqual([])
    expect(loadLinks(db, at(9), [SOURCE])).toHaveLength(2)
    completeLinks(db, SOURCE, 9n)
    expect(linkedSources(db)).toEqual([{ source: SOURCE, chain: 'test', block: 9 }])
    expect(loadLinks(db, at(9))).toHaveLength(2)
    expect(loadLinks(db, at(4))).toEqual([link(3)])
    expect(loadLinks(db, new Map([['elsewhere', 9]]))).toEqual([])
    // a reading that is under way counts up to where the last one ended
    saveLinks(db, { source: SOURCE, links: [link(12)], through: { block: 12n, hash: '0xc' } })
    expect(loadLinks(db, at(20))).toHaveLength(2)
    // and one of an earlier block takes nothing back
    completeLinks(db, SOURCE, 7n)
    expect(linkedSources(db)).toMatchObject([{ block: 9 }])
  })

  test('an answer that is given again holds since the first time; another one since now', () => {
    const db = opened()
    const answer = { address: '0xa', nature: null, owners: ['0x1'], threshold: 1, block: 5 } as const
    saveAnswers(db, 'test', [answer])
    saveAnswers(db, 'test', [{ ...answer, nature: 'safe', block: 9 }])
    expect(loadAnswers(db, at(5))).toEqual([{ chain: 'test', ...answer, nature: 'safe' }])
    saveAnswers(db, 'test', [{ ...answer, owners: ['0x2'], block: 12 }])
    expect(loadAnswers(db, at(11))).toEqual([])
    expect(loadAnswers(db, at(12))).toMatchObject([{ owners: ['0x2'], nature: 'safe', block: 12 }])
  })
})

describe('the linked entities of a scan', () => {
  test('belong to that scan alone', () => {
    const db = openDatabase(':memory:')
    const accounts = { 1: loan('10', '9000', '0xa') }
    saveScan(db, scanRecord({ block: 10, accounts, bands: [band()] }))
    saveScan(db, scanRecord({ block: 11, accounts, bands: [band()], linked: [linkedEntity('linked:0xa')] }))
    saveScan(db, scanRecord({ block: 12, accounts, bands: [band()] }))
    expect([1, 2, 3].map((id) => loadLinked(db, id).get('0xb'))).toEqual([undefined, 'linked:0xa', undefined])
    expect(loadUnions(db, 2)).toMatchObject([
      { a: '0xa', b: '0xb', entity: 'linked:0xa', strength: 1, strands: [{ first: { block: 7 } }] },
    ])
    expect(loadLinkNotes(db, 2)).toEqual([{ entity: 'linked:0xa', owners: 2, weakest: 1 }])

    const linked = [linkedEntity('linked:0xc', ['0xc', '0xd'])]
    saveLinked(db, { scanId: 3, linked, bands: { ETH: [band({ kind: 'entity' }), band({ rank: 2 })] } })
    const kinds = db.prepare('SELECT scan_id, kind FROM band ORDER BY scan_id, rank').raw().all()
    expect(kinds).toEqual([
      [1, 'crowd'],
      [2, 'crowd'],
      [3, 'entity'],
      [3, 'crowd'],
    ])
    expect(loadLinked(db, 3)).toEqual(
      new Map([
        ['0xc', 'linked:0xc'],
        ['0xd', 'linked:0xc'],
      ]),
    )
    db.exec('DELETE FROM scan WHERE id = 3')
    expect(loadLinked(db, 3).size).toBe(0)
  })

  test('found after the scan: entities and bands together, or neither', () => {
    const db = opened()
    const wrong = { ETH: [band({ kind: 'entity' }), band({ kind: 'entity' })] }
    expect(() => saveLinked(db, { scanId: 1, linked: [linkedEntity('linked:0xa')], bands: wrong })).toThrow()
    expect(loadLinked(db, 1).size).toBe(0)
    expect(db.prepare('SELECT kind FROM band').pluck().all()).toEqual(['crowd'])
  })

  test('name an owner in the views, unless a label does', () => {
    const db = openDatabase(':memory:')
    const accounts = { 1: loan('10', '9000', '0xa'), 2: loan('10', '9100', '0xb') }
    const linked = [linkedEntity('linked:0xa')]
    saveScan(db, scanRecord({ block: 10, accounts, linked, entities: new Map([['0xa', 'Label']]) }))
    for (const view of ['latest_position', 'whale'])
      expect(db.prepare(`SELECT owner, entity FROM ${view} ORDER BY owner`).raw().all()).toEqual([
        ['0xa', 'Label'],
        ['0xb', 'linked:0xa'],
      ])
  })
})

test('a database from before links is brought up to date, also where it is only read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'liqbands-links-'))
  try {
    const path = join(folder, 'old.db')
    const old = new Database(path)
    old.exec(MIGRATIONS[0] ?? '')
    old.pragma('user_version = 1')
    old.exec(
      "INSERT INTO scan (kind, started_at, finished_at, status, version) VALUES ('scan', 'a', 'b', 'complete', '0')",
    )
    old.close()
    const db = openDatabase(path, { readonly: true })
    expect(loadLinked(db, 1).size).toBe(0)
    expect(db.prepare('SELECT count(*) FROM scan').pluck().get()).toBe(1)
    expect(() => db.exec('DELETE FROM scan')).toThrow(/readonly/)
    db.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
