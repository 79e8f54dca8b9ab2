import { readFileSync } from 'node:fs'
import { getAddress, isAddress } from 'viem'
import { z } from 'zod'
import { UsageError } from './core/errors.ts'
import { problemsOf } from './core/problems.ts'

/** Looks upwards from this module, because it runs from src/ in a clone and from dist/src/ when installed. */
const dataFile = (name: string): string => {
  for (const root of ['../data/', '../../data/']) {
    try {
      return readFileSync(new URL(`${root}${name}`, import.meta.url), 'utf8')
    } catch {
      // not there: the other root
    }
  }
  throw new UsageError(`data/${name} is missing: reinstall liqbands`)
}

const assetsSchema = z.object({
  chains: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        symbol: z.string(),
        decimals: z.number(),
        driver: z.string().optional(),
        weight: z.number().optional(),
      }),
    ),
  ),
  drivers: z.record(z.string(), z.record(z.string(), z.object({ asset: z.string(), feed: z.string() }))),
})

export type KnownAssets = z.infer<typeof assetsSchema>

let assets: KnownAssets | undefined

/** data/assets.json: what is known of the assets of public chains. */
export const knownAssets = (): KnownAssets => {
  assets ??= assetsSchema.parse(JSON.parse(dataFile('assets.json')))
  return assets
}

const entitiesSchema = z.strictObject({
  entities: z.array(
    z.strictObject({
      name: z.string().min(1),
      addresses: z.array(z.string()).min(1),
      source: z.string().optional(),
    }),
  ),
})

/** Names of owners, by checksummed address. */
export type Entities = ReadonlyMap<string, string>

/**
 * data/entities.json and the user's own file, whose labels win.
 * @throws UsageError where the user's file cannot be read or is malformed.
 */
export const loadEntities = (file: string | null): Entities => {
  const labels = new Map<string, string>()
  const add = (text: string, from: string): void => {
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (cause) {
      throw new UsageError(`${from} is not JSON`, { cause })
    }
    const parsed = entitiesSchema.safeParse(json)
    if (!parsed.success) throw new UsageError(`${from}: ${problemsOf(parsed.error).join('; ')}`)
    for (const { name, addresses } of parsed.data.entities)
      for (const address of addresses) {
        if (!isAddress(address)) throw new UsageError(`${from}: "${address}" is not an address`)
        labels.set(getAddress(address), name)
      }
  }
  add(dataFile('entities.json'), 'data/entities.json')
  if (file !== null) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (cause) {
      throw new UsageError(`cannot read the entities file ${file}: check "entities" in the configuration`, {
        cause,
      })
    }
    add(text, file)
  }
  return labels
}
