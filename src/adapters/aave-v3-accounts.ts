import { type Address, concatHex, type Hex, numberToHex } from 'viem'
import { aaveV3PoolAbi, aaveV3TokenAbi } from '../../abis/aave-v3.ts'
import { aaveV3LensProgram } from '../../abis/programs.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { AaveV3Markets } from './aave-v3-markets.ts'
import type { Context } from './adapter.ts'

/** What the chain stores of one account: scaled balances by reserve id, only where the flag is set. */
export type AaveV3Account = {
  readonly eMode: number
  readonly collateral: Readonly<Record<string, bigint>>
  readonly debt: Readonly<Record<string, bigint>>
}

const NO_TOKEN: Address = '0x0000000000000000000000000000000000000000'

/** The stored state of accounts: by our lens where the endpoint runs programs, by the public getters otherwise. */
export const readAccounts = async <D>(
  context: Context<D>,
  markets: AaveV3Markets,
  keys: readonly Address[],
): Promise<readonly AaveV3Account[]> => {
  const tokens = tokensOf(markets)
  const data = concatHex([markets.pool, numberToHex(tokens.length, { size: 2 }), ...tokens, ...keys])
  const answer = await context.run(aaveV3LensProgram, data)
  if (answer !== null) return decodeLens(answer, keys.length)
  return Promise.all(keys.map((key) => readByGetters(context, markets, key)))
}

/** aToken and variable debt token of reserve 0, 1, …; a dropped reserve leaves a hole. */
const tokensOf = (markets: AaveV3Markets): readonly Address[] => {
  const ids = Object.values(markets.reserves).map(({ id }) => id)
  return Array.from({ length: Math.max(-1, ...ids) + 1 }, (_, id) => {
    const reserve = markets.reserves[id]
    return reserve ? [reserve.aToken, reserve.variableDebtToken] : [NO_TOKEN, NO_TOKEN]
  }).flat()
}

/** @throws InvalidDataError when the answer is not exactly `count` accounts long. */
export const decodeLens = (answer: Hex, count: number): readonly AaveV3Account[] => {
  const bytes = Buffer.from(answer.slice(2), 'hex')
  const accounts: AaveV3Account[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const eMode = bytes.readUInt8(at)
    const balances = bytes.readUInt8(at + 1)
    at += 2
    if (at + balances * 17 > bytes.length) break
    const collateral: Record<string, bigint> = {}
    const debt: Record<string, bigint> = {}
    for (let i = 0; i < balances; i++, at += 17) {
      const token = bytes.readUInt8(at)
      const scaled = (bytes.readBigUInt64BE(at + 1) << 64n) | bytes.readBigUInt64BE(at + 9)
      const side = token % 2 === 0 ? collateral : debt
      side[token >> 1] = scaled
    }
    accounts.push({ eMode, collateral, debt })
  }
  if (accounts.length !== count || at !== bytes.length)
    throw new InvalidDataError(
      `the lens answered ${accounts.length} accounts in ${bytes.length} bytes, expected ${count}; report this as a bug`,
    )
  return accounts
}

const readByGetters = async <D>(
  { read }: Context<D>,
  markets: AaveV3Markets,
  account: Address,
): Promise<AaveV3Account> => {
  const pool = { address: markets.pool, abi: aaveV3PoolAbi, args: [account] } as const
  const [configuration, eMode] = await Promise.all([
    read({ ...pool, functionName: 'getUserConfiguration' }),
    read({ ...pool, functionName: 'getUserEMode' }),
  ])
  const scaled = (address: Address) =>
    read({ address, abi: aaveV3TokenAbi, functionName: 'scaledBalanceOf', args: [account] })
  const flagged = (id: number, bit: number) => ((configuration.data >> BigInt(2 * id + bit)) & 1n) === 1n
  const reserves = Object.values(markets.reserves)
  const side = async (bit: number, tokenOf: (reserve: (typeof reserves)[number]) => Address) =>
    Object.fromEntries(
      await Promise.all(
        reserves
          .filter(({ id }) => flagged(id, bit))
          .map(async (reserve) => [reserve.id, await scaled(tokenOf(reserve))] as const),
      ),
    )
  const [collateral, debt] = await Promise.all([
    side(1, ({ aToken }) => aToken),
    side(0, ({ variableDebtToken }) => variableDebtToken),
  ])
  return { eMode: Number(eMode), collateral, debt }
}
