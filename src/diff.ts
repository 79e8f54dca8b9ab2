import { compareBooks } from './core/diff/build.ts'
import type { DiffDocument, DiffScan } from './core/diff/document.ts'
import { countsOf, type DiffLeg, type DiffPosition } from './core/diff/position.ts'
import { UsageError } from './core/errors.ts'
import type { Coverage } from './core/report.ts'
import { TOLD_BY } from './core/told.ts'
import { bandsOf } from './engine/book.ts'
import { rangeSideOf } from './engine/ranges.ts'
import { readInBoth } from './engine/scope.ts'
import { exposureIn, stateOf, untouchedOf } from './engine/untouched.ts'
import type { Entities } from './known.ts'
import { loadBook, type ScanBook } from './report.ts'
import type { Db } from './store/open.ts'
import type { LegRow, PositionRow } from './store/rows.ts'
import { VERSION } from './version.ts'

export type DiffOptions = {
  readonly driver: string
  readonly from: number
  readonly to: number
  readonly entities: Entities
  readonly minUsd: number
  /** Of movers. */
  readonly limit: number
}

/**
 * What moved between two scans, from the stored states: of the sources read in both.
 * @throws UsageError where a scan or its driver is not there, or the two have no source in common.
 */
export const buildDiff = (db: Db, options: DiffOptions): DiffDocument => {
  const { driver, entities, minUsd, limit } = options
  const [from, to] = [loadBook(db, options.from, driver), loadBook(db, options.to, driver)]
  const sources = commonSources(from, to)
  const isRead = readInBoth(db, from.scan, to.scan)
  const isCompared = (row: PositionRow) => sources.compared.includes(row.source)
  const sideOf = (book: ScanBook) => {
    const rows = book.rows.filter((row) => isCompared(row) && isRead(row))
    return {
      rows,
      positions: positionsOf(book, rows, entities),
      bands: bandsOf(rows, { spot: book.driver.spotUsd, entities, minUsd }),
    }
  }
  const [before, after] = [sideOf(from), sideOf(to)]
  const { untouched, notes } = untouchedOf(db, { from: from.scan, to: to.scan, driver, rows: before.rows })
  return {
    schemaVersion: 1,
    generator: { name: 'liqbands', version: VERSION },
    driver,
    from: scanOf(from),
    to: scanOf(to),
    sources: {
      ...sources,
      notes: [
        ...partialNotes(from, to, sources.compared),
        ...toldNotes(from, to, sources.compared),
        ...elsewhereNotes(sources.compared, [...from.rows, ...to.rows], isRead),
        ...notes,
      ],
    },
    ...compareBooks(before, after, { untouched, limit }),
    assumptions: ASSUMPTIONS,
  }
}

const ASSUMPTIONS: readonly string[] = [
  'Taken apart in this order: prices on the earlier amounts, interest, what owners and liquidators did at the later prices, change of outcome. Each position counts to the cent.',
  'Collateral is what counts under an outcome, as in the report: below spot the part that moves with the driver, elsewhere all of it.',
  'price holds whatever an oracle says of an asset; interest also what the protocol itself changed in how a stored balance counts.',
  'withdrew means that less of it backs the debt: withdrawn, sent away, switched off, or seized while a price that has come back since had crossed.',
]

const scanOf = ({ scan, driver }: ScanBook): DiffScan => ({
  id: scan.id,
  finishedAt: scan.finishedAt,
  status: scan.status,
  spotUsd: driver.spotUsd,
  blocks: scan.blocks,
})

const coverageIn = ({ scan }: ScanBook, source: string): Coverage | undefined =>
  scan.coverage.find((coverage) => coverage.source === source)

/** Why a scan says nothing of a source; null where it does. */
const absence = (book: ScanBook, source: string): string | null => {
  const { scan, driver } = book
  const coverage = coverageIn(book, source)
  if (!coverage) return `not in scan ${scan.id}`
  if (coverage.status === 'failed')
    return `failed in scan ${scan.id}: ${coverage.error ?? 'no reason recorded'}`
  const hasDriver = stateOf(scan, source, driver.symbol) !== undefined
  return hasDriver ? null : `without ${driver.symbol} in scan ${scan.id}`
}

/** What was not read is unknown: a source that one scan lacks is no departure and no arrival. */
const commonSources = (from: ScanBook, to: ScanBook) => {
  const keys = [
    ...new Set([from, to].flatMap(({ scan }) => scan.coverage.map(({ source }) => source))),
  ].sort()
  const judged = keys.map((source) => ({ source, reason: absence(from, source) ?? absence(to, source) }))
  const compared = judged.filter(({ reason }) => reason === null).map(({ source }) => source)
  const leftOut = judged.flatMap(({ source, reason }) => (reason === null ? [] : [{ source, reason }]))
  if (compared.length === 0)
    throw new UsageError(
      `scans ${from.scan.id} and ${to.scan.id} have no source in common: ${leftOut.map(({ source, reason }) => `${source} ${reason}`).join('; ')}`,
    )
  return { compared, leftOut }
}

const partialNotes = (from: ScanBook, to: ScanBook, compared: readonly string[]): readonly string[] =>
  compared.flatMap((source) =>
    [from, to].flatMap((book) => {
      const coverage = coverageIn(book, source)
      return coverage?.status === 'partial'
        ? [
            `${source} was partial in scan ${book.scan.id} (${coverage.error ?? 'no reason recorded'}): what it missed may show as arrived, left or with another outcome`,
          ]
        : []
    }),
  )

/** What a subgraph tells of an account may lie apart from the chain without anyone having moved. */
const toldNotes = (from: ScanBook, to: ScanBook, compared: readonly string[]): readonly string[] =>
  compared.flatMap((source) =>
    [from, to].flatMap((book) => {
      const notes = coverageIn(book, source)?.notes ?? []
      if (!notes.some((note) => note.includes(TOLD_BY))) return []
      const known = notes.filter((note) => note.startsWith('approximate: ')).join('; ')
      return [
        `${source} is a subgraph's word in scan ${book.scan.id}${known && ` (${known})`}: what sets it apart from the chain may show as added, withdrew, borrowed or repaid`,
      ]
    }),
  )

/** What only one of the scans was told to leave out is no arrival and no repayment. */
const elsewhereNotes = (
  compared: readonly string[],
  rows: readonly PositionRow[],
  isRead: (row: PositionRow) => boolean,
): readonly string[] =>
  compared.flatMap((source) => {
    const count = rows.filter((row) => row.source === source && !isRead(row)).length
    return count === 0
      ? []
      : [
          `${source}: one of the scans names its markets: the ${count} ${count === 1 ? 'position' : 'positions'} of the other one elsewhere are not compared`,
        ]
  })

const positionsOf = (
  book: ScanBook,
  rows: readonly PositionRow[],
  entities: Entities,
): readonly DiffPosition[] => {
  const states = new Map(
    book.scan.drivers.map(({ source }) => [source, stateOf(book.scan, source, book.driver.symbol)]),
  )
  return rows.map((row): DiffPosition => {
    const state = states.get(row.source)
    const leg = ({ asset, symbol, amount, usd, pricedAs }: LegRow): DiffLeg => ({
      asset,
      symbol,
      amount: BigInt(amount),
      // what no oracle prices moves no sum; the position's outcome says that it is unknown
      usd: usd ?? 0,
      exposure: exposureIn(state, pricedAs),
    })
    const { source, id, outcome, price, collateralUsd, debtUsd } = row
    const owner = row.owner ?? id
    return {
      source,
      id,
      owner,
      entity: entities.get(owner) ?? null,
      outcome,
      counts: countsOf(row, state?.spot ?? 0n, rangeSideOf(row, state)),
      price,
      collateralUsd,
      debtUsd,
      collateral: row.collateral.map(leg),
      debt: row.debt.map(leg),
    }
  })
}

/**
 * The scan before another one of the same kind; of chains, or of files where there is no other.
 * @throws UsageError where there is none.
 */
export const scanBefore = (db: Db, id: number): number => {
  const row = db
    .prepare<[number, number], { id: number }>(
      'SELECT id FROM scan WHERE id < ? AND kind = (SELECT kind FROM scan WHERE id = ?) ORDER BY id DESC LIMIT 1',
    )
    .get(id, id)
  if (!row)
    throw new UsageError(
      `there is no scan before ${id} to compare it with: scan again later, or name --from and --to`,
    )
  return row.id
}
