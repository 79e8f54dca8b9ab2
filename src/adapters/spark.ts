import { createAaveV3 } from './aave-v3.ts'
import { sparkDeployments } from './spark-deployments.ts'

/** SparkLend, a fork of Aave V3.0.2: the same contracts at their own revision. */
export const spark = createAaveV3({ name: 'spark', deployments: sparkDeployments })
