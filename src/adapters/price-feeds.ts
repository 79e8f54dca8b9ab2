import { type Address, getAddress } from 'viem'
import { priceAdapterAbi } from '../../abis/price-adapter.ts'
import type { Reader } from '../sources/batch.ts'

/** The price source of an asset, and the feed below it where the source is an adapter that names one. */
export const feedsBelow = async (
  { tryRead }: Pick<Reader, 'tryRead'>,
  source: Address,
): Promise<readonly Address[]> => {
  const bases = await Promise.all(
    (['BASE_TO_USD_AGGREGATOR', 'ASSET_TO_USD_AGGREGATOR', 'PEG_TO_BASE'] as const).map((functionName) =>
      tryRead({ address: source, abi: priceAdapterAbi, functionName }),
    ),
  )
  return [source, ...bases].filter((feed) => feed !== null).map((feed) => getAddress(feed))
}
