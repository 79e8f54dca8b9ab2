import { type Address, getAddress, zeroAddress } from 'viem'
import { ownableAbi, safeAbi } from '../../abis/safe.ts'
import { byAddress } from '../core/entities/pairs.ts'
import { EndpointError } from '../core/errors.ts'
import { createReader, type Reader } from '../sources/batch.ts'
import type { Meter } from '../sources/endpoint.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import type { Answered } from '../store/links.ts'

/** Precompiles and other addresses that nobody can own. */
const FIRST_ADDRESS = 0x10000n

const isOwner = (address: Address, self: string): boolean =>
  address !== zeroAddress && BigInt(address) >= FIRST_ADDRESS && getAddress(address) !== self

/** The owners that a contract names, asked as a Safe and as whoever has one owner. */
const ownersOf = async (
  { tryRead }: Reader,
  self: Address,
): Promise<Pick<Answered, 'owners' | 'threshold'>> => {
  const [owners, threshold, owner] = await Promise.all([
    tryRead({ address: self, abi: safeAbi, functionName: 'getOwners' }),
    tryRead({ address: self, abi: safeAbi, functionName: 'getThreshold' }),
    tryRead({ address: self, abi: ownableAbi, functionName: 'owner' }),
  ])
  const distinct = [...new Set(owners?.filter((one) => isOwner(one, self)).map((one) => getAddress(one)))]
  // a contract that answers anything at all gives no such pair of answers
  const isSafe =
    owners !== null &&
    threshold !== null &&
    distinct.length === owners.length &&
    threshold >= 1n &&
    threshold <= BigInt(owners.length)
  if (isSafe) return { owners: distinct.sort(byAddress), threshold: Number(threshold) }
  return { owners: owner !== null && isOwner(owner, self) ? [getAddress(owner)] : [], threshold: null }
}

/** Asks addresses for their owners at the pinned block; those without code name none. */
export const askOwners = (
  rpc: PinnedRpc,
  addresses: readonly string[],
  meter: Meter,
): Promise<readonly Answered[]> => {
  const reader = createReader(rpc, meter)
  const block = Number(rpc.block.number)
  return Promise.all(
    addresses.map(async (text) => {
      const address = getAddress(text)
      return { address, nature: null, block, ...(await ownersOf(reader, address)) }
    }),
  )
}

/** Code that makes an account act as another contract (EIP-7702): a person still signs for it. */
const DELEGATED = /^0xef0100/i

const hasCode = (rpc: PinnedRpc, address: string, meter: Meter): Promise<boolean> =>
  rpc.perform(meter, async (endpoint) => {
    const tag = `0x${rpc.block.number.toString(16)}`
    const code = await endpoint.request('eth_getCode', [address, tag], meter)
    if (typeof code !== 'string' || !code.startsWith('0x'))
      throw new EndpointError(`${endpoint.host} answered eth_getCode with no code; try another endpoint`)
    return code !== '0x' && !DELEGATED.test(code)
  })

/** Asks addresses what they are at the pinned block: accounts, Safes, or other contracts. */
export const askNatures = async (
  rpc: PinnedRpc,
  addresses: readonly string[],
  meter: Meter,
): Promise<readonly Answered[]> => {
  const [owned, codes] = await Promise.all([
    askOwners(rpc, addresses, meter),
    Promise.all(addresses.map((address) => hasCode(rpc, address, meter))),
  ])
  return owned.map((answer, i) => ({
    ...answer,
    nature: answer.threshold !== null ? 'safe' : codes[i] === true ? 'contract' : 'account',
  }))
}
