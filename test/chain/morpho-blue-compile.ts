import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Abi } from 'viem'
import { compilerOf, packageFile } from '../helpers/package-file.ts'
import type { Artifact } from './compile.ts'

const here = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/**
 * Where sources lie. The interest model comes from a package that keeps its own copy of Morpho beside it; here it
 * takes the libraries of Morpho's own package instead.
 */
const ROOTS: readonly (readonly [prefix: string, folder: () => string])[] = [
  ['morpho/', () => packageFile('@morpho-org/morpho-blue@1.0.0', 'src')],
  ['domains/morpho/contracts/', () => packageFile('@morpho-org/morpho-blue@1.0.0', 'src')],
  ['domains/morphoIrm/', () => packageFile('sphere-mezo-solidity-files@1.2.0', 'domains/morphoIrm')],
  ['liqbands/', () => here('./sol')],
]

const CACHE = here('../../node_modules/.cache/liqbands/')

const SETTINGS = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'paris',
  metadata: { bytecodeHash: 'none' },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
}

const locate = (name: string): string => {
  for (const [prefix, folder] of ROOTS)
    if (name.startsWith(prefix)) return path.join(folder(), name.slice(prefix.length))
  throw new Error(`no folder is known for the Solidity source ${name}`)
}

const collect = async (entries: readonly string[]): Promise<Record<string, { content: string }>> => {
  const sources: Record<string, { content: string }> = {}
  const pending = [...entries]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (sources[name] !== undefined) continue
    const content = await readFile(locate(name), 'utf8')
    sources[name] = { content }
    for (const [, target = ''] of content.matchAll(/^import\s[^'"]*['"]([^'"]+)['"]/gm))
      pending.push(target.startsWith('.') ? path.posix.join(path.posix.dirname(name), target) : target)
  }
  return Object.fromEntries(Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1)))
}

type Artifacts = Readonly<Record<string, Artifact>>

type Output = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts?: Readonly<
    Record<string, Readonly<Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>>
  >
}

const run = (solc: Parameters<typeof compilerOf>[0], input: string): Artifacts => {
  const { errors = [], contracts = {} }: Output = JSON.parse(compilerOf(solc)(input))
  const wrong = errors.filter(({ severity }) => severity === 'error')
  if (wrong.length > 0) throw new Error(wrong.map(({ formattedMessage }) => formattedMessage).join('\n'))
  return Object.fromEntries(
    Object.values(contracts)
      .flatMap((file) => Object.entries(file))
      .filter(([, { evm }]) => evm.bytecode.object !== '')
      .map(([name, { abi, evm }]) => [
        name,
        { abi, bytecode: `0x${evm.bytecode.object}`, linkReferences: {} },
      ]),
  )
}

/** Compiled once a machine: the cache's name covers every byte that the compiler sees. */
const compile = async (
  solc: Parameters<typeof compilerOf>[0],
  entries: readonly string[],
): Promise<Artifacts> => {
  const input = JSON.stringify({ language: 'Solidity', sources: await collect(entries), settings: SETTINGS })
  const hash = createHash('sha256').update(solc).update(input).digest('hex').slice(0, 32)
  const file = path.join(CACHE, `${hash}.json`)
  const cached = await readFile(file, 'utf8').catch(() => null)
  if (cached !== null) return JSON.parse(cached)
  const artifacts = run(solc, input)
  // test processes run in parallel: another one must see the whole file or none
  const temporary = `${file}.${randomUUID()}`
  await mkdir(CACHE, { recursive: true })
  await writeFile(temporary, JSON.stringify(artifacts))
  await rename(temporary, file)
  return artifacts
}

/**
 * The real Morpho Blue 1.0.0 (solc 0.8.19), the real AdaptiveCurveIrm (0.8.24) and, compiled beside it, our own
 * oracles and helpers. Without the intermediate representation that production uses: the same code in 3 s, not 15.
 */
export const compileMorphoBlue = async (): Promise<Artifacts> => {
  const [morpho, rest] = await Promise.all([
    compile('solc@0.8.19', ['morpho/Morpho.sol', 'morpho/mocks/IrmMock.sol']),
    compile('solc@0.8.24', [
      'domains/morphoIrm/contracts/AdaptiveCurveIrm.sol',
      'liqbands/MorphoBlueAssets.sol',
      'liqbands/MorphoBluePositions.sol',
    ]),
  ])
  return { ...morpho, ...rest }
}
