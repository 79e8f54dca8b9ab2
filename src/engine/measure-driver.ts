import { type Address, encodeFunctionData, type Hex } from 'viem'
import { chainlinkFeedAbi, feedStubAbi } from '../../abis/chainlink-feed.ts'
import { feedStubProgram } from '../../abis/programs.ts'
import type { PricedAsset } from '../adapters/adapter.ts'
import { TooLargeError } from '../core/errors.ts'
import {
  constantResponse,
  type DriverState,
  type PriceResponse,
  priceAt,
  proportionalResponse,
} from '../core/price-response.ts'
import { WAD } from '../core/units.ts'
import { type RawCall, type RawResult, runTogether } from '../sources/batch.ts'
import type { Meter } from '../sources/endpoint.ts'
import { type Overrides, runModeOf } from '../sources/programs.ts'
import type { PinnedRpc } from '../sources/rpc.ts'

/** A driver on one chain as the configuration and data/assets.json describe it. */
export type DriverConfig = {
  readonly symbol: string
  /** Root price feeds; the first one's answer is the driver's price. */
  readonly feeds: readonly Address[]
  /** By asset, share of its price that moves with the driver: by the user's hand. */
  readonly byHand: Readonly<Record<string, number>>
  /** By asset, the same from data/assets.json. */
  readonly known: Readonly<Record<string, number>>
  /** The asset that stands for the driver where there is no feed (WETH for ETH). */
  readonly reference: string | null
}

/** The driver in one market, and what a reader must know about how its exposures were found. */
export type MeasuredDriver =
  | { readonly state: DriverState; readonly notes: readonly string[] }
  /** Its feed gives no price: nothing can be said of the driver there. */
  | { readonly state: null; readonly gap: string }

/** A driver price at which the ratio of any adapter with up to 27 decimals shows all its digits. */
const FINE = 10n ** 27n

const weight = (share: number): bigint => BigInt(Math.round(share * 1e9)) * 10n ** 9n

/** What the root feeds answer under the samples, beside what the oracle then says of every asset. */
type Sample = { readonly driver: bigint; readonly prices: readonly (bigint | null)[] }

/**
 * How each asset of a market follows a driver. In this order: the user's hand; measured, by overriding the driver's
 * root feeds inside an eth_call and asking the market's own oracle again; data/assets.json.
 * @returns null where nothing in the market follows the driver and no feed of it is known.
 */
export const measureDriver = async (
  rpc: PinnedRpc,
  { driver, assets }: { readonly driver: DriverConfig; readonly assets: readonly PricedAsset[] },
  meter: Meter,
): Promise<MeasuredDriver | null> => {
  const feeds = rootFeeds(driver, assets)
  const spot = await readSpot(rpc, { driver, assets, feeds }, meter)
  if (spot === null) {
    const [feed] = feeds
    if (feed === undefined) return null
    const where = `drivers.${driver.symbol}.chains.${rpc.chain}.feeds`
    const gap = `the ${driver.symbol} feed ${feed} gives no price on ${rpc.chain}: check ${where}`
    return { state: null, gap }
  }
  const notes: string[] = []
  const { programs } = await runModeOf(rpc, meter)
  const samples =
    feeds.length > 0 && programs === 'override'
      ? await sampleOracle(rpc, { feeds, assets, spot, decimals: spot.decimals }, meter)
      : null
  const responses: Record<string, PriceResponse> = {}
  for (const [i, { asset, symbol, price }] of assets.entries()) {
    if (price === null) continue
    const hand = driver.byHand[asset]
    if (hand !== undefined) {
      responses[asset] = proportionalResponse(price, spot.answer, weight(hand), 'config')
      continue
    }
    const measured = samples && fitLine(samples, i, { price, spot: spot.answer })
    const known = driver.known[asset]
    if (measured && (measured.exposure > 0n || known === undefined)) {
      responses[asset] = measured
      if (!measured.exact)
        notes.push(
          `${symbol} does not follow ${driver.symbol} in plain proportion: prices through it are approximate`,
        )
      continue
    }
    if (measured)
      notes.push(
        `${symbol} did not move with the feeds of ${driver.symbol}; data/assets.json says it does, and is used: name its root feed in the configuration`,
      )
    if (known !== undefined)
      responses[asset] = proportionalResponse(price, spot.answer, weight(known), 'assets.json')
  }
  if (samples === null) {
    const still = assets.filter(({ asset, price }) => price !== null && !responses[asset])
    const rest = still.length === 0 ? '' : `; taken to stand still: ${still.map((a) => a.symbol).join(', ')}`
    const why = feeds.length === 0 ? 'no feed is known' : 'the endpoint refuses state overrides'
    notes.push(`${driver.symbol}: ${why}, so no exposure is measured${rest}`)
  }
  return {
    state: { symbol: driver.symbol, spot: spot.answer, decimals: spot.decimals, responses },
    notes,
  }
}

/** Configured feeds, and the feeds below the assets that are known to follow the driver. */
const rootFeeds = (driver: DriverConfig, assets: readonly PricedAsset[]): readonly Address[] => {
  if (driver.feeds.length === 0) return []
  const below = assets
    .filter(({ asset }) => (driver.known[asset] ?? 0) > 0 && driver.byHand[asset] === undefined)
    .flatMap(({ feeds }) => feeds.slice(1))
  return [...new Set([...driver.feeds, ...below])]
}

type Spot = { readonly answer: bigint; readonly decimals: number }

const readSpot = async (
  rpc: PinnedRpc,
  {
    driver,
    assets,
    feeds,
  }: {
    readonly driver: DriverConfig
    readonly assets: readonly PricedAsset[]
    readonly feeds: readonly Address[]
  },
  meter: Meter,
): Promise<Spot | null> => {
  const [feed] = feeds
  if (feed === undefined) {
    const reference = assets.find(({ asset }) => asset === driver.reference)
    const first =
      reference ?? assets.find(({ asset }) => (driver.byHand[asset] ?? driver.known[asset] ?? 0) === 1)
    return first && first.price !== null ? { answer: first.price, decimals: first.decimals } : null
  }
  const calls = (['latestAnswer', 'decimals'] as const).map((functionName) => ({
    to: feed,
    data: encodeFunctionData({ abi: chainlinkFeedAbi, functionName }),
  }))
  const [answer, decimals] = (await runTogether(rpc, calls, meter)).map(word)
  if (answer === null || answer === undefined || decimals === null || decimals === undefined || answer <= 0n)
    return null
  return { answer, decimals: Number(decimals) }
}

/** A one-word answer; null where the call was refused. */
const word = ({ success, data }: { readonly success: boolean; readonly data: Hex }): bigint | null =>
  success && data.length >= 66 ? BigInt(data.slice(0, 66)) : null

/** The calls that put a driver price on every root feed, inside a batch run with `feedOverrides`. */
const setFeeds = (feeds: readonly Address[], answer: bigint, decimals: number): readonly RawCall[] =>
  feeds.map((to) => ({
    to,
    data: encodeFunctionData({ abi: feedStubAbi, functionName: 'set', args: [answer, decimals] }),
  }))

const feedOverrides = (feeds: readonly Address[]): Overrides =>
  Object.fromEntries(feeds.map((feed) => [feed, { code: feedStubProgram.runtime }]))

/** The feeds under which a driver was measured, for whoever wants to move the price again (verify). */
export const feedsOf = rootFeeds

/**
 * One eth_call: at spot; 1% above it; at 73% and 51% of it, off the straight digits, to check the fit; and at a price
 * with so many digits that the adapters' ratios show in full.
 */
const sampleOracle = async (
  rpc: PinnedRpc,
  {
    feeds,
    assets,
    spot,
    decimals,
  }: {
    readonly feeds: readonly Address[]
    readonly assets: readonly PricedAsset[]
    readonly spot: Spot
    readonly decimals: number
  },
  meter: Meter,
): Promise<readonly Sample[]> => {
  const at = [
    spot.answer,
    (spot.answer * 101n) / 100n,
    FINE,
    (spot.answer * 73n) / 100n + 7n,
    (spot.answer * 51n) / 100n + 3n,
  ]
  const questions = at.flatMap((answer) => assets.map(({ ask }) => ({ answer, call: ask })))
  const prices = (await askUnder(rpc, { feeds, decimals, questions }, meter)).map(word)
  return at.map((driver, i) => ({
    driver,
    prices: prices.slice(i * assets.length, (i + 1) * assets.length),
  }))
}

/** A call to make while the driver's feeds give an answer. */
export type Question = { readonly answer: bigint; readonly call: RawCall }

/** Asks each question with its answer put on every root feed: in one request, or in halves where that is too much. */
export const askUnder = async (
  rpc: PinnedRpc,
  {
    feeds,
    decimals,
    questions,
  }: {
    readonly feeds: readonly Address[]
    readonly decimals: number
    readonly questions: readonly Question[]
  },
  meter: Meter,
): Promise<readonly RawResult[]> => {
  const steps = questions.flatMap(({ answer, call }, i) => [
    ...(questions[i - 1]?.answer === answer ? [] : setFeeds(feeds, answer, decimals)),
    call,
  ])
  try {
    const results = await runTogether(rpc, steps, meter, feedOverrides(feeds))
    const asked = new Set<RawCall>(questions.map(({ call }) => call))
    return results.filter((_, i) => asked.has(steps[i] as RawCall))
  } catch (error) {
    if (!(error instanceof TooLargeError) || questions.length === 1) throw error
    const middle = Math.ceil(questions.length / 2)
    const halves = [questions.slice(0, middle), questions.slice(middle)]
    return (
      await Promise.all(halves.map((half) => askUnder(rpc, { feeds, decimals, questions: half }, meter)))
    ).flat()
  }
}

/** The straight line through an asset's samples; `exact` when the samples it was not drawn through agree to the unit. */
const fitLine = (
  samples: readonly Sample[],
  asset: number,
  { price, spot }: { readonly price: bigint; readonly spot: bigint },
): PriceResponse | null => {
  const values = samples.map(({ prices }) => prices[asset] ?? null)
  const [base, up, fine, ...checks] = values
  if (base === null || base === undefined || up === null || up === undefined) return null
  // far above spot an adapter may fail; where it answers, it must not have moved either
  const still = up === base && (fine ?? base) === base && checks.every((value) => value === base)
  if (still) return constantResponse(price, 'measured', true)
  const agrees = (response: PriceResponse): boolean =>
    samples.every(({ driver }, i) => values[i] === priceAt(response, driver))
  if (fine !== null && fine !== undefined) {
    const response: PriceResponse = {
      constant: 0n,
      numerator: fine,
      denominator: FINE,
      exposure: WAD,
      method: 'measured',
      exact: true,
    }
    if (agrees(response)) return response
  }
  const step = (spot * 101n) / 100n - spot
  const slope = up - base
  const exposure = base === 0n ? 0n : (slope * spot * WAD) / (step * base)
  const clamped = exposure < 0n ? 0n : exposure > WAD ? WAD : exposure
  return { ...proportionalResponse(price, spot, clamped, 'measured'), exact: false }
}
