import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { BaseError, EndpointError, UsageError } from '../core/errors.ts'
import { MIGRATIONS } from './schema.ts'

export type Db = Database.Database

/**
 * Opens (and creates or migrates) the database.
 * @throws UsageError where the path cannot be written, is no database, or comes from a newer liqbands.
 */
export const openDatabase = (
  path: string,
  { readonly = false }: { readonly readonly?: boolean } = {},
): Db => {
  let db: Db | undefined
  try {
    if (!readonly) mkdirSync(dirname(path), { recursive: true })
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw new UsageError(`${path} is a folder: name a file with --db`)
    db = new Database(path, { readonly, fileMustExist: readonly, timeout: 5000 })
    db.pragma('foreign_keys = ON')
    checkOrigin(db, path)
    if (readonly) {
      if (versionOf(db) === 0) throw new UsageError(`${path} holds no scan yet: run liqbands scan first`)
      // written by an older liqbands: what is asked may lie in a table that it did not have
      if (versionOf(db) < MIGRATIONS.length) openDatabase(path).close()
      return db
    }
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    migrate(db)
    return db
  } catch (error) {
    db?.close()
    throw explain(error, path)
  }
}

const versionOf = (db: Db): number => Number(db.pragma('user_version', { simple: true }))

/** Another program's tables must neither be read as ours nor get ours added. */
const checkOrigin = (db: Db, path: string): void => {
  const tables = db.prepare<[], { name: string }>('SELECT name FROM sqlite_master').all()
  if (tables.length > 0 && !tables.some(({ name }) => name === 'account_state'))
    throw new UsageError(`${path} is the database of another program: choose another --db`)
  const version = versionOf(db)
  if (version > MIGRATIONS.length)
    throw new UsageError(
      `${path} was written by a newer liqbands (schema ${version}, this one knows ${MIGRATIONS.length}): upgrade, or use another --db`,
    )
}

const migrate = (db: Db): void =>
  db
    .transaction(() => {
      for (let version = versionOf(db); version < MIGRATIONS.length; version++) {
        db.exec(MIGRATIONS[version] ?? '')
        db.pragma(`user_version = ${version + 1}`)
      }
    })
    .immediate()

/** SQLite's codes in the user's words. */
export const explain = (error: unknown, path: string): BaseError => {
  if (error instanceof BaseError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = error instanceof Error ? error.message : String(error)
  if (code.startsWith('SQLITE_BUSY'))
    return new EndpointError(`${path} is being written by another liqbands: try again in a moment`, {
      cause: error,
    })
  if (code === 'SQLITE_NOTADB')
    return new UsageError(`${path} is no SQLite database: choose another --db`, { cause: error })
  if (code.startsWith('SQLITE_CORRUPT'))
    return new UsageError(`${path} is damaged: restore it, or choose another --db and scan again`, {
      cause: error,
    })
  if (/directory does not exist/i.test(message) || code === 'SQLITE_CANTOPEN')
    return new UsageError(
      `cannot open the database ${path}: it does not exist or may not be opened; run liqbands scan first, or check --db and its folder`,
      { cause: error },
    )
  if (code.startsWith('SQLITE_READONLY') || /^(EACCES|EROFS|ENOTDIR|EPERM|EEXIST)/.test(code))
    return new UsageError(
      `cannot write the database ${path}: check its folder and permissions, or choose another --db`,
      { cause: error },
    )
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return new UsageError(`no room left to write ${path}: free some and scan again`, { cause: error })
  return new UsageError(`the database ${path} failed: ${message}`, { cause: error })
}
