import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { fluid } from '../../src/adapters/fluid.ts'
import { populateFluid } from '../helpers/fluid.ts'
import { conformance } from './conformance.ts'

conformance(fluid as AnyAdapter, 'a stand-in of vaults of all types, ETH and BTC', populateFluid)
