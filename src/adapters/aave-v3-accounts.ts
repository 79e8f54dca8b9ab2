import { type Address, concatHex, type Hex, numberToHex, toFunctionSelector, zeroAddress } from 'viem'
import { aaveStableDebtAbi } from '../../abis/aave-stable-debt.ts'
import { aaveV2RebasingAbi } from '../../abis/aave-v2.ts'
import { aaveV3PoolAbi, aaveV3TokenAbi } from '../../abis/aave-v3.ts'
import { aaveLensProgram } from '../../abis/programs.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { AaveV3Markets, Reserve } from './aave-v3-markets.ts'
import type { StableDebt } from './aave-v3-rules.ts'
import type { Context } from './adapter.ts'

/** What the chain stores of one account: balances by reserve id, only where the flag is set. */
export type AaveV3Account = {
  readonly eMode: number
  /** Scaled; shares where the reserve has a rebasing index. */
  readonly collateral: Readonly<Record<string, bigint>>
  /** Scaled. */
  readonly debt: Readonly<Record<string, bigint>>
  /** Debt at the user's own rate; missing where there is none. */
  readonly stable?: Readonly<Record<string, StableDebt>>
}

/** The stored state of accounts: by our lens where the endpoint runs programs, by the public getters otherwise. */
export const readAccounts = async (
  context: Pick<Context<unknown>, 'run' | 'read'>,
  markets: AaveV3Markets,
  keys: readonly Address[],
): Promise<readonly AaveV3Account[]> => {
  const reserves = slotsOf(markets)
  const data = concatHex([
    markets.pool,
    markets.family === 'v2' ? '0x00' : '0x01',
    numberToHex(reserves.length, { size: 2 }),
    ...reserves.map(encodeSlot),
    ...keys,
  ])
  const answer = await context.run(aaveLensProgram, data)
  if (answer !== null) return decodeLens(answer, keys.length)
  return Promise.all(keys.map((key) => readByGetters(context, markets, key)))
}

/** The getter of what an aToken stores of an account. */
const selectorOf = ({ rebasingIndex }: Reserve): Hex =>
  toFunctionSelector(`${rebasingIndex === undefined ? 'scaledBalanceOf' : 'internalBalanceOf'}(address)`)

/** Reserve 0, 1, …; a dropped reserve leaves a hole. */
const slotsOf = (markets: AaveV3Markets): readonly (Reserve | undefined)[] => {
  const ids = Object.values(markets.reserves).map(({ id }) => id)
  return Array.from({ length: Math.max(-1, ...ids) + 1 }, (_, id) => markets.reserves[id])
}

const encodeSlot = (reserve: Reserve | undefined): Hex => {
  if (!reserve) return `0x${'00'.repeat(64)}`
  const { aToken, variableDebtToken, stableDebtToken } = reserve
  return concatHex([aToken, selectorOf(reserve), variableDebtToken, stableDebtToken ?? zeroAddress])
}

/** @throws InvalidDataError when the answer is not exactly `count` accounts long. */
export const decodeLens = (answer: Hex, count: number): readonly AaveV3Account[] => {
  const bytes = Buffer.from(answer.slice(2), 'hex')
  const accounts: AaveV3Account[] = []
  let at = 0
  const word = (): bigint => {
    at += 16
    return (bytes.readBigUInt64BE(at - 16) << 64n) | bytes.readBigUInt64BE(at - 8)
  }
  const fits = (size: number): boolean => at + size <= bytes.length
  while (fits(2)) {
    const eMode = bytes.readUInt8(at++)
    const balances = bytes.readUInt8(at++)
    if (!fits(balances * 17 + 1)) break
    const collateral: Record<string, bigint> = {}
    const debt: Record<string, bigint> = {}
    for (let i = 0; i < balances; i++) {
      const token = bytes.readUInt8(at++)
      const side = token % 2 === 0 ? collateral : debt
      side[token >> 1] = word()
    }
    const loans = bytes.readUInt8(at++)
    if (!fits(loans * 38)) break
    const stable: Record<string, StableDebt> = {}
    for (let i = 0; i < loans; i++) {
      const id = bytes.readUInt8(at++)
      stable[id] = { principal: word(), rate: word(), since: bytes.readUIntBE(at, 5) }
      at += 5
    }
    accounts.push({ eMode, collateral, debt, ...(loans > 0 ? { stable } : {}) })
  }
  if (accounts.length !== count || at !== bytes.length)
    throw new InvalidDataError(
      `the lens answered ${accounts.length} accounts in ${bytes.length} bytes, expected ${count}; report this as a bug`,
    )
  return accounts
}

const readByGetters = async (
  { read }: Pick<Context<unknown>, 'read'>,
  markets: AaveV3Markets,
  account: Address,
): Promise<AaveV3Account> => {
  const pool = { address: markets.pool, abi: aaveV3PoolAbi, args: [account] } as const
  const [configuration, eMode] = await Promise.all([
    read({ ...pool, functionName: 'getUserConfiguration' }),
    markets.family === 'v2' ? 0n : read({ ...pool, functionName: 'getUserEMode' }),
  ])
  const flagged = (bit: number) =>
    Object.values(markets.reserves).filter(
      ({ id }) => ((configuration.data >> BigInt(2 * id + bit)) & 1n) === 1n,
    )
  const each = async <T>(reserves: readonly Reserve[], readOf: (reserve: Reserve) => Promise<T>) =>
    Promise.all(reserves.map(async (reserve) => [reserve.id, await readOf(reserve)] as const))
  const [collateral, debt, loans] = await Promise.all([
    each(flagged(1), (reserve) =>
      reserve.rebasingIndex === undefined
        ? read({
            address: reserve.aToken,
            abi: aaveV3TokenAbi,
            functionName: 'scaledBalanceOf',
            args: [account],
          })
        : read({
            address: reserve.aToken,
            abi: aaveV2RebasingAbi,
            functionName: 'internalBalanceOf',
            args: [account],
          }),
    ),
    each(flagged(0), ({ variableDebtToken: address }) =>
      read({ address, abi: aaveV3TokenAbi, functionName: 'scaledBalanceOf', args: [account] }),
    ),
    each(
      flagged(0).filter(({ stableDebtToken }) => stableDebtToken),
      async ({ stableDebtToken }): Promise<StableDebt> => {
        const token = { address: stableDebtToken ?? zeroAddress, abi: aaveStableDebtAbi } as const
        const [principal, rate, since] = await Promise.all([
          read({ ...token, functionName: 'principalBalanceOf', args: [account] }),
          read({ ...token, functionName: 'getUserStableRate', args: [account] }),
          read({ ...token, functionName: 'getUserLastUpdated', args: [account] }),
        ])
        return { principal, rate, since }
      },
    ),
  ])
  const stable = Object.fromEntries(loans.filter(([, { principal }]) => principal > 0n))
  return {
    eMode: Number(eMode),
    collateral: Object.fromEntries(collateral),
    debt: Object.fromEntries(debt),
    ...(Object.keys(stable).length > 0 ? { stable } : {}),
  }
}
