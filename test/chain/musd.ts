import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Address, encodeFunctionData, zeroAddress } from 'viem'
import { z } from 'zod'
import { compilerOf, packageFile } from '../helpers/package-file.ts'
import type { Anvil } from './anvil.ts'
import { type Artifact, artifactIn } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'

/** The input of the compiler as the package recorded it, with all its sources. */
const INPUT = 'deployments/matsnet/solcInputs/def1ffb0a57a1d1aede0d49c8dd1d276.json'

/** Each behind a proxy, as deployed. */
const PROXIED = [
  'ActivePool',
  'BorrowerOperations',
  'BorrowerOperationsSignatures',
  'CollSurplusPool',
  'DefaultPool',
  'GasPool',
  'GovernableVariables',
  'InterestRateManager',
  'PCV',
  'PriceFeed',
  'SortedTroves',
  'StabilityPool',
  'TroveManager',
] as const

const FILES = [
  ...PROXIED.map((name) => `contracts/${name}.sol`),
  'contracts/token/MUSD.sol',
  'contracts/tests/MockAggregator.sol',
  '@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol',
]

const inputSchema = z.object({
  sources: z.record(z.string(), z.object({ content: z.string() })),
  settings: z.object({ optimizer: z.unknown(), evmVersion: z.string() }),
})

type Compiled = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts?: Readonly<
    Record<string, Readonly<Record<string, { abi: Artifact['abi']; evm: { bytecode: { object: string } } }>>>
  >
}

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/liqbands/', import.meta.url))

/**
 * Mezo's mUSD 1.1.0 (GPL-3.0), a fork of Liquity V1, from its npm package with its own compiler settings: some 10 s
 * once a machine, from a cache afterwards. For tests on this machine; never committed.
 */
const compileMusd = async (): Promise<Readonly<Record<string, Artifact>>> => {
  const path = packageFile('@mezo-org/musd-contracts@1.1.0', INPUT)
  const { sources, settings } = inputSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  const outputSelection = Object.fromEntries(FILES.map((name) => [name, { '*': ['abi', 'evm.bytecode'] }]))
  const { optimizer, evmVersion } = settings
  const input = JSON.stringify({
    language: 'Solidity',
    sources,
    settings: { optimizer, evmVersion, outputSelection },
  })
  const file = join(CACHE, `${createHash('sha256').update(input).digest('hex').slice(0, 32)}.json`)
  const cached = await readFile(file, 'utf8').catch(() => null)
  if (cached !== null) return JSON.parse(cached)
  const { errors = [], contracts = {} }: Compiled = JSON.parse(compilerOf('solc@0.8.24')(input))
  const wrong = errors.find(({ severity }) => severity === 'error')
  if (wrong) throw new Error(wrong.formattedMessage)
  const artifacts = Object.fromEntries(
    Object.values(contracts)
      .flatMap((file) => Object.entries(file))
      .map(([name, { abi, evm }]) => [
        name,
        { abi, bytecode: `0x${evm.bytecode.object}`, linkReferences: {} },
      ]),
  )
  // test processes run in parallel: another one must see the whole file or none
  const temporary = `${file}.${randomUUID()}`
  await mkdir(CACHE, { recursive: true })
  await writeFile(temporary, JSON.stringify(artifacts))
  await rename(temporary, file)
  return artifacts
}

/** A local mUSD with a price that its admin sets, 18 decimals. */
export type Musd = {
  readonly deployer: Deployer
  readonly admin: Address
  readonly at: Readonly<Record<(typeof PROXIED)[number] | 'MUSD' | 'MockAggregator', Address>>
}

export const deployMusd = async (anvil: Anvil): Promise<Musd> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const artifactOf = artifactIn(await compileMusd())
  const deployer = createDeployer(anvil, admin, artifactOf)
  const { deploy, send } = deployer
  const at: Record<string, Address> = {}
  const inputsOf = (name: string, functionName: string): readonly { readonly name?: string }[] =>
    artifactOf(name).abi.find((item) => item.type === 'function' && item.name === functionName)?.[
      'inputs' as never
    ] ?? []
  for (const name of PROXIED) {
    const implementation = await deploy(name)
    const args = inputsOf(name, 'initialize').map(() => 0n)
    const data = encodeFunctionData({ abi: artifactOf(name).abi, functionName: 'initialize', args })
    at[name] = await deploy('ERC1967Proxy', [implementation, data])
  }
  at.MUSD = await deploy('MUSD')
  at.MockAggregator = await deploy('MockAggregator', [18])
  const { TroveManager, StabilityPool, BorrowerOperations, InterestRateManager } = at
  await send('MUSD', at.MUSD, 'initialize', [
    TroveManager,
    StabilityPool,
    BorrowerOperations,
    InterestRateManager,
  ])
  await send('PriceFeed', at.PriceFeed ?? zeroAddress, 'setOracle', [at.MockAggregator])
  // `_gasPoolAddress` names GasPool, `_musdTokenAddress` MUSD, …
  const named = new Map(Object.keys(at).map((name) => [name.toLowerCase(), name]))
  const targetOf = (argument = ''): Address => {
    const key = argument.replace(/^_|Address$/g, '').toLowerCase()
    const name = key === 'musdtoken' ? 'MUSD' : named.get(key)
    const target = name && at[name]
    if (!target) throw new Error(`no contract is known for ${argument}`)
    return target
  }
  for (const name of PROXIED) {
    const inputs = inputsOf(name, 'setAddresses')
    if (inputs.length > 0 && name !== 'BorrowerOperations')
      await send(
        name,
        at[name] ?? zeroAddress,
        'setAddresses',
        inputs.map((input) => targetOf(input.name)),
      )
  }
  await send('SortedTroves', at.SortedTroves ?? zeroAddress, 'setParams', [
    1000n,
    BorrowerOperations,
    TroveManager,
  ])
  const ordered = PROXIED.filter((name) => name !== 'BorrowerOperations').map((name) => at[name])
  // the array of setAddresses: in alphabetical order, MUSD between InterestRateManager and PCV
  ordered.splice(ordered.indexOf(at.PCV), 0, at.MUSD)
  await send('BorrowerOperations', BorrowerOperations ?? zeroAddress, 'setAddresses', [ordered])
  return { deployer, admin, at: at as Musd['at'] }
}
