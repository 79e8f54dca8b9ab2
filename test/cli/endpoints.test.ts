import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ScanSummary } from '../../src/core/documents.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import { breakFeed } from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { configFor, liqbands, type Run, SOURCE, temporaryFolder, writeConfig } from '../helpers/cli.ts'
import { expectPlain, expectRefusal, scansIn } from '../helpers/refusal.ts'
import { type Answer, startStub } from '../helpers/stub-endpoint.ts'

const cwd = temporaryFolder()
const db = join(cwd, 'data/liqbands.db')

let anvil: Anvil
let market: AaveMarket

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil, { ethUsd: 2000 })
  await openPositions(anvil, market, { count: 60, seed: 5 })
})
afterAll(() => anvil?.stop())

const scan = (config: unknown, ...args: readonly string[]): Promise<Run> => {
  writeConfig(cwd, config)
  return liqbands(['scan', ...args], { cwd })
}

const chainOf = (chain: Readonly<Record<string, unknown>>) =>
  configFor(market, anvil.url, { chains: { local: { chainId: 31337, rpc: [anvil.url], ...chain } } })

/** A scan through an endpoint that answers some requests itself. */
const scanThrough = async (
  answer: (request: { readonly id: number; readonly method: string }) => Answer,
  ...args: readonly string[]
): Promise<Run> => {
  const stub = await startStub(anvil.url, answer)
  try {
    return await scan(configFor(market, stub.url), ...args)
  } finally {
    await stub.stop()
  }
}

test('an endpoint that nobody answers at: try later, nothing stored', async () => {
  const run = await scan(chainOf({ rpc: ['http://127.0.0.1:1'] }))
  expectRefusal(
    run,
    75,
    /^error: 127\.0\.0\.1:1 is unreachable: .*; check the URL and the network, or try later\n$/,
  )
  expect(scansIn(db)).toBe(0)
})

test('an endpoint of another chain: names both ids', async () => {
  const run = await scan(chainOf({ chainId: 1 }))
  expectRefusal(run, 1, /serves chain 31337, but chains\.local expects 1: check the URL or chainId/)
  expect(scansIn(db)).toBe(0)
})

test('an endpoint without the state of an old block: asks for an archive endpoint', async () => {
  const run = await scanThrough(
    ({ id, method }) =>
      method === 'eth_call'
        ? {
            body: JSON.stringify({
              jsonrpc: '2.0',
              id,
              error: { code: -32000, message: 'missing trie node ab' },
            }),
          }
        : null,
    '--block',
    '20',
  )
  expectRefusal(run, 1, /no state for the pinned block: .*; use an archive endpoint or a newer --block/)
  expect(scansIn(db)).toBe(0)
})

test('a block that is not there yet, and a deployment that is not there', async () => {
  expectRefusal(
    await scan(chainOf({}), '--block', '99999999'),
    1,
    /has no block 99999999: use an earlier --block/,
  )
  const nowhere = { poolAddressesProvider: '0x00000000000000000000000000000000000000AA', fromBlock: 0 }
  const sources = [{ key: SOURCE, deployment: nowhere }]
  const run = await scan({ ...configFor(market, anvil.url), sources })
  expectRefusal(run, 1, /0x0{38}AA .* getPool\(\).*is the address right/)
  expect(scansIn(db)).toBe(0)
})

test.each([
  ['half a JSON document', { body: '{"jsonrpc":"2.0","id":1,"resu' }],
  ['a web page', { body: '<!doctype html><title>Welcome</title>' }],
  ['a web page with an error status', { status: 502, body: '<html><h1>Bad gateway</h1></html>' }],
])('an endpoint that answers %s: try later', async (_, answer) => {
  const run = await scanThrough(({ method }) => (method === 'eth_chainId' ? null : answer))
  expectRefusal(
    run,
    75,
    /^error: 127\.0\.0\.1:\d+ answered (something that is not JSON|HTTP 502).*(check the URL).*try later\n$/,
  )
  expect(scansIn(db)).toBe(0)
})

test.each([
  'http://me:sekret@127.0.0.1:1/',
  'http://127.0.0.1:1/v3/sekret',
  'http://127.0.0.1:1/?key=sekret',
])('what is secret in %s is in no output', async (url) => {
  const run = await scan(chainOf({ rpc: [url] }), '--log-level', 'debug')
  expect(run.code).toBe(75)
  expect(run.stdout + run.stderr).not.toContain('sekret')
  expectPlain(run.stderr)
})

test('a secret in the URL of a working endpoint is neither printed nor stored', async () => {
  const stub = await startStub(anvil.url, () => null)
  const rpc = [`${stub.url.replace('http://', 'http://me:sekret@')}/v3/sekret?key=sekret`]
  const path = join(cwd, 'secret.db')
  const runs = [
    await scan(chainOf({ rpc, block: 'latest' }), '--db', path, '--log-level', 'debug'),
    await liqbands(['report', '--db', path, '--format', 'json'], { cwd }),
    await liqbands(['sources', '--json'], { cwd }),
  ]
  await stub.stop()
  for (const { code, stdout, stderr } of runs) {
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout + stderr).not.toContain('sekret')
  }
  const stored = new Database(path, { readonly: true })
  expect(stored.serialize().includes('sekret')).toBe(false)
  stored.close()
})

test('an oracle that reverts leaves its positions unpriced, says so, and prices the others', async () => {
  const snapshot = await anvil.rpc('evm_snapshot')
  await breakFeed(anvil, market, 'WBTC')
  try {
    const run = await scan(configFor(market, anvil.url), '--json')
    expect(run.code).toBe(75)
    const summary: ScanSummary = JSON.parse(run.stdout)
    const [coverage] = summary.coverage
    expect(summary.status).toBe('partial')
    expect(coverage).toMatchObject({ source: SOURCE, status: 'partial', positions: 60 })
    expect(coverage?.unpriced).toBeGreaterThan(5)
    expect(coverage?.unpriced).toBeLessThan(40)
    expect(coverage?.error).toMatch(/the oracle refuses to price WBTC/)

    const report = await liqbands(['report'], { cwd })
    expect(report.code).toBe(0)
    expect(report.stdout).toMatch(/^!! INCOMPLETE: 1 partial of 1 source/)
    expectPlain(report.stdout)

    const positions = await liqbands(['positions', '--json', '--limit', '100'], { cwd })
    const all: { outcome: string; price: number | null; reason: string | null }[] = JSON.parse(
      positions.stdout,
    )
    const unpriced = all.filter(({ outcome }) => outcome === 'unpriced')
    expect(unpriced).toHaveLength(coverage?.unpriced ?? 0)
    expect(unpriced.every(({ price, reason }) => price === null && /WBTC/.test(reason ?? ''))).toBe(true)
    expect(all.filter(({ outcome, price }) => outcome === 'below' && price).length).toBeGreaterThan(10)
  } finally {
    await anvil.rpc('evm_revert', [snapshot])
  }
})
