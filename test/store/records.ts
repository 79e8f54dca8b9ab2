import { type ImportedAccount, type ImportedMarkets, importAdapter } from '../../src/adapters/import.ts'
import type { LinkedEntity } from '../../src/core/entities/link.ts'
import { proportionalResponse } from '../../src/core/price-response.ts'
import type { Band, Coverage } from '../../src/core/report.ts'
import { parseUnitsDown, WAD } from '../../src/core/units.ts'
import { pricePositions } from '../../src/engine/pricing.ts'
import type { ScanRecord, SourceRecord } from '../../src/store/save.ts'

/** Scans of one source as the engine would hand them to the store; its protocol is the one whose states are plainest. */
export const SOURCE = 'import/test/book'

/** A loan of `debt` USD against `eth` ETH at a threshold of 0.8. */
export const loan = (eth: string, debt: string, owner: string | null = null): ImportedAccount => ({
  owner,
  collateral: { asset: 'ETH', amount: parseUnitsDown(eth, 18) ?? 0n },
  debt: { asset: 'DAI', amount: parseUnitsDown(debt, 18) ?? 0n },
  threshold: (8n * WAD) / 10n,
  range: null,
})

type Scan = {
  readonly block: number
  /** All accounts at that block. */
  readonly accounts: Readonly<Record<string, ImportedAccount>>
  /** Those that this scan read; all where missing. */
  readonly read?: readonly string[]
  /** 1e-8 USD. */
  readonly ethPrice?: bigint
  readonly hash?: string | null
  readonly kind?: 'scan' | 'import'
  readonly bands?: readonly Band[]
  readonly coverage?: Partial<Coverage>
  readonly entities?: ReadonlyMap<string, string>
  readonly linked?: readonly LinkedEntity[]
}

export const sourceRecord = (scan: Scan): SourceRecord => {
  const { block, accounts, read = Object.keys(accounts), ethPrice = 200_000_000_000n } = scan
  const markets: ImportedMarkets = { prices: { ETH: ethPrice, DAI: 100_000_000n } }
  const drivers = [
    {
      symbol: 'ETH',
      spot: ethPrice,
      decimals: 8,
      responses: { ETH: proportionalResponse(ethPrice, ethPrice, WAD, 'config') },
    },
  ]
  const states = new Map<string, unknown>(Object.entries(accounts))
  const positions = pricePositions({
    source: SOURCE,
    adapter: importAdapter,
    markets,
    accounts: states,
    drivers,
  })
  return {
    key: SOURCE,
    protocol: 'import',
    chain: 'test',
    deployment: 'book',
    coverage: {
      source: SOURCE,
      status: 'complete',
      accounts: states.size,
      positions: positions.ETH?.length ?? 0,
      unpriced: 0,
      debtUsd: 0,
      protocolDebtUsd: null,
      debtCovered: null,
      requests: 3,
      seconds: 0.5,
      error: null,
      notes: ['a note'],
      ...scan.coverage,
    },
    read: {
      block,
      hash: scan.hash === undefined ? `0x${block}` : scan.hash,
      markets,
      accounts: read.map((key) => ({ key, state: accounts[key] })),
      totals: [{ asset: '0xdai', symbol: 'DAI', accounts: 2n ** 200n, protocol: 2n ** 200n }],
      drivers,
      positions,
    },
  }
}

export const scanRecord = (scan: Scan): ScanRecord => ({
  kind: scan.kind ?? 'scan',
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  status: 'complete',
  version: '0.0.0',
  blocks: [{ chain: 'test', chainId: 7, number: scan.block, hash: '0x1', timestamp: null }],
  sources: [sourceRecord(scan)],
  bands: scan.bands ? { ETH: scan.bands } : {},
  entities: scan.entities ?? new Map(),
  linked: scan.linked ?? [],
})

/** Two owners that one pair has united. */
export const linkedEntity = (
  name: string,
  [a, b]: readonly [string, string] = ['0xa', '0xb'],
): LinkedEntity => {
  const first = { kind: 'only-owner', from: a, to: b, block: 7, tx: null, day: null } as const
  const strand = { kind: 'only-owner', strength: 1, days: 1, bothWays: false, first } as const
  const pair = { a, b, strength: 1, strands: [strand] }
  return { name, label: null, owners: [a, b], linked: [a, b], weakest: pair, unions: [pair] }
}

export const band = (changes: Partial<Band> = {}): Band => ({
  rank: 1,
  kind: 'crowd',
  side: 'below',
  low: 1_000,
  high: 1_100,
  distancePct: -45,
  collateralUsd: 5e6,
  driverAmount: 2_500,
  debtUsd: 3e6,
  share: 0.5,
  inRangeUsd: 5e6,
  densityRatio: 4,
  confidence: 0.98,
  positions: 12,
  owners: 11,
  entities: 11,
  effectiveHolders: 8.5,
  effectiveEntities: 8.5,
  hhi: 0.12,
  top1Share: 0.2,
  top10Share: 0.95,
  singleEntity: null,
  includes: [],
  overlaps: [],
  byProtocol: [],
  topPositions: [],
  ...changes,
})
