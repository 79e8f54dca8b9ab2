import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { liquityV2 } from '../../src/adapters/liquity-v2.ts'
import { populateBold } from '../helpers/liquity-v2.ts'
import { conformance } from './conformance.ts'

conformance(liquityV2 as AnyAdapter, 'a stand-in of Liquity V2 with five branches', populateBold)
