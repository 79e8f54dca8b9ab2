import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import { setFeedPrice, supply } from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { createRandom } from '../chain/random.ts'
import { configFor, liqbands, start, temporaryFolder, writeConfig } from '../helpers/cli.ts'
import { expectPlain, expectRefusal, scansIn } from '../helpers/refusal.ts'

const cwd = temporaryFolder()

let anvil: Anvil
let market: AaveMarket
let borrowers: readonly `0x${string}`[]

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil, { ethUsd: 2000 })
  borrowers = (await openPositions(anvil, market, { count: 600, seed: 11 })).borrowers
  writeConfig(cwd, configFor(market, anvil.url))
})
afterAll(() => anvil?.stop())

const open = (path: string): Database.Database => new Database(path, { readonly: true })

/** Everything the last scan says, without the numbers that differ between databases. */
const contentOf = (path: string) => {
  const db = open(path)
  const rows = (sql: string): readonly unknown[] => db.prepare(sql).all()
  const content = {
    positions: rows(
      'SELECT driver, source, id, owner, outcome, price_raw, low_usd, high_usd, health_factor, collateral_usd, debt_usd, driver_amount, collateral, debt, reason FROM latest_position ORDER BY driver, source, id',
    ),
    bands: rows('SELECT driver, rank, band FROM latest_band ORDER BY driver, rank'),
    states: rows(
      'SELECT s.key AS source, a.key, state FROM account_state JOIN account a ON a.id = account_id JOIN source s ON s.id = a.source_id WHERE to_block IS NULL ORDER BY s.key, a.key',
    ),
  }
  db.close()
  return content
}

/** A database that a process left behind: sound, and every scan in it whole. */
const expectWhole = (path: string): number => {
  if (scansIn(path) === 0) return 0
  const db = open(path)
  const count = (sql: string): unknown => db.prepare(sql).pluck().get()
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(db.pragma('foreign_key_check')).toEqual([])
  const scans = count('SELECT count(*) FROM scan')
  expect(count("SELECT count(*) FROM scan WHERE status = 'complete' AND finished_at >= started_at")).toBe(
    scans,
  )
  for (const table of ['coverage', 'block', 'market_state'])
    expect(count(`SELECT count(DISTINCT scan_id) FROM ${table}`), table).toBe(scans)
  expect(count('SELECT count(*) FROM latest_position')).toBe(2 * 600)
  expect(count('SELECT count(*) FROM coverage_history')).toBe(scans)
  db.close()
  return Number(scans)
}

/** Resolves when the file has become longer than it is now, or when told to give up. */
const growthOf = async (path: string, signal: AbortSignal): Promise<void> => {
  const size = () => statSync(path, { throwIfNoEntry: false })?.size ?? 0
  const before = size()
  while (size() <= before && !signal.aborted) await wait(1)
}

test('killed at twenty moments of a scan, the database holds whole scans, and the next is as if nothing had been', async () => {
  const path = join(cwd, 'killed.db')
  const began = performance.now()
  expect(await liqbands(['scan', '--db', join(cwd, 'first.db')], { cwd })).toMatchObject({ code: 0 })
  const whole = performance.now() - began
  const random = createRandom(99)
  let killed = 0
  for (let i = 0; i < 20; i++) {
    // so that every scan has states to change
    const [account = market.admin] = borrowers.slice(i * 7)
    await supply(anvil, market, { account, symbol: 'WETH', amount: 10n ** 15n })
    if (i % 5 === 0) await setFeedPrice(anvil, market, 'WETH', BigInt(2000 - i) * 10n ** 8n)
    const { child, ended } = start(['scan', '--db', path], { cwd })
    // most of the time of a process is its start: half of the moments lie from there to the end, the other half in
    // the middle of its writing
    const over = new AbortController()
    void ended.then(() => over.abort())
    const moment =
      i % 2 === 0 ? wait(whole * (0.4 + 0.6 * ((i + random()) / 20))) : growthOf(`${path}-wal`, over.signal)
    await Promise.race([moment, ended])
    child.kill('SIGKILL')
    const { signal } = await ended
    if (signal === 'SIGKILL') killed++
    expectWhole(path)
  }
  expect(killed).toBeGreaterThan(5)
  expect(await liqbands(['scan', '--db', path], { cwd })).toMatchObject({ code: 0, stderr: '' })
  expectWhole(path)
  const fresh = join(cwd, 'fresh.db')
  expect(await liqbands(['scan', '--db', fresh], { cwd })).toMatchObject({ code: 0 })
  expect(contentOf(path)).toEqual(contentOf(fresh))
}, 300_000)

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a scan with %i and stores nothing of it', async (signal, code) => {
  const path = join(cwd, `${signal}.db`)
  const { child, ended, says } = start(['scan', '--db', path, '--log-level', 'debug'], { cwd })
  await says('"progress"')
  child.kill(signal)
  const run = await ended
  // the signal comes between two requests, or after the last of them
  expect([code, 0]).toContain(run.code)
  if (run.code === code) expect(run.stdout).toBe('')
  expectPlain(run.stderr)
  expect(expectWhole(path)).toBe(run.code === 0 ? 1 : 0)
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a watch that waits with %i, its scans kept', async (signal, code) => {
  const path = join(cwd, `watch-${signal}.db`)
  const { child, ended, says } = start(['watch', '--every', '1h', '--db', path], { cwd })
  await says('scan 1 complete')
  child.kill(signal)
  expect(await ended).toMatchObject({ code, stderr: '' })
  expect(expectWhole(path)).toBe(1)
})

test('two scans at once into one new database both end well, or one says try again', async () => {
  const path = join(cwd, 'shared.db')
  const runs = await Promise.all([0, 1].map(() => liqbands(['scan', '--db', path], { cwd })))
  const good = runs.filter(({ code }) => code === 0)
  for (const run of runs.filter(({ code }) => code !== 0))
    expectRefusal(run, 75, /shared\.db is being written.*try again/)
  expect(good.length).toBeGreaterThan(0)
  expect(expectWhole(path)).toBe(good.length)
  const { positions, states } = contentOf(path)
  expect([positions.length, states.length]).toEqual([1200, 600])
})

test('a database that another program holds for long is one to try again', async () => {
  const path = join(cwd, 'held.db')
  expect(await liqbands(['scan', '--db', path], { cwd })).toMatchObject({ code: 0 })
  const holder = new Database(path)
  holder.exec('BEGIN IMMEDIATE')
  const run = await liqbands(['scan', '--db', path], { cwd })
  holder.exec('ROLLBACK')
  holder.close()
  expectRefusal(run, 75, /held\.db is being written by another liqbands: try again/)
  expect(expectWhole(path)).toBe(1)
})
