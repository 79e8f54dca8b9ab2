import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Processes of ours that would outlive the tests. */
const children = new Set<ChildProcess>()
let guarded = false

const killAll = (): void => {
  for (const child of children) child.kill('SIGKILL')
}

export type Started = {
  readonly child: ChildProcess
  /** The last of what it printed. */
  readonly said: () => string
  /** Ends it at once: graph-node does not listen to SIGTERM. */
  readonly stop: () => Promise<void>
}

/** Starts a process that ends with the tests, whatever happens. */
export const startProcess = (command: string, args: readonly string[], options: SpawnOptions): Started => {
  if (!guarded) {
    guarded = true
    process.once('exit', killAll)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        killAll()
        if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
      })
  }
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let text = ''
  const collect = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-20_000)
  }
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', (error) => {
      text += error.message
      resolve()
    })
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    children.delete(child)
  }
  return { child, said: () => text, stop }
}

/** Runs a program to its end. */
export const runToEnd = (command: string, args: readonly string[], options: SpawnOptions): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { ...options, encoding: 'utf8' })
  if (status === 0) return String(stdout)
  throw new Error(`${command} ${args[0]} ended with ${status}: ${error?.message ?? ''}${stdout}${stderr}`)
}

/** Ports that nobody listens at now, all different. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))))
  return ports
}

/** Asks until the answer is yes, or the process ends, or five minutes are over: indexing takes one on a busy machine. */
export const until = async ({ child, said }: Started, ready: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 1500; tries++) {
    if (await ready().catch(() => false)) return
    if (child.exitCode !== null || child.signalCode !== null) break
    await sleep(200)
  }
  // the last words arrive after the end
  await sleep(500)
  throw new Error(
    `${child.spawnfile} is not ready (${child.exitCode ?? child.signalCode ?? 'still running'}): ${said().slice(-3000)}`,
  )
}
