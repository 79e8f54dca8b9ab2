import { writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import { UsageError } from '../core/errors.ts'
import { entityLines, foundLines, whyLines } from '../dashboard/entities.ts'
import { plural } from '../dashboard/format.ts'
import { clean, wrap } from '../dashboard/ink.ts'
import { entitiesFile, importEntities } from '../entities/file.ts'
import { findLinks } from '../entities/find.ts'
import { listEntities } from '../entities/list.ts'
import { addressOf, explainOwner } from '../entities/why.ts'
import {
  type CommonOptions,
  configOf,
  type Io,
  logOf,
  printJson,
  printLines,
  withCommon,
  withDatabase,
} from './io.ts'
import { parseScanId } from './parse.ts'
import { createProgress } from './progress.ts'

type Options = CommonOptions & {
  readonly scan: number | 'latest'
  readonly find?: boolean
  readonly why?: string
  readonly export?: string
  readonly import?: string
  readonly json?: boolean
}

const find = async (io: Io, options: Options, config: Config): Promise<void> => {
  if (options.scan !== 'latest') throw new UsageError('--find reads for the latest scan: leave --scan out')
  const log = logOf(options)
  const progress = createProgress(io, { quiet: options.quiet ?? false })
  const { result, list } = await withDatabase(options.db, { readonly: false }, async (db) => {
    const result = await findLinks({
      config,
      db,
      onProgress: (event) => {
        progress.show(event)
        log.debug(event, 'progress')
      },
    }).finally(progress.stop)
    return { result, list: listEntities(db, config, result.scanId) }
  })
  const { found, requests } = result
  if (options.json) printJson(io, { ...list, found, requests })
  else printLines(io, [...foundLines(result, io), ...entityLines(list, io)])
  if (found.some(({ status }) => status === 'failed')) io.exit(75)
}

const exportTo = async (io: Io, options: Options, config: Config, file: string): Promise<void> => {
  const list = await withDatabase(options.db, { readonly: true }, (db) =>
    listEntities(db, config, options.scan),
  )
  try {
    writeFileSync(resolve(io.directory, file), entitiesFile(list))
  } catch (cause) {
    throw new UsageError(`cannot write ${file}: check its folder and permissions`, { cause })
  }
  const { length: entities } = list.entities
  const owners = list.entities.reduce((sum, entity) => sum + entity.owners.length, 0)
  if (options.json) printJson(io, { file, entities, owners })
  else printLines(io, [`${file}: ${plural(entities, 'entity', 'entities')} of ${plural(owners, 'owner')}`])
}

const importFrom = (io: Io, { json }: Options, config: Config, file: string): void => {
  const done = importEntities(resolve(io.directory, file), config.entitiesFile)
  const { added, renamed, kept, skipped } = done
  const target = relative(io.directory, done.file)
  if (json) {
    printJson(io, { ...done, file: target })
    return
  }
  const text = `${target}: ${plural(added, 'address', 'addresses')} added, ${renamed} renamed, ${kept} as before`
  printLines(io, wrap(clean(text, io.unicode), io.width))
  if (skipped.length > 0)
    io.err(
      `${plural(skipped.length, 'entity', 'entities')} left out: linked by liqbands itself; give it a name of your own to keep it\n`,
    )
}

export const addEntities = (program: Command, io: Io): void => {
  withCommon(
    program
      .command('entities')
      .summary('owners that belong together, by label or by link')
      .description(
        'The entities of a scan: owners with one label in your entities file, and owners that the chain links. Two owners are linked from a strength of .90 on: borrowing on the other’s credit, paying in or repaying for each other, moving aTokens, the same Safe owners. Routers, gateways and whoever else deals with more than 20 borrowers count for nothing.\n\n' +
          '--find reads what ties owners up to the block of the latest scan, and gives that scan its entities and bands; later scans use what was found. The first time it reads the whole history of the protocol’s logs, afterwards only what is new.',
      )
      .option('--scan <id>', 'number of a scan, or latest', parseScanId, 'latest')
      .option('--find', 'read from the chain what ties owners together')
      .option('--why <address>', 'all that ties an owner to others, and why it was united or not')
      .option('--export <file>', 'write the names and addresses to an entities file')
      .option('--import <file>', 'add the names of a file to the entities file of your configuration')
      .option('--json', 'one JSON document'),
  ).action(async (options: Options) => {
    const asked = (['find', 'why', 'export', 'import'] as const).filter((name) => options[name] !== undefined)
    if (asked.length > 1)
      throw new UsageError(`${asked.map((name) => `--${name}`).join(' and ')}: choose one`)
    const config = configOf(io, options)
    if (options.find) return find(io, options, config)
    if (options.export !== undefined) return exportTo(io, options, config, options.export)
    if (options.import !== undefined) return importFrom(io, options, config, options.import)
    const why = options.why === undefined ? null : addressOf(options.why)
    await withDatabase(options.db, { readonly: true }, (db) => {
      if (why === null) {
        const list = listEntities(db, config, options.scan)
        return options.json ? printJson(io, list) : printLines(io, entityLines(list, io))
      }
      const document = explainOwner(db, config, { scanId: options.scan, address: why })
      return options.json ? printJson(io, document) : printLines(io, whyLines(document, io))
    })
  })
}
