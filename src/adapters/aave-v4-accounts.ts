import { type Address, concatHex, type Hex, numberToHex } from 'viem'
import { aaveV4SpokeAbi } from '../../abis/aave-v4.ts'
import { aaveV4LensProgram } from '../../abis/programs.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { AaveV4Markets } from './aave-v4-markets.ts'
import type { StoredDebt } from './aave-v4-rules.ts'
import type { Context } from './adapter.ts'

/** Supplied shares, and the key of the risk parameters that the account has had since it last acted. */
export type StoredCollateral = { readonly shares: bigint; readonly configKey: number }

/** What a spoke stores of one account, by reserve id. */
export type AaveV4Account = {
  /** Only what the account uses as collateral; it may be nothing. */
  readonly collateral: Readonly<Record<string, StoredCollateral>>
  /** Only what it borrows. */
  readonly debt: Readonly<Record<string, StoredDebt>>
}

/** The stored state of accounts: by our lens where the endpoint runs programs, by the public getters otherwise. */
export const readAccounts = async <D>(
  context: Context<D>,
  markets: AaveV4Markets,
  keys: readonly Address[],
): Promise<readonly AaveV4Account[]> => {
  const count = Object.keys(markets.reserves).length
  const data = concatHex([markets.spoke, numberToHex(count, { size: 2 }), ...keys])
  const answer = await context.run(aaveV4LensProgram, data)
  if (answer !== null) return decodeLens(answer, keys.length)
  return Promise.all(keys.map((key) => readByGetters(context, markets, key)))
}

/** What a spoke tells of one account in one reserve. */
type Told = {
  readonly id: number
  readonly isCollateral: boolean
  readonly isBorrowing: boolean
  readonly debt: StoredDebt
  readonly collateral: StoredCollateral
}

const accountOf = (told: readonly Told[]): AaveV4Account => ({
  collateral: Object.fromEntries(
    told.filter(({ isCollateral }) => isCollateral).map(({ id, collateral }) => [id, collateral]),
  ),
  debt: Object.fromEntries(told.filter(({ isBorrowing }) => isBorrowing).map(({ id, debt }) => [id, debt])),
})

/** Bytes that the lens writes for one reserve. */
const ENTRY = 77

/** @throws InvalidDataError when the answer is not exactly `count` accounts long. */
export const decodeLens = (answer: Hex, count: number): readonly AaveV4Account[] => {
  const bytes = Buffer.from(answer.slice(2), 'hex')
  const number = (from: number, size: number): bigint =>
    BigInt(`0x${bytes.subarray(from, from + size).toString('hex')}`)
  const entry = (at: number): Told => {
    const flags = bytes.readUInt8(at + 2)
    return {
      id: bytes.readUInt16BE(at),
      isCollateral: (flags & 1) === 1,
      isBorrowing: (flags & 2) === 2,
      debt: {
        drawnShares: number(at + 3, 15),
        premiumShares: number(at + 18, 15),
        premiumOffsetRay: BigInt.asIntN(200, number(at + 33, 25)),
      },
      collateral: { shares: number(at + 58, 15), configKey: bytes.readUInt32BE(at + 73) },
    }
  }
  const accounts: AaveV4Account[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const entries = bytes.readUInt16BE(at)
    at += 2
    if (at + entries * ENTRY > bytes.length) break
    const start = at
    accounts.push(accountOf(Array.from({ length: entries }, (_, i) => entry(start + i * ENTRY))))
    at += entries * ENTRY
  }
  if (accounts.length !== count || at !== bytes.length)
    throw new InvalidDataError(
      `the lens answered ${accounts.length} accounts in ${bytes.length} bytes, expected ${count}; report this as a bug`,
    )
  return accounts
}

const readByGetters = async <D>(
  { read }: Context<D>,
  { spoke, reserves }: AaveV4Markets,
  account: Address,
): Promise<AaveV4Account> => {
  const told = await Promise.all(
    Object.values(reserves).map(async ({ id }): Promise<readonly Told[]> => {
      const ask = { address: spoke, abi: aaveV4SpokeAbi, args: [BigInt(id), account] } as const
      const [isCollateral, isBorrowing] = await read({ ...ask, functionName: 'getUserReserveStatus' })
      if (!isCollateral && !isBorrowing) return []
      const position = await read({ ...ask, functionName: 'getUserPosition' })
      const { drawnShares, premiumShares, premiumOffsetRay, suppliedShares, dynamicConfigKey } = position
      return [
        {
          id,
          isCollateral,
          isBorrowing,
          debt: { drawnShares, premiumShares, premiumOffsetRay },
          collateral: { shares: suppliedShares, configKey: dynamicConfigKey },
        },
      ]
    }),
  )
  return accountOf(told.flat())
}
