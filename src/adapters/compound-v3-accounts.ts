import { type Address, concatHex, type Hex, numberToHex } from 'viem'
import { cometAbi } from '../../abis/compound-v3.ts'
import { compoundV3LensProgram } from '../../abis/programs.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Context } from './adapter.ts'
import type { CompoundV3Markets } from './compound-v3-markets.ts'

/**
 * What Comet stores of a borrower. Of an account without debt nothing is kept: its collateral and the base tokens that
 * it lends change nothing here.
 */
export type CompoundV3Account = {
  /** Principal of the debt, in units of totalBorrowBase; 0 for none. */
  readonly debt: bigint
  /** Raw balances by asset offset, wherever the account's flag is set. */
  readonly collateral: Readonly<Record<string, bigint>>
}

const IDLE: CompoundV3Account = { debt: 0n, collateral: {} }

/** The stored state of accounts: by our lens where the endpoint runs programs, by the public getters otherwise. */
export const readAccounts = async <D>(
  context: Context<D>,
  markets: CompoundV3Markets,
  keys: readonly Address[],
): Promise<readonly CompoundV3Account[]> => {
  const assets = assetsOf(markets)
  const data = concatHex([markets.comet, numberToHex(assets.length, { size: 1 }), ...assets, ...keys])
  const answer = await context.run(compoundV3LensProgram, data)
  if (answer !== null) return decodeLens(answer, keys.length)
  return Promise.all(keys.map((key) => readByGetters(context, markets, key)))
}

/** Collateral tokens by their offset. */
const assetsOf = ({ assets }: CompoundV3Markets): readonly Address[] =>
  Object.entries(assets)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, { asset }]) => asset)

/** Bytes of a debt principal (int104) and of an offset with its balance (uint128). */
const DEBT = 13
const BALANCE = 17

/** @throws InvalidDataError when the answer is not exactly `count` accounts long. */
export const decodeLens = (answer: Hex, count: number): readonly CompoundV3Account[] => {
  const bytes = Buffer.from(answer.slice(2), 'hex')
  const number = (from: number, size: number): bigint =>
    BigInt(`0x${bytes.subarray(from, from + size).toString('hex')}`)
  const accounts: CompoundV3Account[] = []
  let at = 0
  while (at + DEBT <= bytes.length) {
    const debt = number(at, DEBT)
    at += DEBT
    if (debt === 0n) {
      accounts.push(IDLE)
      continue
    }
    const balances = bytes[at] ?? 0
    at += 1
    if (at + balances * BALANCE > bytes.length) break
    const collateral: Record<string, bigint> = {}
    for (let i = 0; i < balances; i++, at += BALANCE)
      collateral[bytes.readUInt8(at)] = number(at + 1, BALANCE - 1)
    accounts.push({ debt, collateral })
  }
  if (accounts.length !== count || at !== bytes.length)
    throw new InvalidDataError(
      `the lens answered ${accounts.length} accounts in ${bytes.length} bytes, expected ${count}; report this as a bug`,
    )
  return accounts
}

const readByGetters = async <D>(
  { read }: Context<D>,
  markets: CompoundV3Markets,
  account: Address,
): Promise<CompoundV3Account> => {
  const comet = { address: markets.comet, abi: cometAbi } as const
  const [principal, , , assetsIn, reserved] = await read({
    ...comet,
    functionName: 'userBasic',
    args: [account],
  })
  if (principal >= 0n) return IDLE
  // the contract with up to 24 assets keeps the flags of 16 … 23 in what was reserved before
  const flags = assetsIn | (reserved << 16)
  const held = Object.entries(markets.assets).filter(([offset]) => ((flags >> Number(offset)) & 1) === 1)
  const balances = await Promise.all(
    held.map(([, { asset }]) => read({ ...comet, functionName: 'userCollateral', args: [account, asset] })),
  )
  return {
    debt: -principal,
    collateral: Object.fromEntries(held.map(([offset], i) => [offset, balances[i]?.[0] ?? 0n])),
  }
}
