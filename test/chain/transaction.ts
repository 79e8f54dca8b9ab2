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
  readonly value?: Hex
}

/**
 * Sends a transaction from any account and returns its receipt.
 * @throws with the contract's reason when it reverts.
 */
export const sendTransaction = async (
  anvil: Anvil,
  { from, to, data, value, gas = 30_000_000n }: Transaction,
): Promise<Receipt> => {
  // The chain mines when told to (see anvil.ts): once the block is there, so is the receipt.
  const hash = await anvil.rpc<Hex>('eth_sendTransaction', [{ from, to, data, value, gas: toHex(gas) }])
  await anvil.rpc('evm_mine')
  const receipt = await anvil.rpc<Receipt | null>('eth_getTransactionReceipt', [hash])
  if (receipt === null) throw new Error(`transaction ${hash} was not mined`)
  if (receipt.status === '0x1') return receipt
  await anvil.rpc('eth_call', [{ from, to, data, value, gas: toHex(gas) }, 'latest'])
  throw new Error(`transaction ${receipt.transactionHash} reverted, and a call repeating it does not`)
}
