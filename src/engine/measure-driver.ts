import type { PricedAsset } from '../adapters/adapter.ts'
import {
  type DriverState,
  type PriceResponse,
  proportionalResponse,
  quotedResponse,
} from '../core/price-response.ts'

import type { Meter } from '../sources/endpoint.ts'
import { runModeOf } from '../sources/programs.ts'
import type { PinnedRpc } from '../sources/rpc.ts'
import type { DriverConfig } from './driver-config.ts'
import { askUnder, feedSetting, type RootFeed, type Setting, word } from './driver-setting.ts'
import { fitResponse, type Sample, samplesAround } from './fit-response.ts'
import { readRoots } from './root-feeds.ts'
import type { BentAsset } from './trace-responses.ts'

/** The driver in one market, and what a reader must know about how its exposures were found. */
export type MeasuredDriver =
  | {
      readonly state: DriverState
      readonly notes: readonly string[]
      /** How the oracles were asked, and the assets whose answers fit no plain proportion. */
      readonly setting: Setting
      readonly bent: readonly BentAsset[]
    }
  /** Its feed gives no price: nothing can be said of the driver there. */
  | { readonly state: null; readonly gap: string }

const weight = (share: number): bigint => BigInt(Math.round(share * 1e9)) * 10n ** 9n

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
  const { roots, notes: assumed } = await readRoots(rpc, { driver, assets }, meter)
  const spot = spotOf(driver, assets, roots)
  if (spot === null) {
    const [feed] = driver.feeds
    if (feed === undefined) return null
    const where = `drivers.${driver.symbol}.chains.${rpc.chain}.feeds`
    const gap = `the ${driver.symbol} feed ${feed} gives no price on ${rpc.chain}: check ${where}`
    return { state: null, gap }
  }
  const { programs } = await runModeOf(rpc, meter)
  const samples =
    driver.feeds.length > 0 && programs === 'override'
      ? await sampleOracle(rpc, { roots, assets, spot: spot.answer }, meter)
      : null
  const notes: string[] = [...assumed]
  const declared: string[] = []
  const silent: string[] = []
  const bent: BentAsset[] = []
  const responses: Record<string, PriceResponse> = {}
  // what others are priced in comes first
  const order = [...assets.entries()].sort(
    ([, a], [, b]) => Number(a.quote !== undefined) - Number(b.quote !== undefined),
  )
  for (const [i, { asset, symbol, price, ask, quote, rate, parts = [], token = asset }] of order) {
    if (price === null) continue
    const quoteExposure = quote === undefined ? 0n : (responses[quote]?.exposure ?? 0n)
    const declare = (exposure: bigint, method: 'config' | 'assets.json' | 'none'): PriceResponse =>
      quoteExposure === 0n
        ? proportionalResponse(price, spot.answer, exposure, method)
        : quotedResponse(price, spot.answer, { exposure, quoteExposure }, method)
    const hand = driver.byHand[token]
    if (hand !== undefined) {
      responses[asset] = declare(weight(hand), 'config')
      continue
    }
    const fit = samples && ask && fitResponse(samples, i, { price, spot: spot.answer, quoteExposure })
    const measured = fit?.response
    if (samples && ask && !fit) silent.push(symbol)
    const known = driver.known[token] ?? shareOfParts(driver, parts)
    // the token in which prices are stated moves as they do, whatever the list knows of it
    const isQuote = assets.some((other) => other.asset === quote && other.token === token)
    const share = known === undefined ? (isQuote || rate ? quoteExposure : undefined) : weight(known)
    const still = measured?.numerator === 0n && !fit?.isBent
    if (measured && (!still || (share ?? 0n) === quoteExposure)) {
      // near spot a bent price may stand still, or lag behind a bound: what is known of the token is its share then
      responses[asset] =
        !fit.isBent || quote !== undefined ? measured : { ...measured, exposure: share ?? measured.exposure }
      if (fit.isBent && ask) bent.push({ asset, symbol, ask })
      continue
    }
    if (measured && share !== undefined && quote === undefined)
      notes.push(
        `${symbol} did not move with the feeds of ${driver.symbol}; data/assets.json says it does, and is used: name its root feed in the configuration`,
      )
    const byHand = parts.some((part) => driver.byHand[part] !== undefined)
    if (share !== undefined) responses[asset] = declare(share, byHand ? 'config' : 'assets.json')
    else if (quoteExposure > 0n) responses[asset] = declare(0n, 'none')
    if (measured && quote !== undefined) declared.push(symbol)
  }
  if (silent.length > 0)
    notes.push(
      `${silent.join(', ')}: the oracle refuses to answer while the feeds of ${driver.symbol} say another price; taken to follow ${driver.symbol} as data/assets.json says, or to stand still`,
    )
  if (declared.length > 0)
    notes.push(
      `${declared.join(', ')}: priced in another asset by a feed that did not move with ${driver.symbol}; taken to keep its USD value, or to follow ${driver.symbol} where data/assets.json says so`,
    )
  if (samples === null) {
    const still = assets.filter(({ asset, price }) => price !== null && !responses[asset])
    const rest = still.length === 0 ? '' : `; taken to stand still: ${still.map((a) => a.symbol).join(', ')}`
    const why = driver.feeds.length === 0 ? 'no feed is known' : 'the endpoint refuses state overrides'
    notes.push(`${driver.symbol}: ${why}, so no exposure is measured${rest}`)
  }
  return {
    state: { symbol: driver.symbol, spot: spot.answer, decimals: spot.decimals, responses },
    notes,
    setting: feedSetting(roots),
    bent,
  }
}

/** What all tokens of a share are known to share with the driver; undefined where they differ. */
const shareOfParts = ({ byHand, known }: DriverConfig, parts: readonly string[]): number | undefined => {
  const [first, ...others] = parts.map((part) => byHand[part] ?? known[part])
  return others.every((share) => share === first) ? first : undefined
}

/** The driver's own answer: of its first feed, or of the asset that stands for it where no feed is known. */
const spotOf = (
  driver: DriverConfig,
  assets: readonly PricedAsset[],
  roots: readonly RootFeed[],
): { readonly answer: bigint; readonly decimals: number } | null => {
  const [feed] = driver.feeds
  if (feed !== undefined) return roots.find((root) => root.feed === feed) ?? null
  const inUsd = assets.filter(({ quote }) => quote === undefined)
  const shareOf = ({ asset, token = asset }: PricedAsset) => driver.byHand[token] ?? driver.known[token] ?? 0
  const first =
    inUsd.find(({ asset, token = asset }) => token === driver.reference) ??
    inUsd.find((asset) => shareOf(asset) === 1)
  return first && first.price !== null ? { answer: first.price, decimals: first.decimals } : null
}

/** One eth_call that asks the market's oracle for every asset at every sample. */
const sampleOracle = async (
  rpc: PinnedRpc,
  {
    roots,
    assets,
    spot,
  }: {
    readonly roots: readonly RootFeed[]
    readonly assets: readonly PricedAsset[]
    readonly spot: bigint
  },
  meter: Meter,
): Promise<readonly Sample[]> => {
  const asked = assets.flatMap(({ ask, price }, i) =>
    ask === null || price === null ? [] : [{ call: ask, i }],
  )
  const at = samplesAround(spot)
  const questions = at.flatMap((answer) => asked.map(({ call }) => ({ answer, call })))
  const answers = (await askUnder(rpc, { setting: feedSetting(roots), questions }, meter)).map(word)
  return at.map((driver, sample) => {
    const prices = assets.map(({ price }): bigint | null => price)
    for (const [j, { i }] of asked.entries()) prices[i] = answers[sample * asked.length + j] ?? null
    return { driver, prices }
  })
}
