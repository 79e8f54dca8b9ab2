import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { eulerV2 } from '../../src/adapters/euler-v2.ts'
import { populateEuler } from '../helpers/euler-v2-populated.ts'
import { conformance } from './conformance.ts'

conformance(eulerV2 as AnyAdapter, 'a stand-in of EVK, EVC and EulerRouter', () => populateEuler())
