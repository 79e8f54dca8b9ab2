import type { SchemaName } from './subgraph.ts'

/** Subgraph schemas that have an account's balances at a block, and of which protocols. */
const BALANCES: Readonly<Partial<Record<SchemaName, readonly string[]>>> = {
  'aave-v3': ['aave-v3', 'spark'],
  'aave-v2': ['aave-v2'],
  'liquity-v2': ['liquity-v2'],
  comet: ['compound-v3'],
  messari: ['aave-v2', 'aave-v3', 'spark'],
}

/** The schemas from which a protocol's positions can be valued without its accounts being read, exact ones first. */
export const balancesOf = (protocol: string): readonly SchemaName[] =>
  (Object.keys(BALANCES) as readonly SchemaName[]).filter((name) => BALANCES[name]?.includes(protocol))
