import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, toHex } from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import type { EulerChain, EulerFeed } from '../chain/euler-v2.ts'
import { eulerAbi } from '../chain/euler-v2-abi.ts'

export const EULER_SOURCE = 'euler-v2/local/test'

/** The configuration of a local Euler as a user would write it: units of account priced by the drivers. */
export const eulerConfig = (
  { anvil, evc, factory, fromBlock, tokens, feeds }: EulerChain,
  more: {
    readonly prices?: Readonly<Record<string, number | string>>
    readonly block?: string | number
    readonly url?: string
    /** Tokens that follow ETH though no feed says so. */
    readonly ethLike?: readonly Address[]
  } = {},
): Config =>
  parseConfig(
    {
      chains: {
        local: {
          chainId: 31337,
          rpc: [more.url ?? anvil.url],
          block: more.block ?? 'latest',
          usd: { prices: more.prices ?? { [tokens.WETH]: 'ETH', [tokens.WBTC]: 'BTC' } },
        },
      },
      sources: [{ key: EULER_SOURCE, deployment: { evc, factory, fromBlock: Number(fromBlock) } }],
      drivers: {
        ETH: {
          chains: {
            local: {
              feeds: [feeds.ETH],
              assets: Object.fromEntries((more.ethLike ?? []).map((token) => [token, 1])),
            },
          },
        },
        BTC: { chains: { local: { feeds: [feeds.BTC] } } },
      },
    },
    {},
    '/',
  )

/** A call to a vault, with the feeds' answers during the call. */
type Asked = {
  readonly to: Address
  readonly data: Hex
  readonly answers?: Readonly<Partial<Record<EulerFeed, bigint>>>
}

const TOGETHER = 250

/** The vaults' answers; null where they refuse. */
const ask = async (
  { anvil, feeds }: EulerChain,
  asked: readonly Asked[],
): Promise<readonly (Hex | null)[]> => {
  const answers: (Hex | null)[] = []
  for (let start = 0; start < asked.length; start += TOGETHER) {
    const body = asked.slice(start, start + TOGETHER).map(({ to, data, answers = {} }, id) => {
      // slot 0 of test/chain/sol/Feeds.sol
      const overrides = Object.fromEntries(
        (Object.entries(answers) as [EulerFeed, bigint][]).map(([feed, answer]) => [
          feeds[feed],
          { stateDiff: { [toHex(0, { size: 32 })]: toHex(answer, { size: 32 }) } },
        ]),
      )
      return { jsonrpc: '2.0', id, method: 'eth_call', params: [{ to, data }, 'latest', overrides] }
    })
    const response = await fetch(anvil.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const replies = (await response.json()) as readonly { readonly id: number; readonly result?: Hex }[]
    for (const { result } of replies.toSorted((a, b) => a.id - b.id)) answers.push(result ?? null)
  }
  return answers
}

export type LiquidationQuestion = {
  readonly vault: Address
  readonly account: Address
  readonly collateral: Address
  readonly answers?: Asked['answers']
}

/** Whether Euler lets the admin seize a collateral of the account (`checkLiquidation`); null where it refuses to say. */
export const askLiquidation = async (
  chain: EulerChain,
  questions: readonly LiquidationQuestion[],
): Promise<readonly (boolean | null)[]> => {
  const call = { abi: eulerAbi, functionName: 'checkLiquidation' } as const
  const asked = questions.map(({ vault, account, collateral, answers }) => ({
    to: vault,
    data: encodeFunctionData({ ...call, args: [chain.admin, account, collateral] }),
    ...(answers && { answers }),
  }))
  return (await ask(chain, asked)).map((data) => {
    if (data === null) return null
    const [repay, seized] = decodeFunctionResult({ ...call, data })
    return repay > 0n || seized > 0n
  })
}

/** What backs the account and what it owes, as its vault says (`accountLiquidity`); null where it refuses. */
export const askLiquidity = async (
  chain: EulerChain,
  accounts: readonly { readonly vault: Address; readonly account: Address }[],
): Promise<readonly (readonly [backing: bigint, liability: bigint] | null)[]> => {
  const call = { abi: eulerAbi, functionName: 'accountLiquidity' } as const
  const asked = accounts.map(({ vault, account }) => ({
    to: vault,
    data: encodeFunctionData({ ...call, args: [account, true] }),
  }))
  return (await ask(chain, asked)).map((data) =>
    data === null ? null : decodeFunctionResult({ ...call, data }),
  )
}
