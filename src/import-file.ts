import { readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { parse } from 'csv-parse/sync'
import { getAddress, isAddress } from 'viem'
import { z } from 'zod'
import {
  IMPORT_PRICE_DECIMALS,
  type ImportedAccount,
  type ImportedMarkets,
  importAdapter,
} from './adapters/import.ts'
import type { ScanSummary } from './core/documents.ts'
import { UsageError } from './core/errors.ts'
import { constantResponse, type DriverState, proportionalResponse } from './core/price-response.ts'
import type { Coverage } from './core/report.ts'
import { parseUnitsDown, toNumber, WAD } from './core/units.ts'
import { bandsByDriver } from './engine/book.ts'
import { pricePositions } from './engine/pricing.ts'
import { knownAssets, loadEntities } from './known.ts'
import type { Db } from './store/open.ts'
import { type SourceRecord, saveScan } from './store/save.ts'
import { VERSION } from './version.ts'

/** Columns of a position file; a JSON file is an array of objects with the same names. Empty means unknown. */
const COLUMNS = {
  required: [
    'position_id',
    'collateral_asset',
    'collateral_amount',
    'collateral_price_usd',
    'debt_asset',
    'debt_amount',
  ],
  optional: [
    'protocol',
    'chain',
    'market',
    'owner',
    'liquidation_threshold',
    'debt_price_usd',
    'block',
    'timestamp',
    'price_up',
    'price_down',
  ],
} as const

type Row = { readonly line: number; readonly cells: Readonly<Record<string, string>> }

export type ImportOptions = {
  readonly db: Db
  readonly file: string
  /** Last part of the source key; the file's name where missing. */
  readonly name?: string | undefined
  /** The driver's price in USD, for files that hold none of it. */
  readonly spots: Readonly<Record<string, number>>
  readonly entitiesFile: string | null
  readonly minUsd: number
  readonly drivers: readonly string[]
  readonly now?: () => Date
}

/**
 * Stores the positions of a file as a scan of its own, at the file's own block, time and prices.
 * @throws UsageError naming every malformed row; then nothing is stored.
 */
export const importFile = (options: ImportOptions): ScanSummary => {
  const { db, file, now = () => new Date() } = options
  const startedAt = now().toISOString()
  const rows = readRows(file)
  const problems: string[] = []
  const parsed = rows.map((row) => parseRow(row, problems))
  const prices = onePrice(parsed, problems)
  const chain = only(parsed, 'chain', problems) ?? 'unknown'
  const block = only(parsed, 'block', problems)
  const timestamp = only(parsed, 'timestamp', problems)
  const seen = new Map<string, number>()
  for (const { id, line } of parsed) {
    const first = seen.get(id)
    if (first !== undefined) problems.push(`line ${line}: position_id ${id} stands already on line ${first}`)
    seen.set(id, line)
  }
  if (problems.length > 0) throw malformed(file, problems)

  const markets: ImportedMarkets = { prices }
  const accounts = new Map(parsed.map(({ id, account }) => [id, account]))
  const drivers = driverStates(markets, options)
  if (drivers.length === 0) throw new UsageError(`${file}: ${whyNoDriver(markets, options)}`)
  const name = options.name ?? basename(file, extname(file))
  if (name === '' || name.includes('/'))
    throw new UsageError(`--name "${name}": one word without a slash, the last part of the source key`)
  const key = `import/${chain}/${name}`
  const positions = pricePositions({ source: key, adapter: importAdapter, markets, accounts, drivers })
  const first = Object.values(positions)[0] ?? []
  const unpriced = first.filter(({ outcome }) => outcome === 'unpriced')
  const coverage: Coverage = {
    source: key,
    status: unpriced.length === 0 ? 'complete' : 'partial',
    accounts: accounts.size,
    positions: first.length,
    unpriced: unpriced.length,
    debtUsd: first.reduce((sum, { debtUsd }) => sum + debtUsd, 0),
    protocolDebtUsd: null,
    debtCovered: null,
    requests: 0,
    seconds: 0,
    error:
      unpriced.length === 0 ? null : `${unpriced.length} positions cannot be priced: ${unpriced[0]?.reason}`,
    notes: [`recorded in ${basename(file)}: amounts, prices and thresholds are the file's own`],
  }
  const record: SourceRecord = {
    key,
    protocol: importAdapter.name,
    chain,
    deployment: name,
    coverage,
    read: {
      block: Number(block ?? timestamp ?? 0),
      hash: null,
      markets,
      accounts: [...accounts].map(([id, state]) => ({ key: id, state })),
      totals: [],
      drivers,
      positions,
    },
  }
  const entities = loadEntities(options.entitiesFile)
  const blocks = [
    {
      chain,
      chainId: 0,
      number: block === null ? null : Number(block),
      hash: null,
      timestamp: timestamp === null ? null : new Date(Number(timestamp) * 1000).toISOString(),
    },
  ]
  const scanId = saveScan(db, {
    kind: 'import',
    startedAt,
    finishedAt: now().toISOString(),
    status: coverage.status === 'complete' ? 'complete' : 'partial',
    version: VERSION,
    blocks,
    sources: [record],
    bands: bandsByDriver([record], entities, options.minUsd),
    entities,
  })
  return {
    scanId,
    status: coverage.status === 'complete' ? 'complete' : 'partial',
    blocks,
    coverage: [coverage],
  }
}

const malformed = (file: string, problems: readonly string[]): UsageError => {
  const shown = problems.slice(0, 10).map((problem) => `  ${problem}`)
  const more = problems.length > 10 ? [`  … and ${problems.length - 10} more`] : []
  const [only] = problems
  return new UsageError(
    problems.length === 1
      ? `${file}, ${only}; nothing is stored`
      : [`${file}: ${problems.length} problems; nothing is stored`, ...shown, ...more].join('\n'),
  )
}

const readRows = (file: string): readonly Row[] => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: check the path`, { cause })
  }
  const rows = extname(file).toLowerCase() === '.json' ? readJson(file, text) : readCsv(file, text)
  const [first] = rows
  if (!first) throw new UsageError(`${file} holds no position`)
  const missing = COLUMNS.required.filter((column) => !(column in first.cells))
  if (missing.length > 0)
    throw new UsageError(`${file}, line ${first.line}: lacks the columns ${missing.join(', ')}`)
  const known: readonly string[] = [...COLUMNS.required, ...COLUMNS.optional]
  for (const { line, cells } of rows) {
    const unknown = Object.keys(cells).filter((column) => !known.includes(column))
    if (unknown.length > 0)
      throw new UsageError(
        `${file}, line ${line}: unknown columns ${unknown.join(', ')}; known are ${known.join(', ')}`,
      )
  }
  return rows
}

const readCsv = (file: string, text: string): readonly Row[] => {
  try {
    const records: unknown = parse(text, {
      columns: (header: string[]) => {
        const twice = header.find((column, i) => header.indexOf(column) !== i)
        if (twice !== undefined) throw new Error(`the column ${twice} stands twice on line 1`)
        return header
      },
      bom: true,
      trim: true,
      skip_empty_lines: true,
      info: true,
    })
    return z
      .array(z.object({ record: z.record(z.string(), z.string()), info: z.object({ lines: z.number() }) }))
      .parse(records)
      .map(({ record, info }) => ({ line: info.lines, cells: record }))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : ''
    throw new UsageError(`${file} is no CSV: ${reason}; nothing is stored`, { cause })
  }
}

const readJson = (file: string, text: string): readonly Row[] => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`${file} is not JSON; nothing is stored`, { cause })
  }
  // a JSON number may have lost digits before we see it: amounts are text, as everywhere
  const parsed = z.array(z.record(z.string(), z.string().nullable())).safeParse(json)
  if (!parsed.success) {
    const [row, column] = parsed.error.issues[0]?.path ?? []
    const where =
      typeof row === 'number' ? `, line ${row + 1}${column === undefined ? '' : `, ${String(column)}`}` : ''
    throw new UsageError(
      `${file}${where}: expected an array of objects whose values are text ("1.5", not 1.5); nothing is stored`,
    )
  }
  return parsed.data.map((record, i) => ({
    // of a JSON file, the number of the object
    line: i + 1,
    cells: Object.fromEntries(Object.entries(record).map(([key, value]) => [key, value ?? ''])),
  }))
}

type ParsedRow = {
  readonly line: number
  readonly id: string
  readonly account: ImportedAccount
  /** 1e-8 USD of an asset, in the order of the columns. */
  readonly prices: readonly (readonly [asset: string, price: bigint])[]
  readonly chain: string
  readonly block: string
  readonly timestamp: string
}

const parseRow = ({ line, cells }: Row, problems: string[]): ParsedRow => {
  const cell = (column: string): string => cells[column] ?? ''
  const bad = (column: string, what: string) =>
    problems.push(`line ${line}: ${column} "${cell(column)}" ${what}`)
  const decimal = (column: string, decimals: number): bigint | null => {
    if (cell(column) === '') return null
    const value = parseUnitsDown(cell(column), decimals)
    if (value === null) bad(column, 'is not a decimal number')
    else if (value < 0n) bad(column, 'is negative')
    return value
  }
  const needed = (column: string, decimals: number): bigint => {
    if (cell(column) === '') problems.push(`line ${line}: ${column} is empty`)
    return decimal(column, decimals) ?? 0n
  }
  const text = (column: string): string => {
    if (cell(column) === '') problems.push(`line ${line}: ${column} is empty`)
    return cell(column)
  }
  const threshold = decimal('liquidation_threshold', 18)
  if (threshold !== null && (threshold <= 0n || threshold > WAD))
    bad('liquidation_threshold', 'is not in (0, 1]')
  const low = decimal('price_down', 18)
  const high = decimal('price_up', 18)
  if ((low === null) !== (high === null)) problems.push(`line ${line}: price_up and price_down go together`)
  if (low !== null && high !== null && low > high) problems.push(`line ${line}: price_down is above price_up`)
  if (threshold === null && low === null)
    problems.push(`line ${line}: neither liquidation_threshold nor price_up and price_down`)
  if (!/^\d{0,15}$/.test(cell('block'))) bad('block', 'is not a block number')
  if (!/^\d{0,10}$/.test(cell('timestamp'))) bad('timestamp', 'is not a time in Unix seconds')
  const owner = cell('owner')
  const collateralPrice = needed('collateral_price_usd', IMPORT_PRICE_DECIMALS)
  const sameAsset = cell('debt_asset') === cell('collateral_asset')
  const debtPrice =
    decimal('debt_price_usd', IMPORT_PRICE_DECIMALS) ?? (sameAsset ? collateralPrice : 10n ** 8n)
  return {
    line,
    id: text('position_id'),
    account: {
      owner: owner === '' ? null : isAddress(owner, { strict: false }) ? getAddress(owner) : owner,
      collateral: { asset: text('collateral_asset'), amount: needed('collateral_amount', 18) },
      debt: { asset: text('debt_asset'), amount: needed('debt_amount', 18) },
      threshold,
      range: low !== null && high !== null ? { low, high } : null,
    },
    prices: [
      [cell('collateral_asset'), collateralPrice],
      [cell('debt_asset'), debtPrice],
    ],
    chain: cell('chain'),
    block: cell('block'),
    timestamp: cell('timestamp'),
  }
}

/** One price an asset: two in one file cannot both be the price at its moment. */
const onePrice = (rows: readonly ParsedRow[], problems: string[]): Readonly<Record<string, bigint>> => {
  const prices = new Map<string, { readonly price: bigint; readonly line: number }>()
  for (const { line, prices: own } of rows)
    for (const [asset, price] of own) {
      const known = prices.get(asset)
      if (known !== undefined && known.price !== price)
        problems.push(
          `line ${line}: ${asset} is priced ${toNumber(price, 8)}, but ${toNumber(known.price, 8)} on line ${known.line}`,
        )
      else if (known === undefined && price === 0n) problems.push(`line ${line}: ${asset} is priced 0`)
      if (known === undefined) prices.set(asset, { price, line })
    }
  return Object.fromEntries([...prices].map(([asset, { price }]) => [asset, price]))
}

/** The one value of a column that a whole file shares; null where it is empty throughout. */
const only = (
  rows: readonly ParsedRow[],
  column: 'chain' | 'block' | 'timestamp',
  problems: string[],
): string | null => {
  const [first] = rows
  const value = first?.[column] ?? ''
  const other = rows.find((row) => row[column] !== value)
  if (other)
    problems.push(
      `line ${other.line}: ${column} "${other[column]}", but "${value}" on line ${first?.line}: one moment a file`,
    )
  return value === '' ? null : value
}

/** Names under which files call the drivers themselves. */
const NATIVE: Readonly<Record<string, readonly string[]>> = { ETH: ['ETH', 'WETH'], BTC: ['BTC', 'WBTC'] }

/** Assets of a file that move one for one with a driver. */
const followers = ({ prices }: ImportedMarkets, symbol: string): ReadonlySet<string> => {
  const names = new Set([symbol, ...(NATIVE[symbol] ?? [])])
  for (const assets of Object.values(knownAssets().chains))
    for (const known of Object.values(assets))
      if (known.driver === symbol && known.weight === 1) names.add(known.symbol)
  return new Set(Object.keys(prices).filter((asset) => names.has(asset)))
}

const driverStates = (markets: ImportedMarkets, { drivers, spots }: ImportOptions): readonly DriverState[] =>
  drivers.flatMap((symbol) => {
    const follows = followers(markets, symbol)
    const given = spots[symbol]
    const named = (NATIVE[symbol] ?? [symbol])
      .map((asset) => markets.prices[asset])
      .find((price) => price !== undefined)
    const spot = given === undefined ? named : BigInt(Math.round(given * 1e8))
    if (spot === undefined || follows.size === 0) return []
    const responses = Object.entries(markets.prices).map(([asset, price]) => [
      asset,
      follows.has(asset)
        ? proportionalResponse(price, spot, WAD, 'assets.json')
        : constantResponse(price, 'none', true),
    ])
    return [{ symbol, spot, decimals: IMPORT_PRICE_DECIMALS, responses: Object.fromEntries(responses) }]
  })

const whyNoDriver = (markets: ImportedMarkets, { drivers }: ImportOptions): string => {
  for (const symbol of drivers) {
    const [asset] = followers(markets, symbol)
    if (asset !== undefined)
      return `${asset} follows ${symbol}, whose price the file does not hold: add --spot ${symbol}=<USD>`
  }
  return `none of its assets (${Object.keys(markets.prices).join(', ')}) follows ${drivers.join(' or ')}; nothing is stored`
}
