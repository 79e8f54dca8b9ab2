import { type Address, encodeFunctionData, type Hex, parseAbi, toFunctionSelector, toHex } from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import type { Anvil } from '../chain/anvil.ts'
import type { CometMarket } from '../chain/compound-v3.ts'

/** The configuration of one local Comet, as a user would write it. */
export const cometConfig = (
  { comet, fromBlock, feeds }: CometMarket,
  {
    url,
    quote,
    usd = {},
    ethLike = [],
  }: {
    readonly url: string
    /** The token that prices are stated in, where the base token's feed does not say so itself. */
    readonly quote?: Address
    /** Of tokens, by hand or by a driver. */
    readonly usd?: Readonly<Record<Address, number | string>>
    /** Tokens that follow ETH though no feed says so. */
    readonly ethLike?: readonly Address[]
  },
): Config =>
  parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: [url], block: 'latest', usd: { prices: usd } } },
      sources: [
        {
          key: 'compound-v3/local/test',
          deployment: { comet, fromBlock: Number(fromBlock), ...(quote && { quote }) },
        },
      ],
      drivers: {
        ETH: {
          chains: {
            local: { feeds: [feeds.ETH], assets: Object.fromEntries(ethLike.map((token) => [token, 1])) },
          },
        },
        BTC: { chains: { local: { feeds: [feeds.BTC] } } },
      },
    },
    {},
    '/',
  )

const abi = parseAbi(['function absorb(address absorber, address[] accounts)'])
const NOT_LIQUIDATABLE = toFunctionSelector('NotLiquidatable()')

export type AbsorbQuestion = {
  readonly account: Address
  /** By feed of our own, what it answers during the call. */
  readonly answers: Readonly<Record<Address, bigint>>
}

/** Calls in one request. */
const TOGETHER = 250

/**
 * Whether Comet would let anyone absorb the account, each under its own answers: by calling `absorb` itself, which books
 * the interest first. null where it refuses for another reason.
 */
export const askAbsorb = async (
  { url }: Pick<Anvil, 'url'>,
  { comet, admin }: CometMarket,
  questions: readonly AbsorbQuestion[],
): Promise<readonly (boolean | null)[]> => {
  const verdicts: (boolean | null)[] = []
  for (let start = 0; start < questions.length; start += TOGETHER) {
    const body = questions.slice(start, start + TOGETHER).map(({ account, answers }, id) => {
      const data = encodeFunctionData({ abi, functionName: 'absorb', args: [admin, [account]] })
      // slot 0 of test/chain/sol/Feeds.sol
      const stored = (answer: bigint) => ({
        stateDiff: { [toHex(0, { size: 32 })]: toHex(answer, { size: 32 }) },
      })
      const overrides = Object.fromEntries(
        Object.entries(answers).map(([feed, answer]) => [feed, stored(answer)]),
      )
      const params = [{ from: admin, to: comet, data }, 'latest', overrides]
      return { jsonrpc: '2.0', id, method: 'eth_call', params }
    })
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const replies = (await response.json()) as readonly {
      readonly id: number
      readonly result?: Hex
      readonly error?: { readonly data?: string }
    }[]
    for (const { result, error } of replies.toSorted((a, b) => a.id - b.id))
      verdicts.push(result === undefined ? (error?.data === NOT_LIQUIDATABLE ? false : null) : true)
  }
  return verdicts
}
