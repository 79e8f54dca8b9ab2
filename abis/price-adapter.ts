/**
 * Getters by which price adapters name the feed below them. Sources: bgd-labs/aave-capo (BASE_TO_USD_AGGREGATOR,
 * ASSET_TO_USD_AGGREGATOR), bgd-labs/cl-synchronicity-price-adapter (PEG_TO_BASE).
 */
import { parseAbi } from 'viem'

export const priceAdapterAbi = parseAbi([
  'function BASE_TO_USD_AGGREGATOR() view returns (address)',
  'function ASSET_TO_USD_AGGREGATOR() view returns (address)',
  'function PEG_TO_BASE() view returns (address)',
])
