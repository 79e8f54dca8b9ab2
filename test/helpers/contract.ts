import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, toHex } from 'viem'
import type { Anvil } from '../chain/anvil.ts'
import { type AaveMarket, poolAbi } from '../chain/market.ts'

/** Runtime that answers one constant word to every call: PUSH32 word, MSTORE, RETURN 32. */
export const constantAnswer = (word: bigint): Hex =>
  `0x7f${toHex(word, { size: 32 }).slice(2)}60005260206000f3`

export type Question = {
  readonly account: Address
  /** By feed, the answer it gives during the call. */
  readonly feeds: Readonly<Record<Address, bigint>>
}

const REQUESTS = 250

/** What the Pool itself answers of accounts, each under its own feed answers; null where it reverts. */
export const askPool = async (
  { url }: Pick<Anvil, 'url'>,
  market: Pick<AaveMarket, 'pool'>,
  questions: readonly Question[],
): Promise<readonly (bigint | null)[]> => {
  const answers: (bigint | null)[] = []
  for (let start = 0; start < questions.length; start += REQUESTS) {
    const body = questions.slice(start, start + REQUESTS).map(({ account, feeds }, id) => {
      const data = encodeFunctionData({ abi: poolAbi, functionName: 'getUserAccountData', args: [account] })
      const overrides = Object.fromEntries(
        Object.entries(feeds).map(([feed, answer]) => [feed, { code: constantAnswer(answer) }]),
      )
      return {
        jsonrpc: '2.0',
        id,
        method: 'eth_call',
        params: [{ to: market.pool, data }, 'latest', overrides],
      }
    })
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const replies = (await response.json()) as readonly { id: number; result?: Hex }[]
    for (const { result } of replies.toSorted((a, b) => a.id - b.id))
      answers.push(
        result === undefined
          ? null
          : decodeFunctionResult({ abi: poolAbi, functionName: 'getUserAccountData', data: result })[5],
      )
  }
  return answers
}
