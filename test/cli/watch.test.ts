import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, expect, test } from 'vitest'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { openPositions } from '../chain/positions.ts'
import { configFor, start, temporaryFolder, writeConfig } from '../helpers/cli.ts'
import { expectPlain } from '../helpers/refusal.ts'

const cwd = temporaryFolder()

let anvil: Anvil | undefined
afterAll(() => anvil?.stop())

test('scans again and again, one after the other, and goes on when the endpoint dies', async () => {
  anvil = await startAnvil()
  const market = await deployAaveV36(anvil)
  await openPositions(anvil, market, { count: 40, seed: 2 })
  writeConfig(cwd, configFor(market, anvil.url))
  const { child, ended, says } = start(['watch', '--every', '1s'], { cwd })
  await says(' complete: 40 positions', 3)
  await anvil.stop()
  await says('scan failed: ', 2)
  expect(child.exitCode).toBe(null)
  child.kill('SIGTERM')
  const { code, stdout, stderr } = await ended
  expect(code).toBe(143)

  const lines = stdout.trimEnd().split('\n')
  for (const [i, line] of lines.entries())
    expect(line).toMatch(
      new RegExp(
        `^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC  scan ${i + 1} complete: 40 positions, \\d+ requests$`,
      ),
    )
  for (const line of stderr.trimEnd().split('\n'))
    expect(line).toMatch(/ UTC {2}scan failed: 127\.0\.0\.1:\d+ is unreachable: .*; next at .* UTC$/)
  expectPlain(stdout + stderr)

  const db = new Database(join(cwd, 'data/liqbands.db'), { readonly: true })
  const scans = db
    .prepare<[], { id: number; started_at: string; finished_at: string }>('SELECT * FROM scan ORDER BY id')
    .all()
  db.close()
  expect(scans.map(({ id }) => id)).toEqual(lines.map((_, i) => i + 1))
  for (const [i, { started_at }] of scans.slice(1).entries())
    expect(started_at > (scans[i]?.finished_at ?? '')).toBe(true)
})
