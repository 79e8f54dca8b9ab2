import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Address, createPublicClient, http } from 'viem'
import { parseConfig } from '../src/config.ts'
import { scan } from '../src/scan.ts'
import { openDatabase } from '../src/store/open.ts'
import { deployAaveV36 } from '../test/chain/aave-v3-6.ts'
import { startAnvil } from '../test/chain/anvil.ts'
import { poolAbi } from '../test/chain/market.ts'
import { openPositions } from '../test/chain/positions.ts'
import { benchBands } from './bench-bands.ts'

/**
 * Speed of a scan beside viem's multicall of getUserAccountData on the same chain, in the same run. Only the ratio
 * carries over to another machine. usage: npm run bench [-- positions | bands [positions]]
 */

type Figures = {
  readonly requests: number
  readonly sentKb: number
  readonly receivedKb: number
  readonly seconds: number
  readonly maxRssMb: number
}

type Task = {
  readonly url: string
  readonly provider: Address
  readonly pool: Address
  readonly feed: Address
  readonly db: string
}

const self = fileURLToPath(import.meta.url)

/** Counts what goes through fetch, which both sides use. */
const counted = async (work: () => Promise<void>): Promise<Figures> => {
  const original = globalThis.fetch
  let requests = 0
  let sent = 0
  let received = 0
  globalThis.fetch = async (input, init) => {
    requests++
    if (typeof init?.body === 'string') sent += init.body.length
    const response = await original(input, init)
    const body = await response.text()
    received += body.length
    return new Response(body, { status: response.status, headers: response.headers })
  }
  const started = performance.now()
  await work()
  const seconds = (performance.now() - started) / 1000
  globalThis.fetch = original
  const maxRssMb = process.resourceUsage().maxRSS / 1024
  return { requests, sentKb: sent / 1000, receivedKb: received / 1000, seconds, maxRssMb }
}

const scanOnce = ({ url, provider, feed, db }: Task): Promise<Figures> =>
  counted(async () => {
    const config = parseConfig(
      {
        chains: { local: { chainId: 31337, rpc: [url], block: 'latest' } },
        sources: [
          { key: 'aave-v3/local/bench', deployment: { poolAddressesProvider: provider, fromBlock: 0 } },
        ],
        drivers: { ETH: { chains: { local: { feeds: [feed] } } } },
      },
      {},
      '.',
    )
    const store = openDatabase(db)
    const { status } = await scan({ config, db: store })
    store.close()
    if (status !== 'complete') throw new Error(`the scan ended ${status}`)
  })

/** Health factors alone: no composition, so no liquidation price could follow from it. */
const multicallOnce = ({
  url,
  pool,
  users,
}: Task & { readonly users: readonly Address[] }): Promise<Figures> =>
  counted(async () => {
    const client = createPublicClient({ transport: http(url, { timeout: 60_000 }) })
    const results = await client.multicall({
      deployless: true,
      contracts: users.map((user) => ({
        address: pool,
        abi: poolAbi,
        functionName: 'getUserAccountData' as const,
        args: [user] as const,
      })),
    })
    if (results.some(({ status }) => status !== 'success')) throw new Error('a multicall failed')
  })

/** Each measurement in a process of its own, so that memory is its own too. */
const inChild = (mode: string, task: unknown): Promise<Figures> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', self, mode], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    child.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(text) as Figures) : reject(new Error(`${mode} ended with ${code}`)),
    )
    child.stdin.end(JSON.stringify(task))
  })

const line = (name: string, count: number, f: Figures): string =>
  [
    name.padEnd(34),
    String(f.requests).padStart(9),
    f.sentKb.toFixed(0).padStart(9),
    f.receivedKb.toFixed(0).padStart(12),
    f.seconds.toFixed(2).padStart(9),
    (count / f.seconds).toFixed(0).padStart(13),
    f.maxRssMb.toFixed(0).padStart(8),
  ].join('')

const main = async (count: number): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'liqbands-bench-'))
  const anvil = await startAnvil()
  try {
    const market = await deployAaveV36(anvil)
    process.stderr.write(`opening ${count} positions\n`)
    const { borrowers } = await openPositions(anvil, market, { count, seed: 1 })
    const task: Task = {
      url: anvil.url,
      provider: market.addressesProvider,
      pool: market.pool,
      feed: market.reserves.WETH.feed,
      db: join(folder, 'bench.db'),
    }
    const first = await inChild('scan', task)
    const again = await inChild('scan', task)
    const baseline = await inChild('multicall', { ...task, users: borrowers })
    const header = ['', 'requests', 'sent kB', 'received kB', 'seconds', 'positions/s', 'RSS MB']
    const widths = [34, 9, 9, 12, 9, 13, 8]
    process.stdout.write(
      [
        header.map((name, i) => (i === 0 ? name.padEnd(34) : name.padStart(widths[i] ?? 0))).join(''),
        line('full scan: read, price, store', count, first),
        line('second scan, nothing changed', count, again),
        line('viem multicall getUserAccountData', count, baseline),
        `scan / baseline: ${(first.requests / baseline.requests).toFixed(2)} of the requests, ${((first.sentKb + first.receivedKb) / (baseline.sentKb + baseline.receivedKb)).toFixed(2)} of the bytes, ${(first.seconds / baseline.seconds).toFixed(2)} of the time`,
        '',
      ].join('\n'),
    )
  } finally {
    await anvil.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const stdin = async (): Promise<string> => {
  let text = ''
  for await (const chunk of process.stdin) text += String(chunk)
  return text
}

const [, , mode, size] = process.argv
if (mode === 'bands') benchBands(Number(size ?? 1_000_000))
else if (mode === 'scan' || mode === 'multicall') {
  const task = JSON.parse(await stdin()) as Task & { readonly users: readonly Address[] }
  const figures = await (mode === 'scan' ? scanOnce(task) : multicallOnce(task))
  process.stdout.write(JSON.stringify(figures))
} else await main(Number(mode ?? 10_000))
