import { decodeErrorResult, type Hex } from 'viem'

/** Why a contract refused: the text of an Error(string), the code of a Panic(uint256); null for anything else. */
export const revertReason = (data: Hex): string | bigint | null => {
  try {
    const { args = [] } = decodeErrorResult({ abi: [], data })
    const [reason] = args as readonly unknown[]
    return typeof reason === 'string' || typeof reason === 'bigint' ? reason : null
  } catch {
    // an error of the contract's own, or none: no reason that anybody could read
    return null
  }
}
