import { aaveV4 } from '../../src/adapters/aave-v4.ts'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { populateSpoke } from '../helpers/aave-v4.ts'
import { conformance } from './conformance.ts'

conformance(aaveV4 as AnyAdapter, 'a stand-in of a spoke on two hubs', () => populateSpoke())
