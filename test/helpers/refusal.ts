import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import { expect } from 'vitest'
import type { Run } from './cli.ts'

/** Rows that a database holds of scans; 0 where there is no such file. */
export const scansIn = (path: string): number => {
  if (!existsSync(path)) return 0
  const db = new Database(path, { readonly: true })
  try {
    // a process killed while it made the file leaves one without tables
    const made = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'scan'").get() !== undefined
    return made ? (db.prepare<[], { n: number }>('SELECT count(*) AS n FROM scan').get()?.n ?? 0) : 0
  } finally {
    db.close()
  }
}

/** Nothing that a program says by accident. */
export const expectPlain = (text: string): void => {
  expect(text).not.toMatch(/\n\s+at |node:internal|\[object |undefined|NaN|Error: |\bnull\b/)
  expect(text).not.toContain('\u001b')
}

/** An error as users should meet it: the code, nothing on stdout, and one block that names cause and remedy. */
export const expectRefusal = (run: Run, code: 1 | 75, says: RegExp): void => {
  expect({ code: run.code, stdout: run.stdout, stderr: run.stderr }).toMatchObject({ code, stdout: '' })
  expect(run.stderr).toMatch(says)
  expect(run.stderr.startsWith('error: ')).toBe(true)
  expect(run.stderr).not.toContain('unexpectedly')
  expectPlain(run.stderr)
}
