import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const abis = new URL('../abis/', import.meta.url)
const target = new URL('programs.ts', abis)

const solcSchema = z.object({ compile: z.function({ input: [z.string()], output: z.string() }) })
const solc = solcSchema.parse(createRequire(import.meta.url)('solc'))

const outputSchema = z.object({
  errors: z.array(z.object({ severity: z.string(), formattedMessage: z.string() })).optional(),
  contracts: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        evm: z.object({
          bytecode: z.object({ object: z.string() }),
          deployedBytecode: z.object({ object: z.string() }),
        }),
      }),
    ),
  ),
})

/** Compiles our own abis/*.sol; no metadata, so that the bytecode depends on the source and the compiler alone. */
export const compilePrograms = (): string => {
  const names = readdirSync(abis)
    .filter((name) => name.endsWith('.sol'))
    .sort()
  const sources = Object.fromEntries(
    names.map((name) => [name, { content: readFileSync(new URL(name, abis), 'utf8') }]),
  )
  const input = {
    language: 'Solidity',
    sources,
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: 'paris',
      metadata: { appendCBOR: false, bytecodeHash: 'none' },
      outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  }
  const output = outputSchema.parse(JSON.parse(solc.compile(JSON.stringify(input))))
  for (const error of output.errors ?? [])
    if (error.severity === 'error') throw new Error(error.formattedMessage)
  const constants = Object.values(output.contracts).flatMap((file) =>
    Object.entries(file).map(([name, { evm }]) => {
      const constant = `${name.charAt(0).toLowerCase()}${name.slice(1)}Program`
      return [
        `export const ${constant} = {`,
        `  runtime:\n    '0x${evm.deployedBytecode.object}',`,
        `  creation:\n    '0x${evm.bytecode.object}',`,
        '} as const\n',
      ].join('\n')
    }),
  )
  return [
    '// Generated from abis/*.sol by `npm run compile` (solc 0.8.27, optimizer 200 runs, paris). Do not edit.\n',
    ...constants.sort(),
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, compilePrograms())
