import { type Address, getAddress, hexToString } from 'viem'
import { bytes32SymbolAbi } from '../../abis/aave-v3.ts'
import { morphoBlueTokenAbi } from '../../abis/morpho-blue.ts'
import type { Reader } from '../sources/batch.ts'

/** A token that somebody made a market of. */
export type Token = {
  readonly symbol: string
  /** null where it tells none. */
  readonly decimals: number | null
}

const LONGEST = 20

/** Anyone may list any token: its name must not reach a terminal with control codes, nor fill a line. */
export const plainSymbol = (text: string | null, address: Address): string => {
  const plain = (text ?? '').replace(/\p{C}/gu, '').trim()
  if (plain === '') return `${address.slice(0, 8)}…`
  const letters = [...plain]
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST).join('')}…` : plain
}

/** Symbols and decimals by address. */
export const readTokens = async (
  { tryRead }: Pick<Reader, 'tryRead'>,
  addresses: Iterable<Address>,
): Promise<Readonly<Record<Address, Token>>> => {
  const entries = [...new Set(addresses)].map(async (given): Promise<readonly [Address, Token]> => {
    const address = getAddress(given)
    const [symbol, decimals, shortSymbol] = await Promise.all([
      tryRead({ address, abi: morphoBlueTokenAbi, functionName: 'symbol' }),
      tryRead({ address, abi: morphoBlueTokenAbi, functionName: 'decimals' }),
      tryRead({ address, abi: bytes32SymbolAbi, functionName: 'symbol' }),
    ])
    const text = symbol ?? (shortSymbol === null ? null : hexToString(shortSymbol, { size: 32 }))
    return [address, { symbol: plainSymbol(text, address), decimals }]
  })
  return Object.fromEntries(await Promise.all(entries))
}
