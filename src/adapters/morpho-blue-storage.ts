/**
 * Where Morpho keeps what is read in bulk, for its own `extSloads`: one call answers thousands of slots.
 * Source: @morpho-org/morpho-blue 1.0.0, libraries/periphery/MorphoStorageLib.sol.
 */
import { type Address, concatHex, type Hex, keccak256, numberToHex, pad } from 'viem'
import { morphoBlueAbi } from '../../abis/morpho-blue.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Reader } from '../sources/batch.ts'

const POSITION = numberToHex(2, { size: 32 })
const MARKET = numberToHex(3, { size: 32 })

/** Slots in one call: about three million gas. */
const SLOTS = 1000

const HALF = 1n << 128n

/** Two uint128 of one slot. */
export type Halves = { readonly low: bigint; readonly high: bigint }

/** The slot at which a mapping keeps a key. */
const entry = (key: Hex, base: Hex): Hex => keccak256(concatHex([pad(key, { size: 32 }), base]))

const after = (slot: Hex): Hex => numberToHex(BigInt(slot) + 1n, { size: 32 })

/** Total borrowed assets (low) and shares (high) of a market, as last booked. */
export const borrowTotalsSlot = (market: Hex): Hex => after(entry(market, MARKET))

/** The slots of borrow shares (low) and collateral (high) of accounts. */
export const loanSlots = (accounts: readonly (readonly [market: Hex, owner: Address])[]): readonly Hex[] => {
  const bases = new Map<Hex, Hex>()
  return accounts.map(([market, owner]) => {
    const base = bases.get(market) ?? entry(market, POSITION)
    bases.set(market, base)
    return after(entry(owner, base))
  })
}

/** The words at these slots, halved, in their order. */
export const readHalves = async (
  { read }: Pick<Reader, 'read'>,
  morpho: Address,
  slots: readonly Hex[],
): Promise<readonly Halves[]> => {
  const parts = Array.from({ length: Math.ceil(slots.length / SLOTS) }, (_, i) =>
    slots.slice(i * SLOTS, (i + 1) * SLOTS),
  )
  const words = await Promise.all(
    parts.map((part) =>
      read({ address: morpho, abi: morphoBlueAbi, functionName: 'extSloads', args: [part] }),
    ),
  )
  const halves = words.flat().map((word) => ({ low: BigInt(word) % HALF, high: BigInt(word) / HALF }))
  if (halves.length !== slots.length)
    throw new InvalidDataError(
      `${morpho} answered ${halves.length} of ${slots.length} slots: is it Morpho Blue? Check the deployment`,
    )
  return halves
}
