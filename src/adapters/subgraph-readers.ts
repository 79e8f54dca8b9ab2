import type { SchemaName } from '../core/subgraph.ts'
import { balancesOf } from '../core/subgraph-balances.ts'
import type { SubgraphReader } from './subgraph-reader.ts'
import { aaveV2Reader, aaveV3Reader } from './subgraph-reader-aave.ts'
import { cometReader } from './subgraph-reader-comet.ts'
import { liquityV2Reader } from './subgraph-reader-liquity-v2.ts'
import { messariAaveReader } from './subgraph-reader-messari.ts'

const readers: Readonly<Partial<Record<SchemaName, SubgraphReader>>> = {
  'aave-v3': aaveV3Reader,
  'aave-v2': aaveV2Reader,
  'liquity-v2': liquityV2Reader,
  comet: cometReader,
  messari: messariAaveReader,
}

/** How a schema's balances of a protocol are read; null where it has none. */
export const readerFor = (schema: SchemaName, protocol: string): SubgraphReader | null =>
  balancesOf(protocol).includes(schema) ? (readers[schema] ?? null) : null
