import { type Address, getAddress, isAddress } from 'viem'
import type { AnyAdapter } from '../adapters/adapter.ts'
import type { DriverState } from '../core/price-response.ts'
import { toNumber, WAD } from '../core/units.ts'
import { knownAssets } from '../known.ts'
import { DOLLARS } from './uniswap-v3-factories.ts'

/** What a token is worth, and who says so. */
export type TokenPrice = {
  readonly usd: number
  /** `oracle`: a market of the scan; `assumed`: a known dollar, taken at 1. */
  readonly from: 'oracle' | 'assumed'
  /** It moves with the driver. */
  readonly moves: boolean
}

/** Tokens by chain and address, as a scan values them for one driver. */
export type TokenPrices = {
  /** null where nobody says. */
  readonly of: (chain: string, token: Address) => TokenPrice | null
  /** The driver itself, one for one: the chain's reference asset, or what a market prices exactly as the driver. */
  readonly isDriver: (chain: string, token: Address) => boolean
  readonly symbolOf: (chain: string, token: Address) => string | null
}

type Market = {
  readonly source: string
  readonly adapter: AnyAdapter
  readonly markets: unknown
  /** Of the driver in question; undefined where the market does not have it. */
  readonly state: DriverState | undefined
}

type Listed = TokenPrice & { readonly symbol: string; readonly isDriver: boolean }

/** USD prices that the markets of a scan stored; the first market that has one counts. */
export const tokenPricesOf = (driver: string, markets: readonly Market[]): TokenPrices => {
  const listed = new Map<string, Listed>()
  for (const { source, adapter, markets: stored, state } of markets) {
    const chain = source.split('/')[1] ?? ''
    for (const { asset, token = asset, symbol, price, decimals, quote } of adapter.prices(stored)) {
      if (price === null || quote !== undefined || !isAddress(token)) continue
      const key = `${chain}/${getAddress(token)}`
      if (listed.has(key)) continue
      const exposure = state?.responses[asset]?.exposure ?? 0n
      const usd = toNumber(price, decimals)
      const isDriver = state !== undefined && exposure === WAD && usd === toNumber(state.spot, state.decimals)
      listed.set(key, { usd, from: 'oracle', moves: exposure > 0n, symbol, isDriver })
    }
  }
  const find = (chain: string, token: Address): Listed | undefined =>
    listed.get(`${chain}/${getAddress(token)}`)
  const known = (chain: string, token: Address) => knownAssets().chains[chain]?.[getAddress(token)]
  return {
    of: (chain, token) => {
      const found = find(chain, token)
      if (found) return found
      const asset = known(chain, token)
      return asset && DOLLARS.includes(asset.symbol) ? { usd: 1, from: 'assumed', moves: false } : null
    },
    isDriver: (chain, token) =>
      find(chain, token)?.isDriver === true ||
      knownAssets().drivers[driver]?.[chain]?.asset === getAddress(token),
    symbolOf: (chain, token) => find(chain, token)?.symbol ?? known(chain, token)?.symbol ?? null,
  }
}
