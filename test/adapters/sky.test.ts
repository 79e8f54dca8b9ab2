import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { sky } from '../../src/adapters/sky.ts'
import { populateSky } from '../helpers/sky.ts'
import { conformance } from './conformance.ts'

conformance(sky as AnyAdapter, 'a stand-in of Maker', () => populateSky())
