import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { curve } from '../../src/adapters/curve.ts'
import { populateLend, populateMint } from '../helpers/curve.ts'
import { conformance } from './conformance.ts'

conformance(curve as AnyAdapter, 'a stand-in of the crvUSD mint markets, ETH and BTC', populateMint)
conformance(
  curve as AnyAdapter,
  'a stand-in of LlamaLend, one market of which falls while ETH rises',
  populateLend,
)
