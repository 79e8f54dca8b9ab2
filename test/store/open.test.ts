import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, test } from 'vitest'
import { EndpointError, UsageError } from '../../src/core/errors.ts'
import { openDatabase } from '../../src/store/open.ts'
import { MIGRATIONS } from '../../src/store/schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'liqbands-open-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)

/** The error of opening, which must fit on one line and carry what SQLite said as its cause. */
const failure = (path: string, readonly = false): Error => {
  try {
    openDatabase(path, { readonly }).close()
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).message).not.toContain('\n')
    expect((error as Error).message).toContain(path)
    return error as Error
  }
  throw new Error(`${path} was opened`)
}

describe('a path that cannot serve is the user’s to fix, and the message says how', () => {
  test('a folder that cannot be made, because a file is in its place', () => {
    writeFileSync(at('file'), 'not a folder')
    for (const path of [at('file/x.db'), at('file/deeper/x.db')]) {
      expect(failure(path)).toBeInstanceOf(UsageError)
      expect(failure(path).message).toMatch(/cannot write .* check its folder .* another --db/)
    }
  })
  test('a folder in place of the file, and a folder that takes no files', () => {
    expect(failure(folder)).toBeInstanceOf(UsageError)
    expect(failure(folder).message).toMatch(/is a folder: name a file with --db/)
    expect(failure('/proc/liqbands.db')).toBeInstanceOf(UsageError)
    expect(failure('/proc/liqbands.db').message).toMatch(/cannot open .* check --db and its folder/)
  })
  test('a text file', () => {
    writeFileSync(at('text.db'), 'position_id,collateral_asset\n'.repeat(100))
    for (const readonly of [false, true]) {
      expect(failure(at('text.db'), readonly)).toBeInstanceOf(UsageError)
      expect(failure(at('text.db'), readonly).message).toMatch(/no SQLite database: choose another --db/)
    }
  })
  test('a database that is cut off in the middle', () => {
    openDatabase(at('whole.db')).close()
    const bytes = new Database(at('whole.db')).serialize()
    writeFileSync(at('cut.db'), bytes.subarray(0, Math.floor(bytes.length / 2)))
    expect(failure(at('cut.db'), true)).toBeInstanceOf(UsageError)
    expect(failure(at('cut.db'), true).message).toMatch(/damaged: restore it/)
  })
  test('a newer schema than this program knows, for reading and for writing', () => {
    const db = openDatabase(at('newer.db'))
    db.pragma(`user_version = ${MIGRATIONS.length + 1}`)
    db.close()
    for (const readonly of [false, true]) {
      expect(failure(at('newer.db'), readonly)).toBeInstanceOf(UsageError)
      expect(failure(at('newer.db'), readonly).message).toMatch(/newer liqbands .* upgrade/)
    }
  })
  test('another program’s database is left as it is', () => {
    for (const version of [0, 1]) {
      const path = at(`other-${version}.db`)
      const other = new Database(path)
      other.exec('CREATE TABLE song (title TEXT)')
      other.pragma(`user_version = ${version}`)
      expect(failure(path)).toBeInstanceOf(UsageError)
      expect(failure(path).message).toMatch(/another program: choose another --db/)
      expect(other.prepare('SELECT name FROM sqlite_master').pluck().all()).toEqual(['song'])
      other.close()
    }
  })
  test('nothing there to read', () => {
    expect(failure(at('missing.db'), true)).toBeInstanceOf(UsageError)
    expect(failure(at('missing.db'), true).message).toMatch(/does not exist .* run liqbands scan first/)
    writeFileSync(at('empty.db'), '')
    expect(failure(at('empty.db'), true).message).toMatch(/holds no scan yet: run liqbands scan first/)
  })
})

test('locked by another writer: may pass, so it is retryable', () => {
  openDatabase(at('locked.db')).close()
  const other = new Database(at('locked.db'))
  other.exec('BEGIN EXCLUSIVE')
  const error = failure(at('locked.db'))
  expect(error).toBeInstanceOf(EndpointError)
  expect(error).toMatchObject({ retryable: true })
  expect(error.message).toMatch(/written by another liqbands: try again/)
  other.exec('ROLLBACK')
  other.close()
  openDatabase(at('locked.db')).close()
})

test('opening twice changes nothing, folders are made, and readers stand beside a writer', () => {
  const path = at('new/folder/x.db')
  const first = openDatabase(path)
  const schema = () => first.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY name').all()
  const before = schema()
  const second = openDatabase(path)
  expect(schema()).toEqual(before)
  expect(second.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length)
  first.exec('BEGIN IMMEDIATE')
  const reader = openDatabase(path, { readonly: true })
  expect(reader.prepare('SELECT count(*) FROM scan').pluck().get()).toBe(0)
  expect(() => reader.exec('DELETE FROM scan')).toThrow(/readonly/)
  for (const db of [reader, second, first]) db.close()
})
