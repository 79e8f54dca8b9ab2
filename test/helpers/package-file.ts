import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** Where test/packages.setup.ts unpacks the packages of test/packages.json. */
export const PACKAGES = fileURLToPath(new URL('../.packages', import.meta.url))

/** By name@version: the registry's own checksum, and which folders or files are kept. */
export const listedPackages = z
  .record(z.string(), z.strictObject({ integrity: z.string(), keep: z.array(z.string()).min(1) }))
  .parse(JSON.parse(readFileSync(new URL('../packages.json', import.meta.url), 'utf8')))

/** The path of a file or folder in one of them, like `packageFile('@aave/protocol-v2@1.0.1', 'artifacts')`. */
export const packageFile = (name: string, path = '.'): string => {
  if (!(name in listedPackages)) throw new Error(`${name} is not in test/packages.json`)
  return join(PACKAGES, name, path)
}

const compilerSchema = z.object({ compile: z.function({ input: [z.string()], output: z.string() }) })
const require = createRequire(import.meta.url)

/** A compiler of another version than the installed one: its binary in the wrapper of the installed package. */
export const compilerOf = (name: 'solc@0.8.19' | 'solc@0.8.24'): ((input: string) => string) => {
  const wrap = require('solc/wrapper') as (binary: unknown) => unknown
  return compilerSchema.parse(wrap(require(packageFile(name, 'soljson.js')))).compile
}
