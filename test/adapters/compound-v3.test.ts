import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { compoundV3 } from '../../src/adapters/compound-v3.ts'
import { populateEth, populateUsdc, populateWeth } from '../helpers/comet-populated.ts'
import { conformance } from './conformance.ts'

conformance(compoundV3 as AnyAdapter, 'a stand-in of cUSDCv3, prices in USD', () => populateUsdc())
conformance(compoundV3 as AnyAdapter, 'a stand-in of cWETHv3, prices in ETH', () => populateWeth())
conformance(compoundV3 as AnyAdapter, 'a stand-in whose base token follows ETH', () => populateEth())
