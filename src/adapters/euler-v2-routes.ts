import { type Address, encodeFunctionData, getAddress, type Hex, zeroAddress } from 'viem'
import { eulerOracleAbi, eulerShareAbi } from '../../abis/euler-v2.ts'
import { feedDescriptionAbi } from '../../abis/morpho-blue.ts'
import type { Reader } from '../sources/batch.ts'
import { type Step, worthAfter } from './euler-v2-rules.ts'

/** What Euler's oracles call the dollar: its ISO 4217 number as an address. */
export const DOLLAR: Address = '0x0000000000000000000000000000000000000348'

/** How an amount becomes its value in a unit of account; `pricedAs` is the key of the price that the driver moves. */
export type Route = { readonly steps: readonly Step[]; readonly pricedAs: string }

/** What one oracle says of one pair, and who else may be behind it. */
export type EulerPrice = {
  readonly oracle: Address
  readonly base: Address
  readonly quote: Address
  /** How many raw units of the base were asked for; what `price` is the value of. */
  readonly unit: bigint
  /** Raw units of the quote; null where the oracle refuses. */
  readonly price: bigint | null
  /** Dollar feeds below the oracle. */
  readonly feeds: readonly Address[]
  /** The key of the price of the quote itself, where that is neither the dollar nor a unit of account. */
  readonly through: string | null
  /** No feed states it in a driver, so where it stands still it is a rate. */
  readonly rate: boolean
}

export type Routes = {
  /** null where the oracle has no way from the one to the other. */
  readonly routeOf: (oracle: Address, base: Address, quote: Address) => Promise<Route | null>
  /** Every price on the routes so far, by key. */
  readonly prices: () => Readonly<Record<string, EulerPrice>>
}

/**
 * How much of the base a price is asked for: more than any amount, and a multiple of every scale of Euler's adapters
 * (ScaleUtils, MAX_EXPONENT), so that prices have all their digits. An oracle that cannot count so far is asked for less.
 */
const UNITS = [10n ** 38n, 10n ** 30n] as const

/** Shares that are converted to see at what rate; a vault of Euler counts to 2^112. */
const SHARES = 10n ** 30n

/** Of totals that a vault adds to both of its sums before it converts: Euler's own, OpenZeppelin's, none. */
const VIRTUAL = [10n ** 6n, 1n, 0n] as const

/** Routers within routers, crossings within crossings: nobody needs more, and no loop may keep us. */
export const DEEPEST = 6

/** How Chainlink names a feed that states something else in a driver: `USDC / ETH`, not `weETH / ETH`. */
const IN_DRIVER = /^(.+) \/ (ETH|BTC)$/

export const priceKey = (oracle: Address, base: Address, quote: Address): string =>
  `${oracle}:${base}:${quote}`

/** What a contract that is somebody's oracle says of itself. */
type Oracle = {
  readonly address: Address
  /** Of a router: where it sends what it does not know. */
  readonly fallback: Address | null
  /** Of an adapter that goes through a third asset. */
  readonly crossing: { readonly cross: Address; readonly first: Address; readonly second: Address } | null
  readonly base: Address | null
  readonly quote: Address | null
  readonly feed: Address | null
  readonly rate: boolean
}

/** Whether an oracle that names two others does with them what a CrossAdapter does; apart from roundings. */
const agrees = ({ price }: EulerPrice, composed: bigint): boolean => {
  if (price === null) return true
  const apart = price > composed ? price - composed : composed - price
  return apart * 10n ** 9n <= price
}

/** Finds how vaults price things, as EulerRouter and CrossAdapter do, and asks each oracle on the way once. */
export const createRoutes = ({ tryRead }: Pick<Reader, 'tryRead'>): Routes => {
  const oracles = new Map<Address, Promise<Oracle>>()
  const routes = new Map<string, Promise<Route | null>>()
  const shares = new Map<Address, Promise<Step | null>>()
  const asked = new Map<string, Promise<void>>()
  const prices: Record<string, EulerPrice> = {}

  const once = <K, V>(known: Map<K, Promise<V>>, key: K, read: () => Promise<V>): Promise<V> => {
    const value = known.get(key) ?? read()
    known.set(key, value)
    return value
  }

  const addressOf = async (
    address: Address,
    functionName:
      | 'base'
      | 'cross'
      | 'fallbackOracle'
      | 'feed'
      | 'oracleBaseCross'
      | 'oracleCrossQuote'
      | 'quote',
  ): Promise<Address | null> => {
    const found = await tryRead({ address, abi: eulerOracleAbi, functionName })
    return found === null ? null : getAddress(found)
  }

  const describe = async (address: Address): Promise<Oracle> => {
    const [fallback, cross, first, second, base, quote, feed] = await Promise.all([
      addressOf(address, 'fallbackOracle'),
      addressOf(address, 'cross'),
      addressOf(address, 'oracleBaseCross'),
      addressOf(address, 'oracleCrossQuote'),
      addressOf(address, 'base'),
      addressOf(address, 'quote'),
      addressOf(address, 'feed'),
    ])
    const text =
      feed && (await tryRead({ address: feed, abi: feedDescriptionAbi, functionName: 'description' }))
    const [, of = '', driver = ''] = IN_DRIVER.exec(text ?? '') ?? []
    return {
      address,
      fallback,
      crossing: cross && first && second && { cross, first, second },
      base,
      quote,
      feed,
      rate: of.toUpperCase().endsWith(driver),
    }
  }

  /** Asks an oracle for a pair, once. */
  const ask = (
    oracle: Address,
    { base, quote }: { readonly base: Address; readonly quote: Address },
    more: Pick<EulerPrice, 'feeds' | 'rate'>,
  ): Promise<void> =>
    once(asked, priceKey(oracle, base, quote), async () => {
      const answers = await Promise.all(
        UNITS.map((unit) =>
          tryRead({
            address: oracle,
            abi: eulerOracleAbi,
            functionName: 'getQuote',
            args: [unit, base, quote],
          }),
        ),
      )
      const first = answers.findIndex((answer) => answer !== null)
      prices[priceKey(oracle, base, quote)] = {
        oracle,
        base,
        quote,
        unit: UNITS[first] ?? UNITS[0],
        price: answers[first] ?? null,
        through: null,
        ...more,
      }
    })

  const convert = (vault: Address): Promise<Step | null> =>
    once(shares, vault, async () => {
      const share = { address: vault, abi: eulerShareAbi } as const
      const [assets, supply, sample] = await Promise.all([
        tryRead({ ...share, functionName: 'totalAssets' }),
        tryRead({ ...share, functionName: 'totalSupply' }),
        tryRead({ ...share, functionName: 'convertToAssets', args: [SHARES] }),
      ])
      if (sample === null) return null
      const sums = VIRTUAL.map((more) => ({ assets: (assets ?? 0n) + more, shares: (supply ?? 0n) + more }))
      // a conversion by other sums is taken at its rate, to 30 digits
      const own = sums.find((sum) => sum.shares > 0n && (SHARES * sum.assets) / sum.shares === sample)
      return { kind: 'shares', ...(own ?? { assets: sample, shares: SHARES }) }
    })

  const leaf = async (oracle: Oracle, base: Address, quote: Address): Promise<Route> => {
    const inverse = oracle.quote === base && oracle.base === quote
    const dollars = oracle.feed !== null && (inverse ? base : quote) === DOLLAR
    const feeds = dollars && oracle.feed ? [oracle.feed] : []
    const rate = oracle.rate && base !== DOLLAR && quote !== DOLLAR
    await ask(oracle.address, { base, quote }, { feeds, rate })
    const key = priceKey(oracle.address, base, quote)
    const unit = prices[key]?.unit ?? UNITS[0]
    return { steps: [{ kind: 'price', key, unit, inverse }], pricedAs: key }
  }

  const through = async (
    oracle: Oracle,
    { base, quote }: { readonly base: Address; readonly quote: Address },
    depth: number,
  ): Promise<Route | null> => {
    const { crossing } = oracle
    const inverse = oracle.quote === base && oracle.base === quote
    if (crossing === null || (!inverse && (oracle.base !== base || oracle.quote !== quote))) return null
    const { cross, first, second } = crossing
    const [to, from] = await Promise.all([
      find(inverse ? second : first, { base, quote: cross }, depth + 1),
      find(inverse ? first : second, { base: cross, quote }, depth + 1),
    ])
    if (to === null || from === null) return null
    const key = priceKey(oracle.address, base, quote)
    const rate = [to, from].every(({ pricedAs }) => prices[pricedAs]?.rate === true)
    // the feeds are those of what it goes through, and named there
    await ask(oracle.address, { base, quote }, { feeds: [], rate })
    const whole = prices[key]
    const steps = [...to.steps, ...from.steps]
    if (
      whole &&
      !agrees(
        whole,
        worthAfter(whole.unit, steps, (step) => prices[step]?.price ?? 0n),
      )
    )
      return { steps: [{ kind: 'price', key, unit: whole.unit, inverse: false }], pricedAs: key }
    // what is not in dollars is expressed in what follows; of several ways always the same
    if (cross !== DOLLAR)
      for (const inside of [to.pricedAs, ...to.steps.flatMap((step) => ('key' in step ? [step.key] : []))]) {
        const price = prices[inside]
        if (price?.quote !== cross) continue
        const [way = null] = [price.through ?? from.pricedAs, from.pricedAs].toSorted()
        prices[inside] = { ...price, through: way }
      }
    return { steps, pricedAs: key }
  }

  const find = async (
    address: Address,
    { base, quote }: { readonly base: Address; readonly quote: Address },
    depth: number,
  ): Promise<Route | null> => {
    if (base === quote) return { steps: [], pricedAs: quote }
    if (address === zeroAddress || depth > DEEPEST) return null
    const oracle = await once(oracles, address, () => describe(address))
    if (oracle.crossing !== null) return through(oracle, { base, quote }, depth)
    if (oracle.fallback === null) return leaf(oracle, base, quote)
    const router = { address, abi: eulerOracleAbi } as const
    const [configured, resolved] = await Promise.all([
      tryRead({ ...router, functionName: 'getConfiguredOracle', args: [base, quote] }),
      tryRead({ ...router, functionName: 'resolvedVaults', args: [base] }),
    ])
    if (configured !== null && configured !== zeroAddress)
      return find(getAddress(configured), { base, quote }, depth + 1)
    if (resolved === null || resolved === zeroAddress)
      return find(oracle.fallback, { base, quote }, depth + 1)
    const [step, rest] = await Promise.all([
      convert(base),
      find(address, { base: getAddress(resolved), quote }, depth + 1),
    ])
    return step && rest && { steps: [step, ...rest.steps], pricedAs: rest.pricedAs }
  }

  return {
    routeOf: (oracle, base, quote) =>
      once(routes, priceKey(oracle, base, quote), () => find(oracle, { base, quote }, 0)),
    prices: () => prices,
  }
}

/** The call whose answer is a price. */
export const quoteCall = ({
  oracle,
  base,
  quote,
  unit,
}: EulerPrice): { readonly to: Address; readonly data: Hex } => ({
  to: oracle,
  data: encodeFunctionData({ abi: eulerOracleAbi, functionName: 'getQuote', args: [unit, base, quote] }),
})
