import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'

const require = createRequire(import.meta.url)

/** A local chain in a process of its own. */
export type Anvil = {
  readonly url: string
  readonly port: number
  /** One JSON-RPC request; the error it throws carries the node's `code` and `data`. */
  rpc<T>(method: string, params?: readonly unknown[]): Promise<T>
  /** Ends the process; harmless when repeated. */
  stop(): Promise<void>
}

type AnvilOptions = {
  /** A free one is taken when none is given. */
  readonly port?: number
  /** More flags of anvil. */
  readonly args?: readonly string[]
}

/**
 * History and logs are kept: tests read old blocks and event logs. Anvil has no flag that drops the call traces
 * alone, its memory hog; large transactions (see positions.ts) keep the time and memory they cost bearable.
 */
const DEFAULTS = [
  ...['--hardfork', 'cancun'],
  ...['--gas-limit', '30000000000'],
  '--no-request-size-limit',
  // Automatic mining answers before its block is there, and eth_sendTransactionSync may miss it for ever.
  '--no-mining',
  '--auto-impersonate',
]

/** An orphaned anvil would outlive the tests by days. */
const children = new Set<ChildProcess>()

const killAll = (): void => {
  for (const child of children) child.kill('SIGKILL')
}

let guarded = false

const guardExit = (): void => {
  if (guarded) return
  guarded = true
  process.once('exit', killAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killAll()
      // Our listener has switched off the default (to die); whoever else listens decides for itself.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
    })
  }
}

/** The binary is called directly: the wrapper package needs a postinstall script, which may not have run. */
const anvilBinary = (): string => {
  const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' }
  const platform = `${process.platform}-${architectures[process.arch] ?? process.arch}`
  // Resolved from the wrapper: the binary's package is its dependency, not ours.
  const fromWrapper = createRequire(require.resolve('@foundry-rs/anvil/package.json'))
  const folder = path.dirname(fromWrapper.resolve(`@foundry-rs/anvil-${platform}/package.json`))
  return path.join(folder, 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil')
}

/** Port 0 lets the kernel choose, so that nothing can take the port in between; anvil then says which it is. */
const listening = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    let output = ''
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000)
      const port = /Listening on [\d.]+:(\d+)/.exec(output)?.[1]
      if (port !== undefined) resolve(Number(port))
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`anvil exited with ${code}: ${output.slice(-500)}`)))
  })

const rpcClient = (url: string): Anvil['rpc'] => {
  let id = 0
  return async <T>(method: string, params: readonly unknown[] = []): Promise<T> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body })
    const answer = (await response.json()) as {
      result: T
      error?: { code: number; message: string; data?: unknown }
    }
    const { error } = answer
    if (error === undefined) return answer.result
    throw Object.assign(new Error(`${method}: ${error.message} ${JSON.stringify(error.data ?? '')}`), {
      code: error.code,
      data: error.data,
    })
  }
}

/**
 * Starts a local chain. Every account is impersonated (`eth_sendTransaction` from anyone). Each block is exactly
 * one second after the last, whatever the wall clock says, so that interest is the same in every run; move the
 * time with `mine` of actions.ts (`evm_increaseTime` has no effect under a fixed block interval).
 */
export const startAnvil = async ({ port = 0, args = [] }: AnvilOptions = {}): Promise<Anvil> => {
  guardExit()
  const child = spawn(anvilBinary(), ['--port', String(port), ...DEFAULTS, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
    children.delete(child)
  }
  try {
    const actual = await listening(child)
    const url = `http://127.0.0.1:${actual}`
    const rpc = rpcClient(url)
    await rpc('anvil_setLoggingEnabled', [false])
    await rpc('anvil_setBlockTimestampInterval', [1])
    return { url, port: actual, rpc, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
