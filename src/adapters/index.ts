import { aaveV3 } from './aave-v3.ts'
import type { AnyAdapter } from './adapter.ts'
import { importAdapter } from './import.ts'

/** Every protocol that liqbands reads, and the files it imports. */
export const adapters: readonly AnyAdapter[] = [aaveV3, importAdapter]
