/**
 * The anonymous logs of Maker's contracts. The deployed Vat has a layout of its own: selector, then the call's first
 * three arguments; every other contract (the CdpManager) logs selector, caller, first two arguments. The data of both
 * is the call itself, as `bytes` of 224.
 * Source: makerdao/dss at e2cdd97, src/vat.sol (LogNote, note); makerdao/dss-cdp-manager, src/LibNote.sol.
 */
import { type Address, getAddress, type Hex, hexToBigInt, pad, slice, toFunctionSelector } from 'viem'
import { cdpManagerCallsAbi, vatCallsAbi } from '../../abis/sky.ts'
import type { Log } from '../sources/logs.ts'

const topicOf = (abi: readonly { readonly name: string }[], name: string): Hex => {
  const item = abi.find((one) => one.name === name)
  if (!item) throw new Error(`no function ${name} in the ABI`)
  return pad(toFunctionSelector(item as never), { dir: 'right', size: 32 })
}

const FROB = topicOf(vatCallsAbi, 'frob')
const FORK = topicOf(vatCallsAbi, 'fork')
const GRAB = topicOf(vatCallsAbi, 'grab')

/** Of the calls that change a vault. */
export const VAULT_TOPICS: readonly Hex[] = [FROB, FORK, GRAB]

export const GIVE_TOPIC: Hex = topicOf(cdpManagerCallsAbi, 'give')

/** Where `dart`, the last argument of each, begins in the data: offset, length, selector, the arguments before it. */
const DART_AT: Readonly<Record<Hex, number>> = { [FROB]: 228, [GRAB]: 228, [FORK]: 196 }

const addressIn = (topic: Hex | undefined): Address | null =>
  topic === undefined ? null : getAddress(slice(topic, 12))

export type VaultNote = {
  readonly ilk: Hex
  readonly urns: readonly Address[]
  /** It moved debt: before such a call a vault owes nothing. */
  readonly debt: boolean
}

/** The vaults that a log of the Vat names; null for any other log. */
export const vaultNote = ({ topics, data }: Log): VaultNote | null => {
  const [call, ilk, urn, other] = topics
  const at = call === undefined ? undefined : DART_AT[call]
  const first = addressIn(urn)
  if (at === undefined || ilk === undefined || first === null) return null
  const second = call === FORK ? addressIn(other) : null
  return {
    ilk,
    urns: second === null ? [first] : [first, second],
    debt: hexToBigInt(slice(data, at, at + 32)) !== 0n,
  }
}

/** The number of the vault that a log of the CdpManager hands over. */
export const givenVault = ({ topics }: Log): bigint => hexToBigInt(topics[2] ?? '0x0')
