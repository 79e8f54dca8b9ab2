import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, toHex } from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import type { Anvil } from './anvil.ts'
import { artifactIn, once } from './compile.ts'
import type { CompoundMarket } from './compound-v2.ts'

const compileActors = once(['liqbands/CompoundActors.sol'])

export const COMPOUND_SOURCE = 'compound-v2/local/test'

/** The configuration of one local market, as a user would write it. */
export const compoundConfig = (market: CompoundMarket, urls: readonly string[], variant?: string): Config => {
  const feedOf = (feed: string) => ({ chains: { local: { feeds: [feed] } } })
  return parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: urls, block: 'latest' } },
      sources: [
        {
          key: COMPOUND_SOURCE,
          deployment: {
            comptroller: market.comptroller,
            variant: variant ?? (market.version === '10.3.0' ? 'venus' : 'compound'),
            fromBlock: Number(market.fromBlock),
          },
        },
      ],
      drivers: { ETH: feedOf(market.markets.WETH.feed), BTC: feedOf(market.markets.WBTC.feed) },
    },
    {},
    '/',
  )
}

/** What the comptroller says of an account once all interest is booked: its error code, and the USD it is short, WAD. */
export type Liquidity = { readonly code: bigint; readonly shortfall: bigint }

const REQUESTS = 250

/**
 * The comptroller's own word on accounts, each with its own answer on a feed; null where it reverts. Asked by a contract
 * that books the interest of every market first.
 */
export const askComptroller = async (
  anvil: Pick<Anvil, 'url'>,
  market: CompoundMarket,
  questions: readonly { readonly account: Address; readonly feed?: Address; readonly answer?: bigint }[],
): Promise<readonly (Liquidity | null)[]> => {
  const { abi } = artifactIn(await compileActors())('CompoundOpener')
  const cTokens = Object.values(market.markets).map(({ cToken }) => cToken)
  const vai = market.vaiController ?? '0x0000000000000000000000000000000000000000'
  const answers: (Liquidity | null)[] = []
  for (let start = 0; start < questions.length; start += REQUESTS) {
    const body = questions.slice(start, start + REQUESTS).map(({ account, feed, answer }, id) => {
      const data = encodeFunctionData({ abi, functionName: 'ask', args: [cTokens, vai, [account]] })
      const overrides = feed
        ? { [feed]: { stateDiff: { [toHex(0n, { size: 32 })]: toHex(answer ?? 0n, { size: 32 }) } } }
        : {}
      const call = { to: market.opener, data, gas: toHex(100_000_000n) }
      return { jsonrpc: '2.0', id, method: 'eth_call', params: [call, 'latest', overrides] }
    })
    const response = await fetch(anvil.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const replies = (await response.json()) as readonly { id: number; result?: Hex }[]
    for (const { result } of replies.toSorted((a, b) => a.id - b.id)) {
      if (result === undefined) {
        answers.push(null)
        continue
      }
      const decoded = decodeFunctionResult({ abi, functionName: 'ask', data: result })
      const [[code, shortfall] = [1n, 0n]] = decoded as readonly (readonly [bigint, bigint])[]
      answers.push({ code, shortfall })
    }
  }
  return answers
}

/** Would the comptroller let anyone liquidate? null where it gives no answer, or an error. */
export const verdictOf = (liquidity: Liquidity | null): boolean | null =>
  liquidity === null || liquidity.code !== 0n ? null : liquidity.shortfall > 0n
