import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Abi } from 'viem'

/** A compiled contract, whoever compiled it. */
export type Artifact = {
  readonly abi: Abi
  /** Hex with `0x`; it holds placeholders where libraries are to be linked. */
  readonly bytecode: string
  /** file → library → where its address goes, in bytes. */
  readonly linkReferences: Readonly<
    Record<string, Readonly<Record<string, readonly { readonly start: number }[]>>>
  >
}

/** Compiled contracts by their names. */
type Artifacts = Readonly<Record<string, Artifact>>

/** Looks contracts up by name, and says so when there is none. */
export const artifactIn =
  (artifacts: Artifacts) =>
  (name: string): Artifact => {
    const artifact = artifacts[name]
    if (artifact === undefined) throw new Error(`no contract ${name} was compiled`)
    return artifact
  }

const require = createRequire(import.meta.url)
const here = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** Source names are these prefixes, not paths on disk: the bytecode (and every address) is the same on all machines. */
const ROOTS: readonly (readonly [prefix: string, folder: string])[] = [
  ['liqbands/', here('./sol/')],
  ['aave/', path.join(require.resolve('@aave-dao/aave-v3-origin/package.json'), '../src/contracts')],
  [
    'openzeppelin-contracts/contracts/',
    path.dirname(require.resolve('@openzeppelin/contracts/package.json')),
  ],
  [
    'solidity-utils/contracts/',
    path.join(require.resolve('@bgd-labs/solidity-utils/package.json'), '../src/contracts'),
  ],
]

const AAVE_ENTRIES = [
  'aave/instances/PoolInstance.sol',
  'aave/instances/PoolConfiguratorInstance.sol',
  'aave/instances/ATokenInstance.sol',
  'aave/instances/VariableDebtTokenInstance.sol',
  'aave/misc/AaveOracle.sol',
  'aave/misc/DefaultReserveInterestRateStrategyV2.sol',
  'aave/protocol/configuration/PoolAddressesProvider.sol',
  'aave/protocol/configuration/ACLManager.sol',
  'aave/helpers/AaveProtocolDataProvider.sol',
  'aave/mocks/testnet-helpers/TestnetERC20.sol',
]

const OWN_ENTRIES = [
  'liqbands/Feeds.sol',
  'liqbands/BentFeeds.sol',
  'liqbands/Multicall3.sol',
  'liqbands/Owners.sol',
  'liqbands/PositionFactory.sol',
]

const SETTINGS = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'shanghai',
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.bytecode.linkReferences'] } },
}

const CACHE = here('../../node_modules/.cache/liqbands/')

type Sources = Readonly<Record<string, { readonly content: string }>>

const locate = (name: string): string => {
  for (const [prefix, folder] of ROOTS) {
    if (name.startsWith(prefix)) return path.join(folder, name.slice(prefix.length))
  }
  throw new Error(`no folder is known for the Solidity source ${name}`)
}

/** The entries and all they import, so that the hash of the cache covers every byte that solc will see. */
const collectSources = async (entries: readonly string[]): Promise<Sources> => {
  const sources: Record<string, { content: string }> = {}
  const pending = [...entries]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (sources[name] !== undefined) continue
    const content = await readFile(locate(name), 'utf8')
    sources[name] = { content }
    for (const [, target = ''] of content.matchAll(/^import\s[^'"]*['"]([^'"]+)['"]/gm)) {
      pending.push(target.startsWith('.') ? path.posix.join(path.posix.dirname(name), target) : target)
    }
  }
  return Object.fromEntries(Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1)))
}

type SolcContract = {
  readonly abi: Abi
  readonly evm: {
    readonly bytecode: { readonly object: string; readonly linkReferences: Artifact['linkReferences'] }
  }
}

type SolcOutput = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  /** By file, then by name. */
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, SolcContract>>>>
}

const runSolc = (input: string): Artifacts => {
  const solc: { compile(input: string): string } = require('solc')
  const output: SolcOutput = JSON.parse(solc.compile(input))
  const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join('\n'))
  const artifacts: Record<string, Artifact> = {}
  for (const contracts of Object.values(output.contracts ?? {})) {
    for (const [name, { abi, evm }] of Object.entries(contracts)) {
      const { object, linkReferences } = evm.bytecode
      if (object !== '') artifacts[name] = { abi, bytecode: `0x${object}`, linkReferences }
    }
  }
  return artifacts
}

const readCache = async (file: string): Promise<Artifacts | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

const compile = async (entries: readonly string[]): Promise<Artifacts> => {
  const sources = await collectSources(entries)
  const input = JSON.stringify({ language: 'Solidity', sources, settings: SETTINGS })
  const { version } = require('solc/package.json') as { version: string }
  const hash = createHash('sha256').update(version).update(input).digest('hex').slice(0, 32)
  const file = path.join(CACHE, `${hash}.json`)
  const cached = await readCache(file)
  if (cached !== undefined) return cached
  const artifacts = runSolc(input)
  // Test processes run in parallel: another one must see the whole file or none.
  const temporary = `${file}.${randomUUID()}`
  await mkdir(CACHE, { recursive: true })
  await writeFile(temporary, JSON.stringify(artifacts))
  await rename(temporary, file)
  return artifacts
}

/** Once per process, also when two markets are deployed at the same time. */
export const once = (entries: readonly string[]): (() => Promise<Artifacts>) => {
  let artifacts: Promise<Artifacts> | undefined
  return () => {
    artifacts ??= compile(entries)
    return artifacts
  }
}

/**
 * Aave v3.6 from its npm sources (10 to 20 s at first, from `node_modules/.cache` afterwards). BUSL-1.1: the output is
 * for tests on this machine and is never committed.
 */
export const compileAave = once(AAVE_ENTRIES)

/** The contracts of `test/chain/sol`. */
export const compileOwn = once(OWN_ENTRIES)
