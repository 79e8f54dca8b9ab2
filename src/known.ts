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
  drivers: z.record(
    z.string(),
    z.record(
      z.string(),
      // `also`: other feeds of the same price, on which other protocols stand
      z.object({ asset: z.string(), feed: z.string(), also: z.array(z.string()) }),
    ),
  ),
  oracles: z.record(z.string(), z.string()),
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
      name: z.string().trim().min(1, 'an empty name'),
      addresses: z
        .array(
          z
            .string()
            .refine((text) => isAddress(text), {
              error: ({ input }) => `"${String(input)}" is not an address`,
            })
            .transform((text) => getAddress(text)),
        )
        .min(1, 'no address'),
      source: z.string().optional(),
    }),
  ),
})

/** A name and the addresses that go by it, as entities files hold them. */
export type NamedAddresses = z.infer<typeof entitiesSchema>['entities'][number]

/**
 * The text of an entities file, checked.
 * @throws UsageError naming every problem.
 */
export const parseEntities = (text: string, from: string): readonly NamedAddresses[] => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`${from} is not JSON`, { cause })
  }
  const parsed = entitiesSchema.safeParse(json)
  if (!parsed.success) throw new UsageError(`${from}: ${problemsOf(parsed.error).join('; ')}`)
  return parsed.data.entities
}

/** Names of owners, by checksummed address. */
export type Entities = ReadonlyMap<string, string>

/**
 * data/entities.json and the user's own file, whose labels win.
 * @throws UsageError where the user's file cannot be read or is malformed.
 */
export const loadEntities = (file: string | null): Entities => {
  const labels = new Map<string, string>()
  const add = (text: string, from: string): void => {
    for (const { name, addresses } of parseEntities(text, from))
      for (const address of addresses) labels.set(address, name)
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
