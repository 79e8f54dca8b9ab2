import { getAddress } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DoctorDocument } from '../../src/core/doctor.ts'
import { deployAaveV36 } from '../chain/aave-v3-6.ts'
import * as act from '../chain/actions.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { openPositions } from '../chain/positions.ts'
import { configFor, liqbands, type Run, SOURCE, temporaryFolder, writeConfig } from '../helpers/cli.ts'
import { type Rule, startGateway } from '../helpers/gateway.ts'
import { expectPlain, expectRefusal } from '../helpers/refusal.ts'
import { type SubgraphServer, startSubgraphServer } from '../helpers/subgraph-server.ts'

const cwd = temporaryFolder()
const KEY = '0123456789abcdef0123456789abcdef'

let anvil: Anvil
let market: AaveMarket
let subgraph: SubgraphServer
let users: readonly string[]

beforeAll(async () => {
  anvil = await startAnvil()
  market = await deployAaveV36(anvil)
  const { borrowers } = await openPositions(anvil, market, { count: 60, seed: 2 })
  users = borrowers.map((borrower) => borrower.toLowerCase())
  await act.mine(anvil, 400)
  subgraph = await startSubgraphServer({ protocols: [{ schemaVersion: '3.1.0', network: 'LOCAL' }] })
})
afterAll(async () => {
  await subgraph?.stop()
  await anvil?.stop()
})

const list = (accounts: readonly string[]): void => {
  const market = { id: '0x00' }
  subgraph.state.rows = { positions: accounts.map((id) => ({ id, account: { id }, market })) }
}

const examine = async (
  { rpc = [anvil.url], discover }: { readonly rpc?: readonly string[]; readonly discover?: unknown },
  ...args: readonly string[]
): Promise<Run> => {
  const base = configFor(market, anvil.url) as { readonly sources: readonly Record<string, unknown>[] }
  writeConfig(cwd, {
    ...base,
    chains: { local: { chainId: 31337, rpc, block: 'latest' } },
    sources: [{ ...base.sources[0], ...(discover ? { discover } : {}) }],
  })
  return liqbands(['doctor', ...args], { cwd, env: { KEY } })
}

const discover = () => ({ subgraph: subgraph.url, waitSeconds: 0, key: `$\{KEY}` })

/** What it says of an endpoint with one peculiarity. */
const through = async (rule: Rule): Promise<{ readonly run: Run; readonly document: DoctorDocument }> => {
  const gateway = await startGateway(anvil.url, [rule])
  try {
    const run = await examine({ rpc: [gateway.url] }, '--json')
    return { run, document: JSON.parse(run.stdout) as DoctorDocument }
  } finally {
    await gateway.stop()
  }
}

test('an endpoint that can do everything: a line of it, and exit code 0', async () => {
  const run = await examine({})
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toMatch(/^ENDPOINT +chain +status +head +age +state +logs +programs\n/)
  expect(run.stdout).toMatch(/^127\.0\.0\.1:\d+ +local +ok +\d+ .* all +\d+ +override$/m)
  expectPlain(run.stdout)
})

test('each endpoint for itself: one that nobody answers at may come back, one of another chain will not', async () => {
  const later = await examine({ rpc: [anvil.url, 'http://127.0.0.1:1'] })
  expect(later.code).toBe(75)
  expect(later.stdout).toMatch(/^127\.0\.0\.1:1 +local +PROBLEM/m)
  expect(later.stdout).toMatch(/127\.0\.0\.1:1 is unreachable/)
  for (const line of later.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)

  const { run, document } = await through({
    before: ({ method }) => (method === 'eth_chainId' ? { result: '0x1' } : undefined),
  })
  expect(run.code).toBe(1)
  expect(document.endpoints[0]?.problem).toMatch(/serves chain 1, but chains\.local expects 31337/)
})

test('how far back it has state', async () => {
  const head = Number(await anvil.rpc<string>('eth_blockNumber'))
  const { run, document } = await through({
    before: ({ method, params }) =>
      method === 'eth_getBalance' && Number(params[1]) < head - 150
        ? { error: { code: -32000, message: 'missing trie node 0xab' } }
        : undefined,
  })
  expect(run.code).toBe(0)
  expect(document.endpoints[0]).toMatchObject({ stateBlocks: 128, archive: false, problem: null })
})

test('how many blocks of logs it searches at once, by its own words or by trying', async () => {
  const limit = (most: number, message: string): Rule => ({
    before: ({ method, params }) => {
      if (method !== 'eth_getLogs') return undefined
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string }
      return Number(toBlock) - Number(fromBlock) + 1 > most ? { error: { code: -32000, message } } : undefined
    },
  })
  const tried = await through(limit(120, 'block range is too large'))
  expect(tried.document.endpoints[0]).toMatchObject({ logRange: 100, problem: null })
  const none = await through(limit(0, 'method not supported'))
  expect(none.run.code).toBe(1)
  expect(none.document.endpoints[0]?.problem).toMatch(/answers no eth_getLogs: .*"discover"/)
})

test('an endpoint that refuses overrides says how it reads instead', async () => {
  const { document } = await through({
    before: ({ method, params }) =>
      method === 'eth_call' && params[2] !== undefined
        ? { error: { code: -32602, message: 'too many arguments, want at most 2' } }
        : undefined,
  })
  expect(document.endpoints[0]).toMatchObject({ programs: 'deployless', problem: null })
})

test('a subgraph that serves, one that lags, one that lists nothing', async () => {
  list(users)
  const good = await examine({ discover: discover() })
  expect(good.code).toBe(0)
  expect(good.stdout).toMatch(/^127\.0\.0\.1:\d+ +aave-v3\/local\/test +ok +messari +hash$/m)
  expect(subgraph.asked.every(({ authorization }) => authorization === `Bearer ${KEY}`)).toBe(true)

  const { number } = subgraph.state.meta
  subgraph.state.meta.number = 1
  const behind = await examine({ discover: discover() })
  subgraph.state.meta.number = number
  expect(behind.code).toBe(75)
  expect(behind.stdout).toMatch(/is at block 1, \d+ behind the scan/)

  list([])
  const empty = await examine({ discover: discover() }, '--json')
  expect(empty.code).toBe(1)
  expect((JSON.parse(empty.stdout) as DoctorDocument).subgraphs[0]).toMatchObject({
    lists: false,
    problem: expect.stringMatching(/lists no account of aave-v3\/local\/test at block \d+: check the id/),
  })
  expect(good.stdout + behind.stdout + empty.stdout).not.toContain(KEY)
})

test('the crosscheck names what one list has and the other lacks', async () => {
  list(users)
  const same = await examine({ discover: discover() }, '--crosscheck', SOURCE)
  expect(same.code).toBe(0)
  expect(same.stdout).toMatch(/same accounts; its schema has no debts at the block/)

  const [lost = '', ...rest] = users
  const stranger = '0x00000000000000000000000000000000000000bb'
  list([...rest, stranger])
  const run = await examine({ discover: discover() }, '--crosscheck', SOURCE)
  expect(run.code).toBe(1)
  expect(run.stdout).toMatch(/60 in the logs, 60 in the subgraph\s+at\s+127\.0\.0\.1:\d+, 59\s+in\s+both/)
  expect(run.stdout).toContain(
    `1 account only in the logs, missing from the subgraph\n  ${getAddress(lost)}\n`,
  )
  expect(run.stdout).toContain(`1 account only in the subgraph, in no log\n  ${getAddress(stranger)}\n`)
  expectPlain(run.stdout)

  const json = await examine({ discover: discover() }, '--crosscheck', SOURCE, '--json')
  const { crosscheck } = JSON.parse(json.stdout) as DoctorDocument
  expect(crosscheck).toMatchObject({
    logs: 60,
    listed: 60,
    both: 59,
    onlyLogs: [{ id: getAddress(lost), subgraph: null }],
    onlySubgraph: [{ id: getAddress(stranger), chain: {}, subgraph: null }],
    different: [],
    debtsCompared: false,
  })
  expect(Object.values(crosscheck?.onlyLogs[0]?.chain ?? {}).every((raw) => /^[1-9]\d*$/.test(raw))).toBe(
    true,
  )
})

test('a crosscheck of a source that has no subgraph', async () => {
  expectRefusal(
    await examine({}, '--crosscheck', SOURCE),
    1,
    /--crosscheck aave-v3\/local\/test: it has no "discover"; no source has one/,
  )
  expectRefusal(
    await examine({ discover: discover() }, '--crosscheck', 'aave-v3/local/other'),
    1,
    /aave-v3\/local\/other: it is not configured; these have one: aave-v3\/local\/test/,
  )
})
