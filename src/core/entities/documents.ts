import type { Strand } from './evidence.ts'
import type { Verdict } from './unite.ts'

/** The public documents of `liqbands entities`. USD are numbers, strengths and shares 0..1, addresses checksummed. */

/** Up to which block the evidence of a source was read. */
export type EvidenceRead = { readonly source: string; readonly block: number }

/** Two owners whom the chain ties. */
export type WeakestLink = { readonly a: string; readonly b: string; readonly strength: number }

/** An owner of an entity, and whether a file gave it the name. */
export type EntityOwner = {
  readonly owner: string
  readonly by: 'label' | 'linked'
  readonly positions: number
  readonly collateralUsd: number
}

/** Owners that count as one in the bands of a scan. */
export type EntityRow = {
  readonly name: string
  /** `linked`: found on the chain, with no name of its own; `both`: a label, and owners linked to it. */
  readonly source: 'label' | 'linked' | 'both'
  readonly owners: readonly EntityOwner[]
  readonly positions: number
  /** All collateral at the pinned block, whatever moves it. */
  readonly collateralUsd: number
  /** null where labels alone made it. */
  readonly weakestLink: WeakestLink | null
}

/** What `entities --json` prints. */
export type EntitiesDocument = {
  readonly scanId: number
  readonly evidence: readonly EvidenceRead[]
  /** Owners with a position, named or not. */
  readonly owners: number
  readonly entities: readonly EntityRow[]
}

/** Another address, all that ties the two, and what came of it. */
export type Tie = {
  readonly with: string
  readonly strength: number
  readonly verdict: Verdict
  /** Distinct borrowers with whom the hub among the two deals; null where none is one. */
  readonly hubBorrowers: number | null
  readonly strands: readonly Strand[]
}

/** What `entities --why --json` prints. */
export type WhyDocument = {
  readonly scanId: number
  readonly evidence: readonly EvidenceRead[]
  readonly address: string
  readonly label: string | null
  readonly entity: string | null
  /** Positions in the scan. */
  readonly positions: number
  /** The strongest first. */
  readonly ties: readonly Tie[]
  /** The pairs that hold its entity together, the strongest first. */
  readonly chain: readonly {
    readonly a: string
    readonly b: string
    readonly strength: number
    readonly strands: readonly Strand[]
  }[]
}

/** What reading the evidence of one source brought. */
export type SourceFound = {
  readonly source: string
  readonly status: 'read' | 'failed'
  /** First block that was read; null where all was known. */
  readonly from: number | null
  readonly block: number
  /** New occasions on which one acted for another. */
  readonly links: number
  readonly error: string | null
}

/** What `entities --find --json` prints. */
export type FoundDocument = EntitiesDocument & {
  readonly found: readonly SourceFound[]
  readonly requests: number
}
