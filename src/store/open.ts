import { mkdirSync } from 'node:fs'
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
  try {
    if (!readonly) mkdirSync(dirname(path), { recursive: true })
    const db = new Database(path, { readonly, fileMustExist: readonly, timeout: 5000 })
    db.pragma('foreign_keys = ON')
    if (readonly) {
      checkVersion(db, path)
      return db
    }
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    migrate(db, path)
    return db
  } catch (error) {
    throw explain(error, path)
  }
}

const versionOf = (db: Db): number => Number(db.pragma('user_version', { simple: true }))

const checkVersion = (db: Db, path: string): void => {
  const version = versionOf(db)
  if (version > MIGRATIONS.length)
    throw new UsageError(
      `${path} was written by a newer liqbands (schema ${version}, this one knows ${MIGRATIONS.length}): upgrade, or use another --db`,
    )
  if (version === 0) throw new UsageError(`${path} holds no scan yet: run liqbands scan first`)
}

const migrate = (db: Db, path: string): void => {
  if (versionOf(db) > MIGRATIONS.length) checkVersion(db, path)
  db.transaction(() => {
    for (let version = versionOf(db); version < MIGRATIONS.length; version++) {
      db.exec(MIGRATIONS[version] ?? '')
      db.pragma(`user_version = ${version + 1}`)
    }
  }).immediate()
}

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
  if (/directory does not exist/i.test(message) || code === 'SQLITE_CANTOPEN')
    return new UsageError(
      `cannot open the database ${path}: it does not exist or may not be read; run liqbands scan first, or check --db`,
      { cause: error },
    )
  if (code === 'SQLITE_READONLY' || /^(EACCES|EROFS|ENOTDIR|EPERM|EEXIST)/.test(code))
    return new UsageError(
      `cannot write the database ${path}: check its folder and permissions, or choose another --db`,
      {
        cause: error,
      },
    )
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return new UsageError(`no room left to write ${path}: free some and scan again`, { cause: error })
  return new UsageError(`the database ${path} failed: ${message}`, { cause: error })
}
