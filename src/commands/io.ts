import type { Command } from 'commander'
import { Option } from 'commander'
import { type Config, loadConfig } from '../config.ts'
import { createLog, LOG_LEVELS, type Log, type LogLevel } from '../log.ts'
import { type Db, explain, openDatabase } from '../store/open.ts'

/** The process as commands see it: what they may read and where they write. */
export type Io = {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory: string
  /** Columns of the terminal behind stdout; 80 where there is none. */
  readonly width: number
  readonly color: boolean
  readonly unicode: boolean
  /** stderr is a terminal: progress may be drawn. */
  readonly interactive: boolean
  /** Sets the exit code; the process ends when its work does. */
  readonly exit: (code: number) => void
}

export type CommonOptions = {
  readonly config?: string
  readonly db: string
  readonly logLevel: LogLevel
  readonly quiet?: boolean
}

export const DEFAULT_DB = './data/liqbands.db'

/** The options that every command has. */
export const withCommon = (command: Command): Command =>
  command
    .option('--config <file>', 'configuration (default: ./liqbands.config.json if there is one)')
    .option('--db <file>', 'SQLite database', DEFAULT_DB)
    .addOption(
      new Option('--log-level <level>', 'log lines on stderr, as JSON')
        .choices([...LOG_LEVELS])
        .default('warn'),
    )
    .option('--quiet', 'no progress on stderr')

export const configOf = (io: Io, options: CommonOptions): Config =>
  loadConfig(options.config, io.env, io.directory)

export const logOf = (options: CommonOptions): Log => createLog(options.logLevel)

/**
 * Opens the database for `work` and closes it again, whatever happens.
 * @throws UsageError, or a retryable error while another liqbands writes, in place of SQLite's own errors.
 */
export const withDatabase = async <T>(
  path: string,
  options: { readonly readonly: boolean },
  work: (db: Db) => T | Promise<T>,
): Promise<T> => {
  const db = openDatabase(path, options)
  try {
    return await work(db)
  } catch (error) {
    throw isSqlite(error) ? explain(error, path) : error
  } finally {
    db.close()
  }
}

const isSqlite = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_')

/** One JSON document and nothing else. */
export const printJson = (io: Io, value: unknown): void => io.out(`${JSON.stringify(value, null, 2)}\n`)

export const printLines = (io: Io, lines: readonly string[]): void => io.out(`${lines.join('\n')}\n`)
