import type { Outcome } from '../position.ts'
import type { Band, Block, ScanStatus } from '../report.ts'
import type { Part } from './parts.ts'

/** What `diff --json` prints. USD are whole cents, so that sums of them can be checked to the cent. */

export type DiffScan = {
  readonly id: number
  readonly finishedAt: string
  readonly status: ScanStatus
  readonly spotUsd: number
  readonly blocks: readonly Block[]
}

export type DiffTotal = {
  readonly positions: number
  readonly collateralUsd: number
  readonly debtUsd: number
}

export type DiffPart = {
  readonly part: Part
  /** Positions in which it took place; one position may be in several parts. */
  readonly positions: number
  readonly collateralUsd: number
  readonly debtUsd: number
}

/** before + Σ parts = after. */
export type DiffChange = {
  readonly before: DiffTotal
  readonly after: DiffTotal
  readonly change: DiffTotal
  /** Those that took place, in the order in which the difference is taken apart. */
  readonly parts: readonly DiffPart[]
}

export type DiffMover = {
  readonly source: string
  readonly id: string
  readonly owner: string
  readonly entity: string | null
  readonly causes: readonly Part[]
  /** How a liquidation was inferred; null where nothing was. */
  readonly inference: string | null
  /** null in the scan that does not have it. */
  readonly outcome: { readonly from: Outcome | null; readonly to: Outcome | null }
  readonly price: { readonly from: number | null; readonly to: number | null }
  readonly collateralUsd: { readonly from: number; readonly to: number }
  readonly debtUsd: { readonly from: number; readonly to: number }
  /** Those that took place. */
  readonly parts: readonly Omit<DiffPart, 'positions'>[]
}

export type DiffBand = Pick<
  Band,
  | 'rank'
  | 'kind'
  | 'side'
  | 'low'
  | 'high'
  | 'distancePct'
  | 'collateralUsd'
  | 'debtUsd'
  | 'share'
  | 'positions'
  | 'owners'
  | 'singleEntity'
>

export type DiffBandMove = {
  readonly from: DiffBand
  readonly to: DiffBand
  /** 0..1: how much holders and prices of the two agree. */
  readonly score: number
  /** Whether edges (by more than a millionth), owners or positions differ: more than the price of what lies in it. */
  readonly moved: boolean
  /** Of the change of its collateral, what prices did to those that were in it, and what is left: positions. */
  readonly priceUsd: number
  readonly positionsUsd: number
  readonly ownersEntered: number
  readonly ownersLeft: number
}

export type DiffDocument = {
  readonly schemaVersion: 1
  readonly generator: { readonly name: 'liqbands'; readonly version: string }
  readonly driver: string
  readonly from: DiffScan
  readonly to: DiffScan
  readonly sources: {
    /** Read in both scans: all that follows is of these alone. */
    readonly compared: readonly string[]
    readonly leftOut: readonly { readonly source: string; readonly reason: string }[]
    /** What a reader of the parts must know of the compared ones. */
    readonly notes: readonly string[]
  }
  readonly owners: {
    readonly before: number
    readonly after: number
    readonly arrived: number
    readonly left: number
  }
  readonly total: DiffChange
  readonly outcomes: Readonly<Record<Outcome, DiffChange>>
  /** Positions that somebody moved or that changed outcome, the heaviest first, up to a limit. */
  readonly movers: readonly DiffMover[]
  /** How many there are before the limit. */
  readonly moversTotal: number
  readonly bands: {
    readonly matched: readonly DiffBandMove[]
    readonly new: readonly DiffBand[]
    readonly gone: readonly DiffBand[]
  }
  readonly assumptions: readonly string[]
}
