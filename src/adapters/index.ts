import { aaveV2 } from './aave-v2.ts'
import { aaveV3 } from './aave-v3.ts'
import { aaveV4 } from './aave-v4.ts'
import type { AnyAdapter } from './adapter.ts'
import { compoundV2 } from './compound-v2.ts'
import { compoundV3 } from './compound-v3.ts'
import { curve } from './curve.ts'
import { eulerV2 } from './euler-v2.ts'
import { fluid } from './fluid.ts'
import { importAdapter } from './import.ts'
import { liquityV1 } from './liquity-v1.ts'
import { liquityV2 } from './liquity-v2.ts'
import { morphoBlue } from './morpho-blue.ts'
import { sky } from './sky.ts'
import { spark } from './spark.ts'

/** Every protocol that liqbands reads, and the files it imports. */
export const adapters: readonly AnyAdapter[] = [
  aaveV2,
  aaveV3,
  aaveV4,
  compoundV2,
  compoundV3,
  curve,
  eulerV2,
  fluid,
  liquityV1,
  liquityV2,
  morphoBlue,
  sky,
  spark,
  importAdapter,
]
