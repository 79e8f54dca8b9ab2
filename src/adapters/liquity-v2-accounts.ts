import { type Address, getAddress, zeroAddress } from 'viem'
import { troveManagerV2Abi, troveNftAbi } from '../../abis/liquity-v2.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Context } from './adapter.ts'
import type { Branch, LiquityV2Markets } from './liquity-v2-markets.ts'
import type { Owed } from './liquity-v2-rules.ts'

/**
 * What the branch has on record of a trove, without interest: that follows from the time. A closed trove owes and holds
 * nothing.
 */
export type LiquityV2Account = Owed & {
  /** Index of its branch; null for a closed one. */
  readonly branch: string | null
  /** Recorded and redistributed, raw. */
  readonly collateral: bigint
  /** null for a trove with a rate of its own. */
  readonly batch: Address | null
  /** Redeemed below the minimum debt: SortedTroves no longer lists it, anyone may still liquidate it. */
  readonly zombie: boolean
  /** Who holds its NFT; null for a closed one. */
  readonly owner: Address | null
}

/** A trove that is closed or was liquidated. */
export const CLOSED: LiquityV2Account = {
  branch: null,
  recordedDebt: 0n,
  interestRate: 0n,
  updatedAt: 0n,
  batchShares: 0n,
  redistributedDebt: 0n,
  collateral: 0n,
  batch: null,
  zombie: false,
  owner: null,
}

/** ITroveManager.Status. */
const ACTIVE = 1
const ZOMBIE = 4

export const keyOf = (branch: Branch, id: bigint): string => `${branch.index}:${id}`

/** @throws InvalidDataError for a key that is none of this source's. */
export const troveOf = (
  { branches }: LiquityV2Markets,
  key: string,
): { readonly branch: Branch; readonly id: bigint } => {
  const [index = '', id = ''] = key.split(':')
  const branch = branches[index]
  if (!branch || !/^\d+$/.test(id))
    throw new InvalidDataError(`"${key}" is no branch:troveId of this source: scan it again with --full`)
  return { branch, id: BigInt(id) }
}

/** The live troves of a branch, zombies included: its own array, not the sorted list. */
export const listTroves = async (
  { read }: Pick<Context<unknown>, 'read'>,
  { troveManager, troves }: Branch,
): Promise<readonly bigint[]> =>
  Promise.all(
    Array.from({ length: Number(troves) }, (_, i) =>
      read({
        address: troveManager,
        abi: troveManagerV2Abi,
        functionName: 'getTroveFromTroveIdsArray',
        args: [BigInt(i)],
      }),
    ),
  )

export const readTrove = async (
  { read, tryRead }: Pick<Context<unknown>, 'read' | 'tryRead'>,
  { index, troveManager, troveNft }: Branch,
  id: bigint,
): Promise<LiquityV2Account> => {
  const manager = { address: troveManager, abi: troveManagerV2Abi } as const
  const [trove, latest, owner] = await Promise.all([
    read({ ...manager, functionName: 'Troves', args: [id] }),
    read({ ...manager, functionName: 'getLatestTroveData', args: [id] }),
    tryRead({ address: troveNft, abi: troveNftAbi, functionName: 'ownerOf', args: [id] }),
  ])
  const [debt, , , status, , updatedAt, , interestRate, batch, batchShares] = trove
  if (status !== ACTIVE && status !== ZOMBIE) return CLOSED
  return {
    branch: String(index),
    recordedDebt: debt,
    interestRate,
    updatedAt,
    batchShares,
    redistributedDebt: latest.redistBoldDebtGain,
    collateral: latest.entireColl,
    batch: batch === zeroAddress ? null : getAddress(batch),
    zombie: status === ZOMBIE,
    owner: owner && getAddress(owner),
  }
}
