import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { AaveMarket } from '../chain/market.ts'
import { installedCli } from './installed.ts'

/** The command line as users run it: a process of its own, in a folder of its own. */

const cli = installedCli()

export type Run = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

type Options = {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** A run that is still going on. */
export type Running = {
  readonly child: ChildProcess
  readonly ended: Promise<Run>
  /** Resolves once the output holds the text, so often as told; rejects when the process ends before. */
  readonly says: (text: string, times?: number) => Promise<void>
}

export const start = (args: readonly string[], { cwd, env = {} }: Options): Running => {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', ...env },
  })
  let stdout = ''
  let stderr = ''
  let check = (): void => {}
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk
    check()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk
    check()
  })
  const ended = new Promise<Run>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  )
  const says = (text: string, times = 1): Promise<void> =>
    new Promise((resolve, reject) => {
      check = () => {
        if ((stdout + stderr).split(text).length > times) resolve()
      }
      check()
      void ended.then((run) => reject(new Error(`ended without "${text}": ${JSON.stringify(run)}`)))
    })
  return { child, ended, says }
}

export const liqbands = (args: readonly string[], options: Options): Promise<Run> =>
  start(args, options).ended

/** A folder that lives as long as the test file. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'liqbands-cli-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const SOURCE = 'aave-v3/local/test'

/** A configuration of one local market, as a user would write it; `extra` replaces whole keys. */
export const configFor = (
  market: AaveMarket,
  rpc: string,
  extra: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => {
  const { addressesProvider, fromBlock, reserves } = market
  const feedOf = ({ feed }: { readonly feed: string }) => ({ chains: { local: { feeds: [feed] } } })
  return {
    chains: { local: { chainId: 31337, rpc: [rpc], block: 'latest' } },
    sources: [
      { key: SOURCE, deployment: { poolAddressesProvider: addressesProvider, fromBlock: Number(fromBlock) } },
    ],
    drivers: { ETH: feedOf(reserves.WETH), BTC: feedOf(reserves.WBTC) },
    ...extra,
  }
}

/** Writes it where the command line looks for it. */
export const writeConfig = (folder: string, config: unknown, name = 'liqbands.config.json'): void =>
  writeFileSync(join(folder, name), typeof config === 'string' ? config : JSON.stringify(config))
