import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { compoundV2 } from '../../src/adapters/compound-v2.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { deployCompoundV2 } from '../chain/compound-v2.ts'
import { deployCompoundStandIn } from '../chain/compound-v2-stand-in.ts'
import { populateCompound } from './compound-v2-populated.ts'
import { conformance, type Populated } from './conformance.ts'

const populate = (open: (anvil: Anvil) => Promise<Populated>) => async (): Promise<Populated> => {
  const anvil = await startAnvil()
  try {
    return await open(anvil)
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

conformance(
  compoundV2 as AnyAdapter,
  'Compound V2 (Venus 0.7.0)',
  populate(async (anvil) => populateCompound(anvil, await deployCompoundV2(anvil, '0.7.0'))),
)
conformance(
  compoundV2 as AnyAdapter,
  'Venus 10.3.0',
  populate(async (anvil) => populateCompound(anvil, await deployCompoundV2(anvil, '10.3.0'))),
)
conformance(
  compoundV2 as AnyAdapter,
  'Moonwell (our stand-in: interest by the second)',
  populate(async (anvil) => {
    const market = await deployCompoundStandIn(anvil, () => 'SecondsCToken')
    return populateCompound(anvil, market, { count: 500, variant: 'moonwell' })
  }),
)
