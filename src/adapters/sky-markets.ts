import { type Address, getAddress, type Hex, hexToString, isAddressEqual, zeroAddress } from 'viem'
import {
  cdpManagerAbi,
  clipperAbi,
  dogAbi,
  ilkRegistryAbi,
  jugAbi,
  lockstakeEngineAbi,
  spotterAbi,
  vatAbi,
} from '../../abis/sky.ts'
import { RAY } from '../core/units.ts'
import type { Context } from './adapter.ts'
import { type Asked, type Oracle, readOracles } from './sky-oracles.ts'
import { drippedRate, priceOfSpot, type Room } from './sky-rules.ts'

export type SkyDeployment = {
  readonly vat: Address
  readonly spotter: Address
  readonly dog: Address
  readonly jug: Address
  readonly registry: Address
  /** Whose vaults have numbers and owners; null where there is none. */
  readonly manager: Address | null
  /** Lockstake engines, whose vaults have owners as well. */
  readonly engines: readonly Address[]
  readonly dai: Address
  readonly fromBlock: bigint
}

/** A collateral type: its vaults share one price, one ratio and one fee. */
export type Ilk = Room & {
  readonly id: Hex
  readonly name: string
  readonly gem: Address
  readonly symbol: string
  /** Of the token; the Vat counts every collateral with 18. */
  readonly decimals: number
  /** The price source; null where none is set. */
  readonly pip: Address | null
  /** Normalised debt of all its vaults, wad. */
  readonly debt: bigint
  /** Debt per normalised debt, ray, with the fee that anyone may book at the pinned block. */
  readonly rate: bigint
  /** The price with its margin as the Vat counts it now, ray. */
  readonly spot: bigint
  readonly mat: bigint
  /** Its auctions are stopped. */
  readonly stopped: boolean
}

/** Everything that vaults share, at the pinned block. */
export type SkyMarkets = Omit<SkyDeployment, 'engines' | 'fromBlock'> & {
  readonly engines: readonly { readonly engine: Address; readonly ilk: string }[]
  /** Vaults that the manager has opened so far. */
  readonly vaults: bigint
  readonly par: bigint
  /** Neither the Vat nor the Dog is shut down. */
  readonly live: boolean
  /** By name, those with auctions: the others (PSM, RWA, allocators) cannot be liquidated by a price. */
  readonly ilks: Readonly<Record<string, Ilk>>
  /** By price source. */
  readonly oracles: Readonly<Record<Address, Oracle>>
  /** What is owed to the ilks without auctions, DAI, wad. */
  readonly elsewhere: { readonly ilks: number; readonly debt: bigint }
}

/** `ETH-A` of its bytes. */
export const nameOf = (ilk: Hex): string => hexToString(ilk, { size: 32 })

/** DAI of a normalised debt, wad, rounded down. */
export const daiOf = (art: bigint, rate: bigint): bigint => (art * rate) / RAY

type Chain = Context<SkyDeployment>

/** Everything that vaults share: two rounds of reads. */
export const readMarkets = async (chain: Chain): Promise<SkyMarkets> => {
  const { read, tryRead, deployment } = chain
  const { vat, spotter, dog, jug, registry, manager, dai } = deployment
  const [list, par, base, Hole, Dirt, vatLive, dogLive, vaults, engineIlks] = await Promise.all([
    read({ address: registry, abi: ilkRegistryAbi, functionName: 'list' }),
    read({ address: spotter, abi: spotterAbi, functionName: 'par' }),
    read({ address: jug, abi: jugAbi, functionName: 'base' }),
    read({ address: dog, abi: dogAbi, functionName: 'Hole' }),
    read({ address: dog, abi: dogAbi, functionName: 'Dirt' }),
    read({ address: vat, abi: vatAbi, functionName: 'live' }),
    read({ address: dog, abi: dogAbi, functionName: 'live' }),
    manager === null ? 0n : read({ address: manager, abi: cdpManagerAbi, functionName: 'cdpi' }),
    // an engine that came after the pinned block has no vaults yet
    Promise.all(
      deployment.engines.map((address) => tryRead({ address, abi: lockstakeEngineAbi, functionName: 'ilk' })),
    ),
  ])
  const all = await Promise.all(list.map((id) => readIlk(chain, id, { base, room: Hole - Dirt })))
  const ilks = all.flatMap(({ ilk }) => ilk ?? [])
  const others = all.filter(({ ilk, owed }) => ilk === null && owed > 0n)
  const oracles = await readOracles(chain, askedOf(ilks, par))
  return {
    ...{ vat, spotter, dog, jug, registry, manager, dai, vaults, par },
    engines: deployment.engines.flatMap((engine, i) => {
      const ilk = engineIlks[i] ?? null
      return ilk === null ? [] : [{ engine, ilk: nameOf(ilk) }]
    }),
    live: vatLive > 0n && dogLive > 0n,
    ilks: Object.fromEntries(ilks.map((ilk) => [ilk.name, ilk])),
    oracles: Object.fromEntries(oracles.map((oracle) => [oracle.pip, oracle])),
    elsewhere: {
      ilks: others.length,
      debt: others.reduce((sum, { owed }) => sum + owed, 0n),
    },
  }
}

/** The price sources of the ilks, each once. */
const askedOf = (ilks: readonly Ilk[], par: bigint): readonly Asked[] => {
  const found = new Map<Address, Asked>()
  for (const { pip, gem, symbol, spot, mat, debt } of ilks) {
    if (pip === null || debt === 0n || (found.get(pip)?.counted ?? null) !== null) continue
    const counted = spot === 0n ? null : priceOfSpot(spot, { mat, par })
    found.set(pip, { pip, gem, symbol, counted })
  }
  return [...found.values()]
}

/** What is owed to an ilk, DAI, and its state where it has auctions. */
const readIlk = async (
  { read, tryRead, deployment, block }: Chain,
  id: Hex,
  { base, room }: { readonly base: bigint; readonly room: bigint },
): Promise<{ readonly ilk: Ilk | null; readonly owed: bigint }> => {
  const registry = { address: deployment.registry, abi: ilkRegistryAbi, args: [id] } as const
  const asked = { functionName: 'ilks', args: [id] } as const
  const [stored, terms, fee, auction, gem, decimals, symbol] = await Promise.all([
    read({ address: deployment.vat, abi: vatAbi, ...asked }),
    read({ address: deployment.spotter, abi: spotterAbi, ...asked }),
    read({ address: deployment.jug, abi: jugAbi, ...asked }),
    read({ address: deployment.dog, abi: dogAbi, ...asked }),
    read({ ...registry, functionName: 'gem' }),
    read({ ...registry, functionName: 'dec' }),
    tryRead({ ...registry, functionName: 'symbol' }),
  ])
  const [debt, rate, spot, , dust] = stored
  const [pip, mat] = terms
  const [duty, rho] = fee
  const [clip, chop, hole, dirt] = auction
  // an ilk that the Jug was never told of has no fee to book
  const perSecond = base + duty
  const seconds = block.timestamp - rho
  const dripped = duty === 0n ? rate : drippedRate(rate, { perSecond, seconds })
  const owed = daiOf(debt, dripped)
  if (isAddressEqual(clip, zeroAddress) || mat === 0n || rate === 0n) return { ilk: null, owed }
  const breaker = await read({ address: clip, abi: clipperAbi, functionName: 'stopped' })
  const ilk = {
    ...{ id, debt, spot, dust, mat, chop },
    name: nameOf(id),
    gem: getAddress(gem),
    symbol: symbol ?? nameOf(id),
    decimals: Number(decimals),
    pip: isAddressEqual(pip, zeroAddress) ? null : getAddress(pip),
    rate: dripped,
    room: hole - dirt < room ? hole - dirt : room,
    stopped: breaker > 0n,
  }
  return { ilk, owed }
}
