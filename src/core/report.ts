import type { DriverSymbol, Outcome } from './position.ts'

/** The public documents of liqbands. USD and prices are numbers in USD; shares are 0..1; raw amounts are strings. */

export type BandKind = 'crowd' | 'concentrated' | 'entity'
export type Side = 'below' | 'above'

/** How far one source was read, and how its sum compares with the protocol's own. */
export type Coverage = {
  readonly source: string
  readonly status: 'complete' | 'partial' | 'stale' | 'failed'
  /** Accounts known to the source, with or without debt. */
  readonly accounts: number
  /** Accounts with debt at the pinned block. */
  readonly positions: number
  readonly unpriced: number
  readonly debtUsd: number
  readonly protocolDebtUsd: number | null
  /** Σ debt of the accounts / the protocol's own total; exactly 1 when every token agrees to the unit; null where the source has no total. */
  readonly debtCovered: number | null
  readonly requests: number
  readonly seconds: number
  readonly error: string | null
  /** Facts a reader should know that are no failure: an unknown newer revision, a fallback that was taken. */
  readonly notes: readonly string[]
}

export type Block = {
  readonly chain: string
  readonly chainId: number
  /** null for imported files that name no block. */
  readonly number: number | null
  readonly hash: string | null
  /** ISO-8601 UTC; null where the file names no time. */
  readonly timestamp: string | null
}

export type Total = {
  readonly positions: number
  readonly owners: number
  /** Driver-exposed collateral at the pinned block; of `never`, `insolvent` and `unpriced` all collateral known. */
  readonly collateralUsd: number
  readonly debtUsd: number
  readonly driverAmount: number
}

export type BandMember = {
  readonly source: string
  readonly id: string
  readonly owner: string
  readonly entity: string | null
  readonly price: number
  readonly collateralUsd: number
  readonly debtUsd: number
}

export type BandSummary = Pick<Band, 'kind' | 'low' | 'high' | 'collateralUsd' | 'owners' | 'singleEntity'>

export type Band = {
  readonly rank: number
  readonly kind: BandKind
  readonly side: Side
  /** Edges are members' own prices. */
  readonly low: number
  readonly high: number
  /** From spot to the nearest edge, in percent; negative below spot. */
  readonly distancePct: number
  readonly collateralUsd: number
  readonly driverAmount: number
  readonly debtUsd: number
  /** Of the side's collateral. */
  readonly share: number
  /** Everything between low and high, whoever holds it. */
  readonly inRangeUsd: number
  /** inRangeUsd / what the surroundings lead to expect. */
  readonly densityRatio: number
  readonly confidence: number
  readonly positions: number
  readonly owners: number
  readonly entities: number
  readonly effectiveHolders: number
  readonly effectiveEntities: number
  readonly hhi: number
  readonly top1Share: number
  readonly top10Share: number
  readonly singleEntity: string | null
  readonly includes: readonly BandSummary[]
  readonly overlaps: readonly {
    readonly rank: number
    readonly low: number
    readonly high: number
    readonly collateralUsd: number
  }[]
  readonly byProtocol: readonly { readonly source: string; readonly share: number }[]
  /** The ten largest members. */
  readonly topPositions: readonly BandMember[]
}

export type Whale = {
  readonly owner: string
  readonly entity: string | null
  readonly side: Side
  /** Of the side's collateral. */
  readonly share: number
  /** Collateral-weighted mean of its liquidation prices. */
  readonly price: number
  readonly collateralUsd: number
  readonly debtUsd: number
  readonly positions: number
}

export type Bucket = {
  readonly collateralUsd: number
  readonly debtUsd: number
  readonly positions: number
  readonly bySource: Readonly<Record<string, number>>
  /** Collateral of positions that are liquidated over a range, as much of it as is sold here; in no other figure. */
  readonly rangeUsd: number
  readonly rangeBySource: Readonly<Record<string, number>>
}

export type Histogram = {
  readonly side: Side
  /** Width of a bar, USD; at spot where `stepPct` is set. */
  readonly step: number
  /** Width of every bar in percent of its low edge; null where all are `step` wide. */
  readonly stepPct: number | null
  /** Positions beyond the drawn range, away from spot. */
  readonly underflow: Bucket
  /** Beyond the drawn range, at spot's end: ranges that spot has gone through as a whole. */
  readonly overflow: Bucket
  readonly bars: readonly (Bucket & { readonly low: number; readonly high: number })[]
}

/** What is liquidatable once the driver has moved by `pct` percent. */
export type Drop = {
  readonly pct: number
  readonly price: number
  readonly collateralUsd: number
  readonly debtUsd: number
  readonly positions: number
  /** Collateral sold on the way by positions that are liquidated over a range; in no other figure. */
  readonly rangeUsd: number
}

/** What is liquidatable once the driver reaches the user's own watch price. */
export type Level = Omit<Drop, 'pct'> & { readonly crossed: Side }

export type ScanStatus = 'complete' | 'partial'

export type Report = {
  readonly schemaVersion: 1
  readonly generator: { readonly name: 'liqbands'; readonly version: string }
  readonly scan: {
    readonly id: number
    readonly startedAt: string
    readonly finishedAt: string
    readonly status: ScanStatus
  }
  readonly driver: { readonly symbol: DriverSymbol; readonly spotUsd: number }
  readonly blocks: readonly Block[]
  readonly coverage: readonly Coverage[]
  readonly totals: Readonly<Record<Outcome, Total>>
  readonly bands: readonly Band[]
  readonly whales: readonly Whale[]
  /** The side below spot; `histogramAbove` is the other side. */
  readonly histogram: Histogram
  readonly histogramAbove: Histogram
  readonly drops: readonly Drop[]
  readonly levels: readonly Level[]
  readonly assumptions: readonly string[]
}
