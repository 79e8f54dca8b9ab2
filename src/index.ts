/** liqbands as a library: scan, then read the report. The documents are the same as on the command line. */
export type { Adapter } from './adapters/adapter.ts'
export { adapters } from './adapters/index.ts'
export { type Config, loadConfig, parseConfig } from './config.ts'
export { findBands } from './core/bands/bands.ts'
export type { BookEntry } from './core/bands/book.ts'
export type { DiffDocument } from './core/diff/document.ts'
export type { PositionDocument, ScanSummary, Simulation, Verification } from './core/documents.ts'
export {
  BaseError,
  EndpointError,
  EndpointUnfitError,
  InvalidDataError,
  RevertedError,
  TooLargeError,
  UsageError,
} from './core/errors.ts'
export { liquidationPrice } from './core/liquidation-price.ts'
export type { Band, Coverage, Report } from './core/report.ts'
export { buildDiff, scanBefore } from './diff.ts'
export { importFile } from './import-file.ts'
export { loadEntities } from './known.ts'
export { positionDocuments } from './positions.ts'
export { buildReport, loadBook } from './report.ts'
export { scan } from './scan.ts'
export { loadPools, loadRules, simulateScan } from './simulate.ts'
export { openDatabase } from './store/open.ts'
export { verify } from './verify.ts'
export { VERSION } from './version.ts'
