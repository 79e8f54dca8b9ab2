import { type Address, encodeFunctionData, type Hex, slice } from 'viem'
import { chainlinkFeedAbi, feedStubAbi, getterStubAbi } from '../../abis/chainlink-feed.ts'
import { feedStubProgram, getterStubProgram } from '../../abis/programs.ts'
import type { Call, PricedAsset } from '../adapters/adapter.ts'
import { TooLargeError } from '../core/errors.ts'
import { type DriverState, priceAt } from '../core/price-response.ts'
import { type RawCall, type RawResult, runTogether } from '../sources/batch.ts'
import type { Meter } from '../sources/endpoint.ts'
import type { Overrides } from '../sources/programs.ts'
import type { PinnedRpc } from '../sources/rpc.ts'

/** How a chain is made to look as if a driver stood at an answer: code in place of contracts, and calls that set it. */
export type Setting = {
  readonly overrides: Overrides
  readonly at: (answer: bigint) => readonly RawCall[]
}

/** A root feed of a driver at the pinned block. */
export type RootFeed = {
  readonly feed: Address
  readonly answer: bigint
  readonly decimals: number
  /** It falls as the driver rises: the price of something in the driver. */
  readonly inverse?: true
}

/** A one-word answer; null where the call was refused, or answered less than nothing: no feed means that as a price. */
export const word = ({ success, data }: RawResult): bigint | null => {
  const value = success && data.length >= 66 ? BigInt(data.slice(0, 66)) : null
  return value === null || value >> 255n > 0n ? null : value
}

/** What the feeds answer; one that gives no price is left out. */
export const readFeeds = async (
  rpc: PinnedRpc,
  feeds: readonly Address[],
  meter: Meter,
): Promise<readonly RootFeed[]> => {
  if (feeds.length === 0) return []
  const calls = feeds.flatMap((to) =>
    (['latestAnswer', 'decimals'] as const).map((functionName) => ({
      to,
      data: encodeFunctionData({ abi: chainlinkFeedAbi, functionName }),
    })),
  )
  const words = (await runTogether(rpc, calls, meter)).map(word)
  return feeds.flatMap((feed, i) => {
    const answer = words[2 * i] ?? null
    const decimals = words[2 * i + 1] ?? null
    return answer === null || decimals === null || answer <= 0n
      ? []
      : [{ feed, answer, decimals: Number(decimals) }]
  })
}

const setFeed = (to: Address, answer: bigint, decimals: number): RawCall => ({
  to,
  data: encodeFunctionData({ abi: feedStubAbi, functionName: 'set', args: [answer, decimals] }),
})

/**
 * The driver on its root feeds. The first one's answer is the driver's; the others keep their ratio to it, in their
 * own decimals.
 */
export const feedSetting = (roots: readonly RootFeed[]): Setting => {
  const [first] = roots
  return {
    overrides: Object.fromEntries(roots.map(({ feed }) => [feed, { code: feedStubProgram.runtime }])),
    at: (answer) =>
      roots.map((root) =>
        setFeed(root.feed, first ? answerOf(root, { first, answer }) : answer, root.decimals),
      ),
  }
}

/** What a root feed answers where the first one answers `answer`; cut to its unit, an inverse one to 1 at least. */
const answerOf = (
  root: RootFeed,
  { first, answer }: { readonly first: RootFeed; readonly answer: bigint },
): bigint => {
  if (!root.inverse) return (answer * root.answer) / first.answer
  const inverse = (root.answer * first.answer) / answer
  return inverse > 0n ? inverse : 1n
}

/** The first argument of a getter, by which its stub answers. */
const keyOf = (data: Hex): Hex => (data.length < 74 ? `0x${'00'.repeat(32)}` : slice(data, 4, 36))

/**
 * The driver on the market's own oracle, for prices that do not move with the root feeds by themselves: every price of
 * an oracle that gives one of `moved` is put there as the response says.
 */
export const oracleSetting = (
  assets: readonly PricedAsset[],
  state: DriverState,
  moved: ReadonlySet<string>,
): Setting => {
  const targetOf = ({ ask, stub }: PricedAsset): Address | null => stub?.feed ?? ask?.to ?? null
  const targets = new Set(assets.filter(({ asset }) => moved.has(asset)).flatMap((a) => targetOf(a) ?? []))
  const placed = assets.flatMap((asset) => {
    const target = targetOf(asset)
    return target !== null && targets.has(target) && asset.price !== null ? [{ ...asset, target }] : []
  })
  return {
    overrides: Object.fromEntries(
      placed.map(({ target, stub }) => [
        target,
        { code: (stub ? feedStubProgram : getterStubProgram).runtime },
      ]),
    ),
    at: (answer) =>
      placed.map(({ asset, price, ask, stub, target }) => {
        const response = state.responses[asset]
        const value = response ? priceAt(response, answer) : (price ?? 0n)
        if (stub) return setFeed(target, value, stub.decimals)
        const args = [keyOf(ask?.data ?? '0x'), value] as const
        return {
          to: target,
          data: encodeFunctionData({ abi: getterStubAbi, functionName: 'set', args }),
        }
      }),
  }
}

/** One after the other; where both put code on a contract, the second wins. */
export const together = (first: Setting, second: Setting): Setting => ({
  overrides: { ...first.overrides, ...second.overrides },
  at: (answer) => [...first.at(answer).filter(({ to }) => !(to in second.overrides)), ...second.at(answer)],
})

/** A call to make while the driver stands at an answer, after others that prepare it. */
export type Question = {
  readonly answer: bigint
  readonly call: Call
  readonly before?: readonly Call[] | undefined
}

/** Asks each question with the driver at its answer: in one request, or in halves where that is too much. */
export const askUnder = async (
  rpc: PinnedRpc,
  { setting, questions }: { readonly setting: Setting; readonly questions: readonly Question[] },
  meter: Meter,
): Promise<readonly RawResult[]> => {
  const steps: RawCall[] = []
  const asked = new Set<number>()
  for (const [i, { answer, call, before = [] }] of questions.entries()) {
    if (questions[i - 1]?.answer !== answer) steps.push(...setting.at(answer))
    steps.push(...before, call)
    asked.add(steps.length - 1)
  }
  try {
    const results = await runTogether(rpc, steps, meter, setting.overrides)
    return results.filter((_, i) => asked.has(i))
  } catch (error) {
    if (!(error instanceof TooLargeError) || questions.length === 1) throw error
    const middle = Math.ceil(questions.length / 2)
    const halves = [questions.slice(0, middle), questions.slice(middle)]
    return (
      await Promise.all(halves.map((half) => askUnder(rpc, { setting, questions: half }, meter)))
    ).flat()
  }
}
