import { type Address, type Hex, toHex } from 'viem'
import type { Anvil } from './anvil.ts'

/** The fields of a receipt that tests look at. */
export type Receipt = {
  readonly status: Hex
  readonly blockNumber: Hex
  readonly gasUsed: Hex
  readonly contractAddress: Address | null
  readonly transactionHash: Hex
}

type Transaction = {
  readonly from: Address
  /** Omitted to deploy a contract. */
  readonly to?: Address
  readonly data: Hex
  readonly gas?: bigint
}

/**
 * Sends a transaction from any account and returns its receipt.
 * @throws with the contract's reason when it reverts.
 */
export const sendTransaction = async (
  anvil: Anvil,
  { from, to, data, gas = 30_000_000n }: Transaction,
): Promise<Receipt> => {
  // The Sync variant answers with the receipt: the one of a plain transaction may be null for a moment.
  const receipt = await anvil.rpc<Receipt>('eth_sendTransactionSync', [{ from, to, data, gas: toHex(gas) }])
  if (receipt.status === '0x1') return receipt
  await anvil.rpc('eth_call', [{ from, to, data, gas: toHex(gas) }, 'latest'])
  throw new Error(`transaction ${receipt.transactionHash} reverted, and a call repeating it does not`)
}
