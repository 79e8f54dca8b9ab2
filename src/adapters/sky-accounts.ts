import {
  type Address,
  getAddress,
  type Hex,
  isAddressEqual,
  keccak256,
  numberToHex,
  toRlp,
  zeroAddress,
} from 'viem'
import { cdpManagerAbi, lockstakeEngineAbi, vatAbi } from '../../abis/sky.ts'
import type { Context } from './adapter.ts'
import type { SkyDeployment, SkyMarkets } from './sky-markets.ts'
import type { Urn } from './sky-rules.ts'

/** What the chain stores of one vault, and who may act for it. Its key is `ilk:urn`, like `ETH-A:0x…`. */
export type SkyAccount = Urn & {
  readonly ilk: string
  /** Its number at the CdpManager; null for the vaults of everybody else. */
  readonly vault: bigint | null
  /** By the CdpManager or the Lockstake engine; the urn itself elsewhere. null while it owes nothing. */
  readonly owner: Address | null
}

export const keyOf = (ilk: string, urn: Address): string => `${ilk}:${urn}`

export const partsOf = (key: string): readonly [ilk: string, urn: Address] => {
  const cut = key.lastIndexOf(':')
  return [key.slice(0, cut), key.slice(cut + 1) as Address]
}

/** The vault that the manager opened as its n-th: contracts made one after the other, and nothing else (CREATE). */
export const urnOfVault = (manager: Address, vault: bigint): Address =>
  getAddress(`0x${createdBy(manager, vault)}`)

const createdBy = (manager: Address, nonce: bigint): string =>
  keccak256(toRlp([manager, numberToHex(nonce)])).slice(-40)

/** By urn in lower case: pure arithmetic of which there is a lot, so what is computed once is kept. */
const numbers = new Map<Address, Map<string, bigint>>()

const numberOf = (manager: Address, vaults: bigint): ((urn: Address) => bigint | null) => {
  const known = numbers.get(manager) ?? new Map<string, bigint>()
  numbers.set(manager, known)
  for (let next = BigInt(known.size) + 1n; next <= vaults; next++) known.set(createdBy(manager, next), next)
  return (urn) => {
    const number = known.get(urn.slice(2).toLowerCase()) ?? null
    return number !== null && number <= vaults ? number : null
  }
}

type Chain = Context<SkyDeployment>

/** The stored state of vaults, in the order of the keys. */
export const readAccounts = async (
  chain: Chain,
  markets: SkyMarkets,
  keys: readonly string[],
): Promise<readonly SkyAccount[]> => {
  const { manager, vaults } = markets
  const find = manager === null ? () => null : numberOf(manager, vaults)
  return Promise.all(
    keys.map(async (key): Promise<SkyAccount> => {
      const [ilk, urn] = partsOf(key)
      const id = markets.ilks[ilk]?.id
      const [ink, art] =
        id === undefined
          ? [0n, 0n]
          : await chain.read({ address: markets.vat, abi: vatAbi, functionName: 'urns', args: [id, urn] })
      if (art === 0n) return { ilk, ink, art, vault: null, owner: null }
      const vault = find(urn)
      const owner =
        (vault === null || manager === null ? null : await managedOwner(chain, { manager, vault, urn })) ??
        (await stakedOwner(chain, markets, { ilk, urn }))
      return { ilk, ink, art, vault, owner: owner ?? urn }
    }),
  )
}

/** The owner by the manager, who is asked for the urn too, so that no order of contracts is trusted. */
const managedOwner = async (
  { read }: Chain,
  { manager, vault, urn }: { readonly manager: Address; readonly vault: bigint; readonly urn: Address },
): Promise<Address | null> => {
  const common = { address: manager, abi: cdpManagerAbi, args: [vault] } as const
  const [own, owner] = await Promise.all([
    read({ ...common, functionName: 'urns' }),
    read({ ...common, functionName: 'owns' }),
  ])
  return isAddressEqual(own, urn) ? getAddress(owner) : null
}

const stakedOwner = async (
  { read }: Chain,
  { engines }: SkyMarkets,
  { ilk, urn }: { readonly ilk: string; readonly urn: Address },
): Promise<Address | null> => {
  const owners = await Promise.all(
    engines
      .filter((engine) => engine.ilk === ilk)
      .map(({ engine }) =>
        read({ address: engine, abi: lockstakeEngineAbi, functionName: 'urnOwners', args: [urn] }),
      ),
  )
  const owner = owners.find((one) => !isAddressEqual(one, zeroAddress))
  return owner === undefined ? null : getAddress(owner)
}

/** The ids of all ilks with auctions, as topics. */
export const ilkTopics = ({ ilks }: SkyMarkets): readonly Hex[] => Object.values(ilks).map(({ id }) => id)
