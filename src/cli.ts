#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { addBands } from './commands/bands.ts'
import { addDiff } from './commands/diff.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEntities } from './commands/entities.ts'
import { addImport } from './commands/import.ts'
import type { Io } from './commands/io.ts'
import { addPositions } from './commands/positions.ts'
import { addQuery } from './commands/query.ts'
import { addReport } from './commands/report.ts'
import { addScan } from './commands/scan.ts'
import { addSimulate } from './commands/simulate.ts'
import { addSources } from './commands/sources.ts'
import { addVerify } from './commands/verify.ts'
import { addWatch } from './commands/watch.ts'
import { BaseError } from './core/errors.ts'
import { VERSION } from './version.ts'

const io: Io = {
  out: (text) => process.stdout.write(text),
  // an error may quote what an endpoint said, which must not move the cursor
  err: (text) => process.stderr.write(text.replace(/[^\P{Cc}\n]/gu, '')),
  env: process.env,
  directory: process.cwd(),
  width: Math.max(60, process.stdout.columns ?? 80),
  color:
    process.env.NO_COLOR === undefined || process.env.NO_COLOR === ''
      ? process.stdout.isTTY === true && process.env.TERM !== 'dumb'
      : false,
  // an empty variable counts as none (POSIX)
  unicode: !/^(C|POSIX)$/.test(process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || ''),
  interactive: process.stderr.isTTY === true,
  exit: (code) => {
    process.exitCode = code
  },
}

const program = new Command()
  .name('liqbands')
  .description(
    'Where DeFi loans are liquidated: exact prices, bands and who holds them, from the chain itself.',
  )
  .version(VERSION)
  .exitOverride()
  .configureHelp({ helpWidth: Math.min(io.width, 100), showGlobalOptions: false })
  .showHelpAfterError('(add --help for the options)')
  .addHelpText(
    'after',
    '\nExit codes: 0 all good, 1 fix something, 75 try again (a source failed or is\nincomplete), 130/143 stopped by a signal.',
  )

for (const add of [
  addScan,
  addReport,
  addBands,
  addPositions,
  addDiff,
  addEntities,
  addSimulate,
  addVerify,
  addQuery,
  addImport,
  addWatch,
  addSources,
  addDoctor,
])
  add(program, io)

/** An error that nobody raised on purpose: one line with the place, since a user cannot act on a stack. */
function fail(error: unknown): never {
  const what = error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error)
  const place =
    error instanceof Error ? /(?:src|node_modules)\/[^\s()]+/.exec(error.stack ?? '')?.[0] : undefined
  // libraries like to name the URL they failed on, and a URL may hold a key
  const safe = what.replace(/(https?:\/\/)\S+/g, '$1…')
  io.err(`error: liqbands failed unexpectedly: ${safe}${place ? ` (${place})` : ''}; please report this\n`)
  process.exit(1)
}

// a scan is stored in one transaction at its end, so that stopping at any moment leaves nothing half-written
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
// a reader that closed the pipe (head, less) has seen enough
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  fail(error)
})
// nobody is left to be told
process.stderr.on('error', () => {})
process.on('uncaughtException', fail)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else if (error instanceof BaseError) {
    io.err(`error: ${error.message}\n`)
    process.exitCode = error.retryable ? 75 : 1
  } else fail(error)
}
