/** Two lists of borrowers of one source at one block, held against each other. */
export type Crosscheck = {
  readonly source: string
  readonly block: number
  readonly subgraph: { readonly host: string; readonly schema: string; readonly deployment: string | null }
  /** Accounts with debt on the chain that the logs name, and accounts that the subgraph lists as borrowers. */
  readonly logs: number
  readonly listed: number
  /** In both lists. */
  readonly both: number
  readonly onlyLogs: readonly CrosscheckAccount[]
  readonly onlySubgraph: readonly CrosscheckAccount[]
  /** In both lists, with another debt; empty where the schema does not have debts at the block. */
  readonly different: readonly CrosscheckAccount[]
  /** Whether the schema has debts at the block, so that they could be compared. */
  readonly debtsCompared: boolean
}

/** By asset, raw amounts in the protocol's own (scaled) units as decimal strings. */
export type CrosscheckAccount = {
  readonly id: string
  readonly chain: Readonly<Record<string, string>>
  /** null where the subgraph says nothing of it. */
  readonly subgraph: Readonly<Record<string, string>> | null
}

/** Whether both lists name the same accounts with the same debts. */
export const agrees = ({ onlyLogs, onlySubgraph, different }: Crosscheck): boolean =>
  onlyLogs.length + onlySubgraph.length + different.length === 0
