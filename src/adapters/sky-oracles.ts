import { type Address, type Hex, hexToBigInt, numberToHex } from 'viem'
import { osmAbi } from '../../abis/sky.ts'
import { unitOf } from '../core/units.ts'
import type { Context } from './adapter.ts'

/**
 * What is known of the price of one collateral. Maker's oracle security module (OSM) holds two prices: the one that
 * counts, and the next one, which takes its place an hour later. Prices are USD per whole token, wad.
 */
export type Oracle = {
  readonly pip: Address
  readonly gem: Address
  readonly symbol: string
  /** What the Vat can be made to count with at once, by anyone; null where the oracle has no price. */
  readonly now: bigint | null
  /** What the OSM counts with next; null where it has none, or does not tell. */
  readonly next: bigint | null
  /** From when on the next one may count, Unix seconds. */
  readonly nextFrom: bigint | null
  /** The least time between two prices, seconds; null for an oracle that is no OSM. */
  readonly hop: bigint | null
  /** The OSM takes no new price. */
  readonly stopped: boolean
  /** The price of the market, from outside Maker; null where nobody says. */
  readonly market: bigint | null
}

/** Vaults are liquidated at what the market says as soon as the oracle follows it, so prices are put in its terms. */
export const marketPrice = ({ market, next, now }: Oracle): bigint | null =>
  now === null ? null : (market ?? next ?? now)

type Chain = Pick<Context<unknown>, 'usdPrices' | 'storage' | 'tryRead' | 'block'>

/** An oracle that is asked for, and what else is known of it. */
export type Asked = {
  readonly pip: Address
  readonly gem: Address
  readonly symbol: string
  /** The price with which the Vat counts: what remains where the oracle itself tells nothing. */
  readonly counted: bigint | null
}

const HALF = 1n << 128n

const slot = (index: number): Hex => numberToHex(index, { size: 32 })

/** A price of the OSM: the value in the lower half of a word, 1 in the upper half where there is one. */
const feedIn = (word: bigint): bigint | null => (word / HALF === 1n ? word % HALF : null)

/** Every oracle, in the order asked. OSMs answer whitelisted readers only, so their storage is read. */
export const readOracles = async (chain: Chain, asked: readonly Asked[]): Promise<readonly Oracle[]> => {
  const [usd, modules, words] = await Promise.all([
    chain.usdPrices(asked.map(({ gem }) => gem)),
    Promise.all(asked.map(({ pip }) => readModule(chain, pip))),
    chain.storage(asked.map(({ pip }) => ({ address: pip, slots: [2, 3, 4].map(slot) }))),
  ])
  return asked.map(({ pip, gem, symbol, counted }, i) => {
    const { price = null, decimals = 0 } = usd[i] ?? {}
    const market = price === null ? null : (price * unitOf(18)) / unitOf(decimals)
    const known = { pip, gem, symbol, market }
    const { open = null, osm = null } = modules[i] ?? {}
    const [layout = 0n, current = 0n, following = 0n] = (words?.[i] ?? []).map((word) => hexToBigInt(word))
    if (osm === null || osm.layout !== layout) {
      const { hop = null, stopped = false } = osm ?? {}
      return { ...known, now: open ?? counted, next: null, nextFrom: null, hop, stopped }
    }
    const { hop, stopped, last } = osm
    const next = feedIn(following)
    // anyone may have the OSM take its next price once the hour is over
    const due = !stopped && next !== null && chain.block.timestamp >= last + hop
    return {
      ...known,
      now: due ? next : feedIn(current),
      next: due ? null : next,
      nextFrom: due ? null : last + hop,
      hop,
      stopped,
    }
  })
}

/** What the getters of a price source tell: its price where it answers everybody, and an OSM's state. */
type Module = {
  readonly open: bigint | null
  readonly osm: {
    readonly hop: bigint
    readonly last: bigint
    readonly stopped: boolean
    /** The word in which an OSM keeps its source and its times: where it is not found, no layout is trusted. */
    readonly layout: bigint
  } | null
}

const readModule = async ({ tryRead }: Chain, pip: Address): Promise<Module> => {
  const module = { address: pip, abi: osmAbi } as const
  const [src, hop, zzz, stopped, peeked] = await Promise.all([
    tryRead({ ...module, functionName: 'src' }),
    tryRead({ ...module, functionName: 'hop' }),
    tryRead({ ...module, functionName: 'zzz' }),
    tryRead({ ...module, functionName: 'stopped' }),
    tryRead({ ...module, functionName: 'peek' }),
  ])
  const open = peeked?.[1] ? hexToBigInt(peeked[0]) : null
  if (src === null || hop === null || zzz === null) return { open, osm: null }
  const layout = hexToBigInt(src) + (BigInt(hop) << 160n) + (zzz << 176n)
  return { open, osm: { hop: BigInt(hop), last: zzz, stopped: (stopped ?? 0n) > 0n, layout } }
}
