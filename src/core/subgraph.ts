/** Subgraph schemas by the name that the configuration uses, and the protocols whose accounts each lists. */
export const SCHEMA_PROTOCOLS = {
  'aave-v3': ['aave-v3', 'spark'],
  'aave-v2': ['aave-v2'],
  'liquity-v2': ['liquity-v2'],
  comet: ['compound-v3'],
  'morpho-api': ['morpho-blue'],
  messari: ['aave-v2', 'aave-v3', 'spark', 'compound-v2', 'compound-v3', 'morpho-blue'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type SchemaName = keyof typeof SCHEMA_PROTOCOLS

export const SCHEMA_NAMES = Object.keys(SCHEMA_PROTOCOLS) as readonly SchemaName[]

/** The schemas that list a protocol's accounts, that of its own team first. */
export const schemasOf = (protocol: string): readonly SchemaName[] =>
  SCHEMA_NAMES.filter((name) => (SCHEMA_PROTOCOLS[name] as readonly string[]).includes(protocol))
