import { aaveV3 } from './aave-v3.ts'
import type { AnyAdapter } from './adapter.ts'

/** Every protocol that liqbands reads. */
export const adapters: readonly AnyAdapter[] = [aaveV3]
