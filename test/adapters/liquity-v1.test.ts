import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { liquityV1 } from '../../src/adapters/liquity-v1.ts'
import { populateLiquity } from '../helpers/liquity-v1.ts'
import { conformance } from './conformance.ts'

conformance(liquityV1 as AnyAdapter, 'a stand-in of Liquity V1 in normal mode', () =>
  populateLiquity(1999_87654321n),
)
conformance(liquityV1 as AnyAdapter, 'a stand-in of Liquity V1 in recovery mode', () =>
  populateLiquity(1501_23456789n),
)
