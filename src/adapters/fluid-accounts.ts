import { type Address, encodeAbiParameters, getAddress, type Hex, keccak256, numberToHex } from 'viem'
import { fluidFactoryAbi, fluidVaultAbi } from '../../abis/fluid.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Context } from './adapter.ts'
import type { FluidDeployment, FluidMarkets } from './fluid-markets.ts'
import { bitsOf, decodePosition, type Standing, wasLiquidated } from './fluid-rules.ts'
import { ONE, ratioAtTick } from './fluid-ticks.ts'

/** A position at the pinned block, after every liquidation so far. Its key is the id of its NFT. */
export type FluidAccount = {
  readonly vault: Address
  readonly owner: Address
  /** null for a position without debt. */
  readonly standing: Standing | null
  /** In the vault's raw units; the debt is net of dust. */
  readonly supply: bigint
  readonly debt: bigint
  /** What the vault's own total counts for it: less than nothing where a liquidation left only dust. */
  readonly counted: bigint
}

type Reading = Pick<Context<FluidDeployment>, 'read'>

/** The slot of a mapping's value; both kinds of key fill a word. */
const entryOf = (slot: bigint, key: bigint): Hex =>
  keccak256(encodeAbiParameters([{ type: 'int256' }, { type: 'uint256' }], [key, slot]))

/** In the factory: what it knows of an NFT. In a vault: positions, and ticks. */
const [TOKENS, POSITIONS, TICKS] = [3n, 3n, 5n]

/** Of an NFT, in four rounds of reads at most. */
export const readAccount = async (
  { read }: Reading,
  { factory, vaults }: FluidMarkets,
  key: string,
): Promise<FluidAccount> => {
  const id = BigInt(key)
  const token = await read({
    address: factory,
    abi: fluidFactoryAbi,
    functionName: 'readFromStorage',
    args: [entryOf(TOKENS, id)],
  })
  const owner = getAddress(numberToHex(bitsOf(token, 0, 160), { size: 20 }))
  const vaultId = Number(bitsOf(token, 192, 32))
  const { vault } = Object.values(vaults).find((one) => one.id === vaultId) ?? {}
  if (!vault)
    throw new InvalidDataError(`position ${key} is in vault ${vaultId}, which the factory does not list`)
  const stored = { address: vault, abi: fluidVaultAbi, functionName: 'readFromStorage' } as const
  const position = decodePosition(await read({ ...stored, args: [entryOf(POSITIONS, id)] }))
  const { tick, tickId, supply, dust } = position
  if (tick === null) return { vault, owner, standing: null, supply, debt: 0n, counted: 0n }
  const debt = (ratioAtTick(tick) * supply) / ONE
  const net = (gross: bigint) => ({ debt: gross > dust ? gross - dust : 0n, counted: gross - dust })
  const tickData = await read({ ...stored, args: [entryOf(TICKS, BigInt(tick))] })
  if (!wasLiquidated(tickData, tickId))
    return { vault, owner, standing: { tick, atEdge: false }, supply, ...net(debt) }
  const [now, left, held, , branch] = await read({
    address: vault,
    abi: fluidVaultAbi,
    functionName: 'fetchLatestPosition',
    args: [BigInt(tick), tickId, debt, tickData],
  })
  return {
    vault,
    owner,
    standing: left === 0n ? null : { tick: Number(now), atEdge: bitsOf(branch, 22, 30) === 1n },
    supply: held,
    ...net(left),
  }
}
