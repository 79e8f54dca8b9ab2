import { type Address, encodeFunctionData, parseAbi } from 'viem'
import type { Anvil } from '../chain/anvil.ts'
import type { AaveMarket } from '../chain/market.ts'
import { sendTransaction } from '../chain/transaction.ts'

const oracleAbi = parseAbi(['function setAssetSources(address[] assets, address[] sources)'])

/** Makes a market's oracle read an asset from another feed. */
export const listFeed = (
  chain: Anvil,
  { admin, oracle }: AaveMarket,
  { asset, feed }: { readonly asset: Address; readonly feed: Address },
) => {
  const data = encodeFunctionData({
    abi: oracleAbi,
    functionName: 'setAssetSources',
    args: [[asset], [feed]],
  })
  return sendTransaction(chain, { from: admin, to: oracle, data })
}
