import { type Address, decodeErrorResult, encodeFunctionData, type Hex, parseAbi, toHex } from 'viem'
import { type Config, parseConfig } from '../../src/config.ts'
import { WAD } from '../../src/core/units.ts'
import type { Populated } from '../adapters/conformance.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { deployLiquity, type LiquitySystem, liquityActions, planTroves } from '../chain/liquity-v1.ts'

/** The configuration of one local system, as a user would write it. */
export const liquityConfig = (
  { troveManager, aggregator, fromBlock }: Omit<LiquitySystem, 'admin'>,
  { url, native }: { readonly url: string; readonly native?: Address },
): Config =>
  parseConfig(
    {
      chains: { local: { chainId: 31337, rpc: [url], block: 'latest' } },
      sources: [
        {
          key: 'liquity-v1/local/test',
          deployment: { troveManager, fromBlock: Number(fromBlock), ...(native && { native }) },
        },
      ],
      drivers: { ETH: { chains: { local: { feeds: [aggregator] } } } },
    },
    {},
    '/',
  )

const abi = parseAbi([
  'function liquidate(address b)',
  'function getCurrentICR(address b, uint256 price) view returns (uint256)',
])
const NOTHING = 'TroveManager: nothing to liquidate'

export type LiquidateQuestion = {
  readonly key: string
  /** What the Chainlink feed answers during the call, in this round and the one before; as it stands where missing. */
  readonly answer?: bigint
}

/** Calls in one request. */
const TOGETHER = 250

const reasonOf = (data: string | undefined): unknown => {
  try {
    return decodeErrorResult({ abi: [], data: data as Hex }).args?.[0]
  } catch {
    return null
  }
}

/** Whether the system lets anyone liquidate the trove, by `liquidate` itself; null for a refusal of another kind. */
export const askLiquidate = async (
  { url }: Pick<Anvil, 'url'>,
  { troveManager, aggregator, admin }: LiquitySystem,
  questions: readonly LiquidateQuestion[],
): Promise<readonly (boolean | null)[]> => {
  const verdicts: (boolean | null)[] = []
  for (let start = 0; start < questions.length; start += TOGETHER) {
    const body = questions.slice(start, start + TOGETHER).map(({ key, answer }, id) => {
      const data = encodeFunctionData({ abi, functionName: 'liquidate', args: [key as Address] })
      const word = answer === undefined ? null : toHex(answer, { size: 32 })
      // slots 0 and 1 of LiquityAggregatorStandIn
      const stateDiff = { [toHex(0, { size: 32 })]: word, [toHex(1, { size: 32 })]: word }
      const overrides = word === null ? {} : { [aggregator]: { stateDiff } }
      const params = [{ from: admin, to: troveManager, data }, 'latest', overrides]
      return { jsonrpc: '2.0', id, method: 'eth_call', params }
    })
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const replies = (await response.json()) as readonly {
      readonly id: number
      readonly result?: string
      readonly error?: { readonly data?: string }
    }[]
    for (const { result, error } of replies.toSorted((a, b) => a.id - b.id))
      verdicts.push(result === undefined ? (reasonOf(error?.data) === NOTHING ? false : null) : true)
  }
  return verdicts
}

/** A market around a system: everything the conformance suite asks of it, by `liquidate` itself. */
export const askedLiquity = (
  anvil: Anvil,
  system: LiquitySystem,
): Pick<Populated, 'drivers' | 'liquidatable' | 'liquidatableAt' | 'setPrice' | 'stop' | 'outcomes'> => ({
  drivers: ['ETH'],
  outcomes: ['below', 'already', 'insolvent'],
  liquidatable: async (keys) =>
    (
      await askLiquidate(
        anvil,
        system,
        keys.map((key) => ({ key })),
      )
    ).map((verdict) => verdict === true),
  liquidatableAt: (_, questions) => askLiquidate(anvil, system, questions),
  setPrice: async (_, answer) => {
    await anvil.rpc('anvil_setBlockTimestampInterval', [0])
    await liquityActions(anvil, system).setPrice(answer)
  },
  stop: anvil.stop,
})

/**
 * 600 troves at a system ratio of some 190 %, with debts that were redistributed, and a Stability Pool that holds the
 * debt of most but not of all.
 */
export const populateLiquity = async (answer: bigint): Promise<Populated> => {
  const anvil = await startAnvil()
  const system = await deployLiquity(anvil)
  const act = liquityActions(anvil, system)
  const plans = planTroves(600, 20261125)
  await act.openMany(plans)
  const sinking = plans.filter(({ coll, debt }) => coll * 2000n < debt + debt / 20n).slice(0, 3)
  for (const { owner } of sinking) await act.liquidate(owner)
  await act.deposit(200_000n * WAD)
  await act.setPrice(answer)
  const gone = new Set(sinking.map(({ owner }) => owner))
  return {
    config: liquityConfig(system, { url: anvil.url }),
    debtors: plans.map(({ owner }) => owner).filter((owner) => !gone.has(owner)),
    ...askedLiquity(anvil, system),
  }
}
