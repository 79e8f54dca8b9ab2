import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { getAddress } from 'viem'
import type { EntitiesDocument } from '../core/entities/documents.ts'
import { strengthText } from '../core/entities/evidence.ts'
import { isLinkedName } from '../core/entities/link.ts'
import { UsageError } from '../core/errors.ts'
import { type NamedAddresses, parseEntities } from '../known.ts'

/** The entities of a scan as an entities file, which `import` and the configuration take. */
export const entitiesFile = ({ scanId, entities }: EntitiesDocument): string => {
  const named = entities.map(({ name, source, owners, weakestLink }): NamedAddresses => {
    const strength = weakestLink === null ? '' : `, weakest link ${strengthText(weakestLink.strength)}`
    const from =
      source === 'label'
        ? 'a label'
        : source === 'linked'
          ? `linked on the chain${strength}`
          : `a label, and ${owners.filter(({ by }) => by === 'linked').length} owners linked on the chain${strength}`
    return {
      name,
      addresses: owners.map(({ owner }) => getAddress(owner)),
      source: `liqbands scan ${scanId}: ${from}`,
    }
  })
  return `${JSON.stringify({ entities: named }, null, 2)}\n`
}

/** What an import has done to the user's file. */
export type ImportedEntities = {
  readonly file: string
  /** Addresses that got a name, another name, or had it already. */
  readonly added: number
  readonly renamed: number
  readonly kept: number
  /** Entities left out because liqbands had named them itself. */
  readonly skipped: readonly string[]
}

/**
 * Adds the names of a file to the user's own entities file; where both name an address, the imported name wins.
 * @throws UsageError naming every problem of the file, or where there is no file to add them to.
 */
export const importEntities = (file: string, target: string | null): ImportedEntities => {
  if (target === null)
    throw new UsageError(
      'there is no file for your labels: write "entities": "entities.json" into liqbands.config.json, then import again',
    )
  const all = parseEntities(readText(file, file), file)
  const twice = contradictions(all)
  if (twice.length > 0) throw new UsageError(`${file}: ${twice.join('; ')}`)
  const named = all.filter(({ name }) => !isLinkedName(name))
  const own = existsSync(target) ? parseEntities(readText(target, target), target) : []
  const before = new Map(own.flatMap(({ name, addresses }) => addresses.map((address) => [address, name])))
  const counts = { added: 0, renamed: 0, kept: 0 }
  for (const { name, addresses } of named)
    for (const address of new Set(addresses)) {
      const old = before.get(address)
      counts[old === undefined ? 'added' : old === name ? 'kept' : 'renamed']++
    }
  replaceFile(target, `${JSON.stringify({ entities: merge(own, named) }, null, 2)}\n`)
  const skipped = all.filter(({ name }) => isLinkedName(name)).map(({ name }) => name)
  return { file: target, ...counts, skipped }
}

/** An address under two names: one of them must be wrong. */
const contradictions = (entities: readonly NamedAddresses[]): readonly string[] => {
  const names = new Map<string, Set<string>>()
  for (const { name, addresses } of entities)
    for (const address of addresses) names.set(address, (names.get(address) ?? new Set()).add(name))
  return [...names].flatMap(([address, all]) =>
    all.size > 1 ? [`${address} has ${all.size} names: ${[...all].join(', ')}`] : [],
  )
}

/** The user's entities with what was imported: entities of one name become one, an address has one name. */
const merge = (
  own: readonly NamedAddresses[],
  imported: readonly NamedAddresses[],
): readonly NamedAddresses[] => {
  const taken = new Set(imported.flatMap(({ addresses }) => addresses))
  const left = own.map((entity) => ({
    ...entity,
    addresses: entity.addresses.filter((address) => !taken.has(address)),
  }))
  const merged = new Map<string, NamedAddresses>()
  for (const { name, addresses, source } of [...left, ...imported]) {
    const before = merged.get(name)
    const from = source ?? before?.source
    merged.set(name, {
      name,
      addresses: [...new Set([...(before?.addresses ?? []), ...addresses])],
      ...(from === undefined ? {} : { source: from }),
    })
  }
  return [...merged.values()].filter(({ addresses }) => addresses.length > 0)
}

const readText = (path: string, shown: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UsageError(`cannot read ${shown}: check the path`, { cause })
  }
}

/** Writes beside the file and renames: whoever reads it finds the old text or the new one. */
const replaceFile = (path: string, text: string): void => {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, text)
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw new UsageError(`cannot write ${path}: check its folder and permissions`, { cause })
  }
}
