import type { Config } from '../../src/config.ts'
import type { AaveMarket } from '../chain/market.ts'
import { localConfig } from './scanning.ts'

/** A local Aave V3.0.2 market, configured as one of SparkLend. */
export const sparkConfig = (market: AaveMarket, urls: readonly string[]): Config => {
  const { sources, ...rest } = localConfig(market, { urls })
  return {
    ...rest,
    sources: sources.map((source) => ({ ...source, key: 'spark/local/test', protocol: 'spark' })),
  }
}
