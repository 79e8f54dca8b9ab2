import type { Crosscheck } from './crosscheck.ts'

/** What `doctor --json` prints. */
export type DoctorDocument = {
  readonly endpoints: readonly EndpointCheck[]
  readonly subgraphs: readonly SubgraphCheck[]
  /** null unless asked for. */
  readonly crosscheck: Crosscheck | null
}

/** null in a field: not found out. */
export type EndpointCheck = Problem & {
  readonly chain: string
  /** Host and port; never the path, which may hold a key. */
  readonly host: string
  readonly chainId: number | null
  readonly head: number | null
  readonly headAgeSeconds: number | null
  /** The block that a scan would pin now. */
  readonly block: number | null
  /** How many blocks back from the head it still has the state of accounts. */
  readonly stateBlocks: number | null
  /** It has the state of every block. */
  readonly archive: boolean | null
  /** Blocks that it searches for logs in one request. */
  readonly logRange: number | null
  /** How it runs our programs: `override` is the fastest, `multicall3` the slowest. */
  readonly programs: 'override' | 'deployless' | 'multicall3' | null
}

export type SubgraphCheck = Problem & {
  readonly source: string
  readonly host: string
  readonly schema: string | null
  readonly deployment: string | null
  /** null where it follows no block, or no `schema` was found out. */
  readonly pin: 'hash' | 'number' | null
  /** It lists at least one account. */
  readonly lists: boolean | null
}

type Problem = {
  /** null where all is well. */
  readonly problem: string | null
  /** The problem may pass by itself. */
  readonly retryable: boolean
}
