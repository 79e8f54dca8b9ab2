import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { beforeAll, expect, test } from 'vitest'
import type { Report } from '../src/core/report.ts'
import { reportSchema } from './helpers/report-schema.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

let demo: { readonly code: number | null; readonly stdout: string; readonly stderr: string }

beforeAll(async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/demo.ts'], { cwd: root })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  demo = { code, stdout, stderr }
})

const reportFile = (): Report => JSON.parse(readFileSync(join(root, 'data/demo-report.json'), 'utf8'))

test('it runs through, and every position that was sampled agrees with the contract', () => {
  expect({ code: demo.code, stderr: demo.stderr }).toMatchObject({ code: 0 })
  const [, agreed, sampled] = /(\d+) of (\d+) positions agree with the contract/.exec(demo.stdout) ?? []
  expect(Number(sampled)).toBe(500)
  expect(agreed).toBe(sampled)
})

test('the text shows the published band to the cent, held by one', () => {
  const [line = ''] = demo.stdout.split('\n').filter((text) => /1,781\.09–1,862\.02/.test(text))
  expect(line).toMatch(/entity/)
  expect(demo.stdout).toContain('Trend Research')
})

test('the report names the same band: six owners, one entity, six hundred thousand ETH', () => {
  const report = reportFile()
  expect(reportSchema.safeParse(report).error).toBe(undefined)
  const [first] = report.bands
  expect(first).toMatchObject({
    rank: 1,
    kind: 'entity',
    side: 'below',
    positions: 6,
    owners: 6,
    entities: 1,
    singleEntity: 'Trend Research',
  })
  expect(first?.low.toFixed(2)).toBe('1781.09')
  expect(first?.high.toFixed(2)).toBe('1862.02')
  expect(first?.driverAmount).toBeGreaterThan(600_000)
  expect(report.coverage).toMatchObject([{ status: 'complete', debtCovered: 1 }])
})

test('the database it leaves holds the import and the scan', () => {
  const db = new Database(join(root, 'data/demo.db'), { readonly: true })
  const scans = db.prepare('SELECT kind, status FROM scan ORDER BY id').all()
  const bands = db
    .prepare("SELECT low_usd, high_usd FROM latest_band WHERE driver = 'ETH' AND rank = 1")
    .all()
  db.close()
  expect(scans).toEqual([
    { kind: 'import', status: 'complete' },
    { kind: 'scan', status: 'complete' },
  ])
  const [first] = reportFile().bands
  expect(bands).toEqual([{ low_usd: first?.low, high_usd: first?.high }])
})
